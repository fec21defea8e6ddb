"""The database: is it there, of which release, and can it be written? Looked at read-only, beside a running bot."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot.config import Settings
from bot.doctor.report import Finding, failed, ok, warning
from bot.domain.errors import UserError
from bot.domain.slack_app.scopes import Lack
from bot.runtime.clock import machine_now
from bot.services.workspace import missing_permissions as notices
from bot.store.database import health as condition
from bot.store.database import migrate
from bot.store.database.session import Database, DatabaseDamaged, DatabaseUnavailable, open_database
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Installation
from bot.store.outbox import State
from bot.store.outbox import inspection as waiting

DATABASE = "database"
LITTLE, TOO_LITTLE = 1024**3, 100 * 1024**2
"""Bytes that are free where the SQLite file is: below the first it warns, below the second it fails."""
NEVER_USED = "it was never used; `dogwatch serve` fills it at its first start"
MEND_ADDRESS = "See whether the server runs, and whether user, password and host in DATABASE_URL are right."


@dataclass
class Known:
    """What the record knows that other checks compare with. All of it is absent without a database."""

    installation: Installation | None = None
    lacks: Sequence[Lack] = ()
    is_ahead_by: timedelta | None = None
    """The database's clock, against the machine's."""
    refused: int = 0
    problems: list[str] = field(default_factory=list)


async def database(settings: Settings, known: Known) -> list[Finding]:
    path = settings.sqlite_path
    if path is not None:
        found = _place(path)
        if any(each.state != "ok" for each in found) or not path.exists():
            return found
    else:
        found = []
    try:
        opened = open_database(settings.database_url.get_secret_value(), read_only=True)
    except UserError as problem:
        return [failed(DATABASE, problem.message, "Mend DATABASE_URL.")]
    try:
        return found + await _opened(opened, known)
    except DatabaseDamaged as problem:
        return [failed(DATABASE, "it is damaged, or no database of SQLite", str(problem))]
    except DatabaseUnavailable as problem:
        return [failed(DATABASE, f"it does not answer ({problem})", MEND_ADDRESS)]
    except UserError as problem:  # of another release
        return [*found, failed(DATABASE, "it is not of this release", problem.message)]
    except Exception as problem:  # noqa: BLE001  the driver's own words for a refused login, which has no type of ours
        return [failed(DATABASE, f"it refuses the connection ({problem})", MEND_ADDRESS)]
    finally:
        await opened.close()


def _place(path: Path) -> list[Finding]:
    """Of the SQLite file and its folder."""
    folder = path.absolute().parent
    if not folder.is_dir():
        return [failed(DATABASE, f"there is no folder {folder}", "Make it, or mend DATABASE_URL.")]
    locked = [each for each in (path, folder) if each.exists() and not os.access(each, os.W_OK)]
    if locked:
        return [failed(DATABASE, f"{locked[0]} may not be written", "Give it to the user that runs Dogwatch.")]
    found = [] if path.exists() else [ok(DATABASE, f"there is none at {path} yet: {NEVER_USED}")]
    free = shutil.disk_usage(folder).free
    told = f"{free / 1024**3:.1f} GiB are free in {folder}"
    if free < TOO_LITTLE:
        return [*found, failed("disk", told, "Make room: with a full disk nothing can be recorded.")]
    return [*found, warning("disk", told, "Make room in time.") if free < LITTLE else ok("disk", told)]


async def _opened(opened: Database, known: Known) -> list[Finding]:
    asked_at = machine_now()
    now = await opened.now()
    known.is_ahead_by = now - asked_at
    state = await opened.read(condition.look)
    if state.why_not:
        return [failed(DATABASE, f"{state.version}: nothing can be written, {state.why_not}", MEND_ADDRESS)]
    try:
        await migrate.require_current(opened)
    except migrate.DatabaseTooNew:
        raise
    except migrate.DatabaseTooOld as problem:
        return [
            warning(DATABASE, f"{state.version}: {problem.message}", "The next start brings it up to date by itself.")
        ]
    known.installation = await opened.read(incidents.installation)
    known.lacks = await opened.read(notices.standing)
    return [ok(DATABASE, f"{state.version}, of this release"), *await _outbox(opened, now)]


async def _outbox(opened: Database, _now: datetime) -> list[Finding]:
    waits = await opened.read(waiting.how_many)
    refused, given_up = [await opened.read(waiting.how_many, [each]) for each in (State.FAILED, State.DEAD)]
    if refused or given_up:
        told = f"{waits} waiting, {refused} refused by Slack, {given_up} given up"
        return [warning("outbox", told, "`dogwatch outbox` says what they are and why.")]
    return [ok("outbox", f"{waits} waiting, nothing refused")]
