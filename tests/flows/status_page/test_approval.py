"""A second pair of eyes: an update waits for another person, from the command, the form and the page alike."""

from typing import Any

import pytest
from sqlmodel import select

from bot.slack.blocks.status_page.approval import APPROVE, DECLINE, READ
from bot.store.status_page import PublicationRequest
from tests.flows.status_page.conftest import CONFIG
from tests.flows.status_page.test_publish_form import PATH, TEXTS, sends
from tests.support.records.public_page import load_only_incident, load_state, opens_until
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.oncall import direct
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World


def with_approval(value: str, more: str = "") -> str:
    return CONFIG.replace("[status]\n", f"[status]\napproval = {value}\n{more}\n")


ANYBODY = with_approval("true")
UPDATE = "/incident update investigating lang:en affects:online=major We see failed payments."


async def outcomes(world: World) -> list[str | None]:
    def read(session: Any) -> list[str | None]:
        return [each.outcome for each in session.exec(select(PublicationRequest).order_by("id")).all()]

    return await world.bot.database.read(read)


@pytest.mark.world(databases=BOTH_DATABASES, config=ANYBODY)
async def test_an_update_in_two_languages_waits_and_is_published_at_once_by_another_person(world: World) -> None:
    await world.declares("Card payments fail sev:1 service:checkout")

    answer = await world.types("oncall", UPDATE)
    await world.types("oncall", "/incident update investigating lang:fr Des paiements échouent.")
    await world.advance(minutes=2)
    waiting = [text for text in world.texts() if "prepared a public update" in text][-1]
    nothing = (await load_state(world)).incidents
    await world.presses("oncall", APPROVE)
    await world.presses("dba", APPROVE, nth=0)
    await world.presses("engineer", APPROVE)
    approved_at = world.now
    await world.finish()

    assert "waits for approval; nothing is published yet. Anybody else can approve it" in answer
    assert "Missing: French and Italian. The same state in another language joins this update." in answer
    for words in ("We see failed payments.", "Des paiements échouent.", "Online payments: Major outage", "Italian"):
        assert words in waiting
    assert nothing == ()
    assert "You prepared this update" in world.sandbox.ephemerals("oncall", world.channel)[-1]["text"]
    assert await outcomes(world) == ["replaced", "published"], "the first message is no longer valid"
    (update,) = (await load_only_incident(world)).updates
    assert update.texts == {"en": "We see failed payments.", "fr": "Des paiements échouent."}
    assert update.published_at == approved_at
    await opens_until(world, "/status/fr/", "Des paiements échouent.")
    assert any("approved the public update of" in text for text in world.texts())
    updates = [each for each in (await world.exported())["timeline"] if each.get("public")]
    assert {each["author_id"] for each in updates} == {"U0ONCALL"}


@pytest.mark.world(databases=BOTH_DATABASES, config=with_approval('["U0ENGINEER", "U0ONCALL"]'))
async def test_people_of_the_list_are_asked_and_decline_with_a_reason(world: World) -> None:
    await world.declares()

    answer = await world.types("oncall", UPDATE)
    await world.finish()
    asked = world.sandbox.open_dm("engineer")
    await world.presses("engineer", DECLINE, channel=asked)
    await world.submits("engineer", text="Say which cards fail")
    await world.finish()

    assert "<@U0ENGINEER> can approve it, in a direct message" in answer
    assert "declined this update" in direct(world, "engineer")[-1]
    declined = next(text for text in world.texts() if "Reason: Say which cards fail" in text)
    assert "<@U0ONCALL>" in declined
    assert await outcomes(world) == ["declined"]
    assert (await load_state(world)).incidents == ()

    await world.types("oncall", UPDATE)
    async with Visitor(world) as other:
        await other.signs_in("dba")
        page = await other.opens(PATH)
        fields = {"form_token": page.field("form_token"), "request": page.field("request")}
        refused = await other.sends(PATH, **fields, act="approve")
    assert refused.status == 422
    assert "Updates of the status page are approved by" in refused.words
    assert await outcomes(world) == ["declined", None]


