"""Kinds of outbox row, with their priority, urgency and lane."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from bot.domain.terms import Severity
from bot.store.incidents.incidents import Incident


class OutboxKind(StrEnum):
    """Kinds of outbox row, as stored and in metrics: first events, then views."""

    CREATE_CHANNEL = "create channel"
    INVITE = "invite"
    PIN_CARD = "pin card"
    ARCHIVE_CHANNEL = "archive channel"
    EVENT = "say"
    PAGE = "page"
    CONTACT_METHOD_PAGE = "page by means"
    DRAFT = "draft"
    PUBLIC_PREVIEW = "public preview"
    EPHEMERAL = "whisper"
    ROLE_BRIEFING = "brief"
    REVIEW_REQUEST = "review request"
    COMMENT_THREAD = "comment thread"
    COMMENT = "comment"
    APPROVAL_REQUEST = "approval request"
    CONFIRM_ACTIVE = "ask for sign"
    FETCH_MESSAGE = "fetch message"
    KEPT_FILES = "kept files"
    ALERT_IMAGES = "images of alerts"
    USER_LOOKUP = "learn person"
    PRIVATE_CHANNELS = "private channels"
    BLANK_MESSAGE = "unsay"
    DELETE_FILE = "delete file"
    MISSING_PERMISSIONS = "notice"
    DIRECT_MESSAGE = "direct"
    OVERRIDE_CHANGE = "duty changed"
    SHIFT_HANDOVER = "shift changed"
    SCHEDULE_IMAGE = "shifts drawn"
    PAGE_BUNDLE = "page bundle"
    PAGE_TEST = "page test"
    CONTACT_METHOD_TEST = "test by means"
    VENDOR_REPLY = "vendor reply"
    SIGN_UP_MAIL = "sign-up mail"
    PUBLICATION = "publication"
    SUBSCRIBER_NOTICES = "subscriber notices"
    CHANNEL_NOTICE = "channel notice"

    CARD = "card"
    ANNOUNCEMENT = "announcement"
    TOPIC = "topic"
    FOLLOWUPS = "followups"
    ALERTS = "alerts"
    RESOLUTION = "resolution"
    VENDOR_CASE = "vendor case"
    VENDOR_NOTICE = "vendor notice"
    ESCALATION = "escalation"
    REMINDER = "nudge"
    HOME = "home"
    CONFIRM_REACTION = "confirm"
    EXTERNAL_PAGE = "stand down"
    RECONCILE_CHANNEL = "look"
    BOOKMARKS = "bookmarks"
    CANVAS = "canvas"
    SIMILAR = "similar"


URGENCIES = ("pages", "channels", "messages", "views", "reading")
"""Classes of kinds in the metrics, the most urgent first."""
_KINDS: Mapping[OutboxKind, tuple[int, str]] = MappingProxyType(
    {
        OutboxKind.PAGE: (5, "pages"),
        OutboxKind.CONTACT_METHOD_PAGE: (5, "pages"),
        OutboxKind.PAGE_BUNDLE: (5, "pages"),
        OutboxKind.CONFIRM_ACTIVE: (6, "pages"),
        OutboxKind.EXTERNAL_PAGE: (6, "pages"),
        OutboxKind.CREATE_CHANNEL: (10, "channels"),
        OutboxKind.ESCALATION: (14, "pages"),
        OutboxKind.BLANK_MESSAGE: (15, "messages"),
        OutboxKind.DELETE_FILE: (16, "messages"),
        OutboxKind.PRIVATE_CHANNELS: (19, "reading"),
        OutboxKind.CARD: (20, "views"),
        OutboxKind.INVITE: (21, "channels"),
        OutboxKind.PAGE_TEST: (25, "messages"),
        OutboxKind.CONTACT_METHOD_TEST: (25, "messages"),
        OutboxKind.SHIFT_HANDOVER: (26, "messages"),
        OutboxKind.OVERRIDE_CHANGE: (27, "messages"),
        OutboxKind.ALERTS: (28, "views"),
        OutboxKind.ROLE_BRIEFING: (29, "messages"),
        OutboxKind.REVIEW_REQUEST: (29, "messages"),
        OutboxKind.DIRECT_MESSAGE: (29, "messages"),
        OutboxKind.APPROVAL_REQUEST: (29, "messages"),
        OutboxKind.EVENT: (30, "messages"),
        OutboxKind.COMMENT_THREAD: (30, "messages"),
        OutboxKind.COMMENT: (30, "messages"),
        OutboxKind.DRAFT: (30, "messages"),
        OutboxKind.PUBLIC_PREVIEW: (30, "messages"),
        OutboxKind.TOPIC: (31, "views"),
        OutboxKind.ANNOUNCEMENT: (32, "views"),
        OutboxKind.PIN_CARD: (33, "views"),
        OutboxKind.EPHEMERAL: (34, "messages"),
        OutboxKind.FETCH_MESSAGE: (35, "reading"),
        OutboxKind.KEPT_FILES: (45, "reading"),
        OutboxKind.ALERT_IMAGES: (45, "reading"),
        OutboxKind.FOLLOWUPS: (36, "views"),
        OutboxKind.RESOLUTION: (37, "views"),
        OutboxKind.VENDOR_CASE: (37, "views"),
        OutboxKind.VENDOR_NOTICE: (30, "messages"),
        OutboxKind.VENDOR_REPLY: (30, "messages"),
        OutboxKind.MISSING_PERMISSIONS: (39, "messages"),
        OutboxKind.CONFIRM_REACTION: (40, "views"),
        OutboxKind.CANVAS: (41, "views"),
        OutboxKind.SIMILAR: (41, "views"),
        OutboxKind.BOOKMARKS: (42, "views"),
        OutboxKind.HOME: (43, "views"),
        OutboxKind.REMINDER: (44, "messages"),
        OutboxKind.SCHEDULE_IMAGE: (44, "views"),
        OutboxKind.USER_LOOKUP: (45, "reading"),
        OutboxKind.RECONCILE_CHANNEL: (46, "reading"),
        OutboxKind.ARCHIVE_CHANNEL: (47, "channels"),
        OutboxKind.PUBLICATION: (48, "messages"),
        OutboxKind.SIGN_UP_MAIL: (49, "messages"),
        OutboxKind.CHANNEL_NOTICE: (50, "messages"),
        OutboxKind.SUBSCRIBER_NOTICES: (51, "messages"),
    }
)
_BY_NAME: Mapping[str, OutboxKind] = MappingProxyType({kind.value: kind for kind in OutboxKind})
PRIORITY: Mapping[OutboxKind, int] = MappingProxyType({kind: priority for kind, (priority, _) in _KINDS.items()})
"""Lower goes first; what is below 20, however long others wait. A new channel has 10 at SEV1 to 13 at SEV4."""


def kind_of(name: str) -> OutboxKind | None:
    """None for a kind that a later release queued."""
    return _BY_NAME.get(name)


def urgency_of(kind: str) -> str:
    """One of URGENCIES; `views` for a kind that a later release queued."""
    known = kind_of(kind)
    return "views" if known is None else _KINDS[known][1]


def lane_of(kind: OutboxKind, incident_id: int, *, sub: str = "") -> str:
    """Lane of a row: rows of one lane go one after the other, lanes in parallel."""
    match kind:
        case OutboxKind.CREATE_CHANNEL:
            return f"create:{incident_id}"
        case (
            OutboxKind.EVENT
            | OutboxKind.DRAFT
            | OutboxKind.PUBLIC_PREVIEW
            | OutboxKind.COMMENT_THREAD
            | OutboxKind.COMMENT
            | OutboxKind.APPROVAL_REQUEST
        ):
            return f"post:{incident_id}"
        case OutboxKind.INVITE:
            return f"meta:{incident_id}"
        case OutboxKind.SIMILAR:
            return lane_of(OutboxKind.CARD, incident_id)
        case OutboxKind.ESCALATION:
            return f"escalation:{sub}"
        case OutboxKind.VENDOR_NOTICE | OutboxKind.VENDOR_REPLY:
            return f"notice:{sub}"
        case OutboxKind.CONFIRM_REACTION | OutboxKind.FETCH_MESSAGE | OutboxKind.EPHEMERAL:
            return f"mark:{incident_id}"
        case _:
            return f"{kind.split(' ', maxsplit=1)[0]}:{incident_id}"


def priority_of(kind: OutboxKind, incident: Incident) -> int:
    if kind is OutboxKind.CREATE_CHANNEL:
        return PRIORITY[kind] + list(Severity).index(Severity(incident.severity))
    return PRIORITY[kind]
