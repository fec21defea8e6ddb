"""
The outbox for operators: a page for whoever holds its link, and orders of `dogwatch outbox` to the running bot.

The link has an expiry and is signed with the installation's secret key, and so is each order. Nothing but POST changes
anything, and a POST has to bring the key too, so no other site can send one.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from sqlmodel import Session
from structlog import get_logger

from bot.config.reloading import Configuration
from bot.crypto.signed_links import is_order, is_outbox_key, outbox_path
from bot.runtime.clock import Clock
from bot.services.views import outbox_operations as outboxing
from bot.services.views import outbox_wording as words
from bot.services.views.outbox_operations import Overview
from bot.services.workspace.actor import Actor, Origin
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.outbox import State
from bot.store.outbox.inspection import Waiting
from bot.templating.render import render_template
from bot.web.body_limits import AWAY, LARGEST_FORM, TooLarge, TooSlow, Unreadable, read_body, refusal
from bot.web.headers import WITH_A_FORM

LARGEST_ORDER = 64 * 1024
FIELDS = ("until", "key", "row")
NO_LINK = "There is nothing here. `dogwatch outbox --link` prints the address; it is good for a day."

log = get_logger(__name__)


class OutboxDesk:
    """`/outbox` for people with a link, `/control/outbox` for the command. `now` is real time: links and orders age."""

    def __init__(self, database: Database, configuration: Configuration, clock: Clock) -> None:
        self._database = database
        self._configuration = configuration
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/outbox", self.show), web.post("/outbox", self.press), web.post("/control/outbox", self.order)]

    async def show(self, request: web.Request) -> web.Response:
        until, key = request.query.get("until", ""), request.query.get("key", "")
        if not is_outbox_key(self._configuration.current, until, key, self._clock.real_now()):
            return web.Response(status=404, text=NO_LINK)
        try:
            found = await self._database.read(outboxing.overview, self._clock.now())
        except DatabaseUnavailable:
            return web.Response(status=503, text=AWAY)
        values = {**values_of(found), **_standing(self._configuration), "until": until, "key": key}
        page = render_template("web/outbox.html.j2", values)
        return web.Response(text=page, content_type="text/html", headers=WITH_A_FORM)

    async def press(self, request: web.Request) -> web.Response:
        """A Retry button. Back to the page, which shows how it stands then."""
        try:
            form = parse_qs((await read_body(request, LARGEST_FORM)).decode(), max_num_fields=len(FIELDS))
        except (TooLarge, TooSlow, Unreadable, ValueError):
            return web.Response(status=400, text="The form cannot be read.")
        until, key, row = (form.get(name, [""])[0] for name in FIELDS)
        if not is_outbox_key(self._configuration.current, until, key, self._clock.real_now()):
            return web.Response(status=403, text=NO_LINK)
        try:
            keys = [_row_id(row)] if row != "all" else None
        except ValueError:
            return web.Response(status=400, text="There is no such row.")
        try:
            await self._database.run(carry_out, "retry", keys, self._clock.now(), Origin.PAGE)
        except DatabaseUnavailable:
            return web.Response(status=503, text=AWAY)
        return web.Response(status=303, headers={"Location": outbox_path(self._configuration.current, int(until))})

    async def order(self, request: web.Request) -> web.Response:
        """`{"do": "retry" | "drop", "rows": [1, 2] | "failed"}`, signed."""
        try:
            body = await read_body(request, LARGEST_ORDER)
        except (TooLarge, TooSlow, Unreadable):
            return refusal(400, "The order cannot be read.")
        stamp, signature = (request.headers.get(f"X-Dogwatch-{name}", "") for name in ("Time", "Signature"))
        if not is_order(self._configuration.current, stamp, body, signature, self._clock.real_now()):
            log.warning("an order was refused", reason="its signature is wrong or older than a minute")
            return refusal(403, "The order is not signed with this installation's key, or the clocks differ.")
        try:
            what, keys = _order(body)
        except (ValueError, RecursionError):
            return refusal(400, "The order cannot be read.")
        try:
            done = await self._database.run(carry_out, what, keys, self._clock.now(), Origin.CLI)
        except DatabaseUnavailable:
            return refusal(503, "The database does not answer.")
        return web.json_response({"ok": True, "done": list(done.done), "along": list(done.along)})


def _standing(configuration: Configuration) -> dict[str, Any]:
    """Which configuration is in force in this process, and what was wrong with a newer one."""
    refusal = configuration.refusal
    return {
        "configuration": configuration.fingerprint,
        "refused_at": refusal.at.strftime("%Y-%m-%d %H:%M:%S UTC") if refusal else None,
        "mistakes": [str(each) for each in refusal.problems] if refusal else [],
    }


def _row_id(value: object) -> int:
    """Raises ValueError for what can be no row's id."""
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise ValueError(text)
    return int(text)


def _order(body: bytes) -> tuple[str, list[int] | None]:
    """What to do, and with which rows; None: with all that failed. Raises ValueError."""
    found = json.loads(body)
    if not isinstance(found, dict) or found.get("do") not in {"retry", "drop"}:
        raise ValueError("do")
    rows = found.get("rows")
    if rows == "failed" and found["do"] == "retry":
        return "retry", None
    if not isinstance(rows, list):
        raise ValueError("rows")  # noqa: TRY004  it was typed or sent, not programmed
    return str(found["do"]), [_row_id(each) for each in rows]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The rows with which an order was carried out, and those that went `along`: they could never go without them."""

    done: Sequence[int]
    along: Sequence[int] = ()


def carry_out(session: Session, what: str, keys: Sequence[int] | None, at: datetime, origin: Origin) -> Outcome:
    """Try rows again, or drop them; `keys` None: all that failed."""
    actor = Actor("", None, at, origin)
    if what == "drop":
        dropped = outboxing.drop(session, keys or [], actor)
        return Outcome(dropped.rows, dropped.along)
    return Outcome(outboxing.retry_all(session, actor) if keys is None else outboxing.retry(session, keys, actor))


def values_of(found: Overview) -> dict[str, Any]:
    """For `web/outbox.html.j2`."""
    failed = [each for each in found.rows if each.state in words.FAILED]
    waits = [each for each in found.rows if each.state not in words.FAILED]
    return {
        "at": found.at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "failed": [_row(each, found.at) for each in failed],
        "waiting": [_row(each, found.at) for each in waits],
        "more": found.unfinished + found.refused + found.given_up - len(found.rows),
        "lanes": [
            {"lane": words.lane_of(each.lane), "about": each.reference or words.NO_INCIDENT, "rows": each.rows}
            for each in found.closed_lanes
        ],
        "gates": [
            {"call": words.gate_in_words(each), "until": each.until.strftime("%H:%M:%S UTC")}
            for each in found.closed_gates
        ],
        "lacks": [
            {
                "name": each.permission.scope if each.is_scope else each.word,
                "purpose": each.permission.purpose,
                "without": each.permission.without,
            }
            for each in found.lacks
        ],
    }


def _row(row: Waiting, now: datetime) -> dict[str, Any]:
    told = words.told(row, now)
    return {
        "key": row.key,
        "act": told.act,
        "about": told.about,
        "since": told.since,
        "tries": told.tries,
        "why": words.begun(told.why),
        "refusal": told.remark,
        "is_held": row.state == State.RUNNING,
        "holder": f"{told.holder} until {told.held_until:%H:%M:%S} UTC" if told.holder else "",
    }
