"""The form by which who is on call is changed: who, by which schedule, and when."""

from collections.abc import Sequence

from bot.config import Settings
from bot.slack.blocks.inputs import Choice, field, modal, person_field, select_field, text_field
from bot.slack.blocks.modals import TEXT, View
from bot.slack.blocks.notices import notice

FORM = "oncall_change_form"
SCHEDULE, PERSON, INSTEAD, STARTS, ENDS = "schedule", "person", "instead", "starts", "ends"
NONE = "There is no on-call schedule yet: whoever keeps dogwatch.toml adds one."


def change(settings: Settings, place: int) -> View:
    return form(list(settings.schedules), place)


def form(names: Sequence[str], place: int) -> View:
    """`place` is the schedule that is chosen at first, counted from 1; 0: none, unless there is only one."""
    if not names:
        return notice(NONE, "On call")
    place = place or (1 if len(names) == 1 else 0)
    chosen = names[place - 1] if 0 < place <= len(names) else None
    choices = [Choice(each[:150], each) for each in names]
    fields = [
        select_field(SCHEDULE, "Schedule", choices, chosen=chosen, is_optional=False),
        person_field(PERSON, "Who is on call?", hint="Nobody chosen: you."),
        field({"type": "datetimepicker"}, STARTS, "From", hint="In your own time. Nothing chosen: from now on."),
        field({"type": "datetimepicker"}, ENDS, "Until", is_optional=False),
        person_field(INSTEAD, "Instead of whom?", hint="Nobody chosen: instead of whoever is on call then."),
        text_field(TEXT, "Why?", is_long=False),
    ]
    return modal(FORM, "Change who is on call", "Change", fields, {})
