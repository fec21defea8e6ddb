"""Direct messages that belong to no incident, one wording for each event."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.slack.blocks.limits import context, quoted, section, slack_datetime
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


MESSAGE_BUILDERS: Mapping[str, Callable[[Values], Message]] = {"muted": _muted, "unmuted": _unmuted}
