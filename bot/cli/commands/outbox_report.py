"""
`dogwatch outbox`: what waits and why, read beside a running bot; what failed is tried again, or dropped.

Changes go through the running bot, which then is awake at once. Where none runs, the command writes itself: on SQLite
it has the file's lock for that moment, and the next bot finds what waits.
"""

import json
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from bot.config import Settings
from bot.crypto.signed_links import order_signature, outbox_path, with_secret_key
from bot.domain.errors import UserError
from bot.services.views import outbox_operations as outboxing
from bot.services.views import outbox_wording as words
from bot.services.views.outbox_operations import Overview
from bot.services.workspace.actor import Origin
from bot.store.database import migrate
from bot.store.database.session import DatabaseInUse, open_database
from bot.store.outbox.inspection import Waiting
from bot.web.pages.outbox import Outcome, carry_out

LINK_LIVES = timedelta(days=1)
ORDER_SECONDS = 10.0
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  read, not bound


async def shown(settings: Settings, *, everything: bool) -> Overview:
    """What stands in the outbox now. Raises UserError if there is no database, DatabaseUnavailable."""
    database = open_database(settings.database_url.get_secret_value(), read_only=True)
    try:
        await migrate.require_current(database)
        now = await database.now()
        return await database.read(outboxing.overview, now, limit=None if everything else outboxing.SHOWN)
    finally:
        await database.close()


def lines(found: Overview) -> Iterator[str]:
    """For a terminal: what failed first, each with its number, for `retry` and `drop`."""
    yield f"{found.unfinished} waiting, {found.refused} refused by Slack, {found.given_up} given up."
    for row in found.rows:
        yield ""
        yield from _row_lines(row, found.at)
    hidden = found.unfinished + found.refused + found.given_up - len(found.rows)
    if hidden:
        yield f"\nand {hidden} more: --all shows them."
    for gate in found.closed_gates:
        yield f"\nSlack asked to wait with {words.gate_in_words(gate)} until {_clock(gate.until)}."
    for lane in found.closed_lanes:
        about = lane.reference or words.NO_INCIDENT
        waits = f"{words.lane_of(lane.lane)}, with {lane.rows} waiting"
        yield f"\nClosed until the channel of {about} is open: {waits}."
    if found.refused + found.given_up:
        yield "\nTo try again: dogwatch outbox retry ID…, or retry --all-dead. To give up: dogwatch outbox drop ID…"


def _row_lines(row: Waiting, now: datetime) -> Iterator[str]:
    told = words.told(row, now)
    yield f"{row.key:>6}  {told.act} · {told.about} · {told.lane}"
    yield f"        {words.begun(told.why)}."
    if told.remark:
        yield f"        {told.remark}"
    details = [told.since, told.tries]
    if told.next_at and told.next_at > now:
        details.append(f"next {_clock(told.next_at)}")
    if told.holder and told.held_until:
        details.append(f"with worker {told.holder} until {_clock(told.held_until)}")
    yield f"        {', '.join(details)}"


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def as_json(found: Overview) -> dict[str, Any]:
    """The same for scripts. Times are ISO 8601 in UTC."""
    return {
        "at": found.at.isoformat(),
        "waiting": found.unfinished,
        "refused": found.refused,
        "given_up": found.given_up,
        "rows": [_row_json(row, found.at) for row in found.rows],
        "gates_closed": [
            {"gate": words.gate_in_words(each), "until": each.until.isoformat()} for each in found.closed_gates
        ],
        "lanes_closed": [
            {"lane": words.lane_of(each.lane), "incident": each.reference, "rows": each.rows}
            for each in found.closed_lanes
        ],
    }


def _row_json(row: Waiting, now: datetime) -> dict[str, Any]:
    told = words.told(row, now)
    refusal = told.refusal
    return {
        "id": row.key,
        "what": row.what,
        "act": told.act,
        "incident": row.reference,
        "lane": told.lane,
        "state": row.state,
        "why": told.why,
        "since": row.since.isoformat(),
        "attempts": row.attempts,
        "next_attempt": told.next_at.isoformat() if told.next_at else None,
        "error": refusal.word if refusal else None,
        "meaning": refusal.meaning if refusal else None,
        "remedy": (refusal.remedy or None) if refusal else None,
        "leased_by": row.owner,
        "leased_until": row.lease_until.isoformat() if row.lease_until else None,
    }


def link(settings: Settings) -> str:
    """The operators' page, for a day."""
    until = int((datetime.now(UTC) + LINK_LIVES).timestamp())
    settings = with_secret_key(settings)
    return f"{settings.base_url}{outbox_path(settings, until)}"


async def change(settings: Settings, what: str, rows: Sequence[int] | None, *, url: str | None = None) -> Outcome:
    """
    Let the running bot do `what` (`retry` or `drop`) with these rows; None: with all that failed.

    Where no bot answers it is done here. `url` is where the bot listens, if that
    is not what the configuration says. Raises UserError if a bot runs on this SQLite file and cannot be asked.
    """
    settings = with_secret_key(settings)
    address = (url or f"http://{LOOPBACK.get(settings.host, settings.host)}:{settings.port}").rstrip("/")
    try:
        return await _ordered(settings, address, what, rows)
    except aiohttp.ClientConnectorError as problem:
        if url is not None:
            raise UserError(f"Nobody answers at {address}. Leave --url out if the bot does not run.") from problem
    except (aiohttp.ClientError, TimeoutError) as problem:
        raise UserError(
            f"The bot at {address} was asked and did not answer: look with `dogwatch outbox` whether it was done."
        ) from problem
    return await _done_here(settings, address, what, rows)


async def _ordered(settings: Settings, address: str, what: str, rows: Sequence[int] | None) -> Outcome:
    body = json.dumps({"do": what, "rows": "failed" if rows is None else list(rows)}).encode()
    at = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "X-Dogwatch-Time": str(at),
        "X-Dogwatch-Signature": order_signature(settings, at, body),
    }
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ORDER_SECONDS)) as http,
        http.post(f"{address}/control/outbox", data=body, headers=headers, allow_redirects=False) as answer,
    ):
        if answer.status == 200:
            told = await answer.json()
            return Outcome(told["done"], told.get("along", []))  # a bot of an earlier release takes nothing along
        if answer.status == 503:
            raise UserError("The bot's database does not answer. Try again in a moment.")
        raise UserError(
            f"What answers at {address} does not take the order (HTTP {answer.status}): it is another bot than that of "
            "this configuration, or another DOGWATCH_SECRET_KEY. Name the right one with --url."
        )


async def _done_here(settings: Settings, address: str, what: str, rows: Sequence[int] | None) -> Outcome:
    try:
        database = open_database(settings.database_url.get_secret_value())
    except DatabaseInUse as problem:
        raise UserError(
            f"A bot has the database, but nobody answers at {address}. Name the place where it listens with --url, for "
            "example --url http://127.0.0.1:3000."
        ) from problem
    try:
        await migrate.migrate(database)
        return await database.run(carry_out, what, rows, await database.now(), Origin.CLI)
    finally:
        await database.close()
