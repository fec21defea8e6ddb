"""What is told to one person directly and is of no incident: one wording an event."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.slack.blocks.limits import context, quoted, section, when
from bot.slack.blocks.message import Message

DATE = "{date_short_pretty} {time}"
Values = Mapping[str, Any]


def told(event: str, values: Values) -> Message:
    """Raises KeyError for an event that has no words: then the code is at fault."""
    return WORDING[event](values)


def _muted(values: Values) -> Message:
    until = when(datetime.fromisoformat(values["until"]), DATE)
    line = f":mute: <@{values['by']}> muted your pages until {until}. Escalations go on to others meanwhile."
    reason = quoted(str(values.get("text") or ""))
    body = f"{line}\n{reason}" if reason else line
    return Message(line, [section(body), context("Type `/incident unmute` to be paged again.")])


def _unmuted(values: Values) -> Message:
    line = f":loud_sound: <@{values['by']}> ended the mute of your pages: you are paged again."
    return Message(line, [section(line)])


WORDING: Mapping[str, Callable[[Values], Message]] = {"muted": _muted, "unmuted": _unmuted}
