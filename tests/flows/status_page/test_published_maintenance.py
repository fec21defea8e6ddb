"""Maintenance that is published by command: what readers see from the announcement to the end."""

from datetime import timedelta
from typing import Any

import icalendar
import pytest
from sqlmodel import select

from bot.domain.status_page.components import ComponentState
from bot.store.shared.audit import AuditRow
from bot.web.status.publisher import StatusPublisher
from tests.support.records.public_page import load_state, opens_until
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.oncall import direct
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World

PLAN = (
    "/incident maintenance checkout from:16:00 to:17:00 public:online lang:en title:'Faster checkout' "
    "Payments may take longer."
)


async def types(world: World, line: str) -> str:
    return await world.types("oncall", line, "ops")


async def reads(world: World, path: str) -> str:
    async with Visitor(world) as reader:
        return (await reader.opens(path)).text


async def calendar_event(world: World, path: str = "/status/maintenance.ics") -> Any:
    (event,) = icalendar.Calendar.from_ical(await reads(world, path)).walk("VEVENT")
    return event


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_it_is_announced_in_every_language_and_begins_and_ends_by_itself(world: World) -> None:
    answer = await types(world, PLAN)
    french = await types(world, "/incident maintenance checkout public:yes lang:fr Les paiements seront plus lents.")

    assert "It is on the status page in English: https://status.example.test" in answer
    assert "Missing: French and Italian. Add them, for example `/incident maintenance checkout public:yes" in answer
    assert "in English and French" in french
    page = await opens_until(world, "/status/fr/", "Les paiements seront plus lents.")
    for words in ("Maintenance programmée", "Programmée", "2 mars 2026, 16:00 CET", "17:00 CET", "Paiements en ligne"):
        assert words in page.words
    italian = await opens_until(world, "/status/it/", "Payments may take longer.")
    assert "Disponibile solo in inglese e francese." in italian.words
    assert "Tutti i sistemi" in italian.words
    alone = await opens_until(world, "/status/en/", "Faster checkout")
    assert "Changed" not in alone.words, "a further language is no change"
    for internal in ("oncall", "U0ONCALL", "terminals", "INC-"):
        assert internal not in alone.text

    await world.advance_to(world.now.replace(hour=15))

    during = await opens_until(world, "/status/en/", "Maintenance in progress")
    assert "Under maintenance" in during.words
    assert [each.state for each in (await load_state(world)).components] == [
        ComponentState.MAINTENANCE,
        ComponentState.OPERATIONAL,
    ]

    await world.advance_to(world.now.replace(hour=16))

    after = await opens_until(world, "/status/en/", "All systems operational")
    assert "Faster checkout" in after.text, "behind the bar of the day"
    assert "Scheduled maintenance" not in after.words
    history = await opens_until(world, "/status/en/history/2026-03", "Faster checkout")
    assert "Completed" in history.words
    assert "100.00% uptime" in after.words


async def test_one_of_several_under_way_is_published_by_its_start(world: World) -> None:
    await types(world, "/incident maintenance checkout to:16:00 disks")
    await world.advance(minutes=20, seconds=30)
    await types(world, "/incident maintenance checkout to:17:00 network")
    await world.advance(minutes=30)

    asked = await types(world, "/incident maintenance checkout public:online Payments may be slow.")
    missing = await types(world, "/incident maintenance checkout from:15:10 public:online Payments may be slow.")
    told = await types(world, "/incident maintenance checkout from:15:20 public:online Payments may be slow.")

    assert "begin at 2026-03-02 15:00 CET and 2026-03-02 15:20 CET. To publish one, add its start with `from:`" in asked
    assert "No maintenance of `checkout` that begins at 2026-03-03 15:10 CET" in missing
    assert "from 2026-03-02 15:20 CET to 2026-03-02 17:00 CET" in told
    assert "It is on the status page" in told


