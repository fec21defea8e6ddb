"""One alert as a line of a message."""

from bot.services.views.messages import AlertLine
from bot.slack.blocks.limits import link, literal, one_line, when

DATE = "{date_short_pretty} {time}"


def alert_line(one: AlertLine, *, longest: int = 300) -> str:
    """Its name as a link, what it says of itself in `longest` characters at most, and since when it fires."""
    name = literal(one.name, limit=200)
    shown = link(one.link, name) if one.link else f"*{name}*"
    summary = f": {literal(one_line(one.summary, longest))}" if one.summary and one.summary != one.name else ""
    form = DATE if one.is_old else "{time}"
    began = when(one.starts_at, form)
    span = f"{began} to {when(one.ended_at, form)}" if one.ended_at else f"since {began}"
    return f"• {shown}{of_service(one)}{summary}, {span}"


def of_service(one: AlertLine) -> str:
    return f" of {literal(one.service, limit=100)}" if one.service else ""
