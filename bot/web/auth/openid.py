"""The client's side of OpenID Connect: provider, authorization, exchange of the code."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import aiohttp

from bot.lazy_dataclass import dataclass
from bot.runtime.http_body import read_beginning
from bot.web.auth.identity_tokens import InvalidToken, UnknownKey, is_same_text, verify_id_token

TIMEOUT_SECONDS = 8.0
MAX_ANSWER_BYTES = 256 * 1024
PROVIDER_LIFETIME = timedelta(hours=1)
"""The provider's description and keys are read again after this time, and for a key that is not among them."""
MAX_CALLS = 8
"""Calls to a provider at the same time: anybody may begin to sign in, and each call takes a file descriptor."""
MAX_REASON = 100


class ProviderUnavailable(Exception):
    """The provider does not answer as OpenID Connect demands. The message is for the log."""


@dataclass(frozen=True, slots=True)
class Provider:
    """
    A provider's description of itself, and its keys as of `read_at`.

    `has_secret_in_form`: it takes our secret as a field, not by HTTP Basic only.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str | None
    has_pkce: bool
    has_secret_in_form: bool
    keys: Mapping[str, Any]
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Client:
    """Ourselves, as the provider knows us."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str
    scopes: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """The secrets of one attempt to sign in, which only its browser and we know."""

    state: str
    nonce: str
    verifier: str


