"""Fetch pages and files of others, with limits of time, size and redirects."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp
from yarl import URL

from bot.domain.text.normalize import make_storable
from bot.engine.fetch.address_guard import AddressRules, PublicResolver, RefusedAddress, check_address
from bot.lazy_dataclass import dataclass
from bot.runtime.clock import machine_now

SECONDS = 20.0
MAX_BYTES = 4 * 1024 * 1024
"""After decompression. Years of a busy calendar take a tenth of it."""
MAX_REDIRECTS = 3
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
NOT_MODIFIED = 304
LONGEST_WAIT = timedelta(days=1)
"""A `Retry-After` of more is cut."""


class FetchError(Exception):
    """
    It cannot be fetched.

    `retry_after`: how long the server asks to wait, None if it does not. `is_answer`: the server answered, with an
    error. `is_passing`: asking again may help. The message continues "could not be read:" and never contains the
    address.
    """

    def __init__(
        self, message: str, retry_after: timedelta | None = None, *, is_answer: bool = False, is_passing: bool = False
    ) -> None:
        self.retry_after = retry_after
        self.is_answer = is_answer
        self.is_passing = is_passing
        super().__init__(message)


class TooLarge(FetchError):
    """The answer is larger than the limit."""


@dataclass(frozen=True, slots=True)
class FetchResult:
    """`text`: None if the calendar has not changed."""

    text: str | None
    etag: str | None = None
    modified: str | None = None


@dataclass(frozen=True, slots=True)
class FetchedBody:
    """
    An answer. `body`: None if it has not changed.

    `content_type` is as the server states it, with its charset.
    """

    body: bytes | None
    content_type: str = ""
    etag: str | None = None
    modified: str | None = None


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """`rules` None: any address is fetched."""

    seconds: float = SECONDS
    max_bytes: int = MAX_BYTES
    redirects: int = MAX_REDIRECTS
    rules: AddressRules | None = None


async def fetch(
    address: str, *, etag: str | None = None, modified: str | None = None, seconds: float = SECONDS
) -> FetchResult:
    """Fetch a calendar unless its validators still match. Raises FetchError."""
    headers = {"Accept": "text/calendar, */*;q=0.1"}
    found = await fetch_body(address, headers, FetchLimits(seconds), etag=etag, modified=modified)
    return FetchResult(None if found.body is None else _decode(found.body), found.etag, found.modified)


async def fetch_body(
    address: str,
    headers: Mapping[str, str],
    limits: FetchLimits,
    *,
    etag: str | None = None,
    modified: str | None = None,
) -> FetchedBody:
    """
    Fetch unless the validators still match. Raises FetchError.

    With `rules` the environment's proxy is used.
    """
    validators = {"If-None-Match": etag, "If-Modified-Since": modified}
    headers = {**headers, **{name: value for name, value in validators.items() if value}}
    is_guarded = limits.rules is not None and not limits.rules.allows_private
    try:
        async with (
            asyncio.timeout(limits.seconds),
            aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(resolver=PublicResolver()) if is_guarded else None,
                trust_env=limits.rules is not None,
            ) as session,
        ):
            return await _fetch_following_redirects(session, address, headers, limits)
    except TimeoutError:
        raise FetchError(f"the server did not answer within {limits.seconds:g} seconds", is_passing=True) from None
    except RefusedAddress as problem:
        raise FetchError(str(problem)) from None
    except (aiohttp.ClientError, OSError, ValueError) as problem:
        is_passing = isinstance(problem, aiohttp.ClientConnectionError) and not _is_refused(problem)
        raise FetchError(_describe(problem), is_passing=is_passing) from None


def _is_refused(problem: Exception) -> bool:
    """Return whether the address or the certificate is refused: asking again changes nothing."""
    is_of_certificate = isinstance(problem, aiohttp.ClientConnectorCertificateError)
    return is_of_certificate or isinstance(getattr(problem, "os_error", None), RefusedAddress)


def _describe(problem: Exception) -> str:
    refused = getattr(problem, "os_error", None)
    if isinstance(refused, RefusedAddress):
        return str(refused)
    if isinstance(problem, aiohttp.ClientConnectorCertificateError):
        return f"the server's certificate is not valid ({_describe_certificate(problem.certificate_error)})"
    return f"the server cannot be reached ({type(problem).__name__})"


def _describe_certificate(problem: Exception) -> str:
    """`certificate has expired`, `self-signed certificate`: OpenSSL's words without codes."""
    return str(getattr(problem, "verify_message", "") or type(problem).__name__).rstrip(".")


async def _fetch_following_redirects(
    session: aiohttp.ClientSession, address: str, headers: Mapping[str, str], limits: FetchLimits
) -> FetchedBody:
    for _ in range(limits.redirects + 1):
        if limits.rules is not None:
            check_address(address, limits.rules)
        async with session.get(address, headers=headers, allow_redirects=False) as answer:
            if answer.status == NOT_MODIFIED:
                return FetchedBody(None)
            if answer.status in REDIRECT_STATUSES and "Location" in answer.headers:
                address = resolve_redirect(address, answer.headers["Location"])
                continue
            if answer.status != 200:
                wait = read_retry_after(answer.headers.get("Retry-After", ""))
                is_passing = answer.status >= 500 or answer.status in {408, 425, 429}
                raise FetchError(f"the server answered {answer.status}", wait, is_answer=True, is_passing=is_passing)
            return FetchedBody(
                await _read_body(answer, limits.max_bytes),
                answer.headers.get("Content-Type", ""),
                _validator(answer.headers.get("ETag", "")),
                _validator(answer.headers.get("Last-Modified", "")),
            )
    raise FetchError(f"the server redirects more than {limits.redirects} times")


def _validator(value: str) -> str | None:
    """The header's value, to be stored and sent back; None for one that HTTP does not allow."""
    return value if value and value.isascii() and value.isprintable() else None


def read_retry_after(value: str) -> timedelta | None:
    """
    The wait of a `Retry-After` header, in seconds or until a date.

    None without one, or for an unreadable one.
    """
    if value.strip().isdecimal():
        return timedelta(seconds=min(int(value), int(LONGEST_WAIT.total_seconds())))
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max(until - machine_now(), timedelta()), LONGEST_WAIT)


def resolve_redirect(address: str, location: str) -> str:
    """
    The absolute URL of a redirect.

    Raises FetchError if it leaves HTTP, or leaves HTTPS: the address is secret. Also if it is no address.
    """
    try:
        target = urljoin(address, location)
        URL(target)
    except (ValueError, IndexError):  # IndexError: `https://[::1]@`
        raise FetchError("the server redirects to what is no web address") from None
    scheme = urlsplit(target).scheme
    if scheme not in {"http", "https"} or (scheme == "http" and urlsplit(address).scheme == "https"):
        raise FetchError(f"the server redirects to {scheme or 'nowhere'}://, which is not followed")
    return target


async def _read_body(answer: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(65536):
        body += chunk
        if len(body) > max_bytes:
            raise TooLarge(f"it is larger than {max_bytes // 1024**2} MB", is_answer=True)
    return bytes(body)


def _decode(body: bytes) -> str:
    try:
        return make_storable(body.decode("utf-8-sig"))
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
