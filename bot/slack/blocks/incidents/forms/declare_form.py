"""Form that declares an incident."""

from collections.abc import Mapping

from bot.command.forms.choices import Choice, severity_choices
from bot.command.forms.texts import DEFAULT_NOW
from bot.config import Settings
from bot.domain.terms import Status
from bot.slack.blocks.inputs import MAX_OPTIONS, checkboxes_field, modal, multi_select_field, select_field, text_field
from bot.slack.blocks.limits import Block, View
from bot.slack.blocks.modals import AT, DECLARE, FLAGS, SERVICE, SEVERITY, STATUS, TEXT, TITLE

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
"""Field of each parameter of `/incident start`."""
FLAG_CHOICES = (
    Choice("private", "Private", "Only people who are invited see it"),
    Choice("drill", "Drill", "Practice: marked everywhere, left out of figures"),
    Choice("retro", "It is over", "Recorded after the fact: no channel, nobody is paged"),
)
SEEN = TEXT
"""Field of the first timeline entry."""


def declare_form(
    settings: Settings, *, title: str = "", seen: str = "", metadata: Mapping[str, object] | None = None
) -> View:
    """`metadata`: the message that the form is opened from, if there is one."""
    fields = [
        text_field(
            TITLE,
            "Title",
            hint="The problem in a few words.",
            initial=title,
            example="Checkout is down",
            is_optional=False,
        ),
        select_field(
            SEVERITY,
            "Severity",
            severity_choices(settings),
            chosen=settings.incidents.default_severity.value,
            is_optional=False,
        ),
        _service_field(settings),
        text_field(SEEN, "Observation", initial=seen, hint="The first entry of the timeline.", is_long=True),
        text_field(AT, "Start time", hint=DEFAULT_NOW),
        checkboxes_field(FLAGS, "Options", FLAG_CHOICES, hint="Default: public, not a drill."),
        _status_field(settings),
        text_field(REFERENCE, "Reference", hint="ID in another system.", example="TSR-1532"),
        text_field(
            ZONE,
            "Time zone",
            example="Europe/Paris",
            hint=f"Times in this form and in the documents use it. Default: {settings.incidents.zone.key}, or the "
            "zone of the service.",
        ),
    ]
    return modal(DECLARE, "Declare an incident", "Declare", fields, metadata or {})


def _service_field(settings: Settings) -> Block:
    """Select of the services, or a text field if there are too many."""
    known = sorted(settings.services)
    if 0 < len(known) <= MAX_OPTIONS:
        return multi_select_field(SERVICE, "Service", [Choice(name, name) for name in known])
    return text_field(SERVICE, "Service", example="checkout", hint="Separate several with commas." if known else "")


def _status_field(settings: Settings) -> Block:
    usual = Status.TRIAGE if settings.incidents.triage == "all" else Status.INVESTIGATING
    choices = [
        Choice(Status.TRIAGE, settings.status_name(Status.TRIAGE), "It is not clear yet whether this is an incident"),
        Choice(Status.INVESTIGATING, settings.status_name(Status.INVESTIGATING), "It is an incident"),
    ]
    return select_field(STATUS, "Starting status", choices, hint=f"Default: {settings.status_name(usual)}.")
