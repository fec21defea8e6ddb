"""Sign in to the pages by a one-time link, stay signed in, sign out."""

import os
import sys
from asyncio import create_subprocess_exec, subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config.crypto import login_link
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World

ROOT = Path(__file__).parents[4]
ENGINEER = "U0ENGINEER"


async def login_command(world: World, person: str) -> tuple[int, str, str]:
    """`dogwatch login-link` as a process of its own, beside the running bot."""
    base = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    process = await create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "login-link", person),
        cwd=ROOT,
        env={**base, **world.environment(), "DOGWATCH_PORT": str(world.bot.port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    return int(process.returncode or 0), out.decode().strip(), err.decode()


async def test_an_operator_prints_a_link_that_signs_a_person_in_once(world: World) -> None:
    await world.types("engineer", "/incident help", "ops")

    code, link, problem = await login_command(world, "@engineer")
    assert (code, problem) == (0, "")
    async with Visitor(world) as ana, Visitor(world) as thief:
        asked = await ana.opens(link)
        assert "Sign in as" in asked.words
        assert ana.session is None, "opening the link signs nobody in: programs fetch links for previews"
        answer = await ana.sends(link)
        replayed = await thief.sends(link)

        assert (answer.status, answer.location) == (303, "/")
        assert (await ana.opens("/sign-in")).status == 303, "she is signed in"
        assert replayed.status == 403
        assert "used before" in replayed.words
        assert thief.session is None
    assert (ENGINEER, "signed in") in await world.audited()


async def test_a_link_is_for_people_whom_dogwatch_knows(world: World) -> None:
    code, _, problem = await login_command(world, "@nobody-of-this-name")

    assert code == 2
    assert "Nobody is known as @nobody-of-this-name" in problem


@pytest.mark.parametrize("change", ["person", "time", "nonce", "signature", "old", "garbage"])
async def test_a_forged_or_old_link_signs_nobody_in(world: World, change: str) -> None:
    await world.types("engineer", "/incident help", "ops")
    async with Visitor(world) as ana:
        user, until, nonce, key = ana.link_for(ENGINEER).rpartition("/")[2].split(".")
        token = {
            "person": f"U0DBA.{until}.{nonce}.{key}",
            "time": f"{user}.{int(until) + 9000}.{nonce}.{key}",
            "nonce": f"{user}.{until}.{nonce[:-1]}.{key}",
            "signature": f"{user}.{until}.{nonce}.{key[:-1]}x",
            "old": login_link(world.bot.settings, ENGINEER, world.clock.real_now() - timedelta(minutes=11)).rpartition(
                "/"
            )[2],
            "garbage": "%00%ff.١.x",
        }[change]

        shown, sent = await ana.opens(f"/sign-in/link/{token}"), await ana.sends(f"/sign-in/link/{token}")

        assert (shown.status, sent.status, ana.session) == (404, 404, None)


async def test_wrong_links_are_limited_and_a_right_one_still_works(world: World) -> None:
    async with Visitor(world) as ana:
        statuses = [(await ana.opens("/sign-in/link/U0.1.2.3")).status for _ in range(22)]
        await ana.signs_in("engineer")

        assert statuses[0] == 404
        assert statuses[-1] == 429
        assert ana.session is not None


async def test_attempts_are_limited_for_a_person_too(world: World) -> None:
    """A used link counts for its person, whatever address it comes from; a right one still works."""
    await world.types("engineer", "/incident help", "ops")
    async with Visitor(world) as ana, Visitor(world) as dba:
        link = ana.link_for(ENGINEER)
        await ana.sends(link)
        used = [(await ana.sends(link)).status for _ in range(21)]
        await dba.signs_in("dba")
        again = await ana.sends(ana.link_for(ENGINEER))

    assert (used[0], used[-1]) == (403, 429)
    assert again.status == 303


async def test_a_session_gets_a_new_token_and_ends_the_one_before(world: World) -> None:
    """A token that somebody else has put into the browser is never used."""
    async with Visitor(world) as ana, Visitor(world) as thief:
        ana.http.cookie_jar.update_cookies({"dogwatch-session": "chosen-by-a-thief"})
        await ana.signs_in("engineer")
        first = ana.session
        await ana.signs_in("engineer")
        thief.http.cookie_jar.update_cookies({"dogwatch-session": first or ""})

        assert first not in {None, "chosen-by-a-thief", ana.session}
        assert (await thief.opens("/sign-in")).status == 200, "the first session ended"
        assert str(ana.session) not in await world.stored(), "the table holds a digest"


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(world: World) -> None:
    await world.types("engineer", "/incident help", "ops")
    async with Visitor(world) as ana:
        answer = await ana.sends(ana.link_for(ENGINEER))

    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


async def test_a_session_ends_after_twelve_idle_hours(world: World) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        world.clock.move_to(world.now + timedelta(hours=11))
        assert (await ana.opens("/sign-in")).status == 303
        world.clock.move_to(world.now + timedelta(hours=11))
        assert (await ana.opens("/sign-in")).status == 303, "she was seen eleven hours ago"

        world.clock.move_to(world.now + timedelta(hours=12, minutes=6))

        assert (await ana.opens("/sign-in")).status == 200


async def test_a_session_ends_after_a_week_of_use(world: World) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        for _ in range(16):
            world.clock.move_to(world.now + timedelta(hours=10))
            assert (await ana.opens("/sign-in")).status == 303

        world.clock.move_to(world.now + timedelta(hours=10))

        assert (await ana.opens("/sign-in")).status == 200


async def test_who_is_deactivated_in_slack_is_signed_out_everywhere(world: World) -> None:
    async with Visitor(world) as ana, Visitor(world) as phone:
        await ana.signs_in("engineer")
        await phone.signs_in("engineer")

        world.sandbox.change_user("engineer", deleted=True)
        await world.settle()

        assert (await ana.opens("/sign-in")).status == 200
        assert (await phone.opens("/sign-in")).status == 200
        assert "web_session" in await world.tables()
        assert (await world.tables())["web_session"] == []
        assert (await ana.sends(ana.link_for(ENGINEER))).status == 403


async def test_a_guest_cannot_sign_in(world: World) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")

        world.sandbox.change_user("engineer", is_restricted=True)
        await world.settle()

        assert (await ana.opens("/sign-in")).status == 200
        refused = await ana.sends(ana.link_for(ENGINEER))
        assert refused.status == 403
        assert "Guests" in refused.words


async def test_signing_out_ends_this_session(world: World) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        form_token = await form_token_of(ana)

        answer = await ana.sends("/sign-out", form_token=form_token)

        assert (answer.status, answer.location) == (303, "/sign-in")
        assert ana.session in {None, ""}
        assert (await world.tables())["web_session"] == []


async def form_token_of(visitor: Visitor) -> str:
    """The token in the form of the frame, which every page for signed-in people has."""
    refused = await visitor.sends("/sign-out", form_token="wrong")
    assert refused.status == 403
    return refused.field("form_token")


@pytest.mark.parametrize("forgery", ["no token", "another's token", "another site", "no origin", "null origin", "junk"])
async def test_a_form_of_another_site_changes_nothing(world: World, forgery: str) -> None:
    async with Visitor(world) as ana, Visitor(world) as other:
        await ana.signs_in("engineer")
        await other.signs_in("dba")
        own, foreign = await form_token_of(ana), await form_token_of(other)

        answer = await {
            "no token": lambda: ana.sends("/sign-out"),
            "another's token": lambda: ana.sends("/sign-out", form_token=foreign),
            "another site": lambda: ana.sends("/sign-out", origin="https://evil.example", form_token=own),
            "no origin": lambda: ana.sends("/sign-out", origin=None, form_token=own),
            "null origin": lambda: ana.sends("/sign-out", origin="null", form_token=own),
            "junk": lambda: ana.sends("/sign-out", form_token=own, junk="x" * 5000),
        }[forgery]()

        assert answer.status == (413 if forgery == "junk" else 403)
        assert (await ana.opens("/sign-in")).status == 303, "she is still signed in"


async def test_a_login_link_is_not_followed_by_another_site(world: World) -> None:
    """Otherwise somebody could sign a person in as somebody else, and read what they write."""
    await world.types("engineer", "/incident help", "ops")
    async with Visitor(world) as ana:
        answer = await ana.sends(ana.link_for(ENGINEER), origin="https://evil.example")

        assert (answer.status, ana.session) == (403, None)


@pytest.mark.parametrize(
    "following", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "x" * 2000]
)
async def test_signing_in_leads_to_no_other_site(world: World, following: str) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        async with ana.http.get(f"{world.url}/sign-in", params={"next": following}, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/")


async def test_another_host_header_changes_no_address(world: World) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")

        answer = await ana.opens("/sign-in?next=/x", Host="evil.example")

        assert answer.location == "/x"
        refused = await ana.sends("/sign-out", origin="http://evil.example", form_token="x")
        assert "evil.example" not in refused.text


async def test_the_pages_load_nothing_but_their_stylesheet(world: World) -> None:
    async with Visitor(world) as ana:
        page = await ana.opens("/sign-in")
        style = await ana.opens("/style.css")

    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert "<style" not in page.text
    assert " style=" not in page.text
    assert style.headers["Content-Type"].startswith("text/css")
    assert "dogwatch login-link" in page.words


async def test_an_erased_person_is_signed_out(world: World) -> None:
    from bot.services.privacy import erase_person

    async with Visitor(world) as ana:
        await ana.signs_in("engineer")

        await world.bot.database.run(erase_person, ENGINEER, former_id="U0FORMER", at=world.now)

        assert (await ana.opens("/sign-in")).status == 200
