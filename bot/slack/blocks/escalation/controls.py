"""Buttons of an escalation, and the forms that two of them open."""

from bot.config import Settings
from bot.services.escalation.view import EscalationView
from bot.slack.blocks.inputs import modal, person_field, text_field
from bot.slack.blocks.limits import Block, View, button, static_select
from bot.slack.blocks.modals import PERSON, TEXT

ACKNOWLEDGE, DECLINE, MORE_TIME = "escalation_acknowledge", "escalation_decline", "escalation_more_time"
HAND_OVER, HAND_BACK = "escalation_hand_over", "escalation_hand_back"
MINUTES = (5, 15, 30)
"""Options of *More time*."""
HAND_OVER_FORM, HAND_BACK_FORM = "escalation_hand_over_modal", "escalation_hand_back_modal"
ESCALATION = "escalation"
"""Metadata key of the forms: the escalation's id."""


def answer_buttons(view: EscalationView, acknowledge: str = "Acknowledge", *, can_decline: bool = True) -> list[Block]:
    """Buttons for the people who are paged."""
    value = str(view.escalation_id)
    label = (
        "Can't: next please"
        if view.progress.next and view.progress.next.level and view.progress.is_stepwise
        else "Can't"
    )
    elements = [button(acknowledge, ACKNOWLEDGE, value, style="primary")]
    if can_decline:
        elements.append(decline_button(view, label))
    if view.progress.next is not None:
        elements.append(more_time_menu(view.escalation_id))
    return elements


def decline_button(view: EscalationView, label: str) -> Block:
    return button(label, DECLINE, str(view.escalation_id))


def more_time_menu(escalation_id: int) -> Block:
    options = [(f"{minutes} minutes", f"{escalation_id}.{minutes}") for minutes in MINUTES]
    return static_select(MORE_TIME, "More time", options)


def acknowledger_buttons(view: EscalationView) -> list[Block]:
    """Buttons for the person who acknowledged."""
    value = str(view.escalation_id)
    return [button("Hand over", HAND_OVER, value), button("I can't after all", HAND_BACK, value)]


def hand_over_form(_settings: Settings, escalation_id: int) -> View:
    fields = [
        person_field(PERSON, "New person", hint="They are paged now. It stays yours until they answer."),
        text_field(TEXT, "Note for the new person", is_long=True),
    ]
    return modal(HAND_OVER_FORM, "Hand it over", "Page them", fields, {ESCALATION: escalation_id})


def hand_back_form(_settings: Settings, escalation_id: int) -> View:
    why = text_field(
        TEXT,
        "Reason",
        hint="The escalation continues as if nobody had answered. The next people are paged now.",
        is_long=True,
    )
    return modal(HAND_BACK_FORM, "I can't after all", "Hand it back", [why], {ESCALATION: escalation_id})
