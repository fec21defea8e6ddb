"""The form with all languages side by side: suggestions, preview, one publication."""

import asyncio

import pytest

from bot.domain.status_page.components import ComponentState
from tests.support.records.public_page import load_only_incident, load_state, opens_until
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import World

PATH = "/incidents/INC-1/publish"
TEXTS = {"text-en": "We see failed payments.", "text-fr": "Des paiements échouent.", "text-it": ""}


async def sends(ana: Visitor, page: Answer, act: str, **fields: str) -> Answer:
    hidden = {name: page.field(name) for name in ("form_token", "seen")}
    default = {"state": "investigating", "title-en": "Payments fail"}
    return await ana.sends(PATH, **{**default, **hidden, **fields, "act": act})


async def test_all_languages_are_published_at_once_with_components_and_times(world: World) -> None:
    await world.declares("Card payments fail sev:1 service:checkout")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        form = await ana.opens(PATH)
        states = {"component-online": "major_outage", "impact_started": "13:50", "impact_ended": ""}
        preview = await sends(ana, form, "preview", **TEXTS, **states)
        nothing = (await load_state(world)).incidents
        done = await sends(ana, preview, "publish", **TEXTS, **states)
        again = await sends(ana, preview, "publish", **TEXTS, **states)
        after = await ana.opens(done.location)
        next_form = await ana.opens(PATH)
    await world.finish()

    assert '<option value="major_outage" selected>' in form.text, "suggested by the severity and the service"
    assert '<option value="major_outage" selected>' not in next_form.text, "published: it stays as it is"
    assert "We are investigating a problem." in form.text
    assert "Nous analysons un problème." in form.text
    assert (preview.status, nothing) == (200, ())
    assert "Disponibile solo in inglese e francese." in preview.words
    assert "Des paiements échouent." in preview.words
    assert "Titre disponible uniquement en anglais." in preview.words
    assert (done.status, again.status) == (303, 422)
    assert "Another update was published at" in again.words
    assert "Published. Open the status page" in after.words
    incident = await load_only_incident(world)
    assert [each.texts for each in incident.updates] == [{"en": TEXTS["text-en"], "fr": TEXTS["text-fr"]}]
    assert incident.impact_started_at is not None
    assert f"{incident.impact_started_at:%H:%M}" == "12:50"
    assert incident.components["online"].state is ComponentState.MAJOR
    await opens_until(world, "/status/en/", "Mar 2, 2026, 13:50 CET")
    update = (await world.exported())["updates"][0]
    assert update["texts"] == {"en": TEXTS["text-en"], "fr": TEXTS["text-fr"]}
    told = [text for text in world.texts() if "The public was told" in text]
    assert all(text in "".join(told) for text in (TEXTS["text-en"], TEXTS["text-fr"]))


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_of_forms_at_the_same_moment_one_is_published(world: World) -> None:
    await world.declares("Card payments fail sev:1 service:checkout")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        form = await ana.opens(PATH)
        answers = await asyncio.gather(*(sends(ana, form, "publish", **TEXTS) for _ in range(5)))
    await world.finish()

    assert sorted(each.status for each in answers) == [303, 422, 422, 422, 422]
    assert len((await load_only_incident(world)).updates) == 1


async def test_the_form_goes_on_from_the_state_that_was_published(world: World) -> None:
    await world.declares("Card payments fail sev:1 service:checkout")
    await world.types("oncall", "/incident update monitoring A fix is in place.")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        open_form = await ana.opens(PATH)
        await world.types("oncall", "/incident resolve rolled back")
        resolved_form = await ana.opens(PATH)

    assert '<option value="monitoring" selected>' in open_form.text
    assert '<option value="resolved" selected>' in resolved_form.text


