"""Check of an OpenID Connect id token: signature, issuer, audience, age, nonce."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

ALGORITHMS = ("RS256",)
"""Never the token's own choice: `none`, or HMAC with a public key as its secret, would be anybody's signature."""
REQUIRED = ("iss", "sub", "aud", "exp", "iat", "nonce")
CLOCK_SKEW = timedelta(minutes=1)
MAX_AGE = timedelta(minutes=10)
SLACK_CLAIM = "https://slack.com/"
"""Prefix of Slack's own claims."""


class InvalidToken(Exception):
    """The id token proves nothing. The message is for the log."""


class UnknownKey(InvalidToken):
    """The token was signed by a key that is not among the provider's known ones."""


@dataclass(frozen=True, slots=True)
class SlackIdentity:
    """`team_ids` are the person's workspace and, if they have one, organisation."""

    user_id: str
    team_ids: frozenset[str]


def verify_id_token(
    token: str, keys: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, now: datetime
) -> SlackIdentity:
    """
    Return whom the token names.

    `keys` is the provider's JSON Web Key Set, `nonce` the one of our request. Raises InvalidToken, or UnknownKey.
    """
    try:
        claims = jwt.decode(
            token,
            _find_key(token, keys),
            algorithms=ALGORITHMS,
            issuer=issuer,
            audience=client_id,
            leeway=CLOCK_SKEW,
            options={"require": list(REQUIRED), "strict_aud": True},
        )
    except jwt.PyJWTError as problem:
        raise InvalidToken(f"{type(problem).__name__}: {problem}") from problem
    if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise InvalidToken("the nonce is of another request")
    if now.timestamp() - float(claims["iat"]) > MAX_AGE.total_seconds():
        raise InvalidToken("the token is too old")
    return _read_identity(claims)


def _find_key(token: str, keys: Mapping[str, Any]) -> jwt.PyJWK:
    """The key that the token names. Raises UnknownKey, InvalidToken or PyJWTError."""
    wanted = jwt.get_unverified_header(token).get("kid")
    entry = next((each for each in _entries(keys) if each.get("kid") == wanted and each.get("kty") == "RSA"), None)
    if wanted is None or entry is None:
        raise UnknownKey("the token's key is not among the provider's")
    return jwt.PyJWK(entry, algorithm=ALGORITHMS[0])


def _entries(keys: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = keys.get("keys")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _read_identity(claims: Mapping[str, Any]) -> SlackIdentity:
    user_id = claims.get(f"{SLACK_CLAIM}user_id", claims["sub"])
    if user_id != claims["sub"] or not isinstance(user_id, str):
        raise InvalidToken("the token names two people")
    teams = (claims.get(f"{SLACK_CLAIM}{name}") for name in ("team_id", "enterprise_id"))
    return SlackIdentity(user_id, frozenset(each for each in teams if isinstance(each, str) and each))
