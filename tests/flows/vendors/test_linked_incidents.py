"""A vendor's page is read, told in the channels that it concerns, linked with one press, and stands in the record."""

import json
from datetime import UTC, datetime

import pytest

from bot.cli.commands.figures import format_figures
from bot.services.postmortem.findings import load_findings
from tests.support.servers.vendor_page import CONFIG, VendorWorld, vendor_file
from tests.support.worlds.story import drafts
from tests.support.worlds.world import rendered

MORNING = datetime(2025, 3, 27, 15, 40, tzinfo=UTC)
EMPTY = {"page": {"id": "p4yplugpage0", "name": "PayPlug", "url": "https://status.example.test"}, "incidents": []}

pytestmark = pytest.mark.world(kind=VendorWorld, config=CONFIG, start=MORNING)


def notices(world: VendorWorld, channel: str) -> list[str]:
    return [text for text in world.texts(channel) if ":satellite_antenna:" in text]


def replies(world: VendorWorld, channel: str) -> list[str]:
    return [
        rendered(each) for each in world.sandbox.messages(channel) if each.get("thread_ts") not in {None, each["ts"]}
    ]


async def opens_a_vendor_incident(world: VendorWorld) -> None:
    world.page.shows(EMPTY)
    await world.looks()
    world.page.shows_file("statuspage/tsr-1532-1-monitoring.json")
    await world.advance(minutes=6)
    await world.looks()


async def test_a_vendors_incident_is_told_linked_and_recorded(world: VendorWorld) -> None:
    world.page.shows(EMPTY)
    await world.looks()
    await world.declares("payments fail service:checkout at:15:11")
    assert not notices(world, world.channel)

    world.page.shows_file("statuspage/tsr-1532-1-monitoring.json")
    await world.advance(minutes=6)
    await world.looks()

    [announced], [asked] = notices(world, "incidents"), notices(world, world.channel)
    assert "PayPlug" in announced
    assert "needed by checkout" in announced
    assert "checkout depends on it: is it them? Their first word came 31m after our first error." in asked

    await world.presses("oncall", "vendor_link")
    await world.finish()

    [linked] = notices(world, world.channel)
    assert "Linked to INC-1 by <@U0ONCALL>" in linked
    entries = [each for each in await world.timeline() if "status page of PayPlug" in each["text"]]
    assert [each["happened_at"] for each in entries] == ["2025-03-27T15:42:00+00:00"]

    world.page.shows_file("statuspage/tsr-1532-2-resolved.json")
    await world.advance(minutes=90)
    await world.looks()

    assert len(replies(world, world.channel)) == len(replies(world, "incidents")) == 1
    assert "Resolved" in replies(world, world.channel)[0]
    await world.types("oncall", "/incident resolve at:16:26 they fixed it")
    await world.finish()
    draft = drafts(world)[-1]
    assert "Vendors’ status pages" in draft
    assert "31m after our first error" in draft
    [recorded] = (await world.exported())["vendor_incidents"]
    assert recorded["first_word_at"] == "2025-03-27T15:42:00+00:00"
    assert recorded["resolved_at"] == "2025-03-27T17:00:00+00:00"
    await world.types("oncall", "/incident escalate vendor:payplug at:15:20 they see it too")
    await world.types("oncall", "/incident vendor payplug fixed at:16:24")
    await world.finish()
    findings = await world.bot.database.read(load_findings, world.bot.settings, 1)
    [conflict] = [each for each in findings.found if "on its status page" in each.text]
    assert conflict.text == "PayPlug fixed it at 16:24 in the record, and at 17:00 (UTC) on its status page."
    table = await format_figures(world.settings(), "2025-03", "csv", of_vendors=True)
    assert table.splitlines()[1] == "PayPlug,2025-03,1,78,0,1,1860,1860"


async def test_an_incident_that_is_declared_later_is_asked_at_once(world: VendorWorld) -> None:
    await opens_a_vendor_incident(world)

    await world.declares("search is slow service:search")
    await world.finish()
    assert not notices(world, world.channel)
    await world.declares("payments fail service:checkout")
    await world.finish()

    [asked] = notices(world, world.channel)
    assert "checkout depends on it: is it them?" in asked


async def test_a_service_that_is_added_is_asked_about_at_once(world: VendorWorld) -> None:
    await opens_a_vendor_incident(world)
    await world.declares("search is slow service:search")
    await world.finish()
    requests = len(world.page.requests)

    await world.types("oncall", "/incident edit service:search,checkout")
    await world.finish()
    await world.types("oncall", "/incident edit service:checkout,search")
    await world.finish()

    [asked] = notices(world, world.channel)
    assert "checkout depends on it: is it them?" in asked
    assert len(world.page.requests) == requests, "their page was not read for it"


async def test_not_them_takes_the_entries_away_and_ends_the_replies(world: VendorWorld) -> None:
    await opens_a_vendor_incident(world)
    await world.declares("payments fail service:checkout")
    await world.finish()
    await world.presses("oncall", "vendor_link")
    await world.finish()

    await world.presses("dba", "vendor_decline")
    await world.finish()
    world.page.shows_file("statuspage/tsr-1532-2-resolved.json")
    await world.advance(minutes=90)
    await world.looks()

    assert "decided by <@U0DBA>" in notices(world, world.channel)[0]
    assert not replies(world, world.channel)
    assert len(replies(world, "incidents")) == 1
    assert (await world.exported())["vendor_incidents"] == []
    entries = [each for each in (await world.exported())["timeline"] if "status page of PayPlug" in each["text"]]
    assert [each["withdrawn_at"] is None for each in entries] == [False]


