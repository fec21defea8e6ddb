"""`dogwatch figures`: statistics by month. Read-only; may run beside a running bot."""

import asyncio
import json
from collections.abc import Sequence

import click
from sqlmodel import Session

from bot.cli.environment import load_settings
from bot.config import Settings
from bot.domain.paging.statistics import months_until
from bot.export.statistics import statistics_csv, statistics_json, statistics_lines
from bot.services.paging.statistics import PagingStatistics, current_month, load_statistics, parse_month
from bot.store.database.migrate import require_current
from bot.store.database.session import open_database
from bot.store.incidents import installations

MONTHS = 12
"""Months shown by default."""


async def format_figures(settings: Settings, month: str | None, form: str) -> str:
    """
    Statistics of one month, or of the last twelve. `form`: `text`, `json` or `csv`.

    Raises UserError if `month` is not a month, and DatabaseUnavailable.
    """
    single = None if month is None else parse_month(month)
    database = open_database(settings.database_url.get_secret_value(), read_only=True)
    try:
        await require_current(database)
        newest = single or current_month(await database.now(), settings.incidents.zone)
        figures = await database.read(_load_figures, months_until(newest, 1 if single else MONTHS))
    finally:
        await database.close()
    return _render(figures, form)


def _load_figures(session: Session, months: Sequence[str]) -> PagingStatistics:
    installation = installations.find_installation(session)
    if installation is None:
        return PagingStatistics(tuple(months), (), (), {})
    return load_statistics(session, installation.team_id, months)


def _render(figures: PagingStatistics, form: str) -> str:
    if form == "json":
        table = statistics_json(figures.months, figures.people, figures.answers, figures.names)
        return json.dumps(table, ensure_ascii=False, indent=2) + "\n"
    if form == "csv":
        return statistics_csv(figures.people, figures.answers, figures.names)
    return "".join(
        f"{line}\n" for line in statistics_lines(figures.months, figures.people, figures.answers, figures.names)
    )


@click.command()
@click.option("--month", metavar="MONTH", help="A month, like 2026-11. Default: the last 12 months.")
@click.option("--json", "form", flag_value="json", help="JSON, for scripts.")
@click.option("--csv", "form", flag_value="csv", help="CSV, for spreadsheets.")
def figures(*, month: str | None, form: str | None) -> None:
    """Show pages outside working hours and times to acknowledge, by month."""
    settings = load_settings()
    click.echo(asyncio.run(format_figures(settings, month, form or "text")), nl=False)
