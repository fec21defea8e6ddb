"""Command line of `dogwatch outbox`. The work is in `outbox_report`."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from bot.cli.exit_codes import FAILED
from bot.config import load_environment
from bot.domain.errors import UserError

if TYPE_CHECKING:
    from bot.services.views.outbox_operations import ChangedRows


@click.group("outbox", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.option("--all", "everything", is_flag=True, help="Every row, not only the first 200.")
@click.option("--link", is_flag=True, help="Print the address of the page that shows the same. It is good for a day.")
@click.pass_context
def outbox(context: click.Context, *, as_json: bool, everything: bool, link: bool) -> None:
    """Show what has to reach Slack and has not: what failed, what waits, and why. The bot may run meanwhile."""
    if context.invoked_subcommand is not None:
        return
    from bot.cli.commands import outbox_report  # noqa: PLC0415  the other commands start faster without it

    settings = load_environment(os.environ)
    if link:
        click.echo(outbox_report.create_page_link(settings))
        return
    overview = asyncio.run(outbox_report.load_overview(settings, everything=everything))
    if as_json:
        click.echo(json.dumps(outbox_report.format_json(overview), indent=2))
        return
    for line in outbox_report.format_lines(overview):
        click.echo(line)


@outbox.command()
@click.argument("ids", nargs=-1, type=click.IntRange(min=1), metavar="ID…")
@click.option("--all-dead", "everything", is_flag=True, help="All that was refused or given up.")
@click.option("--url", help="Where the running bot listens, if not where the configuration says.")
def retry(ids: tuple[int, ...], *, everything: bool, url: str | None) -> None:
    """Try rows again that were refused or given up. What may have arrived is looked for first."""
    if bool(ids) == everything:
        raise UserError("Name the rows that `dogwatch outbox` shows, or say --all-dead.")
    tried = _change_rows("retry", None if everything else ids, url).rows
    click.echo(f"Tried again: {_join_ids(tried)}." if tried else "Nothing failed that could be tried again.")
    _exit_if_skipped(ids, tried, "did not fail, or is gone")


@outbox.command()
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(min=1), metavar="ID…")
@click.option("--url", help="Where the running bot listens, if not where the configuration says.")
def drop(ids: tuple[int, ...], *, url: str | None) -> None:
    """
    Give rows up: they are never sent, and what stands behind them goes on. There is no way back.

    What waits for an incident's channel is dropped with the row that was to open it.
    """
    dropped = _change_rows("drop", ids, url)
    them = "it" if len(dropped.rows) == 1 else "them"
    along = f", and {len(dropped.along)} that waited for {them}" if dropped.along else ""
    click.echo(f"Dropped: {_join_ids(dropped.rows)}{along}." if dropped.rows else "Nothing was dropped.")
    _exit_if_skipped(ids, [*dropped.rows, *dropped.along], "is being sent, was done, or is gone")


def _change_rows(action: str, ids: Sequence[int] | None, url: str | None) -> "ChangedRows":
    from bot.cli.commands import outbox_report  # noqa: PLC0415

    return asyncio.run(outbox_report.change_rows(load_environment(os.environ), action, ids, url=url))


def _join_ids(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids))


def _exit_if_skipped(named: Sequence[int], done: Sequence[int], reason: str) -> None:
    """Exit with FAILED if a row that was named was not changed."""
    skipped = [each for each in named if each not in done]
    if skipped:
        click.echo("\n".join(f"Row {each} {reason}." for each in skipped), err=True)
        sys.exit(FAILED)
