"""`dogwatch retention`: what would be deleted because it is old enough; with `--now` it is."""

from collections.abc import Iterator

from bot.config import Settings
from bot.domain.errors import UserError
from bot.engine.retention import Deleted, Retention
from bot.runtime.clock import SystemClock
from bot.services.privacy import retention
from bot.services.privacy.retention import Due
from bot.services.workspace.actor import Origin
from bot.store.database import migrate
from bot.store.database.backup import write_anew
from bot.store.database.session import DatabaseInUse, SqliteDatabase, open_database

NAMES = {
    "messages": "messages of incidents that are over, not on a timeline",
    "alerts": "alerts that belong to no incident",
    "sent": "what was sent to Slack",
    "deliveries": "answers kept for what Slack delivers twice",
}
SETTINGS = {"messages": "transcripts_days", "alerts": "payloads_days"}


async def retain(settings: Settings, *, is_meant: bool) -> list[str]:
    """
    What goes, a line each. `is_meant` off: it is only shown, beside a running bot.

    Raises UserError if it is meant while a bot runs on the same SQLite file.
    """
    return await _now(settings) if is_meant else await _shown(settings)


async def _shown(settings: Settings) -> list[str]:
    database = open_database(settings.database_url.get_secret_value(), read_only=True)
    try:
        await migrate.require_current(database)
        found = await database.read(retention.preview, settings, await database.now())
    finally:
        await database.close()
    lines = ["What would be deleted now. Nothing was changed."]
    lines += [line for due in found for line in _told(due)]
    return [*lines, "The bot does this by itself once a day; `dogwatch retention --now` does it now."]


def _told(due: Due) -> Iterator[str]:
    name = NAMES[due.what]
    if due.kept is None:
        yield f"  {name}: none, kept for ever ([retention] {SETTINGS[due.what]} is not set)"
        return
    kept = f"older than {due.kept.days} day{'s' if due.kept.days != 1 else ''}"
    if due.oldest is None or due.newest is None:
        yield f"  {name}, {kept}: none"
        return
    where = f" of {due.incidents} incident{'s' if due.incidents != 1 else ''}" if due.incidents else ""
    yield f"  {name}, {kept}: {due.count}{where}, from {due.oldest:%Y-%m-%d} to {due.newest:%Y-%m-%d}"


async def _now(settings: Settings) -> list[str]:
    try:
        database = open_database(settings.database_url.get_secret_value())
    except DatabaseInUse as problem:
        raise UserError(
            f"{problem.message} The bot on this file deletes by itself once a day; to do it now, stop it first."
        ) from problem
    try:
        await migrate.migrate(database)
        clock = SystemClock()
        deleted = await Retention(database, clock, lambda: settings).run(await database.now(), origin=Origin.CLI)
    finally:
        await database.close()
    if isinstance(database, SqliteDatabase):
        write_anew(database.path)
    return ["Deleted:", *_counts(deleted)]


def _counts(deleted: Deleted) -> Iterator[str]:
    for what, name in NAMES.items():
        yield f"  {name}: {getattr(deleted, what)}"
