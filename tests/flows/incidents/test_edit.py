"""`/incident edit` and its form."""

from typing import Any

import pytest

from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.policies import POLICIES
from tests.support.worlds.world import World, action_ids, rendered


async def opened(world: World, user: str = "oncall") -> dict[str, Any]:
    views = world.sandbox.views(user)
    assert len(views) == 1, views
    return views[0]


def changes(whole: dict[str, Any]) -> list[dict[str, str]]:
    return [entry["changes"] for entry in whole["timeline"] if entry["kinds"] == ["details"]]


async def test_each_field_is_set_by_one_entry(world: World) -> None:
    await world.declares("checkout is down service:checkout")

    answer = await world.types(
        "oncall",
        '/incident edit title:"Card payments fail" service:"cards, in-store payments" ref:TSR-1 category:Production '
        "responsibility:Payplug tz:Europe/Paris lang:fr template:brief",
    )
    assert answer.startswith(":warning: There is no") is False
    whole = await world.exported()
    incident = whole["incident"]
    assert incident["titles"] == {"": "checkout is down", "fr": "Card payments fail"}
    assert incident["services"] == ["cards", "in-store payments"]
    assert incident["outside_reference"] == "TSR-1"
    assert (incident["category"], incident["responsibility"]) == ("Production", "Payplug")
    assert (incident["zone"], incident["template"], incident["languages"]) == ("Europe/Paris", "brief", ["en", "fr"])
    assert changes(whole) == [
        {
            "title.fr": "Card payments fail",
            "services": "cards, in-store payments",
            "reference": "TSR-1",
            "category": "Production",
            "responsibility": "Payplug",
            "zone": "Europe/Paris",
            "languages": "en, fr",
            "template": "brief",
        }
    ]
    assert ("U0ONCALL", "recorded details") in await world.audited()
    assert any(
        what.startswith("changed title.fr, services") and who == "U0ONCALL" for who, what in await world.audited()
    )


async def test_a_new_title_is_seen_wherever_the_title_is_shown(world: World) -> None:
    name = await world.declares()

    answer = await world.types("engineer", '/incident edit title:"Search is slow" service:search')
    await world.finish()

    assert answer == "", "the channel says it"
    assert "Search is slow" in world.card()
    assert "search" in world.card()
    assert "Search is slow" in world.sandbox.channel(name)["topic"]["value"]
    assert "Search is slow" in world.texts("incidents")[-1]
    said = world.texts()[-1]
    assert "changed the details" in said
    assert "title: *Search is slow*" in said
    assert world.channel == name, "a channel keeps its name"


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_a_service_that_is_put_right_calls_its_people_once(world: World) -> None:
    await world.declares("checkout is down sev:1 service:chekout")
    assert set(world.sandbox.members(world.channel)) == {"U0DOGWATCH", "U0ONCALL"}

    await world.types("oncall", "/incident edit service:checkout")
    await world.finish()

    assert set(world.sandbox.members(world.channel)) == {"U0DOGWATCH", "U0ONCALL", "U0ENGINEER", "U0DBA", "U0DEVELOPER"}
    world.sandbox.leave("dba", world.channel)
    await world.types("oncall", "/incident edit service:checkout,search")
    await world.finish()
    assert "U0DBA" not in world.sandbox.members(world.channel), "the service was there before"


async def test_a_service_of_an_incident_that_is_over_calls_nobody(world: World) -> None:
    await world.declares("checkout was down")
    await world.types("oncall", "/incident resolve rolled back")

    await world.types("oncall", "/incident edit service:checkout")
    await world.finish()

    assert "U0DBA" not in world.sandbox.members(world.channel)


@pytest.mark.world(config=POLICIES)
async def test_a_service_that_is_put_right_starts_its_policy_once(world: World) -> None:
    await world.declares("checkout is down sev:2 service:chekout")
    assert [each["target"] for each in (await world.exported())["escalations"]] == ["slow"]

    await world.types("oncall", "/incident edit service:checkout")
    await world.types("oncall", "/incident edit service:checkout,search")
    await world.finish()

    assert [each["target"] for each in (await world.exported())["escalations"]] == ["slow", "payments"]
    assert world.texts(world.sandbox.open_dm("oncall"))


async def test_a_field_is_taken_away_but_never_the_title(world: World) -> None:
    await world.declares("checkout is down ref:TSR-1 service:checkout")

    answer = await world.types("oncall", '/incident edit ref:"" service:""')

    assert answer == ""
    incident = (await world.exported())["incident"]
    assert (incident["outside_reference"], incident["services"]) == (None, [])
    for line in ('title:""', 'title:"  "'):
        answer = await world.types("oncall", f"/incident edit {line}")
        assert answer.startswith(":warning: An incident needs a title. Describe the problem in a few words.")
    assert (await world.exported())["incident"]["title"] == "checkout is down"


