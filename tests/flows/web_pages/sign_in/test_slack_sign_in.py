"""Sign in with Slack: the right person, once, and nobody by a forged answer."""

import time
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.sandbox.openid import key_id
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import World

ENGINEER = "U0ENGINEER"


async def goes_to_slack(visitor: Visitor, following: str = "/") -> str:
    """Press *Sign in with Slack*; returns the address in Slack."""
    async with visitor.http.get(
        f"{visitor.world.url}/sign-in/slack", params={"next": following}, allow_redirects=False
    ) as answer:
        assert answer.status == 303
        return answer.headers["Location"]


async def chooses(visitor: Visitor, address: str, user_id: str = ENGINEER) -> str:
    """Choose a person in the local Slack; returns the address of our callback."""
    answer = await visitor.opens(f"{address}&user={user_id}")
    assert answer.status == 302, answer.text
    return answer.location


async def signs_in(visitor: Visitor, user_id: str = ENGINEER, following: str = "/") -> Answer:
    return await visitor.opens(await chooses(visitor, await goes_to_slack(visitor, following), user_id))


async def is_signed_in(visitor: Visitor) -> bool:
    return (await visitor.opens("/sign-in")).status == 303


async def test_a_member_signs_in_with_slack(world: World) -> None:
    async with Visitor(world) as ana:
        page = await ana.opens("/sign-in?next=/incidents/INC-7")
        assert "/sign-in/slack?next=/incidents/INC-7" in page.text
        address = await goes_to_slack(ana, "/incidents/INC-7")
        people = await ana.opens(address)
        answer = await ana.opens(await chooses(ana, address))

        assert "Engineer" in people.words
        assert "Slackbot" not in people.words
        assert (answer.status, answer.location) == (303, "/incidents/INC-7")
        assert await is_signed_in(ana)
    assert (ENGINEER, "signed in") in await world.audited()


async def test_the_request_has_state_nonce_and_pkce(world: World) -> None:
    async with Visitor(world) as ana:
        first = parse_qs(urlsplit(await goes_to_slack(ana)).query)
        second = parse_qs(urlsplit(await goes_to_slack(ana)).query)

    assert first["redirect_uri"] == [f"{world.url}/sign-in/slack/callback"]
    assert first["code_challenge_method"] == ["S256"]
    for secret in ("state", "nonce", "code_challenge"):
        assert len(first[secret][0]) >= 43
        assert first[secret] != second[secret]


@pytest.mark.parametrize("who", ["U0GUEST", "U0DOGWATCH"])
async def test_guests_and_bots_do_not_sign_in(world: World, who: str) -> None:
    async with Visitor(world) as visitor:
        answer = await signs_in(visitor, who)

        assert answer.status == 403
        assert not await is_signed_in(visitor)


async def test_a_person_of_another_workspace_does_not_sign_in(world: World) -> None:
    world.sandbox.openid.claims = {"https://slack.com/team_id": "T0ELSEWHERE"}
    async with Visitor(world) as visitor:
        answer = await signs_in(visitor)

        assert answer.status == 403
        assert "another Slack workspace" in answer.words
        assert not await is_signed_in(visitor)


async def test_a_person_of_the_organisation_belongs_to_it(world: World) -> None:
    world.sandbox.openid.claims = {
        "https://slack.com/team_id": "T0OTHER",
        "https://slack.com/enterprise_id": world.sandbox.team_id,
    }
    async with Visitor(world) as visitor:
        assert (await signs_in(visitor)).status == 303


COLLECTED, DAY = int(time.time()), 86_400
"""Seconds: a run of all tests may take more than an hour."""
FORGED = {
    "issuer": {"iss": "https://evil.example"},
    "audience": {"aud": "another-client"},
    "audiences": {"aud": ["another-client", "ours"]},
    "nonce": {"nonce": "of-another-request"},
    "expired": {"exp": COLLECTED - DAY},
    "old": {"iat": COLLECTED - DAY, "exp": COLLECTED + DAY},
    "future": {"iat": COLLECTED + DAY, "exp": COLLECTED + 2 * DAY},
    "two people": {"https://slack.com/user_id": "U0DBA"},
    "no person": {"sub": "", "https://slack.com/user_id": ""},
}


@pytest.mark.parametrize("claims", FORGED.values(), ids=FORGED)
async def test_a_token_that_proves_nothing_signs_nobody_in(world: World, claims: dict[str, object]) -> None:
    world.sandbox.openid.claims = claims
    async with Visitor(world) as visitor:
        answer = await signs_in(visitor)

        assert answer.status == 403
        assert not await is_signed_in(visitor)


