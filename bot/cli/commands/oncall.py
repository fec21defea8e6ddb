"""Command line of `dogwatch oncall`. The work is in `oncall_report`."""

import asyncio
import os
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from bot.config import load
from bot.domain.errors import UserError


@click.command("oncall")
@click.argument("schedule", required=False)
@click.option(
    "--at", "at_text", metavar="TIME", help="Then instead of now: 2026-12-24T22:00, in the zone of [incidents]."
)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def on_call(schedule: str | None, at_text: str | None, *, as_json: bool) -> None:
    """Show who is on call, by every schedule or by SCHEDULE with its next two weeks. The bot may run meanwhile."""
    from bot.cli.commands import oncall_report  # noqa: PLC0415  the other commands start faster without it
    from bot.runtime import log  # noqa: PLC0415

    settings = load(os.environ)
    log.hide_secrets(settings.secret_values())
    at = None if at_text is None else _parse_at(at_text, settings.incidents.zone)
    shifts, note = asyncio.run(oncall_report.load_shifts(settings, schedule, at))
    if note:
        click.echo(note, err=True)
    if as_json:
        click.echo(oncall_report.format_json(shifts))
    else:
        click.echo("\n".join(oncall_report.format_lines(shifts, with_following=schedule is not None)))


def _parse_at(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise UserError(f"--at {text!r} is not ISO 8601. Write it like 2026-12-24T22:00.") from problem
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
