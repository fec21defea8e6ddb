"""Run a command: a parsed line, or the fields of a form."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.command.forms.parameters import TEXT
from bot.command.forms.parser import parse_form
from bot.command.table import Command, Context, Invocation
from bot.config import Settings
from bot.domain.errors import ErrorCollector, UserError, errors_at
from bot.domain.times import ParsedTime
from bot.store.incidents.incidents import Incident
from commands.base import Caller, Reply, Session, with_language


def build_context(
    settings: Settings,
    at: datetime,
    *,
    inside: Incident | None,
    zone: ZoneInfo,
    earlier: Sequence[str] = (),
    caller: str | None = None,
) -> Context:
    """
    Build the context of a line or form.

    `inside`: the incident of the channel. `earlier`: reference prefixes of the past. `caller`: a user id.
    """
    now = (settings.incidents.channel_prefix.upper(), settings.incidents.drill_prefix.upper())
    return Context(
        now=at,
        zone=zone,
        severities=settings.severity_words(),
        labels=settings.severity_labels,
        mark_words=settings.reactions,
        roles=settings.role_words,
        statuses=settings.status_words,
        caller=caller,
        vendors=settings.vendor_words,
        inside=inside.reference if inside else None,
        series=tuple(dict.fromkeys([*now, *earlier])),
    )


def build_form_context(settings: Settings, at: datetime, incident: Incident | None) -> Context:
    zone = ZoneInfo(incident.zone) if incident else settings.incidents.zone
    return build_context(settings, at, inside=incident, zone=zone)


def run_invocation(session: Session, caller: Caller, invocation: Invocation) -> Reply:
    """Run a parsed command; words without a stated language are in the actor's."""
    command = invocation.command
    if command.run is None:
        raise UserError(f"`{command.name}` does nothing.")
    reply: Reply = command.run(session, replace(caller, actor=with_language(caller.actor, invocation)), invocation)
    return reply


def run_form(session: Session, caller: Caller, command: Command, fields: Mapping[str, str]) -> Reply:
    """
    Run a command with the fields of its form. `fields`: people by id.

    Raises InvalidField or InvalidFields.
    """
    errors = ErrorCollector()
    context = build_form_context(caller.settings, caller.actor.at, caller.incident)
    invocation = parse_form(command, fields, context, errors)
    if errors.by_field:
        with suppress(UserError), errors.collect():
            _check_values(session, caller, invocation)
        errors.check()
    with errors_at(_error_field(invocation, fields)):
        return run_invocation(session, caller, invocation)


def _check_values(session: Session, caller: Caller, invocation: Invocation) -> None:
    """
    Run the command with the valid values for the errors that it finds in them.

    The caller raises afterwards, so that nothing is changed.
    """
    if all(each.name in invocation.positionals for each in invocation.command.positionals if each.required):
        run_invocation(session, caller, invocation)


def _error_field(invocation: Invocation, fields: Mapping[str, str]) -> str:
    """Return the field for an error of the command: its time field, if any, or its text."""
    times = (name for name, value in invocation.options.items() if isinstance(value, ParsedTime))
    return next((name for name in times if name in fields), TEXT)
