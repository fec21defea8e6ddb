"""Fetching a calendar: within limits of time and size, over HTTP only, and not further than a few redirects lead."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp

SECONDS = 20.0
LIMIT = 4 * 1024 * 1024
"""Bytes, after unpacking. Years of a busy calendar take a tenth of it."""
REDIRECTS = 3
MOVED = frozenset({301, 302, 303, 307, 308})
UNCHANGED = 304


class FeedProblem(Exception):
    """Why there is no calendar, in words that go behind "could not be read:". They never hold its address."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`text` is None if the calendar is as it was."""

    text: str | None
    etag: str | None = None
    modified: str | None = None


async def fetch(
    address: str, *, etag: str | None = None, modified: str | None = None, seconds: float = SECONDS
) -> Answer:
    """Raises FeedProblem."""
    asked = {"Accept": "text/calendar, */*;q=0.1"}
    if etag:
        asked["If-None-Match"] = etag
    if modified:
        asked["If-Modified-Since"] = modified
    try:
        async with asyncio.timeout(seconds), aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            return await _followed(session, address, asked)
    except TimeoutError:
        raise FeedProblem(f"the server did not answer within {seconds:g} seconds") from None
    except (aiohttp.ClientError, OSError, ValueError) as problem:
        raise FeedProblem(f"the server cannot be reached ({type(problem).__name__})") from None


async def _followed(session: aiohttp.ClientSession, address: str, asked: Mapping[str, str]) -> Answer:
    for _ in range(REDIRECTS + 1):
        async with session.get(address, headers=asked, allow_redirects=False) as answer:
            if answer.status == UNCHANGED:
                return Answer(None)
            if answer.status in MOVED and "Location" in answer.headers:
                address = redirected(address, answer.headers["Location"])
                continue
            if answer.status != 200:
                raise FeedProblem(f"the server answered {answer.status}")
            return Answer(await _text(answer), answer.headers.get("ETag"), answer.headers.get("Last-Modified"))
    raise FeedProblem(f"the server redirects more than {REDIRECTS} times")


def redirected(address: str, location: str) -> str:
    """Where a redirect leads. Raises FeedProblem where it would give the secret address away to whoever listens."""
    found = urljoin(address, location)
    scheme = urlsplit(found).scheme
    if scheme not in {"http", "https"} or (scheme == "http" and urlsplit(address).scheme == "https"):
        raise FeedProblem(f"the server redirects to {scheme or 'nowhere'}://, which is not followed")
    return found


async def _text(answer: aiohttp.ClientResponse) -> str:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(65536):
        body += chunk
        if len(body) > LIMIT:
            raise FeedProblem(f"it is larger than {LIMIT // 1024**2} MB")
    return _decoded(bytes(body))


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FeedProblem("it is not UTF-8 text") from None


async def from_file(path: Path) -> str:
    """Raises FeedProblem."""
    try:
        return _decoded(await asyncio.to_thread(_bytes, path))
    except OSError as problem:
        raise FeedProblem(f"the file cannot be read ({problem.strerror})") from None


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        found = file.read(LIMIT + 1)
    if len(found) > LIMIT:
        raise FeedProblem(f"it is larger than {LIMIT // 1024**2} MB")
    return found
