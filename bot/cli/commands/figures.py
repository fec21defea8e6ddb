"""`dogwatch figures`: reads beside a running bot, and writes nothing."""

import json
from collections.abc import Sequence

from sqlmodel import Session

from bot.config import Settings
from bot.domain.paging.statistics import months_until
from bot.export.statistics import as_csv, as_json, as_lines
from bot.services.paging import statistics as nights
from bot.services.paging.statistics import Figures
from bot.store.database.migrate import require_current
from bot.store.database.session import open_database
from bot.store.incidents import incidents

MONTHS = 12
"""Shown where no month is asked for."""


async def figures(settings: Settings, month: str | None, form: str) -> str:
    """
    The figures of a month, or of the last twelve; `form` is `text`, `json` or `csv`.

    Raises UserError for what is no month, and DatabaseUnavailable.
    """
    wanted = None if month is None else nights.read_month(month)
    database = open_database(settings.database_url.get_secret_value(), read_only=True)
    try:
        await require_current(database)
        newest = wanted or nights.this_month(await database.now(), settings.incidents.zone)
        found = await database.read(_found, months_until(newest, 1 if wanted else MONTHS))
    finally:
        await database.close()
    return _written(found, form)


def _found(session: Session, months: Sequence[str]) -> Figures:
    installation = incidents.installation(session)
    if installation is None:
        return Figures(tuple(months), (), (), {})
    return nights.of_months(session, installation.team_id, months)


def _written(found: Figures, form: str) -> str:
    if form == "json":
        whole = as_json(found.months, found.people, found.answers, found.names)
        return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"
    if form == "csv":
        return as_csv(found.people, found.answers, found.names)
    return "".join(f"{line}\n" for line in as_lines(found.months, found.people, found.answers, found.names))
