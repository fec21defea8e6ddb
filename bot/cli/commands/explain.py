"""`dogwatch explain`: show how a command, a time or an alert would be read, as JSON."""

import asyncio
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from bot.cli.environment import load_settings
from bot.command.grammar import parse
from bot.command.table import Command, Context, Invocation, Mention, Target
from bot.config import Settings
from bot.domain.errors import Ambiguous, UserError
from bot.domain.incidents.impact import AffectedUsers
from bot.domain.terms import Owner
from bot.domain.times import ParsedTime, read_time, read_zone
from bot.lazy_loader import LazyModule
from bot.sources import generic
from commands import COMMANDS

if TYPE_CHECKING:
    from bot.cli import alert_preview
else:
    alert_preview = LazyModule("bot.cli.alert_preview")

CALLER = "caller"
"""Id of the person who types, in the answer for `@me`."""


def explain_input(
    settings: Settings, text: str | None, time_text: str | None, *, zone: str, now_text: str | None, inside: str | None
) -> Iterator[str]:
    """
    Explain one text, indented, or each line of standard input as one line of JSON.

    Empty lines are left out. Raises UserError for an unknown zone, and for a `now_text` that is not ISO 8601.
    """
    time_zone = read_zone(zone)
    context = Context(
        now=_parse_now(now_text),
        zone=time_zone,
        severities=settings.severity_words(),
        labels=settings.severity_labels,
        mark_words=settings.reactions,
        roles=settings.role_words,
        statuses=settings.status_words,
        caller=CALLER,
        vendors=settings.vendor_words,
        inside=inside,
        series=(settings.incidents.channel_prefix.upper(), settings.incidents.drill_prefix.upper()),
    )

    def explain(each: str) -> dict[str, Any]:
        if time_text is not None:
            return explain_time(each, now=context.now, zone=time_zone)
        return explain_command(each, COMMANDS, context)

    single = text if time_text is None else time_text
    if single is not None and time_text != "-":
        yield json.dumps(explain(single), ensure_ascii=False, indent=2)
        return
    for line in sys.stdin:
        if line.rstrip("\r\n"):
            yield json.dumps(explain(line.strip() if time_text else line.rstrip("\n")), ensure_ascii=False)


def _parse_now(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise UserError(f"--now {text!r} is not ISO 8601. Write it like 2026-11-18T14:05:00+01:00.") from problem
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def explain_command(text: str, commands: Sequence[Command], context: Context) -> dict[str, Any]:
    """
    Parse a command, with or without its `/incident`.

    Returns `{"command", "options", "positionals", "text", "incident"}`, `{"refused": message}`, or
    `{"asks": message, "about": text, "candidates": [...]}`; all but `refused` where the number of another incident is
    asked about before the line is run. Times are in the zone of the incident, or the one that the line itself names.
    `inside`: reference of the incident in whose channel it is typed.
    """
    line = re.sub(r"^\s*/incident(?=\s|$)", "", text)
    try:
        invocation = parse(line, commands, context)
    except UserError as problem:
        return _problem(problem)
    question = _question_about_incident(invocation, context.inside)
    asks = _problem(question) if question else {}
    return _invocation(invocation) | ({"inside": context.inside} if context.inside else {}) | asks


def explain_time(text: str, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Parse a time: `{"time", "precision"}`, or a refusal as `explain_command` has it."""
    try:
        return _time(read_time(text, now=now, zone=zone), zone)
    except UserError as problem:
        return _problem(problem)


def _problem(problem: UserError) -> dict[str, Any]:
    if isinstance(problem, Ambiguous):
        return {"asks": problem.message, "about": problem.about, "candidates": list(problem.candidates)}
    return {"refused": problem.message}


def _question_about_incident(typed: Invocation, inside: str | None) -> Ambiguous | None:
    """The question that the number of another incident than the channel's raises."""
    if typed.incident is None or typed.incident == inside:
        return None
    verb = typed.command.ends_incident(typed) if typed.command.ends_incident else ""
    if typed.may_be_text and inside is not None:
        message = f"`{typed.incident}` may be the incident that you mean, or a word of your text. A question is asked."
        return Ambiguous(message, about=typed.incident, candidates=(typed.incident, inside))
    if verb:
        message = (
            f"{verb} {typed.incident}? It is another incident than the channel's. A question is asked if it is open."
        )
        return Ambiguous(message, about=typed.incident, candidates=(typed.incident,))
    return None


def _invocation(invocation: Invocation) -> dict[str, Any]:
    return {
        "command": invocation.command.name,
        "options": _fields(invocation.options, invocation.zone),
        "positionals": _fields(invocation.positionals, invocation.zone),
        "text": invocation.text,
        "incident": invocation.incident,
    }


def _fields(values: Mapping[str, object], zone: ZoneInfo) -> dict[str, Any]:
    return {name: _value(value, zone) for name, value in values.items()}


def _value(value: object, zone: ZoneInfo) -> Any:
    match value:
        case ParsedTime():
            return _time(value, zone)
        case date():
            return value.isoformat()
        case ZoneInfo():
            return value.key
        case Mention():
            return {"user": value.user_id}
        case Owner():
            return {"group": value.group, "id": value.id} if value.group else {"user": value.id}
        case Target():
            return {"kind": value.kind.value, "name": value.name, "id": value.id}
        case AffectedUsers():
            return {"count": value.count, "percent": value.percent, "about": value.is_about}
        case tuple():
            return list(value)
        case StrEnum():
            return value.value
        case _:
            return value


def _time(when: ParsedTime, zone: ZoneInfo) -> dict[str, Any]:
    time = when.at.astimezone(zone).isoformat() if when.at is not None else None
    return {"time": time, "precision": when.precision.value}


@click.command()
@click.argument("text", required=False)
@click.option(
    "--time",
    "time_text",
    help="Explain a time instead of a command. With -, read one from each line of standard input.",
)
@click.option("--zone", default="UTC", show_default=True, help="Time zone of the input.")
@click.option("--now", "now_text", help="Base of relative times (ISO 8601). Default: now.")
@click.option("--inside", help="As if typed in this incident's channel, for example INC-7.")
@click.option("--alert", metavar="FILE", help="Show what the alert body in FILE would do. With -, read standard input.")
@click.option(
    "--source",
    default=generic.NAME,
    show_default=True,
    help="Source of the alert body: one of Dogwatch's, or the name of an [alerts.sources.NAME].",
)
def explain(
    text: str | None,
    time_text: str | None,
    zone: str,
    now_text: str | None,
    inside: str | None,
    alert: str | None,
    source: str,
) -> None:
    """
    Show how a text would be read, without running it.

    Without TEXT, --time or --alert, each line of standard input is explained, one JSON object a line.
    """
    settings = load_settings()
    if alert is not None:
        found = asyncio.run(alert_preview.explain_alert(settings, alert, source, _parse_now(now_text)))
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for line in explain_input(settings, text, time_text, zone=zone, now_text=now_text, inside=inside):
        click.echo(line)
