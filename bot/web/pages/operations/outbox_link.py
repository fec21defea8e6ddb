"""
The outbox for operators: the web page behind a signed link, and the CLI's endpoint.

Link and requests are signed with the installation's secret key and expire. Only POST changes anything, and the form's
POST repeats the link's key, so that another site cannot forge one.
"""

import json
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from structlog import get_logger

from bot.config.crypto import is_operator_request, is_outbox_key, outbox_path
from bot.config.reloading import Configuration
from bot.domain.text.normalize import parse_id
from bot.runtime.clock import Clock
from bot.services.views.outbox_operations import change_rows
from bot.services.views.outbox_overview import OutboxOverview, RowText, load_outbox_overview
from bot.services.views.outbox_wording import capitalize_first
from bot.services.workspace.actor import Origin
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.outbox import State
from bot.templating.render import render_template
from bot.web.admission import LimitExceeded
from bot.web.body_limits import DATABASE_UNAVAILABLE, MAX_FORM_BYTES, TooLarge, TooSlow, Unreadable, error_response
from bot.web.headers import FORM_HEADERS
from bot.web.pages.resources import head_values
from bot.web.unproven import read_unproven_body

MAX_REQUEST_BYTES = 64 * 1024
FIELDS = ("until", "key", "row")
NO_LINK = "The link is wrong or has expired. `dogwatch outbox --link` prints a new one, valid for a day."

log = get_logger(__name__)


class OutboxRoutes:
    """
    `/outbox` for people with a link, `/control/outbox` for the CLI.

    Links and signatures age in real time.
    """

    def __init__(self, database: Database, configuration: Configuration, clock: Clock) -> None:
        self._database = database
        self._configuration = configuration
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/outbox", self.show_page),
            web.post("/outbox", self.submit_retry),
            web.post("/control/outbox", self.handle_change),
        ]

    async def show_page(self, request: web.Request) -> web.Response:
        until, key = request.query.get("until", ""), request.query.get("key", "")
        if not is_outbox_key(self._configuration.current, until, key, self._clock.real_now()):
            return web.Response(status=404, text=NO_LINK)
        try:
            overview = await self._database.read(load_outbox_overview, self._clock.now())
        except DatabaseUnavailable:
            return web.Response(status=503, text=DATABASE_UNAVAILABLE)
        values = {
            **head_values(self._configuration.current),
            **template_values(overview),
            **configuration_status(self._configuration),
            "until": until,
            "key": key,
        }
        page = render_template("web/operations/outbox_link.html.j2", values)
        return web.Response(text=page, content_type="text/html", headers=FORM_HEADERS)

    async def submit_retry(self, request: web.Request) -> web.Response:
        """Handle the button *Try again*. Redirects back to the page."""
        try:
            form = parse_qs((await read_unproven_body(request, MAX_FORM_BYTES)).decode(), max_num_fields=len(FIELDS))
        except (LimitExceeded, TooLarge, TooSlow, Unreadable, ValueError):
            return web.Response(status=400, text="The form cannot be read. Open the page again.")
        until, key, row = (form.get(name, [""])[0] for name in FIELDS)
        if not is_outbox_key(self._configuration.current, until, key, self._clock.real_now()):
            return web.Response(status=403, text=NO_LINK)
        try:
            keys = [parse_row_id(row)] if row != "all" else None
        except ValueError:
            return web.Response(status=400, text="There is no such row. Open the page again.")
        try:
            await self._database.run(change_rows, "retry", keys, self._clock.now(), Origin.PAGE)
        except DatabaseUnavailable:
            return web.Response(status=503, text=DATABASE_UNAVAILABLE)
        return web.Response(status=303, headers={"Location": outbox_path(self._configuration.current, int(until))})

    async def handle_change(self, request: web.Request) -> web.Response:
        """`{"do": "retry" | "drop", "rows": [1, 2] | "failed"}`, signed."""
        try:
            body = await read_unproven_body(request, MAX_REQUEST_BYTES)
        except (LimitExceeded, TooLarge, TooSlow, Unreadable):
            return error_response(400, "The request cannot be read.")
        timestamp, signature = (request.headers.get(f"X-Dogwatch-{name}", "") for name in ("Time", "Signature"))
        if not is_operator_request(self._configuration.current, timestamp, body, signature, self._clock.real_now()):
            log.warning("outbox change refused", reason="the signature is wrong, or older than a minute")
            return error_response(
                403, "The signature is wrong. Use the same DOGWATCH_SECRET_KEY, and check both clocks."
            )
        try:
            action, keys = _parse_change(body)
        except (ValueError, RecursionError):
            return error_response(400, "The request cannot be read.")
        try:
            changed = await self._database.run(change_rows, action, keys, self._clock.now(), Origin.CLI)
        except DatabaseUnavailable:
            return error_response(503, "The database does not answer.")
        return web.json_response({"ok": True, "done": list(changed.rows), "along": list(changed.along)})


def configuration_status(configuration: Configuration) -> dict[str, Any]:
    """The configuration in use, and why a newer one was refused."""
    refusal = configuration.refusal
    return {
        "configuration": configuration.fingerprint,
        "refused_at": refusal.at.strftime("%Y-%m-%d %H:%M:%S UTC") if refusal else None,
        "errors": [str(each) for each in refusal.problems] if refusal else [],
    }


def parse_row_id(value: object) -> int:
    """The number of a row. Raises ValueError."""
    found = None if isinstance(value, bool) else parse_id(str(value))
    if found is None:
        raise ValueError(value)
    return found


def _parse_change(body: bytes) -> tuple[str, list[int] | None]:
    """Action and row ids; None: all failed rows. Raises ValueError."""
    change = json.loads(body)
    if not isinstance(change, dict) or change.get("do") not in {"retry", "drop"}:
        raise ValueError("do")
    rows = change.get("rows")
    if rows == "failed" and change["do"] == "retry":
        return "retry", None
    if not isinstance(rows, list):
        raise ValueError("rows")  # noqa: TRY004  wrong input, not a wrong call
    return str(change["do"]), [parse_row_id(each) for each in rows]


def template_values(overview: OutboxOverview) -> dict[str, Any]:
    """Values of `web/operations/outbox_link.html.j2`."""
    return {
        "at": overview.at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "failed": [_row_values(each) for each in overview.failed],
        "waiting": [_row_values(each) for each in overview.waiting],
        "more": overview.hidden,
        "lanes": [{"about": about, "rows": rows} for about, rows in overview.waiting_for_channel.items()],
        "gates": [{"call": each.call, "until": each.until.strftime("%H:%M:%S UTC")} for each in overview.gates],
        "lacks": [
            {
                "name": each.permission.scope if each.is_scope else each.error_code,
                "purpose": each.permission.purpose,
                "without": each.permission.without,
            }
            for each in overview.lacks
        ],
    }


def _row_values(text: RowText) -> dict[str, Any]:
    return {
        "key": text.row.key,
        "act": text.act,
        "about": text.about,
        "since": text.since,
        "tries": text.tries,
        "why": capitalize_first(text.why),
        "refusal": text.remark,
        "is_held": text.row.state == State.RUNNING,
        "held_until": f"{text.held_until:%H:%M:%S} UTC" if text.held_until else "",
    }
