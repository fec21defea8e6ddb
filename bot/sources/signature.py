"""
How a sender proves itself: a token, or a signature over the bytes as they came.

Comparisons take the same time whatever was sent: digests of one length are compared, with every value that is right.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bot.domain.alerts.routing import Credentials
from bot.domain.errors import UserError

SIGNATURE_WINDOW = timedelta(minutes=5)
"""How old or early a signed timestamp may be. Grafana defines no window; this one is ours."""


class Unauthorized(UserError):
    """The sender did not prove itself. The message says what was missing and holds nothing of what was sent."""


def header(headers: Mapping[str, str], name: str) -> str | None:
    """A header by name in any case."""
    wanted = name.casefold()
    return next((value for key, value in headers.items() if key.casefold() == wanted), None)


def matching(presented: bytes, right: Iterable[bytes]) -> int | None:
    """The place of the value that was presented, counted from 0; None if it is none of them. Nothing is never right."""
    digest = hashlib.sha256(presented).digest()
    same = [hmac.compare_digest(digest, hashlib.sha256(each).digest()) for each in right]
    return same.index(True) if presented and any(same) else None


def check_token(headers: Mapping[str, str], credentials: Credentials) -> int:
    """
    Bearer, or Basic with the token as its password (any user name).

    Returns the place of the token that was shown, counted from 0. Raises Unauthorized.
    """
    if not any(credentials.tokens):
        raise Unauthorized("No token is set for this source, so its alerts are refused. Set DOGWATCH_ALERT_TOKEN.")
    sent = header(headers, "Authorization")
    if sent is None:
        raise Unauthorized("The request has no Authorization header. Send `Authorization: Bearer` and the token.")
    scheme, _, value = sent.partition(" ")
    if scheme.casefold() == "basic":
        presented = _password(value.strip())
    elif scheme.casefold() == "bearer":
        presented = _bytes(value.strip())
    else:
        raise Unauthorized("The Authorization header is of another kind. Send `Authorization: Bearer` and the token.")
    place = matching(presented, map(_bytes, credentials.tokens))
    if place is None:
        raise Unauthorized("The token is not the right one. Compare it with DOGWATCH_ALERT_TOKEN.")
    return place


def _password(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        raise Unauthorized("The Basic credentials cannot be read.") from None


def _bytes(text: str) -> bytes:
    # aiohttp hands on header bytes that are not UTF-8 as lone surrogates: they have to compare, not to raise.
    return text.encode("utf-8", "surrogatepass")


def check_signature(headers: Mapping[str, str], body: bytes, credentials: Credentials, now: datetime) -> int:
    """
    Grafana's HMAC-SHA256 in lower-case hex, over the body, or over `<timestamp>:<body>` if a timestamp came with it.

    `now` is real time, aware. Returns the place of the secret that was used, counted from 0. Raises Unauthorized.
    """
    sent = header(headers, credentials.signature_header)
    if sent is None:
        raise Unauthorized(f"The request has no {credentials.signature_header}. Set the secret in the contact point.")
    signed = body
    stamp = header(headers, credentials.timestamp_header)
    if stamp is not None:
        signed = _bytes(stamp) + b":" + body
        _check_age(stamp, now)
    place = matching(_bytes(sent), (hex_signature(secret, signed) for secret in credentials.secrets))
    if place is None:
        raise Unauthorized("The signature does not fit the body. Compare the secret in Grafana with the one set here.")
    return place


def hex_signature(secret: str, signed: bytes) -> bytes:
    """HMAC-SHA256 in lower-case hex, as both Slack and Grafana write it."""
    return hmac.new(_bytes(secret), signed, hashlib.sha256).hexdigest().encode()


def _check_age(stamp: str, now: datetime) -> None:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise Unauthorized("The timestamp is not a number of Unix seconds.")
    if abs(now.timestamp() - int(stamp)) > SIGNATURE_WINDOW.total_seconds():
        raise Unauthorized("The timestamp is more than 5 minutes off. Look at the clocks of both machines.")
