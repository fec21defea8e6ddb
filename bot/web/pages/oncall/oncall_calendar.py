"""`GET /oncall/{secret}.ics`: a person's shifts as a calendar feed."""

import re
from collections.abc import Callable

from aiohttp import web

from bot.config import Settings
from bot.runtime.clock import Clock
from bot.services.oncall.ics_feed import load_feed
from bot.store.database.session import Database, DatabaseUnavailable
from bot.web.body_limits import DATABASE_UNAVAILABLE

SECRET = re.compile(r"[A-Za-z0-9_-]{40,64}")
HEADERS = {
    "Cache-Control": "private, max-age=300",
    "Content-Disposition": 'inline; filename="on-call.ics"',
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
NOT_FOUND = "There is no such calendar. Create a new address in Slack with `/incident oncall calendar new`."


def routes(database: Database, settings: Callable[[], Settings], clock: Clock) -> list[web.RouteDef]:
    async def serve_feed(request: web.Request) -> web.Response:
        secret = request.match_info["secret"]
        if SECRET.fullmatch(secret) is None:
            return web.Response(status=404, text=NOT_FOUND)
        try:
            feed = await database.read_large(load_feed, settings(), secret, clock.now())
        except DatabaseUnavailable:
            return web.Response(status=503, text=DATABASE_UNAVAILABLE)
        if feed is None:
            return web.Response(status=404, text=NOT_FOUND)
        return web.Response(body=feed, content_type="text/calendar", charset="utf-8", headers=HEADERS)

    return [web.get("/oncall/{secret}.ics", serve_feed)]
