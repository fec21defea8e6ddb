"""
Sign in with Slack: the provider's side of OpenID Connect.

The page asks who signs in and believes it. Codes work once, for the same client, address and PKCE verifier. Tokens have
real time, as signatures do.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from html import escape
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from bot.sandbox.workspace.records import Json, User
from bot.sandbox.workspace.workspace import Workspace

CODE_SECONDS = 600
TOKEN_SECONDS = 300
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HEADERS = {
    "Content-Security-Policy": "default-src 'self'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Grant:
    """The person and request of a code. `at` is monotonic, in seconds."""

    user: User
    query: dict[str, str]
    at: float


class OpenIdProvider:
    """
    The endpoints. `workspace` returns the current one.

    `client_id` and `client_secret` are the app's; `claims` overrides those of the id tokens, for tests of the app.
    """

    def __init__(self, workspace: Callable[[], Workspace], base_url: Callable[[], str]) -> None:
        self._workspace = workspace
        self._base_url = base_url
        self._codes: dict[str, Grant] = {}
        self.client_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}"
        self.client_secret = secrets.token_hex(16)
        self.claims: Json = {}

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        """The signing key, made when it is first needed."""
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/.well-known/openid-configuration", self.describe),
            web.get("/openid/connect/keys", self.list_keys),
            web.get("/openid/connect/authorize", self.authorize),
            web.post("/api/openid.connect.token", self.exchange),
        ]

    async def describe(self, _request: web.Request) -> web.Response:
        base = self._base_url()
        return web.json_response(
            {
                "issuer": base,
                "authorization_endpoint": f"{base}/openid/connect/authorize",
                "token_endpoint": f"{base}/api/openid.connect.token",
                "jwks_uri": f"{base}/openid/connect/keys",
                "scopes_supported": ["openid", "profile", "email"],
                "response_types_supported": ["code"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def list_keys(self, _request: web.Request) -> web.Response:
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return web.json_response({"keys": [{**public, "kid": key_id(self.key), "alg": "RS256", "use": "sig"}]})

    async def authorize(self, request: web.Request) -> web.Response:
        """Ask who signs in; with `user`, send them back with a code."""
        query = dict(request.query)
        problem = self._find_problem(query)
        if problem is not None:
            return web.Response(status=HTTPStatus.BAD_REQUEST, text=problem)
        user = self._workspace().users.get(query.pop("user", ""))
        if user is None:
            return web.Response(text=self._people_page(query), content_type="text/html", headers=HEADERS)
        code = secrets.token_urlsafe(24)
        self._codes[code] = Grant(user, query, time.monotonic())
        answer = urlencode({"code": code, "state": query.get("state", "")})
        return web.Response(status=HTTPStatus.FOUND, headers={"Location": f"{query['redirect_uri']}?{answer}"})

    def _find_problem(self, query: dict[str, str]) -> str | None:
        """Why Slack would not ask; None if it would."""
        if query.get("client_id") != self.client_id:
            return "invalid_client_id"
        if urlsplit(query.get("redirect_uri", "")).hostname not in LOOPBACK:
            return "bad_redirect_uri: the local Slack sends people back to this machine only"
        if query.get("response_type") != "code" or "openid" not in query.get("scope", "").split():
            return "invalid_scope"
        return None

    def _people_page(self, query: dict[str, str]) -> str:
        people = [each for each in self._workspace().users.values() if not (each.is_bot or each.deleted)]
        items = "".join(
            f'<li><a href="?{escape(urlencode({**query, "user": each.id}))}">{escape(each.real_name)}</a></li>'
            for each in people
            if each.id != "USLACKBOT"
        )
        return (
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Sign in with the local Slack</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<link rel="stylesheet" href="/static/styles/sign_in.css"></head><body><main>'
            f"<h1>Sign in to {escape(self._workspace().team.name)}</h1>"
            f"<p>Choose who you are. The local Slack asks for no password.</p><ul>{items}</ul></main></body></html>"
        )

    async def exchange(self, request: web.Request) -> web.Response:
        """The id token for a code, as `openid.connect.token` answers."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        grant = self._codes.pop(form.get("code", ""), None)
        error = self._find_refusal(form, grant)
        if error is not None or grant is None:
            return web.json_response({"ok": False, "error": error})
        answer = {"ok": True, "access_token": "xoxp-sandbox", "token_type": "Bearer", "id_token": self._sign(grant)}
        return web.json_response(answer)

    def _find_refusal(self, form: dict[str, str], grant: Grant | None) -> str | None:
        client = (form.get("client_id"), form.get("client_secret"))
        if client != (self.client_id, self.client_secret):
            return "bad_client_secret"
        if grant is None or time.monotonic() - grant.at > CODE_SECONDS:
            return "invalid_code"
        if form.get("redirect_uri") != grant.query["redirect_uri"]:
            return "bad_redirect_uri"
        challenge = grant.query.get("code_challenge")
        if challenge is not None and challenge != challenge_of(form.get("code_verifier", "")):
            return "invalid_code_verifier"
        return None

    def _sign(self, grant: Grant) -> str:
        now, team = int(time.time()), self._workspace().team
        claims: dict[str, Any] = {
            "iss": self._base_url(),
            "sub": grant.user.id,
            "aud": self.client_id,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "nonce": grant.query.get("nonce"),
            "name": grant.user.real_name,
            "https://slack.com/user_id": grant.user.id,
            "https://slack.com/team_id": team.id,
            **self.claims,
        }
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": key_id(self.key)})


def key_id(key: rsa.RSAPrivateKey) -> str:
    """A name for a key that changes with it."""
    return hashlib.sha256(str(key.public_key().public_numbers().n).encode()).hexdigest()[:16]


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
