"""Fetch a calendar over HTTP or from a file, with limits of time, size and redirects."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp

SECONDS = 20.0
MAX_BYTES = 4 * 1024 * 1024
"""After decompression. Years of a busy calendar take a tenth of it."""
MAX_REDIRECTS = 3
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
NOT_MODIFIED = 304


class FetchError(Exception):
    """
    The calendar cannot be fetched.

    The message continues "could not be read:" and never contains the address.
    """


@dataclass(frozen=True, slots=True)
class FetchResult:
    """`text`: None if the calendar has not changed."""

    text: str | None
    etag: str | None = None
    modified: str | None = None


async def fetch(
    address: str, *, etag: str | None = None, modified: str | None = None, seconds: float = SECONDS
) -> FetchResult:
    """Fetch a calendar unless its validators still match. Raises FetchError."""
    headers = {"Accept": "text/calendar, */*;q=0.1"}
    if etag:
        headers["If-None-Match"] = etag
    if modified:
        headers["If-Modified-Since"] = modified
    try:
        async with asyncio.timeout(seconds), aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            return await _fetch_following_redirects(session, address, headers)
    except TimeoutError:
        raise FetchError(f"the server did not answer within {seconds:g} seconds") from None
    except (aiohttp.ClientError, OSError, ValueError) as problem:
        raise FetchError(f"the server cannot be reached ({type(problem).__name__})") from None


async def _fetch_following_redirects(
    session: aiohttp.ClientSession, address: str, headers: Mapping[str, str]
) -> FetchResult:
    for _ in range(MAX_REDIRECTS + 1):
        async with session.get(address, headers=headers, allow_redirects=False) as answer:
            if answer.status == NOT_MODIFIED:
                return FetchResult(None)
            if answer.status in REDIRECT_STATUSES and "Location" in answer.headers:
                address = resolve_redirect(address, answer.headers["Location"])
                continue
            if answer.status != 200:
                raise FetchError(f"the server answered {answer.status}")
            return FetchResult(
                await _read_text(answer), answer.headers.get("ETag"), answer.headers.get("Last-Modified")
            )
    raise FetchError(f"the server redirects more than {MAX_REDIRECTS} times")


def resolve_redirect(address: str, location: str) -> str:
    """
    The absolute URL of a redirect.

    Raises FetchError if it leaves HTTP, or leaves HTTPS: the address is secret.
    """
    target = urljoin(address, location)
    scheme = urlsplit(target).scheme
    if scheme not in {"http", "https"} or (scheme == "http" and urlsplit(address).scheme == "https"):
        raise FetchError(f"the server redirects to {scheme or 'nowhere'}://, which is not followed")
    return target


async def _read_text(answer: aiohttp.ClientResponse) -> str:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(65536):
        body += chunk
        if len(body) > MAX_BYTES:
            raise FetchError(f"it is larger than {MAX_BYTES // 1024**2} MB")
    return _decode(bytes(body))


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FetchError("it is not UTF-8 text") from None


async def read_file(path: Path) -> str:
    """Raises FetchError."""
    try:
        return _decode(await asyncio.to_thread(_read_bytes, path))
    except OSError as problem:
        raise FetchError(f"the file cannot be read ({problem.strerror})") from None


def _read_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise FetchError(f"it is larger than {MAX_BYTES // 1024**2} MB")
    return content