async def test_the_page_is_rendered_at_the_begin_and_at_the_end_without_a_commit(world: World) -> None:
    publisher = StatusPublisher(world.bot.database, world.settings, world.clock)
    begin, end = (world.now.replace(minute=m, second=3) + timedelta(hours=1) for m in (7, 8))
    await types(world, "/incident maintenance checkout from:16:07:03 to:16:08:03 public:online Payments may be slow.")
    seen = []
    for at in (begin - timedelta(seconds=1), begin, end - timedelta(seconds=1), end):
        world.clock.move_to(at)
        await publisher.refresh()
        assert publisher.site
        seen.append("Maintenance in progress" in publisher.site.files["en/index.html"].body.decode())

    assert seen == [False, True, True, False]


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_a_cancelled_one_is_said_to_be_cancelled_on_the_page_and_in_the_calendar(world: World) -> None:
    await types(world, PLAN)
    await opens_until(world, "/status/en/", "Payments may take longer.")
    planned = await calendar_event(world)

    await types(world, "/incident maintenance checkout end")

    page = await opens_until(world, "/status/fr/", "Cette maintenance est annulée. Elle n’aura pas lieu.")
    assert "Payments may take longer." in page.words
    cancelled = await calendar_event(world, "/status/fr/maintenance.ics")
    assert (planned["status"], cancelled["status"]) == ("CONFIRMED", "CANCELLED")
    assert planned["uid"] == cancelled["uid"]
    assert cancelled["sequence"] > planned["sequence"]
    assert "16:00" in str(planned["dtstart"].dt.astimezone(world.settings().status_zone))
    listed = await reads(world, "/status/api/v2/scheduled-maintenances.json")
    assert "This maintenance was cancelled." in listed

    await world.advance_to(world.now.replace(hour=15, minute=30))
    assert (await load_state(world)).components[0].state is ComponentState.OPERATIONAL
    await world.advance_to(world.now.replace(hour=16, minute=1))
    await opens_until(world, "/status/en/history/2026-03", "This maintenance was cancelled.")


async def test_it_ends_early_for_readers_too(world: World) -> None:
    await types(world, "/incident maintenance checkout to:17:00 public:online Payments may take longer.")
    await opens_until(world, "/status/en/", "Maintenance in progress")
    await world.advance(minutes=10)

    await types(world, "/incident maintenance checkout end")

    await opens_until(world, "/status/en/", "All systems operational")
    event = await calendar_event(world)
    assert (event["status"], event["dtend"].dt - event["dtstart"].dt) == ("CONFIRMED", timedelta(minutes=10))


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_a_change_of_times_and_words_is_shown_with_its_time(world: World) -> None:
    await types(world, PLAN)
    before = await load_state(world)
    await world.advance(minutes=5)

    answer = await types(world, "/incident maintenance checkout from:18:00 to:19:30 change")
    moved = await opens_until(world, "/status/en/", "18:00 CET")
    await types(world, "/incident maintenance checkout public:online,store lang:en Payments may fail.")

    assert "The status page shows it." in answer
    assert "16:00" not in moved.words
    page = await opens_until(world, "/status/en/", "Payments may fail.")
    assert "Changed Mar 2, 2026, 15:05 CET" in page.words
    assert "Payments may take longer." not in page.text
    (maintenance,) = (await load_state(world)).maintenances
    assert (maintenance.public_id, [*maintenance.components]) == (before.maintenances[0].public_id, ["online", "store"])
    assert maintenance.sequence == 2

    def read(session: Any) -> list[AuditRow]:
        return [row for row in session.exec(select(AuditRow)).all() if row.action == "changed published maintenance"]

    (row,) = await world.bot.database.read(read)
    assert row.details["before"]["texts"] == {"en": "Payments may take longer."}

    await world.advance_to(world.now.replace(hour=17, minute=10))
    assert (await load_state(world)).components[1].state is ComponentState.MAINTENANCE
    assert "It has begun" not in await types(world, "/incident maintenance checkout to:20:00 change")
    assert "The maintenance has begun." in await types(world, "/incident maintenance checkout from:19:00 change")


async def test_the_planner_is_asked_once_an_hour_before_the_start_wherever_it_was_moved(world: World) -> None:
    await types(world, "/incident maintenance search from:16:30 to:17:00 we replace the keys")
    await types(world, PLAN.replace("16:00", "18:00").replace("17:00", "19:00"))
    await types(world, "/incident maintenance checkout from:20:00 to:21:00 change")
    await world.advance_to(world.now.replace(hour=17, minute=59))
    early = direct(world, "oncall")

    await world.advance_to(world.now.replace(hour=18, minute=1))
    asked = direct(world, "oncall")
    await types(world, "/incident maintenance checkout end")
    await world.advance_to(world.now.replace(hour=20, minute=1))

    assert not [text for text in early if "The maintenance of" in text], "an internal window reminds nobody"
    assert len(asked) == len(early) + 1
    assert "The maintenance of *checkout*, published as “Faster checkout”, begins at" in asked[-1]
    assert "Is that still correct?" in asked[-1]
    assert direct(world, "oncall") == asked


