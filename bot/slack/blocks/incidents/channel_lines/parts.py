"""Parts of several channel lines: people, times and quoted texts."""

from bot.services.views.event import EventView
from bot.slack.blocks.limits import formatted, literal, section, slack_datetime, with_quote
from bot.slack.blocks.message import Message


def person_text(view: EventView, user: object) -> str:
    """A person by name, because a mention would notify them; a mention if the name is unknown."""
    if not user:
        return "Dogwatch"
    name = view.names.get(str(user))
    return f"*{literal(name, limit=100)}*" if name else f"<@{user}>"


def actor_text(view: EventView) -> str:
    return person_text(view, view.values.get("by"))


def with_text(line: str, view: EventView) -> Message:
    """Put the entry's quoted text below a line."""
    body = section(with_quote(line, view.text, view.names))
    return Message(f"{line} {formatted(view.text, view.names, 1_000)}".strip(), [body])


def happened_text(view: EventView) -> str:
    if view.happened_at is None:
        return "time not known"
    return f"{'about ' if view.is_approximate else ''}{slack_datetime(view.happened_at)}"


def int_value(value: object) -> int:
    return value if isinstance(value, int) else 0
