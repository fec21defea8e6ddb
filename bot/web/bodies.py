"""Reading what strangers send: bounded before it is read, answered in words when it is refused."""

import asyncio

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

READ_SECONDS = 10.0


class TooLarge(Exception):
    """The body is over the limit. It was not read to its end."""


class TooSlow(Exception):
    """The body did not arrive in time."""


class Unreadable(Exception):
    """The body is not encoded as its headers say (Content-Encoding, chunks)."""


async def read_body(request: web.Request, limit: int) -> bytes:
    """
    The body, of at most `limit` bytes. Raises TooLarge (a stated length is believed at once), TooSlow or
    Unreadable.
    """
    if request.content_length is not None and request.content_length > limit:
        raise TooLarge
    received = bytearray()
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for chunk in request.content.iter_chunked(65_536):
                received += chunk
                if len(received) > limit:
                    raise TooLarge
    except TimeoutError as problem:
        raise TooSlow from problem
    except HttpProcessingError as problem:
        raise Unreadable from problem
    return bytes(received)


def refusal(status: int, message: str, **details: object) -> web.Response:
    """A refusal as JSON: `error` in words, and what else helps."""
    return web.json_response({"ok": False, "error": message, **details}, status=status)
