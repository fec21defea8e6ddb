"""The line in a new incident's channel that names an earlier one like it."""

from bot.services.similarity import SuggestionView
from bot.slack.blocks.limits import actions, button, context, in_channel, is_linkable, link, literal
from bot.slack.blocks.message import Message

NOT_SIMILAR = "not_similar"
OFF, NOT_SHOWN = "No similar incident is suggested here.", "The similar incident is no longer shown."
REASONS = 300
"""Characters of the reasons."""


def suggestion_message(view: SuggestionView) -> Message:
    """One quiet line with a button that switches it off; once it is off, that it is."""
    if view.found is None:
        text = OFF if view.is_off else NOT_SHOWN
        return Message(text, [context(text)])
    found = view.found
    name = link(found.page_url, found.reference) if is_linkable(found.page_url) else found.reference
    reasons = literal("; ".join(found.reasons), limit=REASONS)
    text = f":mag: Looks like {name}{in_channel(found.channel_id)} ({reasons})."
    return Message(text, [context(text), actions(button("Not like it", NOT_SIMILAR, str(view.incident_id)))])
