"""Check of an OpenID Connect id token, and whom it names."""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeGuard

from bot.lazy_dataclass import dataclass
from bot.lazy_loader import LazyModule

if TYPE_CHECKING:
    import jwt
else:
    jwt = LazyModule("jwt")

ALGORITHMS: Mapping[tuple[object, object], str] = {("RSA", None): "RS256", ("EC", "P-256"): "ES256"}
"""By type and curve of the provider's key, never the token's own choice: `none`, or HMAC with a public key as its
secret, would be anybody's signature."""
REQUIRED = ("iss", "sub", "aud", "exp", "iat", "nonce")
CLOCK_SKEW = timedelta(minutes=1)
MAX_AGE = timedelta(minutes=10)
MAX_SUBJECT = 255
"""Source: OpenID Connect Core 1.0, 2."""
MAX_EMAIL = 320
UNREADABLE = (TypeError, ValueError, ArithmeticError, RecursionError)
"""What PyJWT lets through of a header, key or claim of the wrong kind."""
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


@dataclass(frozen=True, slots=True)
class CompanyIdentity:
    """
    A person at a company's provider.

    `subject` is never given to anybody else; `email` may be.
    """

    issuer: str
    subject: str
    email: str


def verify_id_token(
    token: str, keys: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, now: datetime
) -> Mapping[str, Any]:
    """
    Return the claims of the token.

    `keys` is the provider's JSON Web Key Set, `nonce` the one of our request. Raises InvalidToken, or UnknownKey.
    """
    try:
        key = _find_key(token, keys)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=issuer,
            audience=client_id,
            leeway=CLOCK_SKEW,
            options={"require": list(REQUIRED)},
        )
        age = now.timestamp() - float(claims["iat"])
    except (jwt.PyJWTError, *UNREADABLE) as problem:
        raise InvalidToken(f"{type(problem).__name__}: {problem}") from problem
    if claims["aud"] not in (client_id, [client_id]):
        raise InvalidToken("the token is for others, too")
    if not is_same_text(claims["nonce"], nonce):
        raise InvalidToken("the nonce is of another request")
    if age > MAX_AGE.total_seconds():
        raise InvalidToken("the token is too old")
    if not _is_name(claims["sub"], MAX_SUBJECT):
        raise InvalidToken("the token names nobody")
    return claims


def is_same_text(given: object, wanted: str) -> bool:
    """Compare untrusted text in constant time; it may have halves of surrogate pairs."""
    return hmac.compare_digest(str(given).encode(errors="replace"), wanted.encode())


def _is_name(given: object, limit: int) -> TypeGuard[str]:
    """Return whether a database can store it, and nobody would mistake it for another one."""
    return isinstance(given, str) and 0 < len(given) <= limit and given.isprintable()


def _find_key(token: str, keys: Mapping[str, Any]) -> "jwt.PyJWK":
    """
    The key that the token names, or the only one.

    Raises UnknownKey, InvalidToken or PyJWTError.
    """
    wanted = jwt.get_unverified_header(token).get("kid")
    known = [(each, ALGORITHMS.get((each.get("kty"), each.get("crv")))) for each in _entries(keys)]
    found = [(each, name) for each, name in known if name and (wanted is None or each.get("kid") == wanted)]
    if not found or (wanted is None and len(found) > 1):
        raise UnknownKey("the token's key is not among the provider's")
    return jwt.PyJWK(found[0][0], algorithm=found[0][1])


def _entries(keys: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = keys.get("keys")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def read_slack_identity(claims: Mapping[str, Any]) -> SlackIdentity:
    """Raises InvalidToken."""
    user_id = claims.get(f"{SLACK_CLAIM}user_id", claims["sub"])
    if user_id != claims["sub"] or not isinstance(user_id, str):
        raise InvalidToken("the token names two people")
    teams = (claims.get(f"{SLACK_CLAIM}{name}") for name in ("team_id", "enterprise_id"))
    return SlackIdentity(user_id, frozenset(each for each in teams if isinstance(each, str) and each))


def read_company_identity(claims: Mapping[str, Any]) -> CompanyIdentity:
    """
    Read the person from the claims.

    Raises InvalidToken without an address that the provider confirmed: anybody could enter a colleague's.
    """
    subject, email = claims["sub"], claims.get("email")
    if not _is_name(email, MAX_EMAIL) or "@" not in email:
        raise InvalidToken("the provider sent no e-mail address")
    if claims.get("email_verified") is not True:
        raise InvalidToken("the provider did not confirm the e-mail address")
    return CompanyIdentity(str(claims["iss"]), subject, email)
