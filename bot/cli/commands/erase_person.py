"""`dogwatch erase-person`: replace a person everywhere; a dry run without `--yes`."""

import asyncio
import secrets
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime

import click
from sqlmodel import Session

from bot.cli.environment import load_settings
from bot.cli.exit_codes import FAILED
from bot.config import Settings
from bot.config.crypto import ensure_secret_key
from bot.domain.errors import UserError
from bot.services.privacy import ErasureReport, erase_person
from bot.services.status_page.subscriptions import erase_address
from bot.store.database import migrate
from bot.store.database.backup import vacuum
from bot.store.database.session import Database, DatabaseInUse, open_database
from bot.store.database.sqlite_database import SqliteDatabase
from bot.store.shared import audit


class _DryRun(Exception):
    """Rolls back the transaction of a dry run."""

    def __init__(self, erased: ErasureReport) -> None:
        self.erased = erased
        super().__init__("dry run")


class _NotConfirmed(Exception):
    """
    Rolls back the dry run for an address.

    `found`: numbers of subscriptions, and of mails that were not sent.
    """

    def __init__(self, found: tuple[int, int]) -> None:
        self.found = found
        super().__init__("dry run")


async def erase(settings: Settings, user_id: str, *, also: Sequence[str], is_confirmed: bool) -> list[str]:
    """
    Erase a person and return a report, line by line. Without `is_confirmed` nothing changes.

    Raises UserError for an unknown person, and while a bot runs on the same SQLite file.
    """
    database = _open(settings)
    former_id = f"UFORMER{secrets.token_hex(5).upper()}"

    def work(session: Session, at: datetime) -> ErasureReport:
        erased = erase_person(session, user_id, former_id=former_id, at=at, also=also)
        if not is_confirmed:
            raise _DryRun(erased)
        return erased

    try:
        await migrate.migrate(database)
        erased = await database.run(work, await database.now())
    except _DryRun as dry_run:
        erased = dry_run.erased
    finally:
        await database.close()
    if is_confirmed and isinstance(database, SqliteDatabase):
        vacuum(database.path)
    return [*_result_lines(erased, is_confirmed=is_confirmed), *_manual_steps(settings, user_id, erased)]


async def erase_subscriber(settings: Settings, address: str, *, is_confirmed: bool) -> list[str]:
    """
    Delete the subscription of an e-mail address or webhook, and return a report.

    Raises UserError if it is not subscribed, and while a bot runs on the same SQLite file.
    """
    settings = ensure_secret_key(settings)
    database = _open(settings)

    def work(session: Session, at: datetime) -> tuple[int, int]:
        found = erase_address(session, settings, address)
        if not any(found):
            raise UserError("This address is not subscribed to the status page. Nothing was changed.")
        if not is_confirmed:
            raise _NotConfirmed(found)
        audit.record(session, at=at, team_id="", action=audit.PERSON_ERASED, origin="cli")
        return found

    try:
        await migrate.migrate(database)
        ended, unsent = await database.run(work, await database.now())
    except _NotConfirmed as dry_run:
        ended, unsent = dry_run.found
    finally:
        await database.close()
    if is_confirmed and isinstance(database, SqliteDatabase):
        vacuum(database.path)
    done = "are" if is_confirmed else "would be"
    return [
        f"Subscriptions that {done} ended, with their address: {ended}",
        f"Unsent mails to it that {done} dropped: {unsent}",
        "Not erased: mails that were sent, backups, and logs of the mail server.",
    ]


def _open(settings: Settings) -> Database:
    try:
        return open_database(settings.database_url.get_secret_value())
    except DatabaseInUse as problem:
        raise UserError(f"{problem.message} Stop Dogwatch, erase, and start it again.") from problem


def _result_lines(erased: ErasureReport, *, is_confirmed: bool) -> Iterator[str]:
    if is_confirmed:
        yield f"{erased.name} is erased and recorded as former member {erased.former_id}."
    else:
        yield f"{erased.name} would become a former member. Nothing has changed yet."
    for table, count in sorted(erased.rows.items()):
        yield f"  {table.replace('_', ' ')}: {count}"
    if erased.unsent:
        yield f"  unsent messages to them, dropped: {erased.unsent}"
    if erased.files:
        yield f"  files that they posted on marked messages: {erased.files}"


def _manual_steps(settings: Settings, user_id: str, erased: ErasureReport) -> Iterator[str]:
    if user_id in settings.model_dump_json():
        yield f"The configuration names {user_id}. Remove it, or they will be paged again."
    if erased.drafts:
        yield (
            f"Drafts in Slack still name them: {', '.join(erased.drafts)}. Delete these files; "
            "`/incident postmortem` posts a new draft."
        )
    if erased.channels:
        yield f"Channels named after them: {', '.join(erased.channels)}. Rename them in Slack."
    if erased.files:
        yield "Their files are no longer shown. Dogwatch deletes the contents as soon as it runs."
    yield "Not erased: messages in Slack, backups, and the database server's logs."


@click.command("erase-person")
@click.argument("user_id")
@click.option("--also", multiple=True, metavar="TEXT", help="Another name for them in texts. Repeatable.")
@click.option("--yes", is_flag=True, help="Erase. Without this option, only show what would change.")
def erase_person_command(user_id: str, also: tuple[str, ...], *, yes: bool) -> None:
    """Replace a person's id (U012ABCDEF) and name with "former member" in the whole database."""
    settings = load_settings()
    is_address = "@" in user_id or "://" in user_id
    erased = (
        erase_subscriber(settings, user_id, is_confirmed=yes)
        if is_address
        else erase(settings, user_id, also=also, is_confirmed=yes)
    )
    for line in asyncio.run(erased):
        click.echo(line)
    if not yes:
        click.echo("To erase, run the command again with --yes. This cannot be undone.")
        sys.exit(FAILED)
