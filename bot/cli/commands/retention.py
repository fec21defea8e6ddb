"""`dogwatch retention`: show what `[retention]` would delete; with `--now` delete it."""

import asyncio
from collections.abc import Iterator

import click

from bot.cli.environment import load_settings
from bot.config import Settings
from bot.domain.errors import UserError
from bot.engine.retention import Deleted, Retention
from bot.runtime import log
from bot.runtime.clock import SystemClock
from bot.services.privacy import RetentionDue, preview_retention
from bot.services.workspace.actor import Origin
from bot.store.database import migrate
from bot.store.database.backup import vacuum
from bot.store.database.session import DatabaseInUse, open_database
from bot.store.database.sqlite_database import SqliteDatabase

NAMES = {
    "messages": "messages of ended incidents, not on a timeline",
    "alerts": "alerts without an incident",
    "files": "files of marked messages",
    "sent": "sent outbox rows",
    "deliveries": "answers for repeated deliveries of Slack",
}
SETTINGS = {"messages": "transcripts_days", "alerts": "payloads_days", "files": "files_days"}


async def run_retention(settings: Settings, *, is_confirmed: bool) -> list[str]:
    """
    Delete what is due and return a report, line by line.

    Without `is_confirmed` only preview it.

    Raises UserError if confirmed while a bot runs on the same SQLite file.
    """
    return await _delete(settings) if is_confirmed else await _preview(settings)


async def _preview(settings: Settings) -> list[str]:
    database = open_database(settings.database_url.get_secret_value(), read_only=True)
    try:
        await migrate.require_current(database)
        preview = await database.read(preview_retention, settings, await database.now())
    finally:
        await database.close()
    lines = ["Would be deleted now (nothing has changed):"]
    lines += [line for due in preview for line in _preview_lines(due)]
    return [*lines, "The bot deletes once a day. To delete now: `dogwatch retention --now`."]


def _preview_lines(due: RetentionDue) -> Iterator[str]:
    name = NAMES[due.what]
    if due.kept is None:
        yield f"  {name}: none, kept forever ([retention] {SETTINGS[due.what]} is not set)"
        return
    kept = f"older than {due.kept.days} day{'s' if due.kept.days != 1 else ''}"
    if due.oldest is None or due.newest is None:
        yield f"  {name}, {kept}: none"
        return
    where = f" of {due.incidents} incident{'s' if due.incidents != 1 else ''}" if due.incidents else ""
    yield f"  {name}, {kept}: {due.count}{where}, from {due.oldest:%Y-%m-%d} to {due.newest:%Y-%m-%d}"


async def _delete(settings: Settings) -> list[str]:
    try:
        database = open_database(settings.database_url.get_secret_value())
    except DatabaseInUse as problem:
        raise UserError(f"{problem.message} The bot deletes once a day. To delete now, stop it first.") from problem
    try:
        await migrate.migrate(database)
        clock = SystemClock()
        deleted = await Retention(database, clock, lambda: settings).run(await database.now(), origin=Origin.CLI)
    finally:
        await database.close()
    if isinstance(database, SqliteDatabase):
        vacuum(database.path)
    return ["Deleted:", *_count_lines(deleted)]


def _count_lines(deleted: Deleted) -> Iterator[str]:
    for what, name in NAMES.items():
        yield f"  {name}: {getattr(deleted, what)}"


@click.command()
@click.option(
    "--now", "is_confirmed", is_flag=True, help="Delete now. Without this option, only show what would be deleted."
)
def retention(*, is_confirmed: bool) -> None:
    """Show what `[retention]` deletes: amount and age. `serve` deletes once a day."""
    log.configure_logging(level="ERROR")
    settings = load_settings()
    for line in asyncio.run(run_retention(settings, is_confirmed=is_confirmed)):
        click.echo(line)
