"""POST to a paging service, and classify the response. Redirects are not followed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

import aiohttp

from bot.notifiers.outcome import HttpResponse, PermanentFailure, TemporaryFailure

MAX_RESPONSE_BYTES = 64 * 1024
RETRYABLE_STATUSES = frozenset({408, 425, 429})
MAX_RETRY_AFTER = 600.0
"""Seconds. A longer `Retry-After` is cut: the page is urgent."""


async def post(
    session: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str], *, to: str
) -> HttpResponse:
    """
    POST and return the response if its status is 2xx. `to`: the receiver's name in messages.

    Raises PermanentFailure for any other 4xx or a redirect, and TemporaryFailure otherwise.
    """
    seconds = session.timeout.total or 0.0
    try:
        async with session.post(url, data=body, headers=dict(headers), allow_redirects=False) as response:
            lower_case = {name.lower(): value for name, value in response.headers.items()}
            answer = HttpResponse(response.status, await response.content.read(MAX_RESPONSE_BYTES), lower_case)
    except aiohttp.InvalidURL:
        raise PermanentFailure(f"The address of {to} is not a web address.") from None
    except aiohttp.ClientConnectorCertificateError:
        raise PermanentFailure(f"The certificate of {to} is not valid.") from None
    except aiohttp.ClientConnectorError:
        raise TemporaryFailure(f"{to} cannot be reached.", maybe_done=False) from None
    except TimeoutError:
        raise TemporaryFailure(f"{to} did not answer within {seconds:g} s.", maybe_done=True) from None
    except (aiohttp.ClientError, OSError):
        raise TemporaryFailure(f"The connection to {to} broke.", maybe_done=True) from None
    _raise_for_status(answer, to)
    return answer


def _raise_for_status(answer: HttpResponse, to: str) -> None:
    status = answer.status
    if status == 429:
        wait = _retry_after(answer.headers.get("retry-after"))
        raise TemporaryFailure(f"{to} is rate limiting.", maybe_done=False, retry_after=wait)
    if status in RETRYABLE_STATUSES:
        raise TemporaryFailure(f"{to} did not accept it (HTTP {status}).", maybe_done=False)
    if status >= 500:
        wait = _retry_after(answer.headers.get("retry-after"))
        raise TemporaryFailure(f"{to} failed (HTTP {status}).", maybe_done=True, retry_after=wait)
    if not 200 <= status < 300:
        raise PermanentFailure(f"{to} refused it (HTTP {status}).")


def _retry_after(header: str | None) -> float | None:
    """Seconds from `Retry-After`, which is a number or a date; None if absent or unreadable."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER) if isfinite(seconds) else None
