"""`dogwatch oncall`, as typed. What it does is in `bot.cli.commands.oncall_report`."""

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
    from bot.cli.commands import oncall_report as oncalling  # noqa: PLC0415  the other commands start faster without it
    from bot.runtime import log  # noqa: PLC0415  the same

    settings = load(os.environ)
    log.hide(settings.secret_values())
    at = None if at_text is None else _moment(at_text, settings.incidents.zone)
    found, note = asyncio.run(oncalling.answers(settings, schedule, at))
    if note:
        click.echo(note, err=True)
    for line in (
        [oncalling.as_json(found)] if as_json else oncalling.as_lines(found, with_following=schedule is not None)
    ):
        click.echo(line)


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise UserError(f"--at {text!r} is not ISO 8601. Write it like 2026-12-24T22:00.") from problem
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
