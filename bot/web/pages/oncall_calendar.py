"""`GET /oncall/{secret}.ics`: somebody's own turns on call, for the calendar that subscribes to them."""

import re
from collections.abc import Callable

from aiohttp import web

from bot.config import Settings
from bot.runtime.clock import Clock
from bot.services.oncall import ics_feed as shift_calendar
from bot.store.database.session import Database, DatabaseUnavailable
from bot.web.body_limits import AWAY

SECRET = re.compile(r"[A-Za-z0-9_-]{40,64}")
HEADERS = {
    "Cache-Control": "private, max-age=300",
    "Content-Disposition": 'inline; filename="on-call.ics"',
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
NOTHING = "There is nothing here. In Slack, `/incident oncall calendar new` makes an address that works."


def routes(database: Database, settings: Callable[[], Settings], clock: Clock) -> list[web.RouteDef]:
    async def turns(request: web.Request) -> web.Response:
        secret = request.match_info["secret"]
        if SECRET.fullmatch(secret) is None:
            return web.Response(status=404, text=NOTHING)
        try:
            found = await database.read(shift_calendar.found, settings(), secret, clock.now())
        except DatabaseUnavailable:
            return web.Response(status=503, text=AWAY)
        if found is None:
            return web.Response(status=404, text=NOTHING)
        return web.Response(body=found, content_type="text/calendar", charset="utf-8", headers=HEADERS)

    return [web.get("/oncall/{secret}.ics", turns)]
