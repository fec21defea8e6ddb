"""Message with buttons for what is missing after a resolve: facts, and marked messages."""

from collections.abc import Mapping

from bot.services.views.missing_facts import MissingFactsView
from bot.slack.blocks.incidents.card import DRAFT
from bot.slack.blocks.limits import Blocks, actions, button, section
from bot.slack.blocks.message import Message
from bot.slack.blocks.postmortem.candidates import CHOOSE, CHOOSE_LABEL

ASK = "question"
"""The action ids are `question_impact` and so on; `services.questions` names what can be missing."""

FACT_LABELS: Mapping[str, str] = {
    "impact": "Impact",
    "start": "Start time",
    "cause": "Cause",
    "detection": "Detection",
    "fix": "Fix",
}


def missing_facts_message(view: MissingFactsView) -> Message:
    regenerate = button("Regenerate draft", DRAFT, str(view.incident_id))
    buttons = [button(FACT_LABELS[name], f"{ASK}_{name}", str(view.incident_id)) for name in view.missing]
    text = "The record has its impact, start, cause, detection and fix."
    if view.missing:
        text = "Help finish the postmortem: press what you know. Gaps are marked as missing."
    return Message(text, [section(text), *_message_blocks(view), actions(*buttons, regenerate)])


def _message_blocks(view: MissingFactsView) -> Blocks:
    """Count of marked messages, and a button to choose others if any looks important."""
    if not view.has_candidates:
        return []
    count = f"{view.messages:,} message{'s' * (view.messages != 1)} in the channel, {view.recorded:,} on the timeline."
    choose = button(CHOOSE_LABEL, CHOOSE, str(view.incident_id), style=None if view.recorded else "primary")
    whole = "The draft quotes only those on the timeline; `/incident postmortem transcript` adds all as an appendix."
    return [section(f":pushpin: *{count}* {whole}", accessory=choose)]
