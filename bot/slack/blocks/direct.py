"""Direct messages that belong to no incident, one wording for each event."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.slack.blocks.limits import context, literal, quoted, section, slack_datetime, slack_time
from bot.slack.blocks.message import Message

Values = Mapping[str, Any]


def direct_message(event: str, values: Values) -> Message:
    """Raises KeyError for an event without a wording, which is a defect."""
    return MESSAGE_BUILDERS[event](values)


def _muted(values: Values) -> Message:
    until = slack_datetime(datetime.fromisoformat(values["until"]))
    line = f":mute: <@{values['by']}> muted your pages until {until}. Escalations go to others meanwhile."
    reason = quoted(str(values.get("text") or ""))
    body = f"{line}\n{reason}" if reason else line
    return Message(line, [section(body), context("Type `/incident unmute` to be paged again.")])


def _unmuted(values: Values) -> Message:
    line = f":loud_sound: <@{values['by']}> ended the mute of your pages: you are paged again."
    return Message(line, [section(line)])


def _maintenance_begins(values: Values) -> Message:
    """Ask whether it still takes place, with the lines that change and end it."""
    starts = slack_time(datetime.fromisoformat(values["starts_at"]), "{date_short_pretty} {time} ({ago})")
    ends = slack_datetime(datetime.fromisoformat(values["ends_at"]))
    service, title = literal(values["service"], limit=200), literal(values["title"], limit=200)
    line = f":calendar: The maintenance of *{service}*, published as “{title}”, begins at {starts} and ends at {ends}."
    how = (
        "Is that still correct? Then there is nothing to do. "
        f"To move it: `/incident maintenance {service} from:TIME to:TIME change`. "
        f"To cancel it: `/incident maintenance {service} end`."
    )
    return Message(line, [section(line), context(how)])


MESSAGE_BUILDERS: Mapping[str, Callable[[Values], Message]] = {
    "muted": _muted,
    "unmuted": _unmuted,
    "maintenance begins": _maintenance_begins,
}
