"""A provider that answers slowly, in pieces, or with values that nobody can use."""

import asyncio
import base64
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from bot.web.auth.identity_tokens import InvalidToken, read_company_identity
from bot.web.auth.openid import MAX_CALLS, Attempt, Client, OpenIdClient, ProviderUnavailable

HALF = "\ud800"
ATTEMPT = Attempt("state", "nonce", "verifier")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)


class Provider:
    """`answers` and `claims` replace what it says; `pieces`: in how many an answer arrives."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.pieces = 1
        self.opened = asyncio.Event()
        self.opened.set()
        self.calls: Counter[str] = Counter()
        self.most_at_once = 0
        self._at_once = 0
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self.server = TestServer(app)

    @property
    def issuer(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    @property
    def client(self) -> Client:
        return Client(self.issuer, "dogwatch", "secret", "https://dogwatch.example/callback", "openid email")

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name = request.path.rpartition("/")[2]
        self.calls[name] += 1
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await self.opened.wait()
        self._at_once -= 1
        body = json.dumps(self._find_answer(name)).encode()
        response = web.StreamResponse(headers={"Content-Length": str(len(body))})
        await response.prepare(request)
        size = -(-len(body) // self.pieces)
        for first in range(0, len(body), size):
            await response.write(body[first : first + size])
            await asyncio.sleep(0.01 if self.pieces > 1 else 0)
        return response

    def _find_answer(self, name: str) -> Mapping[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "ana",
            "aud": "dogwatch",
            "iat": now,
            "exp": now + 300,
            "nonce": "nonce",
            "email": "ana@example.com",
            "email_verified": True,
            **self.claims,
        }
        answer = {
            "openid-configuration": {
                "issuer": self.issuer,
                **{f"{each}_endpoint": f"{self.issuer}/{each}" for each in ("authorization", "token", "userinfo")},
                "jwks_uri": f"{self.issuer}/keys",
            },
            "keys": {"keys": [PUBLIC]},
            "token": {"access_token": "access", "id_token": jwt.encode(claims, KEY, algorithm="RS256")},
            "userinfo": {"sub": "ana"},
        }[name]
        return {**answer, **self.answers.get(name, {})}


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    found = Provider()
    await found.server.start_server()
    yield found
    found.opened.set()
    await found.server.close()


def now() -> datetime:
    return datetime.now(UTC)


async def signs_in(provider: Provider, client: OpenIdClient | None = None) -> str:
    """Sign in, and return the subject."""
    client = client or OpenIdClient()
    await client.authorization_url(provider.client, ATTEMPT, now())
    claims = await client.identify(provider.client, ATTEMPT, "code", now())
    return read_company_identity(claims).subject


async def test_an_answer_may_arrive_in_pieces(provider: Provider) -> None:
    provider.pieces = 5

    assert await signs_in(provider) == "ana"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("openid-configuration", {"authorization_endpoint": "http://localhost/\r\nSet-Cookie: a=b"}),
        ("openid-configuration", {"authorization_endpoint": "http://localhost/\0"}),
        ("openid-configuration", {"authorization_endpoint": "http://[::"}),
        ("openid-configuration", {"authorization_endpoint": 5}),
        ("openid-configuration", {"token_endpoint": "http://localhost:99999999/"}),
        ("openid-configuration", {"jwks_uri": f"http://localhost/{HALF}"}),
        ("openid-configuration", {"pad": "x" * 300_000}),
        ("keys", {"keys": [{"kty": [], "crv": {}}]}),
        ("keys", {"keys": [{**PUBLIC, "n": 5}]}),
        ("token", {"id_token": f"{HALF}.a.b"}),
        ("token", {"id_token": base64.urlsafe_b64encode(b"[" * 50_000).decode() + ".a.b"}),
        ("token", {"id_token": "", "error": "x" * 200_000}),
    ],
)
async def test_an_answer_that_nobody_can_use_is_refused(provider: Provider, name: str, answer: dict[str, Any]) -> None:
    provider.answers[name] = answer

    with pytest.raises((ProviderUnavailable, InvalidToken)) as refusal:
        await signs_in(provider)
    assert len(str(refusal.value)) < 300


async def test_a_query_of_the_address_is_kept(provider: Provider) -> None:
    """RFC 6749, 3.1: the authorization endpoint may have one."""
    provider.answers["openid-configuration"] = {"authorization_endpoint": "http://localhost/sign-in?tenant=ours"}

    url = urlsplit(await OpenIdClient().authorization_url(provider.client, ATTEMPT, now()))

    fields = parse_qs(url.query)
    assert url.path == "/sign-in"
    assert (fields["tenant"], fields["response_type"], fields["state"]) == (["ours"], ["code"], [ATTEMPT.state])


@pytest.mark.parametrize("value", [5, "S256", None, {"S256": 1}])
async def test_a_list_of_methods_that_is_none_names_none(provider: Provider, value: Any) -> None:
    names = ("code_challenge_methods_supported", "token_endpoint_auth_methods_supported")
    provider.answers["openid-configuration"] = dict.fromkeys(names, value)
    url = await OpenIdClient().authorization_url(provider.client, ATTEMPT, now())

    assert "code_challenge" not in parse_qs(urlsplit(url).query)
    assert await signs_in(provider) == "ana"


@pytest.mark.parametrize(
    "claims",
    [
        {"iat": -(10**400)},
        {"iat": float("inf")},
        {"nonce": HALF},
        {"nonce": ["nonce"]},
        {"sub": HALF},
        {"sub": "a\0b"},
        {"sub": "x" * 256},
        {"sub": 5},
        {"email": f"{HALF}@example.com"},
        {"email": f"{'a' * 400}@example.com"},
    ],
)
async def test_a_claim_that_nobody_can_use_signs_nobody_in(provider: Provider, claims: dict[str, Any]) -> None:
    provider.claims = claims

    with pytest.raises(InvalidToken):
        await signs_in(provider)


async def test_many_who_sign_in_at_a_silent_provider_wait_for_one_answer(provider: Provider) -> None:
    client = OpenIdClient()
    provider.opened.clear()
    asked = [asyncio.create_task(client.authorization_url(provider.client, ATTEMPT, now())) for _ in range(50)]
    while not provider.calls:
        await asyncio.sleep(0)
    provider.opened.set()

    assert len(await asyncio.gather(*asked)) == 50
    assert provider.calls == {"openid-configuration": 1, "keys": 1}


async def test_few_calls_are_on_their_way_at_once(provider: Provider) -> None:
    client = OpenIdClient()
    await client.authorization_url(provider.client, ATTEMPT, now())
    provider.opened.clear()
    asked = [asyncio.create_task(signs_in(provider, client)) for _ in range(3 * MAX_CALLS)]
    while provider.calls["token"] < MAX_CALLS:
        await asyncio.sleep(0.01)
    provider.opened.set()

    assert await asyncio.gather(*asked) == ["ana"] * 3 * MAX_CALLS
    assert provider.most_at_once == MAX_CALLS
