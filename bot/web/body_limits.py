"""Read request bodies within limits of size, time and encoding."""

import asyncio
import zlib
from collections.abc import Callable, Iterator
from dataclasses import field
from typing import TypeVar

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.lazy_dataclass import dataclass

Result = TypeVar("Result")

READ_SECONDS = 10.0
CHUNK_BYTES = 65_536
MAX_FORM_BYTES = 2 * 1024
"""A form is read before its sender is known."""
MAX_SIGNED_IN_FORM_BYTES = 256 * 1024
"""A form of a person who is signed in holds texts: 20,000 characters, of which each takes up to 12 bytes."""
LOOP_BYTES = 100_000
"""Bodies up to this size take milliseconds, on the event loop."""
DATABASE_UNAVAILABLE = "The database does not answer. Try again in a moment."


class TooLarge(Exception):
    """The body exceeds the limit. The rest was not read."""


class TooSlow(Exception):
    """The body did not arrive in time."""


class Unreadable(Exception):
    """The body does not match its Content-Encoding or Transfer-Encoding."""


class UnknownEncoding(Unreadable):
    """The Content-Encoding is not supported. The body was not read."""

    message = "This Content-Encoding is not supported. Use gzip, deflate or none."


Reserve = Callable[[int], None]
"""Accounts for bytes before they are kept. Its errors are raised."""


def _reserve_nothing(_size: int) -> None:
    """For bodies without a separate byte limit."""


async def read_body(request: web.Request, limit: int, reserve: Reserve = _reserve_nothing) -> bytes:
    """
    Read at most `limit` bytes of a body whose sender has shown a token.

    Raises TooLarge (at once, if Content-Length says so), TooSlow, Unreadable or UnknownEncoding.

    `reserve` is called before bytes are taken: with Content-Length first, then with what exceeds it, as a compressed
    body grows.
    """
    reserved, size = request.content_length or 0, 0

    def reserve_more(more: int) -> None:
        nonlocal reserved, size
        size += more
        if size > reserved:
            reserve(more)
            reserved += more

    _create_decoder(request.headers.getall("Content-Encoding", []))
    if reserved > limit:
        raise TooLarge
    reserve(reserved)
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await receive_body(request, limit, reserve_more)
    except TimeoutError as problem:
        raise TooSlow from problem


async def receive_body(request: web.Request, limit: int, reserve: Reserve) -> bytes:
    """
    Read at most `limit` bytes, without a time limit.

    `reserve` is called with the size of each piece.

    Raises TooLarge (at once, if Content-Length says so), Unreadable or UnknownEncoding.
    """
    decoder = _create_decoder(request.headers.getall("Content-Encoding", []))
    if (request.content_length or 0) > limit:
        raise TooLarge
    received = bytearray()
    try:
        async for sent in request.content.iter_chunked(CHUNK_BYTES):
            for chunk in decoder.decode(sent):
                if len(received) + len(chunk) > limit:
                    raise TooLarge
                reserve(len(chunk))
                received += chunk
        decoder.finish()
    except (HttpProcessingError, web.RequestPayloadError, zlib.error) as problem:
        request.content.feed_eof()  # else aiohttp continues to read after the response, and logs a traceback
        request.protocol.close()
        raise Unreadable from problem
    return bytes(received)


@dataclass(frozen=True, slots=True)
class LargeBodies:
    """
    Work on large bodies, in a thread: on the event loop everybody would wait for it.

    One at a time: the result takes several times the size of the body.
    """

    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    async def run(self, body: bytes, work: Callable[[], Result]) -> Result:
        """Do the work on this body. Raises the errors of `work`."""
        if len(body) <= LOOP_BYTES:
            return work()
        async with self._turn:
            return await asyncio.to_thread(work)


class _IdentityDecoder:
    def decode(self, sent: bytes) -> Iterator[bytes]:
        yield sent

    def finish(self) -> None:
        """No check: HTTP itself notices a missing end."""


class _ZlibDecoder:
    """
    Decompress in pieces of CHUNK_BYTES at most: a small body may expand to a huge one.

    Raises zlib.error.
    """

    def __init__(self, bits: int) -> None:
        self._stream = zlib.decompressobj(bits)

    def decode(self, sent: bytes) -> Iterator[bytes]:
        is_full = False
        while sent or is_full:
            if self._stream.eof:
                raise zlib.error("there is data after the end")
            piece = self._stream.decompress(sent, CHUNK_BYTES)
            sent = self._stream.unconsumed_tail or self._stream.unused_data
            is_full = len(piece) == CHUNK_BYTES and not self._stream.eof  # more may follow from the same input
            yield piece

    def finish(self) -> None:
        if not self._stream.eof:
            raise zlib.error("the body is incomplete")


def _create_decoder(encodings: list[str]) -> _IdentityDecoder | _ZlibDecoder:
    """
    Raises UnknownEncoding.

    aiohttp's own decompression is off: it answers an unknown encoding in plain text, and logs a traceback.
    """
    match [name for each in encodings if (name := each.strip().casefold()) not in {"", "identity"}]:
        case []:
            return _IdentityDecoder()
        case ["gzip" | "x-gzip"]:
            return _ZlibDecoder(16 + zlib.MAX_WBITS)
        case ["deflate"]:
            return _ZlibDecoder(zlib.MAX_WBITS)
        case _:
            raise UnknownEncoding


def error_response(status: int, message: str, **details: object) -> web.Response:
    """A refusal as JSON, its message in `error`."""
    return web.json_response({"ok": False, "error": message, **details}, status=status)
