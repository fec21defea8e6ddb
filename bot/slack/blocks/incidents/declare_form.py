"""The form that declares: what is wrong, how bad it is and where come first, and may be all; the rest is below."""

from collections.abc import Mapping

from bot.config import Settings
from bot.domain.terms import Status
from bot.slack.blocks import modals
from bot.slack.blocks.inputs import OPTIONS, Choice, boxes_field, modal, multi_field, select_field, text_field
from bot.slack.blocks.limits import Block
from bot.slack.blocks.modals import AT, DECLARE, FLAGS, SERVICE, SEVERITY, STATUS, TEXT, TITLE, View

REFERENCE, ZONE = "ref", "tz"
FIELD_OF: Mapping[str, str] = {
    "text": TITLE,
    "sev": SEVERITY,
    "service": SERVICE,
    "at": AT,
    "private": FLAGS,
    "drill": FLAGS,
    "retro": FLAGS,
    "status": STATUS,
    "ref": REFERENCE,
    "tz": ZONE,
}
"""Where the form has what `/incident start` takes, by its name in the table of commands."""
SEEN = TEXT
"""What the form asks for besides: the log's first entry."""


def declare(
    settings: Settings, *, title: str = "", seen: str = "", carried: Mapping[str, object] | None = None
) -> View:
    """`carried` names the message that it is opened from, if there is one."""
    fields = [
        text_field(TITLE, "What is wrong?", initial=title, example="Checkout is down", is_optional=False),
        select_field(
            SEVERITY,
            "Severity",
            modals.severities(settings),
            chosen=settings.incidents.default_severity.value,
            is_optional=False,
        ),
        _services(settings),
        text_field(SEEN, "What do you see?", initial=seen, hint="It becomes the first entry of the log.", is_long=True),
        text_field(AT, "When did it begin?", hint=f"Empty means: now. Else {modals.A_TIME_HERE}"),
        boxes_field(
            FLAGS,
            "And",
            [
                Choice("private", "Private", "Only people who are invited see it"),
                Choice("drill", "Drill", "Practice: marked everywhere, left out of figures"),
                Choice("retro", "It is over", "Recorded after the fact: no channel, nobody is called"),
            ],
        ),
        _beginning(settings),
        text_field(REFERENCE, "Reference", hint="Its name elsewhere.", example="TSR-1532"),
        text_field(
            ZONE,
            "Time zone",
            example="Europe/Paris",
            hint=f"Of the people who read it; times above are read in it. Empty means: {settings.incidents.zone.key}, "
            "or the service's own.",
        ),
    ]
    return modal(DECLARE, "Declare an incident", "Declare", fields, carried or {})


def _services(settings: Settings) -> Block:
    """Chosen where all can be offered, else typed."""
    known = sorted(settings.services)
    if 0 < len(known) <= OPTIONS:
        return multi_field(SERVICE, "Service", [Choice(name, name) for name in known])
    return text_field(SERVICE, "Service", example="checkout", hint="Several with commas." if known else "")


def _beginning(settings: Settings) -> Block:
    usual = Status.TRIAGE if settings.incidents.triage == "all" else Status.INVESTIGATING
    choices = [
        Choice(Status.TRIAGE, settings.status_name(Status.TRIAGE), "To find out whether it is an incident"),
        Choice(Status.INVESTIGATING, settings.status_name(Status.INVESTIGATING), "It is one"),
    ]
    return select_field(STATUS, "Where does it begin?", choices, hint=f"Nothing chosen: {settings.status_name(usual)}.")
