"""Lines on public updates that a second person approves."""

from bot.services.views.event import EventView
from bot.slack.blocks.incidents.channel_lines.parts import actor_text, person_text
from bot.slack.blocks.limits import literal
from bot.slack.blocks.message import Message, plain_message


def update_approved_line(view: EventView) -> Message:
    author = person_text(view, view.values.get("author"))
    return plain_message(f":white_check_mark: {actor_text(view)} approved the public update of {author}.")


def update_declined_line(view: EventView) -> Message:
    """The reason is for the author, who is mentioned."""
    reason = literal(str(view.values.get("why") or ""), view.names, limit=1_000)
    author = f"<@{view.values['author']}>" if view.values.get("author") else "somebody"
    return plain_message(f":x: {actor_text(view)} declined the public update of {author}. Reason: {reason}")


def update_unapproved_line(view: EventView) -> Message:
    return plain_message(f":warning: {actor_text(view)} published an urgent update without approval.")
