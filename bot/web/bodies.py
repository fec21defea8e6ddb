"""Reading what strangers send: bounded before it is read, answered in words when it is refused."""

import asyncio
from collections.abc import Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

READ_SECONDS = 10.0


class TooLarge(Exception):
    """The body is over the limit. It was not read to its end."""


class TooSlow(Exception):
    """The body did not arrive in time."""


class Unreadable(Exception):
    """The body is not encoded as its headers say (Content-Encoding, chunks)."""


def _no_matter(_size: int) -> None:
    """For a body that nobody counts."""


async def read_body(request: web.Request, limit: int, hold: Callable[[int], None] = _no_matter) -> bytes:
    """
    The body, of at most `limit` bytes. Raises TooLarge (a stated length is believed at once), TooSlow or
    Unreadable.

    `hold` is asked for room before the bytes are taken: for the stated length at once, for what comes beyond it as it
    comes (a compressed body grows). What it raises is raised.
    """
    held = request.content_length or 0
    if held > limit:
        raise TooLarge
    hold(held)
    received = bytearray()
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for chunk in request.content.iter_chunked(65_536):
                if len(received) + len(chunk) > limit:
                    raise TooLarge
                if len(received) + len(chunk) > held:
                    hold(len(chunk))
                    held += len(chunk)
                received += chunk
    except TimeoutError as problem:
        raise TooSlow from problem
    except (HttpProcessingError, web.RequestPayloadError) as problem:
        request.content.feed_eof()  # else aiohttp reads on after the answer, and logs a traceback of it
        request.protocol.close()
        raise Unreadable from problem
    return bytes(received)


def refusal(status: int, message: str, **details: object) -> web.Response:
    """A refusal as JSON: `error` in words, and what else helps."""
    return web.json_response({"ok": False, "error": message, **details}, status=status)
