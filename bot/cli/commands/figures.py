"""`dogwatch figures`: statistics by month. Read-only; may run beside a running bot."""

import asyncio
import json
from collections.abc import Sequence

import click
from sqlmodel import Session

from bot.cli.environment import load_settings
from bot.config import Settings
from bot.domain.paging.statistics import months_until
from bot.domain.vendor_status.figures import VendorMonth
from bot.export.statistics import statistics_csv, statistics_json, statistics_lines
from bot.export.vendor_statistics import vendor_statistics_csv, vendor_statistics_json, vendor_statistics_lines
from bot.services.paging.statistics import PagingStatistics, current_month, load_statistics, parse_month
from bot.services.vendors.figures import load_vendor_figures
from bot.store.database.migrate import require_current
from bot.store.database.session import open_database
from bot.store.incidents import installations

MONTHS = 12
"""Months shown by default."""


async def format_figures(settings: Settings, month: str | None, form: str, *, of_vendors: bool = False) -> str:
    """
    Statistics of one month, or of the last twelve. `form`: `text`, `json` or `csv`.

    `of_vendors`: those of vendors' status pages instead.

    Raises UserError if `month` is not a month, and DatabaseUnavailable.
    """
    single = None if month is None else parse_month(month)
    database = open_database(settings.database_url.get_secret_value(), read_only=True)
    try:
        await require_current(database)
        newest = single or current_month(await database.now(), settings.incidents.zone)
        months = months_until(newest, 1 if single else MONTHS)
        if of_vendors:
            return _render_vendors(await database.read(load_vendor_figures, settings, months), form)
        return _render(await database.read(_load_figures, months), form)
    finally:
        await database.close()


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


def _render_vendors(rows: Sequence[VendorMonth], form: str) -> str:
    if form == "json":
        return json.dumps(vendor_statistics_json(rows), ensure_ascii=False, indent=2) + "\n"
    if form == "csv":
        return vendor_statistics_csv(rows)
    return "".join(f"{line}\n" for line in vendor_statistics_lines(rows))


@click.command()
@click.option("--month", metavar="MONTH", help="A month, like 2026-11. Default: the last 12 months.")
@click.option("--json", "form", flag_value="json", help="JSON, for scripts.")
@click.option("--csv", "form", flag_value="csv", help="CSV, for spreadsheets.")
@click.option("--vendors", is_flag=True, help="Vendors' incidents, minutes, and the delay of their first word.")
def figures(*, month: str | None, form: str | None, vendors: bool) -> None:
    """Show pages outside working hours and times to acknowledge, by month."""
    settings = load_settings()
    click.echo(asyncio.run(format_figures(settings, month, form or "text", of_vendors=vendors)), nl=False)