async def test_nothing_is_published_unless_asked(world: World) -> None:
    await types(world, "/incident maintenance checkout to:17:00 we replace the public keys")

    assert (await load_state(world)).maintenances == ()
    assert (await load_state(world)).components[0].state is ComponentState.OPERATIONAL
    listed = await types(world, "/incident maintenance")
    assert "on the status page" not in listed

    answer = await types(world, "/incident maintenance checkout public:yes Payments may be slow.")
    assert "Suggested: `public:online`" in answer
    assert "on the status page" in await types(world, "/incident maintenance")
    page = await opens_until(world, "/status/en/", "Payments may be slow.")
    assert "public keys" not in page.text


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("to:17:00 public:onlin Payments may fail.", "Did you mean `online`?"),
        ("to:17:00 public:online lang:de Wartung.", "The status page is not in German."),
        ("to:17:00 public:online Ask <@U0DBA>.", "is a person, channel or link of Slack"),
        ("to:17:00 public:online As after INC-12.", "`INC-12` is internal"),
        ("to:17:00 public:online title:'Project Falcon' Payments may fail.", "`Falcon` is internal"),
        ("to:17:00 public:online", "Add the words that readers of the status page see."),
        ("public:online Payments may fail.", "No maintenance of `checkout` is under way or planned."),
        ("to:17:00 lang:fr Les paiements", "Add `public:` with the components"),
        ("to:17:00 change", "No maintenance of `checkout` is under way or planned."),
        ("to:17:00 nothing will change", "`change` changes the times of a window"),
        (f"to:17:00 public:online {'a' * 5001}", "Use up to 5,000."),
    ],
)
async def test_what_cannot_be_published_is_refused_and_plans_nothing(world: World, line: str, refusal: str) -> None:
    await types(world, "/incident maintenance")
    before = await world.tables()

    answer = await types(world, f"/incident maintenance checkout {line}")

    assert refusal in answer
    assert await world.tables() == before


async def test_of_several_windows_the_start_names_the_one_to_publish(world: World) -> None:
    await types(world, PLAN)
    await types(world, "/incident maintenance checkout from:18:00 to:19:00 again")

    refused = await types(world, "/incident maintenance checkout public:yes lang:fr Plus lent.")
    await types(world, "/incident maintenance checkout from:18:00 public:store lang:fr Plus lent.")

    assert "checkout has 2 windows, which begin at 2026-03-02 16:00 CET and 2026-03-02 18:00 CET." in refused
    first, second = (await load_state(world)).maintenances
    assert (first.texts, second.texts) == ({"en": "Payments may take longer."}, {"fr": "Plus lent."})


async def test_the_words_of_people_are_text_in_every_format(world: World) -> None:
    hostile = "<b>bold</b>, {{ 7*7 }}; <https://x.example/a|a link>"
    await types(world, f"/incident maintenance checkout to:17:00 public:none {hostile}")

    page = await opens_until(world, "/status/en/", "a link (https://x.example/a)")
    assert "<b>bold" not in page.text
    assert (await calendar_event(world))["description"] == "<b>bold</b>, {{ 7*7 }}; a link (https://x.example/a)"


@pytest.mark.world(config="[services.checkout]")
async def test_without_a_page_nothing_is_planned_either(world: World) -> None:
    answer = await types(world, PLAN)

    assert "There is no status page." in answer
    assert "No maintenance is under way" in await types(world, "/incident maintenance")


async def test_the_form_publishes_too_and_marks_the_field_that_is_wrong(world: World) -> None:
    await world.sandbox.open_home("oncall")
    await world.settle()
    home = world.sandbox.home("oncall")
    assert home is not None
    await world.sandbox.click_view("oncall", home["id"], "do_maintenance")
    await world.settle()

    refused = await world.submits("oncall", service="checkout", to="17:00", public="onlin", text="Payments may fail.")
    await world.submits("oncall", service="checkout", to="17:00", public="online", text="Payments may fail.")

    assert "Did you mean online?" in refused.errors["public"]
    await opens_until(world, "/status/en/", "Payments may fail.")
    (maintenance,) = (await load_state(world)).maintenances
    assert [*maintenance.components] == ["online"]