@pytest.mark.parametrize("forgery", ["other key, same id", "unknown key", "none", "hmac", "garbage"])
async def test_a_forged_signature_signs_nobody_in(world: World, forgery: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider's own address answers with a token that its key did not sign."""
    provider, stranger = world.sandbox.openid, rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = {"iss": world.sandbox.base_url, "sub": ENGINEER, "aud": provider.client_id, "nonce": "x"}
    claims |= {"iat": int(time.time()), "exp": int(time.time()) + 300}
    claims |= {"https://slack.com/team_id": world.sandbox.team_id}

    def sign(grant: object) -> str:
        own = claims | {"nonce": grant.query["nonce"]}  # type: ignore[attr-defined]
        kid = {"kid": key_id(provider.key)}
        return {
            "other key, same id": lambda: jwt.encode(own, stranger, "RS256", headers=kid),
            "unknown key": lambda: jwt.encode(own, stranger, "RS256", headers={"kid": key_id(stranger)}),
            "none": lambda: jwt.encode(own, None, "none", headers=kid),
            "hmac": lambda: jwt.encode(own, "a public text as a secret, long enough", "HS256", headers=kid),
            "garbage": lambda: "a.b.c",
        }[forgery]()

    monkeypatch.setattr(provider, "_sign", sign)
    async with Visitor(world) as visitor:
        answer = await signs_in(visitor)

        assert answer.status == 403
        assert "Slack did not confirm who you are" in answer.words
        assert not await is_signed_in(visitor)


async def test_the_providers_new_key_is_read_at_once(world: World) -> None:
    async with Visitor(world) as ana:
        assert (await signs_in(ana)).status == 303
        del world.sandbox.openid.key

        assert (await signs_in(ana)).status == 303


async def test_an_answer_counts_once_and_in_its_own_browser(world: World) -> None:
    async with Visitor(world) as ana, Visitor(world) as victim:
        callback = await chooses(ana, await goes_to_slack(ana))
        injected = await victim.opens(callback)
        answer = await ana.opens(callback)
        again = await ana.opens(callback)

        assert injected.status == 403, "nobody is signed in as somebody else by a link"
        assert not await is_signed_in(victim)
        assert answer.status == 303
        assert again.status == 403


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?code=x&state=", "?code=x&state=wrong", "?error=access_denied&state=wrong"]
)
async def test_an_answer_without_the_attempts_state_is_refused(world: World, query: str) -> None:
    async with Visitor(world) as visitor:
        await goes_to_slack(visitor)

        assert (await visitor.opens(f"/sign-in/slack/callback{query}")).status == 403
        assert not await is_signed_in(visitor)


async def test_a_person_may_decline_in_slack(world: World) -> None:
    async with Visitor(world) as visitor:
        state = parse_qs(urlsplit(await goes_to_slack(visitor)).query)["state"][0]

        answer = await visitor.opens(f"/sign-in/slack/callback?error=access_denied&state={state}")

        assert answer.status == 403
        assert not await is_signed_in(visitor)


async def test_the_first_session_ends_with_the_second(world: World) -> None:
    async with Visitor(world) as ana:
        await signs_in(ana)
        first = ana.session
        await signs_in(ana)

        assert first != ana.session
        assert len((await world.tables())["web_session"]) == 1


async def test_signing_in_with_slack_leads_to_no_other_site(world: World) -> None:
    async with Visitor(world) as ana:
        assert (await signs_in(ana, following="//evil.example")).location == "/"


async def test_while_slack_is_away_the_page_says_what_to_do(world: World) -> None:
    async with Visitor(world) as ana:
        await world.sandbox.stop()

        answer = await ana.opens("/sign-in/slack")

        assert answer.status == 503
        assert "dogwatch login-link" in answer.words


async def test_it_is_offered_only_where_it_is_set_up(world: World) -> None:
    settings = world.bot.settings.model_copy(update={"slack_client_id": None, "slack_client_secret": None})
    world.bot.configuration.replace(settings)
    async with Visitor(world) as ana:
        assert "Sign in with Slack" not in (await ana.opens("/sign-in")).text
        assert (await ana.opens("/sign-in/slack")).status == 404
        assert (await ana.opens("/sign-in/slack/callback?code=x&state=y")).status == 404
