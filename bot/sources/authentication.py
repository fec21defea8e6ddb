"""
Authenticate senders by a token, or by a signature over the raw body.

Comparisons take constant time: digests of equal length are compared, with every valid value.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bot.domain.alerts.events import Credentials
from bot.domain.errors import UserError

SIGNATURE_WINDOW = timedelta(minutes=5)
"""Accepted difference of a signed timestamp. Grafana defines none; this one is ours."""

MAX_SIGNATURES = 8
"""Signatures of one header that are compared. PagerDuty sends one for each secret."""


class Unauthorized(UserError):
    """Authentication failed. The message contains nothing that was sent."""


def get_header(headers: Mapping[str, str], name: str) -> str | None:
    """A header by its name, in any case."""
    wanted = name.casefold()
    return next((value for key, value in headers.items() if key.casefold() == wanted), None)


def match_index(presented: bytes, valid: Iterable[bytes]) -> int | None:
    """Index of the valid value that was presented; None if it is none of them, or empty."""
    digest = hashlib.sha256(presented).digest()
    same = [hmac.compare_digest(digest, hashlib.sha256(each).digest()) for each in valid]
    return same.index(True) if presented and any(same) else None


def check_token(headers: Mapping[str, str], credentials: Credentials, *, scheme_name: str = "bearer") -> int:
    """
    Bearer, or Basic with the token as its password (any user name).

    `scheme_name`: another scheme that is accepted as Bearer, in lower case. Returns the index of the token. Raises
    Unauthorized.
    """
    _require_tokens(credentials)
    sent = get_header(headers, "Authorization")
    if sent is None:
        raise Unauthorized("The request has no Authorization header. Send `Authorization: Bearer` and the token.")
    scheme, _, value = sent.partition(" ")
    if scheme.casefold() == "basic":
        presented = _decode_password(value.strip())
    elif scheme.casefold() in {"bearer", scheme_name}:
        presented = encode_header(value.strip())
    else:
        raise Unauthorized("The Authorization header has the wrong type. Send `Authorization: Bearer` and the token.")
    return match_token(presented, credentials)


def check_token_header(headers: Mapping[str, str], credentials: Credentials, name: str) -> int:
    """The token itself in the header `name`, or as `check_token` takes it. Raises Unauthorized."""
    sent = get_header(headers, name)
    if sent is None:
        return check_token(headers, credentials)
    _require_tokens(credentials)
    return match_token(encode_header(sent.strip()), credentials)


def match_token(presented: bytes, credentials: Credentials) -> int:
    """Index of the token that was presented. Raises Unauthorized."""
    _require_tokens(credentials)
    index = match_index(presented, map(encode_header, credentials.tokens))
    if index is None:
        raise Unauthorized(f"The token is wrong. Compare it with {credentials.variable}.")
    return index


def _require_tokens(credentials: Credentials) -> None:
    if not any(credentials.tokens):
        raise Unauthorized(f"Requests of this source are refused without a token. Set {credentials.variable}.")


def check_body_signature(
    headers: Mapping[str, str], body: bytes, credentials: Credentials, *, header: str, prefix: str = ""
) -> int:
    """
    Check a signature over the raw body if a secret is set, else the token.

    HMAC-SHA256 in lower-case hex behind `prefix`; the header may have several, separated by commas. Returns the index
    of the secret or token. Raises Unauthorized.
    """
    sent = get_header(headers, header)
    if not any(credentials.secrets):
        if sent is not None and get_header(headers, "Authorization") is None:
            secret = credentials.variable.replace("TOKEN", "SECRET")
            raise Unauthorized(f"{header} cannot be checked without its secret. Set {secret}_… to it.")
        return check_token(headers, credentials)
    if sent is None:
        raise Unauthorized(f"The request has no {header}. Set the secret of the webhook in the sender.")
    valid = [prefix.encode() + hex_signature(secret, body) for secret in credentials.secrets]
    found = [match_index(encode_header(each.strip()), valid) for each in sent.split(",")[:MAX_SIGNATURES]]
    index = next((each for each in found if each is not None), None)
    if index is None:
        raise Unauthorized(f"{header} is wrong. Compare the secret in the sender with the one in Dogwatch.")
    return index


def _decode_password(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        raise Unauthorized("The Basic credentials cannot be read.") from None


def encode_header(text: str) -> bytes:
    """
    Encode for a comparison.

    Bytes that are not UTF-8 arrive as lone surrogates, which must not raise.
    """
    return text.encode("utf-8", "surrogatepass")


def check_signature(headers: Mapping[str, str], body: bytes, credentials: Credentials, now: datetime) -> int:
    """
    Check Grafana's signature.

    HMAC-SHA256 in lower-case hex, over the body, or over `<timestamp>:<body>` if there is a timestamp.
    `now`: real time, aware. Returns the index of the secret. Raises Unauthorized.
    """
    sent = get_header(headers, credentials.signature_header)
    if sent is None:
        raise Unauthorized(f"The request has no {credentials.signature_header}. Set the secret in the contact point.")
    signed = body
    timestamp = get_header(headers, credentials.timestamp_header)
    if timestamp is not None:
        signed = encode_header(timestamp) + b":" + body
        _check_age(timestamp, now)
    index = match_index(encode_header(sent), (hex_signature(secret, signed) for secret in credentials.secrets))
    if index is None:
        raise Unauthorized("The signature is wrong. Compare the secret in Grafana with the one in Dogwatch.")
    return index


def hex_signature(secret: str, signed: bytes) -> bytes:
    """HMAC-SHA256 in lower-case hex, as both Slack and Grafana write it."""
    return hmac.new(encode_header(secret), signed, hashlib.sha256).hexdigest().encode()


def _check_age(timestamp: str, now: datetime) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise Unauthorized("The timestamp is not a number of Unix seconds.")
    if abs(now.timestamp() - int(timestamp)) > SIGNATURE_WINDOW.total_seconds():
        raise Unauthorized("The timestamp is more than 5 minutes off. Check the clocks of both machines.")
