"""
`dogwatch outbox`: show the backlog beside a running bot; retry or drop rows.

Changes go through the running bot, which acts on them at once. If none runs, the command changes the database itself:
on SQLite it holds the file's lock meanwhile, and the next bot sends what waits.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import click

from bot.cli.exit_codes import FAILED
from bot.config import Settings, load_environment
from bot.config.crypto import ensure_secret_key, operator_signature, outbox_path
from bot.domain.errors import UserError
from bot.services.views import outbox_operations
from bot.services.views.outbox_operations import ChangedRows
from bot.services.views.outbox_overview import MAX_ROWS, OutboxOverview, RowText, load_outbox_overview
from bot.services.views.outbox_wording import capitalize_first
from bot.services.workspace.actor import Origin
from bot.store.database import migrate
from bot.store.database.session import DatabaseInUse, open_database

LINK_LIFETIME = timedelta(days=1)
REQUEST_SECONDS = 10.0
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  read, not bound


async def load_overview(settings: Settings, *, everything: bool) -> OutboxOverview:
    """Raises UserError if there is no database, and DatabaseUnavailable."""
    database = open_database(settings.database_url.get_secret_value(), read_only=True)
    try:
        await migrate.require_current(database)
        now = await database.now()
        return await database.read(load_outbox_overview, now, limit=None if everything else MAX_ROWS)
    finally:
        await database.close()


def format_lines(overview: OutboxOverview) -> Iterator[str]:
    """The overview for a terminal, failed rows first, with the ids that `retry` and `drop` take."""
    yield f"{overview.unfinished} waiting, {overview.refused} refused by Slack, {overview.given_up} given up."
    for text in overview.rows:
        yield ""
        yield from _row_lines(text, overview.at)
    if overview.hidden:
        yield f"\nand {overview.hidden} more: --all shows them."
    for gate in overview.gates:
        yield f"\nRate limited by Slack: {gate.call}, until {_format_time(gate.until)}."
    for about, rows in overview.waiting_for_channel.items():
        yield f"\nWaiting for the channel of {about}: {rows}."
    if overview.failed:
        yield "\nTo try again: dogwatch outbox retry ID…, or retry --all-dead. To drop: dogwatch outbox drop ID…"


def _row_lines(text: RowText, now: datetime) -> Iterator[str]:
    yield f"{text.row.key:>6}  {text.act} · {text.about} · {text.lane}"
    yield f"        {capitalize_first(text.why)}."
    if text.remark:
        yield f"        {text.remark}"
    details = [text.since, text.tries]
    if text.next_at and text.next_at > now:
        details.append(f"next {_format_time(text.next_at)}")
    if text.holder and text.held_until:
        details.append(f"with worker {text.holder} until {_format_time(text.held_until)}")
    yield f"        {', '.join(details)}"


def _format_time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def format_json(overview: OutboxOverview) -> dict[str, Any]:
    """The overview for scripts. Times are ISO 8601 in UTC."""
    return {
        "at": overview.at.isoformat(),
        "waiting": overview.unfinished,
        "refused": overview.refused,
        "given_up": overview.given_up,
        "rows": [_row_json(text) for text in overview.rows],
        "gates_closed": [{"gate": each.call, "until": each.until.isoformat()} for each in overview.gates],
        "lanes_closed": [{"lane": each.lane, "incident": each.reference, "rows": each.rows} for each in overview.lanes],
    }


def _row_json(text: RowText) -> dict[str, Any]:
    row, refusal = text.row, text.refusal
    return {
        "id": row.key,
        "what": row.kind,
        "act": text.act,
        "incident": row.reference,
        "lane": text.lane,
        "state": row.state,
        "why": text.why,
        "since": row.since.isoformat(),
        "attempts": row.attempts,
        "next_attempt": text.next_at.isoformat() if text.next_at else None,
        "error": refusal.error_code if refusal else None,
        "meaning": refusal.meaning if refusal else None,
        "remedy": (refusal.remedy or None) if refusal else None,
        "leased_by": row.owner,
        "leased_until": row.lease_until.isoformat() if row.lease_until else None,
    }


def create_page_link(settings: Settings) -> str:
    """URL of the operators' page, valid for LINK_LIFETIME."""
    until = int((datetime.now(UTC) + LINK_LIFETIME).timestamp())
    settings = ensure_secret_key(settings)
    return f"{settings.base_url}{outbox_path(settings, until)}"


