"""Message with a button for each fact that a resolved incident lacks."""

from collections.abc import Mapping

from bot.services.views.missing_facts import MissingFactsView
from bot.slack.blocks.incidents.card import DRAFT
from bot.slack.blocks.limits import actions, button, section
from bot.slack.blocks.message import Message

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
    anew = button("Regenerate draft", DRAFT, str(view.incident_id))
    if not view.missing:
        text = "The record has its impact, start, cause, detection and fix."
        return Message(text, [section(text), actions(anew)])
    text = "Help finish the postmortem: press what you know. Gaps are marked as missing."
    buttons = [button(FACT_LABELS[name], f"{ASK}_{name}", str(view.incident_id)) for name in view.missing]
    return Message(text, [section(text), actions(*buttons, anew)])