async def test_a_start_is_suggested_where_one_is_recorded(world: World) -> None:
    """The declaration stands for a start that nobody stated: no public word says so."""
    await world.declares("Card payments fail service:checkout")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        before = await ana.opens(PATH)
        await world.types("engineer", "/incident impact started:12:40 card payments fail")
        after = await ana.opens(PATH)

    assert before.field("impact_started") == ""
    assert after.field("impact_started").startswith("2026-03-02 12:40")


async def test_a_refusal_in_one_language_publishes_none_and_keeps_what_was_entered(world: World) -> None:
    await world.declares()
    before = await world.tables()
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        form = await ana.opens(PATH)
        refused = await sends(ana, form, "publish", **{**TEXTS, "text-fr": "Voir INC-1."})
        empty = await sends(ana, form, "publish", **dict.fromkeys(TEXTS, ""))
        backwards = await sends(ana, form, "publish", **TEXTS, impact_started="13:50", impact_ended="13:40")

    assert [each.status for each in (refused, empty, backwards)] == [422, 422, 422]
    assert "INC-1 is internal" in refused.words
    assert "Voir INC-1." in refused.text
    assert "Enter a text in at least one language." in empty.words
    assert "The impact ends before it begins." in backwards.words
    after = await world.tables()
    assert {name: rows for name, rows in after.items() if name.startswith("public_")} == {
        name: rows for name, rows in before.items() if name.startswith("public_")
    }


async def test_the_form_of_a_drill_publishes_nothing_and_nobody_else_sees_that_of_a_private_incident(
    world: World,
) -> None:
    await world.declares("Cards fail drill:yes")
    await world.declares("Somebody steals cards private:yes")
    async with Visitor(world) as bo:
        await bo.signs_in("support")
        drill = await bo.opens("/incidents/DRILL-1/publish")
        private = await bo.opens(PATH)

    assert "Drills are never published." in drill.words
    assert "<textarea" not in drill.text
    assert private.status == 404


async def test_a_published_postmortem_leads_to_the_form_with_its_preview(world: World) -> None:
    await world.declares("Card payments fail sev:1 service:checkout")
    await world.types("oncall", "/incident cause The deploy of 13:48 halved the pool")
    await world.types("oncall", "/incident resolve rolled back")
    await world.types("oncall", "/incident postmortem publish")
    await world.finish()
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        document = await ana.opens("/incidents/INC-1/postmortem")
        form = await ana.opens(f"{PATH}?state=postmortem")
        entered = {"state": "postmortem", "title-en": "Card payments failed"}
        blocked = await sends(ana, form, "preview", **entered)
        preview = await sends(ana, form, "preview", **entered, **{"text-en": "What happened."})
        nothing = (await load_state(world)).incidents
        done = await sends(ana, preview, "publish", **entered, **{"text-en": "What happened."})

    step = f"{world.bot.settings.base_url}{PATH}?state=postmortem"
    assert f'href="{step}">Preview it for the status page' in document.text
    assert any(f"<{step}|preview and publish it>" in text for text in world.texts(world.channel))
    assert '<option value="postmortem" selected>' in form.text
    assert "It will say that the postmortem is published, without its text." in blocked.words
    assert "Title is missing in French." in blocked.words
    assert (preview.status, nothing) == (200, ())
    assert "without its text" not in preview.words
    assert "The deploy of 13:48 halved the pool" in preview.words
    assert done.location.endswith("done=published")
    incident = await load_only_incident(world)
    assert "halved the pool" in incident.updates[0].documents["en"]


async def test_a_private_postmortem_offers_no_publication(world: World) -> None:
    await world.declares("Keys leaked sev:1 private:yes")
    await world.types("oncall", "/incident resolve rotated them")
    await world.types("oncall", "/incident postmortem publish")
    await world.finish()
    async with Visitor(world) as ana:
        await ana.signs_in("oncall")
        document = await ana.opens("/incidents/INC-1/postmortem")

    assert "version 1." in document.words
    assert "Preview it for the status page" not in document.words
    assert not any("for the status page" in text for text in world.texts(world.channel))