class OpenIdClient:
    """
    Talks to one provider at a time. `now` is real time: tokens age by it.

    Everybody who signs in while the provider describes itself waits for the same answer.
    """

    def __init__(self) -> None:
        self._provider: Provider | None = None
        self._reading: tuple[str, asyncio.Task[Provider]] | None = None
        self._calls = asyncio.Semaphore(MAX_CALLS)

    async def authorization_url(self, client: Client, attempt: Attempt, now: datetime) -> str:
        """The provider's address that asks the person. Raises ProviderUnavailable."""
        provider = await self._find_provider(client, now)
        query = {
            "response_type": "code",
            "scope": client.scopes,
            "client_id": client.client_id,
            "redirect_uri": client.redirect_uri,
            "state": attempt.state,
            "nonce": attempt.nonce,
        }
        if provider.has_pkce:
            query |= {"code_challenge": code_challenge(attempt.verifier), "code_challenge_method": "S256"}
        separator = "&" if urlsplit(provider.authorization_endpoint).query else "?"
        return f"{provider.authorization_endpoint}{separator}{urlencode(query)}"

    async def identify(self, client: Client, attempt: Attempt, code: str, now: datetime) -> Mapping[str, Any]:
        """
        Exchange the code for the id token, check it, and return its claims.

        Raises ProviderUnavailable or InvalidToken.
        """
        provider = await self._find_provider(client, now)
        answer = await self._exchange(provider, client, attempt, code)
        token = answer.get("id_token")
        if answer.get("ok") is False or not isinstance(token, str):
            reason = str(answer.get("error", "no id token"))[:MAX_REASON]
            raise InvalidToken(f"the code was refused: {reason}")
        try:
            claims = self._verify(token, provider, client, attempt, now)
        except UnknownKey:  # the provider may have changed its keys
            self._provider = None
            provider = await self._find_provider(client, now)
            claims = self._verify(token, provider, client, attempt, now)
        return await self._add_email(claims, provider, client, answer.get("access_token"))

    async def _exchange(self, provider: Provider, client: Client, attempt: Attempt, code: str) -> Mapping[str, Any]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri}
        if provider.has_pkce:
            form["code_verifier"] = attempt.verifier
        if provider.has_secret_in_form:
            form |= {"client_id": client.client_id, "client_secret": client.client_secret}
            return await self._fetch_json(provider.token_endpoint, form)
        login = aiohttp.encode_basic_auth(quote(client.client_id, safe=""), quote(client.client_secret, safe=""))
        return await self._fetch_json(provider.token_endpoint, form, authorization=login)

    @staticmethod
    def _verify(token: str, provider: Provider, client: Client, attempt: Attempt, now: datetime) -> Mapping[str, Any]:
        return verify_id_token(
            token, provider.keys, issuer=provider.issuer, client_id=client.client_id, nonce=attempt.nonce, now=now
        )

    async def _find_provider(self, client: Client, now: datetime) -> Provider:
        known = self._provider
        if known is not None and known.issuer == client.issuer and now - known.read_at < PROVIDER_LIFETIME:
            return known
        if self._reading is None or self._reading[0] != client.issuer or self._reading[1].done():
            self._reading = client.issuer, asyncio.create_task(self._read_provider(client.issuer, now))
        self._provider = await asyncio.shield(self._reading[1])
        return self._provider

    async def _read_provider(self, issuer: str, now: datetime) -> Provider:
        told = await self._fetch_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != issuer:
            raise ProviderUnavailable("the provider names another issuer")
        return Provider(
            issuer,
            _endpoint(told, "authorization_endpoint"),
            _endpoint(told, "token_endpoint"),
            _endpoint(told, "userinfo_endpoint") if told.get("userinfo_endpoint") is not None else None,
            _supports(told, "code_challenge_methods_supported", "S256"),
            _supports(told, "token_endpoint_auth_methods_supported", "client_secret_post"),
            await self._fetch_json(_endpoint(told, "jwks_uri")),
            now,
        )

    async def _add_email(
        self, claims: Mapping[str, Any], provider: Provider, client: Client, access_token: object
    ) -> Mapping[str, Any]:
        """
        The claims, with the address from the user info if the token has none.

        Source: OpenID Connect Core 1.0, 5.3.2 and 5.4. Raises ProviderUnavailable or InvalidToken.
        """
        is_wanted = "email" in client.scopes.split() and "email" not in claims
        if not is_wanted or provider.userinfo_endpoint is None or not isinstance(access_token, str):
            return claims
        told = await self._fetch_json(provider.userinfo_endpoint, authorization=f"Bearer {access_token}")
        if not is_same_text(told.get("sub"), claims["sub"]):
            raise InvalidToken("the user info is of another person")
        return {**claims, **{name: told[name] for name in ("email", "email_verified") if name in told}}

    async def _fetch_json(
        self, url: str, form: Mapping[str, str] | None = None, *, authorization: str | None = None
    ) -> dict[str, Any]:
        """
        GET, or POST of a form, without redirects.

        Raises ProviderUnavailable, also if the calls before it take too long.
        """
        method, status = "GET" if form is None else "POST", 0
        headers = {"Authorization": authorization} if authorization else {}
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                self._calls,
                aiohttp.ClientSession() as http,
                http.request(method, url, data=form, headers=headers, allow_redirects=False) as answer,
            ):
                status, body = answer.status, await read_beginning(answer, MAX_ANSWER_BYTES)
            found = json.loads(body) if status in {200, 400, 401} else None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, RecursionError) as problem:
            raise ProviderUnavailable(f"{method} {urlsplit(url).path}: {type(problem).__name__}") from problem
        if not isinstance(found, dict):
            raise ProviderUnavailable(f"{method} {urlsplit(url).path}: HTTP {status}")
        return found


def code_challenge(verifier: str) -> str:
    """The challenge of PKCE (RFC 7636) by `S256`."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def issuer_of(api_url: str) -> str:
    """The issuer of a Slack, from the address of its Web API: `https://slack.com/api/`."""
    return api_url.rstrip("/").removesuffix("/api")


def _endpoint(told: Mapping[str, Any], name: str) -> str:
    """An address of the provider, with TLS if the provider has it. Raises ProviderUnavailable."""
    found, issuer = str(told.get(name)), urlsplit(str(told.get("issuer")))
    try:
        parts = urlsplit(found)
    except ValueError:
        parts = urlsplit("")
    is_plain = found.isascii() and found.isprintable() and " " not in found
    if not is_plain or parts.scheme != issuer.scheme or not parts.hostname:
        raise ProviderUnavailable(f"the provider's {name} is missing, not an address, or has another scheme")
    return found


def _supports(told: Mapping[str, Any], name: str, method: str) -> bool:
    found = told.get(name)
    return isinstance(found, list) and method in found
