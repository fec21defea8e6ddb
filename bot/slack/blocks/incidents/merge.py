"""Merge of one incident into another: form, confirmation and reply."""

from collections.abc import Sequence

from bot.command.forms.choices import Choice
from bot.config import Settings
from bot.services.incidents.merge import MergePreview, MergeResult
from bot.slack.blocks.inputs import MAX_OPTIONS, modal, select_field, text_field
from bot.slack.blocks.limits import View, actions, button, literal, one_line, section
from bot.slack.blocks.message import Message, plain_message

CONFIRM = "merge_confirmed"
MERGE_FORM = "merge"
INCIDENT = "incident"
TITLE = 150
UNDONE = "It cannot be undone."


def merge_question(preview: MergePreview) -> Message:
    """Preview of the merge, with a button that confirms it."""
    source, target = preview.source, preview.target
    counts = [
        _count_text(preview.entries, "timeline entry", "timeline entries"),
        _count_text(preview.alerts, "alert", "alerts"),
        _count_text(preview.escalations, "escalation that nobody has answered", "escalations that nobody has answered"),
        _count_text(preview.action_items, "improvement or task", "improvements and tasks"),
    ]
    what = ", ".join(each for each in counts if each) or "nothing yet"
    text = (
        f"Merge *{source.reference}* {literal(one_line(source.title, TITLE))} into *{target.reference}* "
        f"{literal(one_line(target.title, TITLE))}?\n"
        f"{target.reference} continues. {source.reference} ends here. Moved: {what}, and alerts that "
        f"fire later. Its people are invited into {target.reference}'s channel. {UNDONE}"
    )
    label = f"Merge {source.reference} into {target.reference}"
    return Message(text, [section(text), actions(button(label, CONFIRM, merge_value(preview), style="danger"))])


def _count_text(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}" if count else ""


def merge_value(preview: MergePreview) -> str:
    return f"{preview.source.key}.{preview.target.key}"


def merged_message(merged: MergeResult) -> Message:
    where = f" <#{merged.target.channel_id}>" if merged.target.channel_id else ""
    return plain_message(
        f":white_check_mark: {merged.source.reference} is merged. Continue in {merged.target.reference}{where}."
    )


def merge_form(incident_id: int, reference: str, choices: Sequence[Choice]) -> View:
    """`choices`: possible targets; if there are too many for a menu the target is typed."""
    label = f"Merge {reference} into"
    hint = f"That incident continues. {reference} is closed, and its record moves along. {UNDONE}"
    into = (
        select_field(INCIDENT, label, choices, hint=hint, is_optional=False)
        if 0 < len(choices) <= MAX_OPTIONS
        else text_field(INCIDENT, label, hint=hint, example="INC-3", is_optional=False)
    )
    return modal(MERGE_FORM, "Merge the incident", "Merge it", [into], {INCIDENT: incident_id})


def merge_form_typed(_settings: Settings, incident_id: int) -> View:
    """The form without a list of incidents."""
    return merge_form(incident_id, "it", [])
