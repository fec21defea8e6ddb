"""How a text would be read, without doing anything: what `dogwatch explain` prints. Pure; every answer is JSON-able."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from bot.command import Command, Context, Invocation, Mention, Target, parse
from bot.domain.errors import Ambiguous, UserError
from bot.domain.times import When, read_time


def explain_command(text: str, commands: Sequence[Command], context: Context) -> dict[str, Any]:
    """
    `{"command", "options", "positionals", "text", "incident"}` of a line, with or without its `/incident`.

    Or `{"refused": message}`, or `{"asks": message, "about": text, "candidates": [...]}`. Times are in the zone of the
    incident, or the one that the line itself names. `inside` is the incident in whose channel the line would stand.
    """
    line = re.sub(r"^\s*/incident(?=\s|$)", "", text)
    try:
        read = parse(line, commands, context)
    except UserError as problem:
        return _problem(problem)
    return _invocation(read) | ({"inside": context.inside} if context.inside else {})


def explain_time(text: str, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """`{"time": ISO 8601 in `zone` or None, "precision"}`, or what `explain_command` says of a text that is no time."""
    try:
        return _time(read_time(text, now=now, zone=zone), zone)
    except UserError as problem:
        return _problem(problem)


def _problem(problem: UserError) -> dict[str, Any]:
    if isinstance(problem, Ambiguous):
        return {"asks": problem.message, "about": problem.about, "candidates": list(problem.candidates)}
    return {"refused": problem.message}


def _invocation(read: Invocation) -> dict[str, Any]:
    return {
        "command": read.command.name,
        "options": _shown(read.options, read.zone),
        "positionals": _shown(read.positionals, read.zone),
        "text": read.text,
        "incident": read.incident,
    }


def _shown(values: Mapping[str, object], zone: ZoneInfo) -> dict[str, Any]:
    return {name: _value(value, zone) for name, value in values.items()}


def _value(value: object, zone: ZoneInfo) -> Any:
    match value:
        case When():
            return _time(value, zone)
        case date():
            return value.isoformat()
        case ZoneInfo():
            return value.key
        case Mention():
            return {"user": value.user_id}
        case Target():
            return {"kind": value.kind.value, "name": value.name, "id": value.id}
        case tuple():
            return list(value)
        case StrEnum():
            return value.value
        case _:
            return value


def _time(when: When, zone: ZoneInfo) -> dict[str, Any]:
    time = when.at.astimezone(zone).isoformat() if when.at is not None else None
    return {"time": time, "precision": when.precision.value}
