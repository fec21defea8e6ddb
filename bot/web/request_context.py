"""Request ids, one log line for each request, and error responses."""

import re
from collections.abc import Awaitable, Callable
from time import perf_counter

from aiohttp import web
from structlog import get_logger

from bot.runtime.log import request_context
from bot.web.body_limits import error_response
from bot.web.headers import REQUEST_ID

log = get_logger(__name__)

REQUEST_ID_HEADER = "X-Request-Id"
VALID_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
"""Ids of a proxy that are safe to log."""
ROUTINE = web.RequestKey("routine", bool)
"""Set for frequent requests, as Slack's events: logged at `debug`."""
PROBES = frozenset({"/livez", "/readyz", "/metrics"})
"""Polled every few seconds: logged at `debug`."""

CLIENT_LEFT = 499
"""Status in the log for a client that closed the connection before it was answered: no standard names one."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def add_request_context(request: web.Request, handler: Handler) -> web.StreamResponse:
    """
    Run the request under its own id, or a new one; the response carries it.

    The log line has the route, not the path: a path may contain a key. Files of the status page have neither.
    """
    with request_context(read_request_id(request)) as context:
        request[REQUEST_ID] = context.request_id
        began, status = perf_counter(), 500
        try:
            response = await _run_handler(request, handler)
            status = response.status
        except web.HTTPException as answer:
            status = answer.status
            if answer is not request.match_info.http_exception:
                raise
            response = _router_error(request, answer)
        finally:
            _log_request(request, status, (perf_counter() - began) * 1000)
        return response


def _router_error(request: web.Request, answer: web.HTTPException) -> web.Response:
    """404 and 405 in our own words: people read them in a monitor's log or a browser."""
    if isinstance(answer, web.HTTPMethodNotAllowed):
        methods = ", ".join(sorted(answer.allowed_methods))
        refused = error_response(answer.status, f"Use {methods} for this path, not {request.method}.")
        refused.headers["Allow"] = answer.headers["Allow"]
        return refused
    if request.path.startswith("/alerts"):
        return error_response(
            answer.status, "There is nothing at this path. Send alerts to /alerts/generic, or to their own source."
        )
    return error_response(answer.status, "There is nothing at this path.")


def read_request_id(request: web.BaseRequest) -> str | None:
    """The id a request came with; None if it has none, several, or an invalid one."""
    sent = request.headers.getall(REQUEST_ID_HEADER, [])
    return sent[0] if len(sent) == 1 and VALID_ID.fullmatch(sent[0]) else None


async def _run_handler(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Exception as problem:
        if isinstance(problem, ConnectionError) and (request.transport is None or request.transport.is_closing()):
            return web.Response(status=CLIENT_LEFT)
        log.exception("request failed", route=route_name(request))
        return error_response(500, "Internal error. See the log of Dogwatch.")


def _log_request(request: web.Request, status: int, milliseconds: float) -> None:
    route = route_name(request)
    is_routine = route in PROBES or (status < 400 and request.get(ROUTINE, False))
    write = log.debug if is_routine else log.warning if status >= 500 else log.info
    write("request finished", method=request.method, route=route, status=status, ms=round(milliseconds, 1))


def route_name(request: web.Request) -> str:
    """The route's pattern, as `/incidents/{reference}`; `unknown` without a route."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"
