"""What every answer says to a browser, whichever page or refusal it is."""

from aiohttp import web

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
"""
No script runs, nothing is fetched, no frame shows it. An address with a key reaches neither another site nor a cache. A
page that needs something else, like a form, says so itself.
"""
WITH_A_FORM = {
    "Content-Security-Policy": HEADERS["Content-Security-Policy"].replace("form-action 'none'", "form-action 'self'")
}
"""For a page with buttons, which send to itself. All else is as with any other answer."""
REQUEST_ID = web.RequestKey("request_id", str)
SERVER = "dogwatch"
"""What listens here in which version is nobody's business."""


async def add_headers(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """For `on_response_prepare`: it is called for the router's own refusals too."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = SERVER
    if request_id := request.get(REQUEST_ID):
        response.headers["X-Request-Id"] = request_id