async def test_the_title_of_one_language_can_go(world: World) -> None:
    await world.declares()
    await world.types("oncall", '/incident edit lang:fr title:"Le paiement est en panne"')

    await world.types("oncall", '/incident edit lang:fr title:""')

    whole = await world.exported()
    assert whole["incident"]["titles"] == {"": "checkout is down"}
    assert whole["incident"]["languages"] == ["en", "fr"], "only `lang:` says in which languages it is written"
    assert changes(whole)[-1] == {"title.fr": ""}


async def test_languages_of_the_documents_are_set_without_a_title(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident edit lang:fr,en")

    assert (await world.exported())["incident"]["languages"] == ["fr", "en"]


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("", "Name a field to change"),
        ('title:"checkout is down"', "Nothing to change: that is already set."),
        ('category:""', "Nothing to change: that is already set."),
        ("template:clasic", "There is no postmortem template `clasic`. Did you mean `classic`?"),
        ("lang:frr", "`frr` is not a supported language. Did you mean `fr`?"),
        ("tz:Europe/Pariss", "Did you mean `Europe/Paris`?"),
        ("lang:fr,en title:Paiements", "A title has one language."),
        ("checkout is slow", "`/incident edit` does not take `checkout is slow`."),
        (f"ref:{'x' * 201}", "The reference has 201 characters. Use at most 200."),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(world: World, line: str, refusal: str) -> None:
    await world.declares()
    before = await world.tables()

    answer = await world.types("oncall", f"/incident edit {line}")

    assert answer.startswith(":warning:")
    assert refusal in answer
    assert await world.tables() == before


async def test_a_resolved_incident_is_put_right_too(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident resolve")
    await world.finish()

    await world.types("oncall", "/incident edit category:Production")

    assert (await world.exported())["incident"]["category"] == "Production"
    assert "incident_edit" in action_ids(world.sandbox.pins(world.channel)[0])


async def test_the_form_shows_what_stands_there_and_changes_what_was_changed(world: World) -> None:
    await world.declares("checkout is down service:checkout ref:TSR-1")
    await world.types("oncall", '/incident edit lang:fr title:"Le paiement est en panne"')
    await world.finish()
    await world.chooses("oncall", "do_edit")
    form = await opened(world)
    shown = {block["block_id"]: block["element"].get("initial_value") for block in form["blocks"]}
    assert (shown["title"], shown["title.fr"]) == ("checkout is down", "Le paiement est en panne")
    assert (shown["services"], shown["reference"], shown["zone"]) == ("checkout", "TSR-1", "UTC")

    await world.types("engineer", "/incident edit category:Production")
    answer = await world.sandbox.submit_view("oncall", form["id"], {"services": "checkout, search", "reference": ""})
    await world.finish()

    assert answer.ok, answer
    whole = await world.exported()
    assert whole["incident"]["category"] == "Production", "what somebody else changed meanwhile stays"
    assert changes(whole)[-1] == {"services": "checkout, search", "reference": ""}
    assert "checkout, search" in world.card()


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("zone", "Europe/Pariss", "Europe/Paris"),
        ("languages", "en, xx", "xx"),
        ("category", "x" * 201, "The category has 201 characters. Use at most 200."),
        ("title", "   ", "needs a title"),
    ],
)
async def test_what_is_wrong_in_the_form_is_said_at_its_field(
    world: World, field: str, value: str, problem: str
) -> None:
    await world.declares()
    await world.chooses("oncall", "do_edit")
    form = await opened(world)

    answer = await world.sandbox.submit_view("oncall", form["id"], {field: value})

    assert list(answer.errors) == [field]
    assert problem in answer.errors[field]
    assert changes(await world.exported()) == []


async def test_a_form_sent_as_it_was_changes_nothing_and_says_so(world: World) -> None:
    await world.declares()
    await world.chooses("oncall", "do_edit")

    answer = await world.submits("oncall")

    assert list(answer.errors) == ["title"]
    assert changes(await world.exported()) == []


async def test_a_title_with_a_mention_shows_the_name(world: World) -> None:
    await world.declares()

    await world.types("oncall", '/incident edit title:"the replica of @dba lags"')
    await world.finish()

    assert "Database administrator" in rendered(world.sandbox.pins(world.channel)[0]) or "@dba" in world.card()
    assert "<@U0DBA>" not in (await world.exported())["incident"]["title"]
