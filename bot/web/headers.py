"""Security headers of all responses."""

from collections.abc import Mapping

from aiohttp import web
from multidict import CIMultiDict

POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
"""
No scripts, no requests but for the stylesheet, no frames; a URL with a key reaches neither another site nor a cache.
A page that needs more, like a form, sets its own header.
"""
FORM_POLICY = POLICY.replace("form-action 'none'", "form-action 'self'")
FORM_HEADERS = {"Content-Security-Policy": FORM_POLICY}
"""For a page whose forms post to the same site."""
REQUEST_ID = web.RequestKey("request_id", str)
SERVER = "dogwatch"
"""Value of `Server`, without software and version."""


def prepare_headers(own: Mapping[str, str]) -> CIMultiDict[str]:
    """The headers of an answer that is made once and given often. `own` come first."""
    return CIMultiDict({**HEADERS, **own, "Server": SERVER})


async def add_headers(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """
    Signal handler for `on_response_prepare`, which runs for the router's own errors, too.

    Headers with our `Server` are complete.
    """
    if response.headers.get("Server") == SERVER:
        return
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = SERVER
    if request_id := request.get(REQUEST_ID):
        response.headers["X-Request-Id"] = request_id
