"""Forms about an escalation that somebody acknowledged: to hand it over, and to hand it back."""

from collections.abc import Callable, Mapping

from bot.config import Settings
from bot.slack.blocks.inputs import modal, person_field, text_field
from bot.slack.blocks.modals import PERSON, TEXT, View

HAND_OVER_FORM, HAND_BACK_FORM = "escalation_hand_over_modal", "escalation_hand_back_modal"
ESCALATION = "escalation"
"""What the forms carry: the id of the escalation."""
FIRST_FIELD: Mapping[str, str] = {HAND_OVER_FORM: PERSON, HAND_BACK_FORM: TEXT}


def hand_over(_settings: Settings, escalation_id: int) -> View:
    fields = [
        person_field(PERSON, "To whom?", hint="They are paged now. Until they answer it stays with you."),
        text_field(TEXT, "Anything they should know?", is_long=True),
    ]
    return modal(HAND_OVER_FORM, "Hand it over", "Page them", fields, {ESCALATION: escalation_id})


def hand_back(_settings: Settings, escalation_id: int) -> View:
    why = text_field(
        TEXT, "Why?", hint="It goes on as if nobody had answered: the next who are asked are paged now.", is_long=True
    )
    return modal(HAND_BACK_FORM, "I can't after all", "Hand it back", [why], {ESCALATION: escalation_id})


OPENINGS: tuple[Callable[[Settings, int], View], ...] = (hand_over, hand_back)
