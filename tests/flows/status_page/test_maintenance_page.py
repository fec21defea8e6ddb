"""`/maintenance`: windows are planned, published, changed and ended by forms, as by command."""

import pytest

from tests.support.records.public_page import load_state, opens_until
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import World

PATH = "/maintenance"
PLAN = {
    "service": "checkout",
    "from": "16:00",
    "to": "17:00",
    "text": "we replace the keys",
    "title-en": "Faster checkout",
    "text-en": "Payments may take longer.",
    "text-fr": "Les paiements seront plus lents.",
    "component-online": "yes",
}


async def sends(person: Visitor, page: Answer, act: str, window: str = "", **fields: str) -> Answer:
    hidden = {
        "form_token": page.field("form_token"),
        "act": act,
        "submission": f"{page.field('submission')}{act}{window}",
    }
    return await person.sends(PATH, **hidden, **({"window": window} if window else {}), **fields)


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_a_window_is_planned_and_published_in_two_languages_then_changed_and_cancelled(world: World) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        empty = await ana.opens(PATH)
        planned = await sends(ana, empty, "plan", **PLAN)
        again = await sends(ana, empty, "plan", **PLAN)
        page = await ana.opens(planned.location)
        (first,) = (await load_state(world)).maintenances
        moved = await sends(ana, page, "move", "1", to="18:30")
        changed = await sends(
            ana, page, "publish", "1", **{"text-it": "I pagamenti saranno lenti.", "component-online": "yes"}
        )
        same = await sends(ana, await ana.opens(PATH), "publish", "1", **{"component-online": "yes"})
        reader = await opens_until(world, "/status/it/", "I pagamenti saranno lenti.")
        ended = await sends(ana, page, "end", "1")
        late = await sends(ana, await ana.opens(PATH), "end", "1")

    assert "No maintenance is under way or planned." in empty.words
    assert [each.status for each in (planned, again, moved, changed, ended)] == [303] * 5
    assert "Planned." in page.words
    assert "missing: Italian" in page.words
    assert "we replace the keys" in page.words
    assert first.texts == {"en": PLAN["text-en"], "fr": PLAN["text-fr"]}
    assert first.titles["en"] == "Faster checkout"
    assert [*first.components] == ["online"]
    assert "18:30 CET" in reader.words
    assert "we replace the keys" not in reader.text
    assert (same.status, "Nothing was changed" in same.words) == (422, True)
    assert (late.status, "That maintenance is over." in late.words) == (422, True)
    assert (await load_state(world)).maintenances[0].is_cancelled


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"text-fr": "Comme pour INC-12."}, "INC-12 is internal"),
        ({"to": ""}, "A maintenance window needs an end."),
        ({"service": "checkuot"}, "dogwatch.toml has no service"),
        ({"text-en": "", "text-fr": ""}, "Add the words that readers of the status page see."),
    ],
)
async def test_a_refusal_plans_nothing_and_keeps_what_was_entered(
    world: World, fields: dict[str, str], refusal: str
) -> None:
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        refused = await sends(ana, await ana.opens(PATH), "plan", **{**PLAN, **fields})

    assert refused.status == 422
    assert refusal in refused.words
    assert "Faster checkout" in refused.text
    assert "No maintenance is under way or planned." in refused.words
    assert (await load_state(world)).maintenances == ()
