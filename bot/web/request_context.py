"""Each request is a unit of work with an id, and one line in the log."""

import re
from collections.abc import Awaitable, Callable
from time import perf_counter

from aiohttp import web
from structlog import get_logger

from bot.runtime.log import unit
from bot.web.body_limits import refusal
from bot.web.headers import REQUEST_ID

log = get_logger(__name__)

HEADER = "X-Request-Id"
WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
"""Of a proxy in front, which gave the request its id: what else may stand there is not for a log."""
ROUTINE = web.RequestKey("routine", bool)
"""Set by who takes a request that comes whenever anybody says anything: its line stands at `debug`."""
PROBES = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked every few seconds: their lines stand at `debug`."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def as_unit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """
    Carry the request out under the id that it came with, or under a new one; the answer names it.

    The line names the route, not the path: a path may hold a key.
    """
    with unit(given(request)) as begun:
        request[REQUEST_ID] = begun.request_id
        began, status = perf_counter(), 500
        try:
            response = await _answered(request, handler)
            status = response.status
        except web.HTTPException as answer:
            status = answer.status
            if answer is not request.match_info.http_exception:
                raise
            response = _nothing_there(request, answer)
        finally:
            _tell(request, status, (perf_counter() - began) * 1000)
        return response


def _nothing_there(request: web.Request, answer: web.HTTPException) -> web.Response:
    """The router's own refusal, in our words: somebody reads it in a monitor's log, or in a browser."""
    if isinstance(answer, web.HTTPMethodNotAllowed):
        taken = ", ".join(sorted(answer.allowed_methods))
        refused = refusal(answer.status, f"This path takes {taken}, not {request.method}.")
        refused.headers["Allow"] = answer.headers["Allow"]
        return refused
    if request.path.startswith("/alerts"):
        return refusal(answer.status, "Nothing is at this path. Alerts go to /alerts/generic, or to their own source.")
    return refusal(answer.status, "Nothing is at this path.")


def given(request: web.BaseRequest) -> str | None:
    """The id that a request came with; None if it has none, several, or one that nobody should repeat."""
    sent = request.headers.getall(HEADER, [])
    return sent[0] if len(sent) == 1 and WELL_FORMED.fullmatch(sent[0]) else None


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except (web.HTTPException, ConnectionError):
        raise
    except Exception:
        log.exception("a request broke off", route=route_of(request))
        return refusal(500, "Something went wrong here; the log of Dogwatch says what.")


def _tell(request: web.Request, status: int, milliseconds: float) -> None:
    route = route_of(request)
    is_routine = route in PROBES or (status < 400 and request.get(ROUTINE, False))
    say = log.debug if is_routine else log.warning if status >= 500 else log.info
    say("answered a request", method=request.method, route=route, status=status, ms=round(milliseconds, 1))


def route_of(request: web.Request) -> str:
    """`/incidents/{reference}`; `unknown` where nothing is."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"
