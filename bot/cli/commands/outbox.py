"""`dogwatch outbox` and its subcommands, as typed. What they do is in `bot.cli.commands.outbox_report`."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from bot.config import load_environment
from bot.domain.errors import UserError

if TYPE_CHECKING:
    from bot.web.pages.outbox import Outcome

FAILED = 1


@click.group("outbox", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.option("--all", "everything", is_flag=True, help="Every row, not only the first 200.")
@click.option("--link", is_flag=True, help="Print the address of the page that shows the same. It is good for a day.")
@click.pass_context
def outbox(context: click.Context, *, as_json: bool, everything: bool, link: bool) -> None:
    """Show what has to reach Slack and has not: what failed, what waits, and why. The bot may run meanwhile."""
    if context.invoked_subcommand is not None:
        return
    from bot.cli.commands import outbox_report as outboxing  # noqa: PLC0415  the other commands start faster without it

    settings = load_environment(os.environ)
    if link:
        click.echo(outboxing.link(settings))
        return
    found = asyncio.run(outboxing.shown(settings, everything=everything))
    if as_json:
        click.echo(json.dumps(outboxing.as_json(found), indent=2))
        return
    for line in outboxing.lines(found):
        click.echo(line)


@outbox.command()
@click.argument("ids", nargs=-1, type=click.IntRange(min=1), metavar="ID…")
@click.option("--all-dead", "everything", is_flag=True, help="All that was refused or given up.")
@click.option("--url", help="Where the running bot listens, if not where the configuration says.")
def retry(ids: tuple[int, ...], *, everything: bool, url: str | None) -> None:
    """Try rows again that were refused or given up. What may have arrived is looked for first."""
    if bool(ids) == everything:
        raise UserError("Name the rows that `dogwatch outbox` shows, or say --all-dead.")
    done = _changed("retry", None if everything else ids, url)
    tried = done.done
    click.echo(f"Tried again: {_listed(tried)}." if tried else "Nothing failed that could be tried again.")
    _check(ids, tried, "did not fail, or is gone")


@outbox.command()
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(min=1), metavar="ID…")
@click.option("--url", help="Where the running bot listens, if not where the configuration says.")
def drop(ids: tuple[int, ...], *, url: str | None) -> None:
    """
    Give rows up: they are never sent, and what stands behind them goes on. There is no way back.

    What waits for an incident's channel is dropped with the row that was to open it.
    """
    done = _changed("drop", ids, url)
    along = f", and {len(done.along)} that waited for {'it' if len(done.done) == 1 else 'them'}" if done.along else ""
    click.echo(f"Dropped: {_listed(done.done)}{along}." if done.done else "Nothing was dropped.")
    _check(ids, [*done.done, *done.along], "is being sent, was done, or is gone")


def _changed(what: str, ids: Sequence[int] | None, url: str | None) -> "Outcome":
    from bot.cli.commands import outbox_report as outboxing  # noqa: PLC0415

    return asyncio.run(outboxing.change(load_environment(os.environ), what, ids, url=url))


def _listed(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids))


def _check(asked: Sequence[int], done: Sequence[int], otherwise: str) -> None:
    """Exit with an error if something that was named was left out."""
    left = [each for each in asked if each not in done]
    if left:
        click.echo("\n".join(f"Row {each} {otherwise}." for each in left), err=True)
        sys.exit(FAILED)
