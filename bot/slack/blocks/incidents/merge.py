"""One incident is merged into another: the question whether to, and the form that asks into which."""

from collections.abc import Sequence
from typing import Any

from bot.config import Settings
from bot.services.incidents.merge import Merged, Weighed
from bot.slack.blocks.inputs import OPTIONS, Choice, modal, select_field, text_field
from bot.slack.blocks.limits import actions, button, literal, one_line, section
from bot.slack.blocks.message import Message, plain

CONFIRM = "merge_confirmed"
MERGE_FORM = "merge"
INCIDENT = "incident"
TITLE = 150
UNDONE = "It cannot be taken back."


def question(weighed: Weighed) -> Message:
    """What is about to happen, and the button that does it."""
    source, target = weighed.source, weighed.target
    counts = [
        _count(weighed.entries, "timeline entry", "timeline entries"),
        _count(weighed.alerts, "alert", "alerts"),
        _count(weighed.escalations, "escalation that nobody has answered", "escalations that nobody has answered"),
        _count(weighed.actions, "improvement or task", "improvements and tasks"),
    ]
    what = ", ".join(each for each in counts if each) or "nothing yet"
    text = (
        f"Merge *{source.reference}* {literal(one_line(source.title, TITLE))} into *{target.reference}* "
        f"{literal(one_line(target.title, TITLE))}?\n"
        f"{target.reference} goes on. {source.reference} ends here. What goes along: {what}, and alerts that "
        f"fire later. Its people are invited into {target.reference}'s channel. {UNDONE}"
    )
    label = f"Merge {source.reference} into {target.reference}"
    return Message(text, [section(text), actions(button(label, CONFIRM, value_of(weighed), style="danger"))])


def _count(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}" if count else ""


def value_of(weighed: Weighed) -> str:
    return f"{weighed.source.key}.{weighed.target.key}"


def done(merged: Merged) -> Message:
    where = f" <#{merged.target.channel_id}>" if merged.target.channel_id else ""
    return plain(f":white_check_mark: {merged.source.reference} is merged. Go on in {merged.target.reference}{where}.")


def form(incident_id: int, reference: str, choices: Sequence[Choice]) -> dict[str, Any]:
    """`choices` are the incidents that it can be merged into; more than a menu holds are typed."""
    label = f"Merge {reference} into"
    hint = f"That one goes on; {reference} is closed, and what it has goes along. {UNDONE}"
    into = (
        select_field(INCIDENT, label, choices, hint=hint, is_optional=False)
        if 0 < len(choices) <= OPTIONS
        else text_field(INCIDENT, label, hint=hint, example="INC-3", is_optional=False)
    )
    return modal(MERGE_FORM, "Merge the incident", "Merge it", [into], {INCIDENT: incident_id})


def typed(_settings: Settings, incident_id: int) -> dict[str, Any]:
    """The same form for when nobody says which incidents there are."""
    return form(incident_id, "it", [])
