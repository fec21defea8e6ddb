"""Sign in at a company's own provider: a real one, whose people Slack knows by their e-mail address."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from oidc_provider_mock import run_server_in_thread
from oidc_provider_mock._app import OpenIDCode
from pydantic import SecretStr

from bot.services.privacy import erase_person
from bot.services.web_pages.provider_sign_in import find_linked_user
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import World

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
"""The provider's own, on its thread."""
ENGINEER = "U0ENGINEER"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with run_server_in_thread(require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def company(world: World, issuer: str) -> World:
    secret = SecretStr("secret of the app")
    provider = {"oidc_issuer": issuer, "oidc_client_id": "dogwatch", "oidc_client_secret": secret}
    settings = world.bot.settings.model_copy(update={**provider, "oidc_name": "Example ID"})
    world.bot.configuration.replace(settings)
    return world


def gives(issuer: str, subject: str, **claims: Any) -> None:
    """Set what the provider says of a person."""
    body = json.dumps(claims).encode()
    call = urllib.request.Request(f"{issuer}/users/{subject}", body, {"Content-Type": "application/json"}, method="PUT")
    with urllib.request.urlopen(call):
        pass


async def signs_in(visitor: Visitor, subject: str, following: str = "/") -> Answer:
    """Choose the way of the company, say at the provider who one is, and come back."""
    asked = await visitor.opens(f"/sign-in/company?next={following}")
    assert asked.status == 303, asked.words
    async with visitor.http.post(asked.location, data={"sub": subject}, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        return await visitor.opens(answer.headers["Location"])


def email_of(world: World, user_id: str = ENGINEER) -> str:
    return str(world.sandbox.workspace.user(user_id).email)


async def test_a_member_signs_in_with_the_company_account(company: World, issuer: str) -> None:
    gives(issuer, "ana-1", email=email_of(company), email_verified=True)
    async with Visitor(company) as ana:
        page = await ana.opens("/sign-in?next=/incidents/INC-7")
        asked = await ana.opens("/sign-in/company")
        answer = await signs_in(ana, "ana-1", "/incidents/INC-7")

        assert "Sign in with Example ID" in page.words
        assert {"state", "nonce", "scope"} <= set(parse_qs(urlsplit(asked.location).query))
        assert (answer.status, answer.location) == (303, "/incidents/INC-7")
        assert (await ana.opens("/")).status == 200
    assert (ENGINEER, "signed in") in await company.audited()


async def test_the_address_is_taken_from_the_user_info_if_the_token_has_none(
    company: World, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gives(issuer, "ana-7", email=email_of(company), email_verified=True)
    monkeypatch.setattr(OpenIDCode, "generate_user_info", lambda _self, user, _scope: {"sub": user.sub})
    async with Visitor(company) as ana:
        assert (await signs_in(ana, "ana-7")).status == 303

    gives(issuer, "ana-8", sub="ana-7", email=email_of(company), email_verified=True)
    monkeypatch.setattr(OpenIDCode, "generate_user_info", lambda _self, _user, _scope: {"sub": "somebody else"})
    async with Visitor(company) as stranger:
        assert (await signs_in(stranger, "ana-8")).status == 403


async def test_afterwards_slack_may_be_away_and_the_address_may_change(company: World, issuer: str) -> None:
    gives(issuer, "ana-2", email=email_of(company), email_verified=True)
    async with Visitor(company) as ana:
        assert (await signs_in(ana, "ana-2")).status == 303
    gives(issuer, "ana-2", email="renamed@example.com", email_verified=True)
    company.sandbox.fault("error", "users.lookupByEmail", error="internal_error")
    async with Visitor(company) as ana:
        assert (await signs_in(ana, "ana-2")).status == 303
        assert (await ana.opens("/")).status == 200


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"email_verified": False}, "Example ID did not confirm who you are"),
        ({"email_verified": "true"}, "Example ID did not confirm who you are"),
        ({}, "Example ID did not confirm who you are"),
        ({"email": "", "email_verified": True}, "Example ID did not confirm who you are"),
        ({"email": "stranger@example.com", "email_verified": True}, "Slack knows nobody by the e-mail address"),
    ],
    ids=["not verified", "text for true", "nothing said", "no address", "stranger"],
)
async def test_an_account_that_proves_no_member_signs_nobody_in(
    company: World, issuer: str, claims: dict[str, Any], message: str
) -> None:
    gives(issuer, "ana-3", **({"email": email_of(company)} | claims))
    async with Visitor(company) as visitor:
        answer = await signs_in(visitor, "ana-3")

        assert answer.status == 403
        assert message in answer.words
        assert (await visitor.opens("/")).status == 303


async def test_a_guest_does_not_sign_in(company: World, issuer: str) -> None:
    gives(issuer, "guest", email=email_of(company, "U0GUEST"), email_verified=True)
    async with Visitor(company) as guest:
        assert (await signs_in(guest, "guest")).status == 403


async def test_the_first_time_needs_slack_and_says_so(company: World, issuer: str) -> None:
    gives(issuer, "ana-4", email=email_of(company), email_verified=True)
    company.sandbox.fault("error", "users.lookupByEmail", error="internal_error")
    async with Visitor(company) as ana:
        answer = await signs_in(ana, "ana-4")

        assert answer.status == 503
        assert "your first sign-in needs it" in answer.words


async def test_an_attempt_at_the_company_is_none_at_slack(company: World, issuer: str) -> None:
    gives(issuer, "ana-5", email=email_of(company), email_verified=True)
    async with Visitor(company) as ana:
        asked = await ana.opens("/sign-in/company")
        async with ana.http.post(asked.location, data={"sub": "ana-5"}, allow_redirects=False) as answer:
            query = urlsplit(answer.headers["Location"]).query
        mixed_up = await ana.opens(f"/sign-in/slack/callback?{query}")

        assert mixed_up.status == 403
        assert "unknown or too old" in mixed_up.words


async def test_an_erased_person_has_no_identity_left(company: World, issuer: str) -> None:
    gives(issuer, "ana-6", email=email_of(company), email_verified=True)
    async with Visitor(company) as ana:
        assert (await signs_in(ana, "ana-6")).status == 303
    database = company.bot.database
    assert await database.read(find_linked_user, issuer, "ana-6") == ENGINEER
    await database.run(erase_person, ENGINEER, former_id="U0FORMER1", at=company.now)

    assert await database.read(find_linked_user, issuer, "ana-6") is None
