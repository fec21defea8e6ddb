"""One POST to a service that pages people, and what its answer means. No redirect is followed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

import aiohttp

from bot.notifiers.outcome import Answer, Away, Refused

LARGEST_ANSWER = 64 * 1024
PASSING = frozenset({408, 425, 429})
LONGEST_RETRY_AFTER = 600.0
"""Seconds: somebody is needed, so nobody is waited for longer than that."""


async def post(session: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str], *, to: str) -> Answer:
    """
    The answer, if it is a 2xx. `to`: whom we call, for people.

    Raises Refused for any other 4xx or a redirect, and Away for what passes.
    """
    seconds = session.timeout.total or 0.0
    try:
        async with session.post(url, data=body, headers=dict(headers), allow_redirects=False) as got:
            headers_got = {name.lower(): value for name, value in got.headers.items()}
            answer = Answer(got.status, await got.content.read(LARGEST_ANSWER), headers_got)
    except aiohttp.InvalidURL:
        raise Refused(f"The address of {to} is no web address.") from None
    except aiohttp.ClientConnectorCertificateError:
        raise Refused(f"The certificate of {to} is not valid.") from None
    except aiohttp.ClientConnectorError:
        raise Away(f"{to} cannot be reached.", maybe_done=False) from None
    except TimeoutError:
        raise Away(f"{to} did not answer within {seconds:g} s.", maybe_done=True) from None
    except (aiohttp.ClientError, OSError):
        raise Away(f"The connection to {to} broke.", maybe_done=True) from None
    _judge(answer, to)
    return answer


def _judge(answer: Answer, to: str) -> None:
    status = answer.status
    if status == 429:
        raise Away(f"{to} asked to wait.", maybe_done=False, retry_after=_seconds(answer.headers.get("retry-after")))
    if status in PASSING:
        raise Away(f"{to} could not take it (HTTP {status}).", maybe_done=False)
    if status >= 500:
        wait = _seconds(answer.headers.get("retry-after"))
        raise Away(f"{to} failed (HTTP {status}).", maybe_done=True, retry_after=wait)
    if not 200 <= status < 300:
        raise Refused(f"{to} refused it (HTTP {status}).")


def _seconds(header: str | None) -> float | None:
    """`Retry-After` in either of its forms: seconds, or a date."""
    if not header:
        return None
    try:
        found = float(header)
    except ValueError:
        try:
            found = (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return None
    return min(max(found, 0.0), LONGEST_RETRY_AFTER) if isfinite(found) else None
