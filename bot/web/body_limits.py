"""Reading what strangers send: bounded before it is read, answered in words when it is refused."""

import asyncio
import zlib
from collections.abc import Callable, Iterator

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

READ_SECONDS = 10.0
CHUNK = 65_536
LARGEST_FORM = 2 * 1024
"""Bytes of a form; read before anybody knows who sends it."""
AWAY = "The database does not answer. Try again in a moment."


class TooLarge(Exception):
    """The body is over the limit. It was not read to its end."""


class TooSlow(Exception):
    """The body did not arrive in time."""


class Unreadable(Exception):
    """The body is not encoded as its headers say (Content-Encoding, chunks)."""


class UnknownEncoding(Unreadable):
    """The body is packed in a way that is not known here. It was not read."""

    message = "Content-Encoding is gzip, deflate or none. Send the body unpacked, or in one of these."


def _no_matter(_size: int) -> None:
    """For a body that nobody counts."""


async def read_body(request: web.Request, limit: int, hold: Callable[[int], None] = _no_matter) -> bytes:
    """
    The body, of at most `limit` bytes. Raises TooLarge (a stated length is believed at once), TooSlow,
    Unreadable or UnknownEncoding.

    `hold` is asked for room before the bytes are taken: for the stated length at once, for what comes beyond it as it
    comes (a compressed body grows). What it raises is raised.
    """
    unpack = _unpacking(request.headers.getall("Content-Encoding", []))
    held = request.content_length or 0
    if held > limit:
        raise TooLarge
    hold(held)
    received = bytearray()
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for sent in request.content.iter_chunked(CHUNK):
                for chunk in unpack.pieces(sent):
                    if len(received) + len(chunk) > limit:
                        raise TooLarge
                    if len(received) + len(chunk) > held:
                        hold(len(chunk))
                        held += len(chunk)
                    received += chunk
        unpack.end()
    except TimeoutError as problem:
        raise TooSlow from problem
    except (HttpProcessingError, web.RequestPayloadError, zlib.error) as problem:
        request.content.feed_eof()  # else aiohttp reads on after the answer, and logs a traceback of it
        request.protocol.close()
        raise Unreadable from problem
    return bytes(received)


class _AsItIs:
    """A body that nobody packed."""

    def pieces(self, sent: bytes) -> Iterator[bytes]:
        yield sent

    def end(self) -> None:
        """Nothing can be missing that HTTP itself would not miss."""


class _Packed:
    """What is unpacked comes in pieces of CHUNK at most: a small body may hold a huge one. Raises zlib.error."""

    def __init__(self, bits: int) -> None:
        self._stream = zlib.decompressobj(bits)

    def pieces(self, sent: bytes) -> Iterator[bytes]:
        is_full = False
        while sent or is_full:
            if self._stream.eof:
                raise zlib.error("something stands behind the end")
            piece = self._stream.decompress(sent, CHUNK)
            sent = self._stream.unconsumed_tail or self._stream.unused_data
            is_full = len(piece) == CHUNK and not self._stream.eof  # there may be more, of what was sent already
            yield piece

    def end(self) -> None:
        if not self._stream.eof:
            raise zlib.error("the end is missing")


def _unpacking(encodings: list[str]) -> _AsItIs | _Packed:
    """
    Raises UnknownEncoding.

    aiohttp is told not to unpack: what it does not know it answers in plain text, with a traceback in the log.
    """
    match [name for each in encodings if (name := each.strip().casefold()) not in {"", "identity"}]:
        case []:
            return _AsItIs()
        case ["gzip" | "x-gzip"]:
            return _Packed(16 + zlib.MAX_WBITS)
        case ["deflate"]:
            return _Packed(zlib.MAX_WBITS)
        case _:
            raise UnknownEncoding


def refusal(status: int, message: str, **details: object) -> web.Response:
    """A refusal as JSON: `error` in words, and what else helps."""
    return web.json_response({"ok": False, "error": message, **details}, status=status)
