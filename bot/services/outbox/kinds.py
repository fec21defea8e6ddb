"""The kinds of outbox row: how urgent each is, and in which lane it goes."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from bot.domain.terms import Severity
from bot.store.incidents.incidents import Incident


class What(StrEnum):
    """The kinds of outbox row. The first group are events, the second views."""

    CREATE_CHANNEL = "create channel"
    INVITE = "invite"
    PIN_CARD = "pin card"
    SAY = "say"
    PAGE = "page"
    PAGE_BY_MEANS = "page by means"
    DRAFT = "draft"
    WHISPER = "whisper"
    BRIEF = "brief"
    ASK_FOR_SIGN = "ask for sign"
    FETCH_MESSAGE = "fetch message"
    LEARN_PERSON = "learn person"
    UNSAY = "unsay"
    DELETE_FILE = "delete file"
    NOTICE = "notice"
    DIRECT = "direct"
    DUTY_CHANGED = "duty changed"
    SHIFT_CHANGED = "shift changed"
    SHIFTS_DRAWN = "shifts drawn"
    PAGE_BUNDLE = "page bundle"
    PAGE_TEST = "page test"
    TEST_BY_MEANS = "test by means"

    CARD = "card"
    ANNOUNCEMENT = "announcement"
    TOPIC = "topic"
    FOLLOWUPS = "followups"
    ALERTS = "alerts"
    QUESTIONS = "questions"
    VENDOR_CASE = "vendor case"
    FINDINGS = "findings"
    ESCALATION = "escalation"
    NUDGE = "nudge"
    HOME = "home"
    CONFIRM = "confirm"
    STAND_DOWN = "stand down"
    LOOK = "look"
    BOOKMARKS = "bookmarks"
    CANVAS = "canvas"


URGENCIES = ("pages", "channels", "messages", "views", "reading")
"""How bad it is if a row waits, for the metrics; the worst first."""
_KINDS: Mapping[What, tuple[int, str]] = MappingProxyType(
    {
        What.PAGE: (5, "pages"),
        What.PAGE_BY_MEANS: (5, "pages"),
        What.PAGE_BUNDLE: (5, "pages"),
        What.ASK_FOR_SIGN: (6, "pages"),
        What.STAND_DOWN: (6, "pages"),
        What.CREATE_CHANNEL: (10, "channels"),
        What.ESCALATION: (14, "pages"),
        What.UNSAY: (15, "messages"),
        What.DELETE_FILE: (16, "messages"),
        What.CARD: (20, "views"),
        What.INVITE: (21, "channels"),
        What.PAGE_TEST: (25, "messages"),
        What.TEST_BY_MEANS: (25, "messages"),
        What.SHIFT_CHANGED: (26, "messages"),
        What.DUTY_CHANGED: (27, "messages"),
        What.ALERTS: (28, "views"),
        What.BRIEF: (29, "messages"),
        What.DIRECT: (29, "messages"),
        What.SAY: (30, "messages"),
        What.DRAFT: (30, "messages"),
        What.TOPIC: (31, "views"),
        What.ANNOUNCEMENT: (32, "views"),
        What.PIN_CARD: (33, "views"),
        What.WHISPER: (34, "messages"),
        What.FETCH_MESSAGE: (35, "reading"),
        What.FOLLOWUPS: (36, "views"),
        What.QUESTIONS: (37, "views"),
        What.VENDOR_CASE: (37, "views"),
        What.FINDINGS: (38, "views"),
        What.NOTICE: (39, "messages"),
        What.CONFIRM: (40, "views"),
        What.CANVAS: (41, "views"),
        What.BOOKMARKS: (42, "views"),
        What.HOME: (43, "views"),
        What.NUDGE: (44, "messages"),
        What.SHIFTS_DRAWN: (44, "views"),
        What.LEARN_PERSON: (45, "reading"),
        What.LOOK: (46, "reading"),
    }
)
PRIORITY: Mapping[What, int] = MappingProxyType({what: priority for what, (priority, _) in _KINDS.items()})
"""Lower goes first. Creating channels is refined by severity: SEV1 is 10, SEV4 is 13."""


def urgency_of(what: str) -> str:
    """One of URGENCIES; of what a later release wants done, `views`."""
    return _KINDS[What(what)][1] if what in set(What) else "views"


def lane_of(what: What, incident_id: int, *, sub: str = "") -> str:
    """Rows of one lane go one after the other; lanes go side by side."""
    match what:
        case What.CREATE_CHANNEL:
            return f"create:{incident_id}"
        case What.SAY | What.DRAFT:
            return f"post:{incident_id}"
        case What.INVITE:
            return f"meta:{incident_id}"
        case What.ANNOUNCEMENT:
            return "digest"
        case What.ESCALATION:
            return f"escalation:{sub}"
        case What.CONFIRM | What.FETCH_MESSAGE | What.WHISPER:
            return f"mark:{incident_id}"
        case _:
            return f"{what.split(' ', maxsplit=1)[0]}:{incident_id}"


def priority_of(what: What, incident: Incident) -> int:
    """Of a row that is of this incident: its priority."""
    if what is What.CREATE_CHANNEL:
        return PRIORITY[what] + list(Severity).index(Severity(incident.severity))
    return PRIORITY[what]