async def change_rows(
    settings: Settings, action: str, rows: Sequence[int] | None, *, url: str | None = None
) -> ChangedRows:
    """
    `retry` or `drop` rows through the running bot, or in the database if none answers.

    `rows` None: all failed rows. `url`: the bot's address; None: that of the configuration.
    Raises UserError if a bot holds the SQLite file and cannot be reached.
    """
    settings = ensure_secret_key(settings)
    address = (url or f"http://{LOOPBACK.get(settings.host, settings.host)}:{settings.port}").rstrip("/")
    try:
        return await _change_in_running_bot(settings, address, action, rows)
    except aiohttp.ClientConnectorError as problem:
        if url is not None:
            raise UserError(f"No response at {address}. If the bot is not running, leave out --url.") from problem
    except (aiohttp.ClientError, TimeoutError) as problem:
        raise UserError(
            f"The bot at {address} did not respond. Check with `dogwatch outbox` whether it made the change."
        ) from problem
    return await _change_in_database(settings, address, action, rows)


async def _change_in_running_bot(
    settings: Settings, address: str, action: str, rows: Sequence[int] | None
) -> ChangedRows:
    body = json.dumps({"do": action, "rows": "failed" if rows is None else list(rows)}).encode()
    at = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "X-Dogwatch-Time": str(at),
        "X-Dogwatch-Signature": operator_signature(settings, at, body),
    }
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS)) as http,
        http.post(f"{address}/control/outbox", data=body, headers=headers, allow_redirects=False) as answer,
    ):
        if answer.status == 200:
            changed = await answer.json()
            return ChangedRows(changed["done"], changed["along"])
        if answer.status == 503:
            raise UserError("The bot's database does not answer. Try again in a moment.")
        raise UserError(
            f"{address} refused the request (HTTP {answer.status}): it is another bot, or its "
            "DOGWATCH_SECRET_KEY differs. Set the bot's address with --url."
        )


async def _change_in_database(settings: Settings, address: str, action: str, rows: Sequence[int] | None) -> ChangedRows:
    try:
        database = open_database(settings.database_url.get_secret_value())
    except DatabaseInUse as problem:
        raise UserError(
            f"A bot uses the database, but there is no response at {address}. Set its address, for "
            "example --url http://127.0.0.1:3000."
        ) from problem
    try:
        await migrate.migrate(database)
        return await database.run(outbox_operations.change_rows, action, rows, await database.now(), Origin.CLI)
    finally:
        await database.close()


@click.group("outbox", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="JSON, for scripts.")
@click.option("--all", "everything", is_flag=True, help="All rows, not only the first 200.")
@click.option("--link", is_flag=True, help="Print the link to this list as a page. It is valid for a day.")
@click.pass_context
def outbox(context: click.Context, *, as_json: bool, everything: bool, link: bool) -> None:
    """Show what failed or waits on its way to Slack, and why. The bot may be running."""
    if context.invoked_subcommand is not None:
        return

    settings = load_environment(os.environ)
    if link:
        click.echo(create_page_link(settings))
        return
    overview = asyncio.run(load_overview(settings, everything=everything))
    if as_json:
        click.echo(json.dumps(format_json(overview), indent=2))
        return
    for line in format_lines(overview):
        click.echo(line)


@outbox.command()
@click.argument("ids", nargs=-1, type=click.IntRange(min=1), metavar="ID…")
@click.option("--all-dead", "everything", is_flag=True, help="All rows that were refused or given up.")
@click.option("--url", help="Address of the running bot. Default: from the configuration.")
def retry(ids: tuple[int, ...], *, everything: bool, url: str | None) -> None:
    """Retry rows that were refused or given up. First look up whether they arrived."""
    if bool(ids) == everything:
        raise UserError("Give the ids that `dogwatch outbox` shows, or --all-dead.")
    tried = _change_rows("retry", None if everything else ids, url).rows
    click.echo(f"Tried again: {_join_ids(tried)}." if tried else "Nothing to try again.")
    _exit_if_skipped(ids, tried, "did not fail, or no longer exists")


@outbox.command()
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(min=1), metavar="ID…")
@click.option("--url", help="Address of the running bot. Default: from the configuration.")
def drop(ids: tuple[int, ...], *, url: str | None) -> None:
    """
    Drop rows: they are never sent, and later rows continue. This cannot be undone.

    Rows that wait for an incident's channel are dropped with the row that creates it.
    """
    dropped = _change_rows("drop", ids, url)
    them = "it" if len(dropped.rows) == 1 else "them"
    along = f", and {len(dropped.along)} that waited for {them}" if dropped.along else ""
    click.echo(f"Dropped: {_join_ids(dropped.rows)}{along}." if dropped.rows else "Nothing was dropped.")
    _exit_if_skipped(ids, [*dropped.rows, *dropped.along], "is being sent, was sent, or no longer exists")


def _change_rows(action: str, ids: Sequence[int] | None, url: str | None) -> ChangedRows:

    return asyncio.run(change_rows(load_environment(os.environ), action, ids, url=url))


def _join_ids(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids))


def _exit_if_skipped(named: Sequence[int], done: Sequence[int], reason: str) -> None:
    """Exit with FAILED if a row that was named was not changed."""
    skipped = [each for each in named if each not in done]
    if skipped:
        click.echo("\n".join(f"Row {each} {reason}." for each in skipped), err=True)
        sys.exit(FAILED)
