"""Check that the database exists, is of this release and can be written. Read-only."""

import os
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from bot.config import Settings
from bot.doctor.report import CheckResult, failed, ok, warning
from bot.domain.errors import UserError
from bot.domain.slack_app.missing_permissions import MissingPermission
from bot.lazy_dataclass import dataclass
from bot.runtime.clock import machine_now
from bot.services.workspace import missing_permissions
from bot.store.database import health, migrate
from bot.store.database.session import Database, DatabaseDamaged, DatabaseUnavailable, open_database
from bot.store.incidents import installations
from bot.store.incidents.installations import Installation
from bot.store.outbox import State, inspection

DATABASE = "database"
LOW_SPACE, NO_SPACE = 1024**3, 100 * 1024**2
"""Free bytes beside the SQLite file below which the check warns or fails."""
NOT_YET_CREATED = "`dogwatch serve` creates its tables at the first start"
CHECK_ADDRESS = "Check the server, and user, password and host in DATABASE_URL."


@dataclass
class DatabaseFacts:
    """Facts from the database that later checks compare with; defaults without a database."""

    installation: Installation | None = None
    lacks: Sequence[MissingPermission] = ()
    clock_offset: timedelta | None = None
    """By which the database's clock is ahead of the machine's."""


async def check_database(settings: Settings, facts: DatabaseFacts) -> list[CheckResult]:
    path = settings.sqlite_path
    if path is not None:
        results = _check_sqlite_file(path)
        if any(each.state != "ok" for each in results) or not path.exists():
            return results
    else:
        results = []
    try:
        opened = open_database(settings.database_url.get_secret_value(), read_only=True)
    except UserError as problem:
        return [failed(DATABASE, problem.message, "Correct DATABASE_URL.")]
    try:
        return results + await _check_contents(opened, facts)
    except DatabaseDamaged as problem:
        return [failed(DATABASE, "it is damaged, or not an SQLite database", str(problem))]
    except DatabaseUnavailable as problem:
        return [failed(DATABASE, f"it does not answer ({problem})", CHECK_ADDRESS)]
    except UserError as problem:  # of another release
        return [*results, failed(DATABASE, "it is from another release", problem.message)]
    except Exception as problem:  # noqa: BLE001  drivers have no common error type for a refused login
        return [failed(DATABASE, f"it refuses the connection ({problem})", CHECK_ADDRESS)]
    finally:
        await opened.close()


def _check_sqlite_file(path: Path) -> list[CheckResult]:
    folder = path.absolute().parent
    if not folder.is_dir():
        return [failed(DATABASE, f"there is no folder {folder}", "Create it, or correct DATABASE_URL.")]
    locked = [each for each in (path, folder) if each.exists() and not os.access(each, os.W_OK)]
    if locked:
        return [failed(DATABASE, f"no write permission for {locked[0]}", "Make the user that runs Dogwatch its owner.")]
    results = [] if path.exists() else [ok(DATABASE, f"{path} does not exist yet: {NOT_YET_CREATED}")]
    free = shutil.disk_usage(folder).free
    text = f"{free / 1024**3:.1f} GiB free in {folder}"
    if free < NO_SPACE:
        return [*results, failed("disk", text, "Free some space. Nothing can be recorded on a full disk.")]
    return [*results, warning("disk", text, "Free some space.") if free < LOW_SPACE else ok("disk", text)]


async def _check_contents(opened: Database, facts: DatabaseFacts) -> list[CheckResult]:
    asked_at = machine_now()
    now = await opened.now()
    facts.clock_offset = now - asked_at
    state = await opened.read(health.check_health)
    if state.why_not:
        return [failed(DATABASE, f"{state.version}: not writable, {state.why_not}", CHECK_ADDRESS)]
    try:
        await migrate.require_current(opened)
    except migrate.DatabaseTooNew:
        raise
    except migrate.DatabaseTooOld as problem:
        return [warning(DATABASE, f"{state.version}: {problem.message}", "The next start updates it.")]
    facts.installation = await opened.read(installations.find_installation)
    facts.lacks = await opened.read(missing_permissions.list_missing)
    return [ok(DATABASE, f"{state.version}, up to date"), *await _check_outbox(opened)]


async def _check_outbox(opened: Database) -> list[CheckResult]:
    waits = await opened.read(inspection.count_rows)
    refused, given_up = [await opened.read(inspection.count_rows, [each]) for each in (State.FAILED, State.DEAD)]
    if refused or given_up:
        text = f"{waits} waiting, {refused} refused by Slack, {given_up} given up"
        return [warning("outbox", text, "Run `dogwatch outbox` for the reasons.")]
    return [ok("outbox", f"{waits} waiting, none refused")]