async def presses_confirm(world: VendorWorld, channel: str) -> None:
    await world.presses("oncall", "merge_confirmed", channel=channel)
    await world.finish()


async def test_a_merge_carries_the_link_over(world: VendorWorld) -> None:
    """INC-1 depends on the vendor and is linked; INC-2 survives. What follows is told there, and stands there once."""
    await opens_a_vendor_incident(world)
    source = await world.declares("payments fail service:checkout")
    await world.finish()
    await world.presses("oncall", "vendor_link")
    await world.finish()
    target = await world.declares("search is slow service:search")
    await world.types("oncall", "/incident merge INC-2", source)
    await presses_confirm(world, source)

    [moved] = notices(world, target)
    assert "Linked to INC-2 by <@U0ONCALL>" in moved
    before = len(notices(world, source)), len(replies(world, source))
    world.page.shows_file("statuspage/tsr-1532-2-resolved.json")
    await world.advance(minutes=90)
    await world.looks()

    assert (len(notices(world, source)), len(replies(world, source))) == before
    assert len(replies(world, target)) == 1
    whole = await world.exported("INC-2")
    [linked] = whole["vendor_incidents"]
    assert linked["resolved_at"] == "2025-03-27T17:00:00+00:00"
    entries = [each for each in whole["timeline"] if "status page of PayPlug" in each["text"]]
    assert [(each["happened_at"], each["withdrawn_at"]) for each in entries] == [
        ("2025-03-27T15:42:00+00:00", None),
        ("2025-03-27T17:00:00+00:00", None),
    ]


async def test_a_merge_of_two_that_are_linked_records_it_once(world: VendorWorld) -> None:
    await opens_a_vendor_incident(world)
    first = await world.declares("payments fail service:checkout")
    second = await world.declares("cards fail service:checkout")
    for channel in (first, second):
        await world.finish()
        await world.presses("oncall", "vendor_link", channel=channel)
    await world.types("oncall", "/incident merge INC-2", first)
    await presses_confirm(world, first)

    assert len(notices(world, second)) == 1
    whole = await world.exported("INC-2")
    entries = [each for each in whole["timeline"] if "status page of PayPlug" in each["text"]]
    assert [each["withdrawn_at"] is None for each in entries].count(True) == 1
    assert len(whole["vendor_incidents"]) == 1


async def test_a_restart_tells_nothing_twice(world: VendorWorld) -> None:
    """The same page is read again and again, by a process that knows only the database."""
    await opens_a_vendor_incident(world)
    world.page.shows(vendor_file("statuspage/tsr-1532-2-resolved.json"))
    await world.advance(minutes=6)
    await world.looks()
    before = world.texts("incidents")

    for _ in range(2):
        await world.restart()
        await world.advance(minutes=6)
        await world.looks()

    assert world.texts("incidents") == before
    assert len(replies(world, "incidents")) == 1


async def test_vendors_in_trouble_are_shown_where_people_look(world: VendorWorld) -> None:
    await opens_a_vendor_incident(world)
    await world.declares("payments fail service:checkout")

    answer = await world.types("oncall", "/incident vendor payplug")
    home = await world.home("oncall")

    assert "(monitoring) since 2025-03-27 15:42 UTC" in answer
    assert "PayPlug" in home
    assert "needed by checkout" in home


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("payplug-tsr-1532", ["Resolved", "Postmortem published"]),
        (
            "statuspage-life",
            [
                "They changed the text",
                "Renamed",
                "Impact changed",
                "Identified",
                "They added an update",
                "Monitoring",
                "Impact changed",
                "Investigating",
                "Monitoring",
                "Resolved",
                "They changed the text",
                "Postmortem published",
            ],
        ),
    ],
)
async def test_each_piece_of_news_is_told_once_though_each_look_is_doubled(
    world: VendorWorld, name: str, told: list[str]
) -> None:
    sequences = json.loads(vendor_file("sequences.json"))["sequences"]
    [sequence] = [each for each in sequences if each["name"] == name]

    for number, poll in enumerate(sequence["polls"]):
        await world.advance_to(max(world.now, datetime.fromisoformat(poll["at"])))
        if poll["status"] != 304:
            body = vendor_file(poll["file"]) if poll["file"] else (poll.get("body") or "").encode()
            world.page.shows(body, poll["headers"], poll["status"])
        for _ in range(2):
            await world.advance(hours=3)  # longer than any pause after a failure
            await world.looks()
        if number % 4 == 3:
            await world.restart()

    found = replies(world, "incidents")
    assert len(notices(world, "incidents")) == 1
    assert [text[: len(start)] for text, start in zip(found, told, strict=True)] == told


async def test_a_long_text_is_shortened_with_a_link_to_all_of_it(world: VendorWorld) -> None:
    await world.looks()
    await world.declares("payments fail service:checkout at:15:11")
    document = json.loads(vendor_file("statuspage/tsr-1532-1-monitoring.json"))
    (incident,) = document["incidents"]
    (first,) = incident["incident_updates"]
    first["body"] = "We are looking into it. " * 200
    for updates in ([first], [{**first, "id": "second", "body": "We restart the gateway. " * 200}, first]):
        incident["incident_updates"] = updates
        world.page.shows(document)
        await world.advance(minutes=6)
        await world.looks()
    await world.finish()

    shown = "Shortened. <https://stspg.example.test/tsr1532tsr15|All of it is on their page.>"
    [notice], [reply] = notices(world, world.channel), replies(world, world.channel)
    assert shown in notice
    assert shown in reply
    assert max(map(len, (notice, reply))) < 3_000
