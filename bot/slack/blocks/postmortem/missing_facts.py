"""Message with a button for each fact that a resolved incident lacks."""

from collections.abc import Mapping

from bot.services.views.missing_facts import MissingFactsView
from bot.slack.blocks.incidents.card import DRAFT
from bot.slack.blocks.limits import actions, button, section
from bot.slack.blocks.message import Message

ASK = "question"
"""The action ids are `question_impact` and so on; `services.questions` names what can be missing."""

FACT_LABELS: Mapping[str, str] = {
    "impact": "What it did to whom",
    "start": "When it really began",
    "cause": "What caused it",
    "detection": "How it was noticed",
    "fix": "What fixed it",
}


def missing_facts_message(view: MissingFactsView) -> Message:
    anew = button("Write the draft anew", DRAFT, str(view.incident_id))
    if not view.missing:
        text = ":white_check_mark: The record has its impact, start, cause, detection and fix."
        return Message(text, [section(text), actions(anew)])
    text = "For the postmortem, a tap each, if you know it. What nobody says stands there as missing."
    buttons = [button(FACT_LABELS[name], f"{ASK}_{name}", str(view.incident_id)) for name in view.missing]
    return Message(text, [section(text), actions(*buttons, anew)])