@pytest.mark.world(config=ANYBODY)
async def test_on_the_page_it_is_prepared_read_and_approved(world: World) -> None:
    await world.declares()
    async with Visitor(world) as ana, Visitor(world) as bo:
        await ana.signs_in("engineer")
        await bo.signs_in("support")
        prepared = await sends(ana, await ana.opens(PATH), "publish", **TEXTS)
        own = await ana.opens(prepared.location)
        urgent = await sends(ana, own, "urgent", **TEXTS)
        page = await bo.opens(PATH)
        fields = {"form_token": page.field("form_token"), "request": page.field("request")}
        unreasoned = await bo.sends(PATH, **fields, act="decline", reason=" ")
        approved = await bo.sends(PATH, **fields, act="approve")
        late = await bo.sends(PATH, **fields, act="approve")
        after = await bo.opens(approved.location)

    assert "It waits for approval." in own.words
    assert "Another person approves it." in own.words
    assert "Disponibile solo in inglese e francese." in page.words, "exactly as its page will show it"
    assert "Publish now without approval" not in page.words
    assert (urgent.status, "approval_urgent is off" in urgent.words) == (422, True)
    assert (unreasoned.status, "Enter a reason" in unreasoned.words) == (422, True)
    assert approved.status == 303
    assert (late.status, "approved this update at" in late.words) == (422, True)
    assert "Approved and published." in after.words
    assert (await load_only_incident(world)).updates[0].texts == {"en": TEXTS["text-en"], "fr": TEXTS["text-fr"]}


@pytest.mark.world(config=with_approval("true", "approval_urgent = true"))
@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [
        ("/incident resolve rolled back", "INC-1 was resolved meanwhile."),
        ("/incident cancel false alarm", "INC-1 was cancelled meanwhile."),
        ("/incident update identified urgent:yes The provider is down.", "Another update was published meanwhile"),
    ],
)
async def test_changes_meanwhile_refuse_the_approval_with_the_reason(world: World, meanwhile: str, reason: str) -> None:
    await world.declares()
    await world.types("oncall", UPDATE)
    await world.types("engineer", meanwhile)
    before = (await load_state(world)).incidents

    await world.presses("engineer", APPROVE)
    await world.finish()

    assert any(reason in text for text in world.texts())
    assert (await load_state(world)).incidents == before
    assert await outcomes(world) != ["published"]
    assert ("published an urgent update without approval" in "".join(world.texts())) == ("urgent" in meanwhile)


@pytest.mark.world(config=ANYBODY)
async def test_while_one_waits_a_second_person_is_told_and_everybody_is_reminded(world: World) -> None:
    await world.declares()
    await world.types("oncall", UPDATE)
    await world.finish()

    second = await world.types("engineer", "/incident update identified lang:en The provider is down.")
    await world.advance(minutes=6)
    reminded = [text for text in world.texts() if "A public update has been waiting for approval since" in text]
    await world.presses("engineer", READ)
    await world.presses("engineer", APPROVE)
    await world.finish()
    await world.advance(minutes=1)

    assert "An update by <@U0ONCALL> has been waiting for approval since" in second
    assert len(reminded) == 1
    assert await outcomes(world) == ["published"]
    assert any("~A public update waits for approval~" in text for text in world.texts())


@pytest.mark.world(config=ANYBODY)
@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("investigating As after INC-1.", "`INC-1` is internal"),
        ("investigating lang:de Wir suchen.", "The status page is not in German."),
        ("investigating urgent:yes We look into it.", "approval_urgent is off"),
        ("investigating at:23:50 tomorrow We look into it.", "Only past times"),
    ],
)
async def test_a_refusal_comes_while_its_author_is_there(world: World, line: str, refusal: str) -> None:
    await world.declares()

    answer = await world.types("oncall", f"/incident update {line}")

    assert refusal in answer
    assert await outcomes(world) == []


@pytest.mark.world(config=ANYBODY)
async def test_private_incidents_are_recorded_without_an_approval(world: World) -> None:
    await world.declares("Cards are stolen private:yes")

    answer = await world.types("oncall", UPDATE)

    assert "private incidents are never published" in answer
    assert await outcomes(world) == []
