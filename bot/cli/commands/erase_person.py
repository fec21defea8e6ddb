"""`dogwatch erase-person`: one person is replaced everywhere, in one transaction; without `--yes` it shows what."""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.services.privacy import erase_person as erasing
from bot.services.privacy.erase_person import Erased
from bot.store.database import migrate
from bot.store.database.backup import write_anew
from bot.store.database.session import DatabaseInUse, SqliteDatabase, open_database


class _OnlyShown(Exception):
    """Ends the transaction without a commit: nobody said yes yet."""

    def __init__(self, erased: Erased) -> None:
        self.erased = erased
        super().__init__("only shown")


async def erase_person(settings: Settings, user_id: str, *, also: Sequence[str], is_meant: bool) -> list[str]:
    """
    Erase somebody, and say what was changed, a line each. `is_meant` off: only say what would be.

    Raises UserError for somebody who is not on record, and while a bot runs on the same SQLite file.
    """
    try:
        database = open_database(settings.database_url.get_secret_value())
    except DatabaseInUse as problem:
        raise UserError(
            f"{problem.message} Dogwatch runs on this file: stop it, erase, and start it again. (On PostgreSQL it may "
            "go on running.)"
        ) from problem

    former_id = f"UFORMER{secrets.token_hex(5).upper()}"

    def work(session: Session, at: datetime) -> Erased:
        erased = erasing.erase(session, user_id, former_id=former_id, at=at, also=also)
        if not is_meant:
            raise _OnlyShown(erased)
        return erased

    try:
        await migrate.migrate(database)
        erased = await database.run(work, await database.now())
    except _OnlyShown as shown:
        erased = shown.erased
    finally:
        await database.close()
    if is_meant and isinstance(database, SqliteDatabase):
        write_anew(database.path)
    return [*_lines(erased, is_meant=is_meant), *_left_to_do(settings, user_id, erased)]


def _lines(erased: Erased, *, is_meant: bool) -> Iterator[str]:
    if is_meant:
        yield f"{erased.name} is erased: a former member, {erased.former_id} on record."
    else:
        yield f"{erased.name} would become a former member. Nothing was changed yet."
    for table, count in sorted(erased.rows.items()):
        yield f"  {table.replace('_', ' ')}: {count}"
    if erased.unsent:
        yield f"  messages to them that had not been sent: {erased.unsent}, dropped"


def _left_to_do(settings: Settings, user_id: str, erased: Erased) -> Iterator[str]:
    if user_id in settings.model_dump_json():
        yield f"The configuration names {user_id}: take it out, or they are called again."
    if erased.drafts:
        yield (
            f"Drafts that were posted to Slack still name them: {', '.join(erased.drafts)}. Delete those files there; "
            "`/incident postmortem` posts a new one."
        )
    if erased.channels:
        yield f"Channels that are named after them: {', '.join(erased.channels)}. Rename them in Slack."
    yield "What stands in Slack itself stays there, and so do backups, and the logs of the database server."
