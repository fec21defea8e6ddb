"""Alert ingest: incidents found, opened, reopened or left alone."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlmodel import Session

from bot.app import Dogwatch
from bot.services.timeline.milestones import refresh_milestones
from bot.store.incidents import incidents
from tests.support.records import markup
from tests.support.requests.notifications import Notifications, a_notification, an_alert
from tests.support.requests.sent_notifications import (
    AGAIN,
    ALL_ENDED,
    ONE_ENDED,
    PROMETHEUS,
    SINGLE,
    THREE,
    alerts_kept,
    kinds,
    messages_with,
    samples,
    sends,
    without_last_seen,
)
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.story import draft_files
from tests.support.worlds.world import TOKEN, World


async def test_a_single_alert_opens_an_incident_with_its_start_and_its_source(
    world: World, notifications: Notifications
) -> None:
    began = world.now
    await world.advance(minutes=1)

    answer = await sends(world, notifications[SINGLE])

    assert answer == {"ok": True, "recorded": 1, "ignored": 0, "incidents": ["INC-1"]}
    assert world.channel == "inc-1-highcpu-on-web-1-9100"
    assert "checkout" in world.card()
    assert "1 of 1 firing" in world.card()
    whole = await world.exported()
    incident = whole["incident"]
    assert datetime.fromisoformat(incident["started_at"]) == began
    assert datetime.fromisoformat(incident["detected_at"]) == began
    assert datetime.fromisoformat(incident["declared_at"]) == began + timedelta(minutes=1)
    assert incident["sources"]["started_at"]["link"] == PROMETHEUS
    detection = next(entry for entry in whole["timeline"] if entry["kinds"] == ["detection"])
    assert (detection["text"], detection["source"]) == ("HighCPU: HighCPU on web-1:9100", "alert")
    assert datetime.fromisoformat(detection["happened_at"]) == began
    assert detection["link"] == PROMETHEUS


@pytest.mark.parametrize("name", [SINGLE, THREE, "06-truncated-max-alerts"])
@pytest.mark.world(databases=BOTH_DATABASES)
async def test_the_times_of_an_opened_incident_are_those_of_its_record(
    world: World, notifications: Notifications, conformance: Path, name: str
) -> None:
    """They are set without reading the record back."""
    sent = samples(world, conformance, name)[name] if name.startswith("06") else notifications[name]
    await world.advance(minutes=1)
    await sends(world, sent)

    def read(session: Session, *, anew: bool) -> dict[str, Any]:
        incident = incidents.lock(session, 1)
        if anew:
            refresh_milestones(session, incident)
        return {**incident.time_sources, **{key: getattr(incident, key) for key in incident.time_sources}}

    at_once = await world.bot.database.run(read, anew=False)

    assert at_once["detected_at"] == at_once["started_at"] < at_once["declared_at"]
    assert at_once == await world.bot.database.run(read, anew=True)


async def test_the_services_people_are_invited_though_nobody_declared(
    world: World, notifications: Notifications
) -> None:
    await sends(world, notifications[SINGLE])

    assert set(world.sandbox.members(world.channel)) == {"U0DOGWATCH", "U0ENGINEER", "U0DBA", "U0DEVELOPER"}


async def test_a_group_of_three_is_one_incident_one_message_one_entry(
    world: World, notifications: Notifications
) -> None:
    answer = await sends(world, notifications[THREE])

    assert answer["incidents"] == ["INC-1"]
    assert len(world.channels) == 1
    assert "HighCPU on web-1:9100 (and 2 more)" in world.card()
    (message,) = messages_with(world, "*3 alerts*")
    assert all(f"HighCPU on web-{number}:9100" in message for number in (1, 2, 3))
    assert await kinds(world) == ["declared", "detection"]
    assert len((await world.exported())["alerts"]) == 3


async def test_what_was_left_out_of_a_notification_is_counted_in_the_title(world: World, conformance: Path) -> None:
    await sends(world, samples(world, conformance, "06-truncated-max-alerts")["06-truncated-max-alerts"])

    assert "DiskFull on db-0:9100 (and 7 more)" in world.card()


async def test_hostile_words_are_shown_as_words(world: World, conformance: Path) -> None:
    await sends(world, samples(world, conformance, "07-hostile-text")["07-hostile-text"])

    said = [each for each in world.sandbox.messages(world.channel) if each.get("subtype") != "channel_join"]
    said += world.sandbox.messages("incidents")
    assert {token for message in said for token in markup.acting(message)} <= {
        f"{PROMETHEUS.replace('&', '&amp;')}|Weird",
        f"#{world.sandbox.channel(world.channel)['id']}",
        "@U0DOGWATCH",  # who set the topic
    }
    words = "\n".join(map(markup.read, said))
    assert "Weird>: <!channel> *bold* <https://evil.test|click> {{7*7}} <script>alert(1)</script>" in words
    assert "\u202e" not in words


async def test_an_alert_without_annotations_is_called_by_its_name(world: World, conformance: Path) -> None:
    await sends(world, samples(world, conformance, "08-minimal-no-annotations")["08-minimal-no-annotations"])

    assert world.channel == "inc-1-minimal"
    assert "INC-1 · Minimal" in world.card()
    detection = (await world.timeline())[1]
    assert detection["text"] == "Minimal"
    assert detection["link"], "without a generator the bot's own message is the source"


@pytest.mark.parametrize(
    ("payload", "titles"),
    [
        ({"title": "Probe 7 fails", "service": "checkout"}, ["Probe 7 fails"]),
        ([{"title": "Probe 7 fails"}, {"title": "Disk full"}], ["Probe 7 fails", "Disk full"]),
        ({"alerts": [{"title": "Probe 7 fails", "id": 7}]}, ["Probe 7 fails"]),
        (
            [{"title": "Probe 7 fails", "group": "eu"}, {"title": "Probe 8 fails", "group": "eu"}],
            ["Probe 7 fails (and 1 more)"],
        ),
    ],
)
async def test_other_senders(world: World, payload: Any, titles: list[str]) -> None:
    answer = await sends(world, payload, source="generic")

    assert len(answer["incidents"]) == len(titles)
    opened = [(await world.exported(reference))["incident"]["title"] for reference in answer["incidents"]]
    assert sorted(opened) == sorted(titles)


async def test_a_generic_alert_links_to_where_it_says(world: World) -> None:
    await sends(world, {"title": "Probe 7 fails", "url": "https://probe.example.test/7"}, source="generic")

    assert (await world.timeline())[1]["link"] == "https://probe.example.test/7"


async def test_grafana_from_firing_to_resolved(world: World, conformance: Path) -> None:
    notifications = samples(world, conformance, "grafana-firing-2")
    began = world.now
    await world.advance(minutes=2)

    await sends(world, notifications["grafana-firing-2"], source="grafana")
    await world.advance_to(began + timedelta(minutes=20))
    await sends(world, notifications["grafana-mixed"], source="grafana")
    await world.advance_to(began + timedelta(minutes=50))
    await sends(world, notifications["grafana-resolved"], source="grafana")

    assert "Payments through payplug are failing (and 1 more)" in world.card()
    assert await kinds(world) == ["detection", "declared", "alert resolved", "alert resolved"]
    ends = {each["annotations"]["summary"]: each["ended_at"] for each in (await world.exported())["alerts"]}
    assert datetime.fromisoformat(ends["Payments through payplug are failing"]) == began + timedelta(minutes=43)
    assert datetime.fromisoformat(ends["Payments through stripe are failing"]) == began + timedelta(seconds=940)
    assert len(messages_with(world, "All 2 alerts have ended")) == 1


async def test_grafanas_test_button_opens_nothing(world: World, conformance: Path) -> None:
    answer = await sends(world, samples(world, conformance, "grafana-test")["grafana-test"], source="grafana")

    assert answer["incidents"] == []
    assert world.channels == []


async def test_the_same_notification_again_changes_nothing(world: World, notifications: Notifications) -> None:
    await sends(world, notifications[THREE])
    await world.advance(minutes=10)
    before, posted = without_last_seen(await world.exported()), world.sandbox.messages(world.channel)

    answer = await sends(world, notifications[THREE])

    assert answer["incidents"] == ["INC-1"]
    assert without_last_seen(await world.exported()) == before
    assert world.sandbox.messages(world.channel) == posted


async def test_a_member_of_the_group_that_fires_later_joins_the_incident(
    world: World, notifications: Notifications
) -> None:
    await sends(world, notifications[SINGLE])
    answer = await sends(world, notifications[THREE])

    assert answer["incidents"] == ["INC-1"]
    assert len(world.channels) == 1
    assert "3 of 3 firing" in world.card()
    assert len(messages_with(world, "*2 alerts*")) == 1


async def test_an_alert_that_is_absent_has_not_ended(world: World, notifications: Notifications) -> None:
    """The final notification holds two of the three; the third was in an earlier one."""
    await sends(world, notifications[THREE])
    await sends(world, notifications[ALL_ENDED])

    assert "1 of 3 firing" in world.card()
    stand = messages_with(world, "firing", world.channel)[-1]
    assert "1 of 3 alerts firing, 2 resolved. Still firing:" in stand
    assert "HighCPU on web-2:9100" in stand, "which one it is"
    assert not messages_with(world, "have ended")
    assert (await world.exported())["incident"]["status"] == "investigating"


async def test_when_all_have_ended_people_are_offered_to_resolve(world: World, notifications: Notifications) -> None:
    await sends(world, notifications[THREE])
    await sends(world, notifications[ONE_ENDED])
    await sends(world, notifications[ALL_ENDED])

    (offer,) = messages_with(world, "All 3 alerts have ended")
    assert "Resolve the incident" in offer
    assert "Resolve the incident. All alerts have ended." in world.card()
    assert (await world.exported())["incident"]["status"] == "investigating", "people resolve, alerts do not"

    await world.presses("oncall", "incident_resolve")
    answer = await world.submits("oncall", text="web-1 was restarted")
    await world.finish()

    assert answer.ok, answer
    whole = await world.exported()
    assert whole["incident"]["status"] == "resolved"
    assert whole["incident"]["resolution"]["text"] == "web-1 was restarted"
    assert len(draft_files(world, world.channel)) == 1
    assert not any("Resolve the incident" in text for text in world.texts())


async def test_an_alert_ends_in_its_own_words(world: World) -> None:
    alert = {"id": "shop", "title": "Customers are down", "service": "checkout", "labels": {"alertname": "Shop"}}
    assert (await world.posts("generic", {**alert, "status": "firing"}))[0] == 200

    assert (await world.posts("generic", {**alert, "title": "Customers are back", "status": "resolved"}))[0] == 200
    await world.finish()

    [ended] = [entry for entry in await world.timeline() if entry["kinds"] == ["alert resolved"]]
    assert ended["text"] == "Shop ended: Customers are back"


async def test_the_end_of_each_alert_is_recorded(world: World, notifications: Notifications) -> None:
    began = world.now
    await sends(world, notifications[THREE])
    await sends(world, notifications[ONE_ENDED])

    ended = [entry for entry in await world.timeline() if entry["kinds"] == ["alert resolved"]]
    assert [entry["text"] for entry in ended] == ["HighCPU: HighCPU on web-2:9100 ended"]
    assert ended[0]["link"] == PROMETHEUS
    length = datetime.fromisoformat(ended[0]["happened_at"]) - began
    assert length == timedelta(seconds=75)
    alert = (await world.exported())["alerts"][1]
    assert (alert["status"], alert["ended_at"]) == ("resolved", ended[0]["happened_at"])


async def test_an_alert_that_flaps_stays_one_alert_of_one_incident(world: World, notifications: Notifications) -> None:
    await sends(world, notifications[SINGLE])
    await sends(world, notifications[ALL_ENDED])
    assert "0 of 2 firing" in world.card(), "web-3 fired and ended while nobody was told"
    await sends(world, notifications[AGAIN])

    assert len(world.channels) == 1
    first = (await world.exported())["alerts"][0]
    assert (first["status"], first["ended_at"], first["count"]) == ("firing", None, 2)
    assert "1 of 2 firing" in world.card()
    assert not messages_with(world, "have ended")


async def test_one_alert_that_fired_often_is_one_and_a_lost_end_does_not_keep_it_firing(world: World) -> None:
    began = world.now

    def firing(number: int, *, ended: bool = False) -> dict[str, Any]:
        start = began + timedelta(minutes=number)
        return a_notification(an_alert("Disk", at=start, ended=world.now if ended else None), group="disk")

    for number in range(3):
        await sends(world, firing(number))
        await world.advance(minutes=1)
    assert "1 of 1 firing" in world.card()

    await sends(world, firing(2, ended=True))

    assert len(messages_with(world, "The alert has ended")) == 1, "and the offer to resolve is made"
    assert "0 of 1 firing" in world.card()
    assert len((await world.exported())["alerts"]) == 3, "the record has each firing"


@pytest.mark.parametrize(("start", "of_the_end"), [(True, False), (False, True), (False, False)])
async def test_an_end_that_states_no_start_or_alone_states_one_ends_the_firing(
    world: World, start: bool, of_the_end: bool
) -> None:
    probe = {"title": "Probe 7 fails", "id": "probe-7"}
    began = {"starts_at": (world.now - timedelta(minutes=10)).isoformat()}
    for _ in range(2):
        await sends(world, probe | (began if start else {}), source="generic")
        await world.advance(minutes=1)
        over = probe | {"status": "resolved"} | (began if of_the_end else {})
        for _ in range(2):
            await sends(world, over, source="generic")
        began = {"starts_at": world.now.isoformat()}
        await world.advance(minutes=1)
    rows = await alerts_kept(world)
    assert {row.status for row in rows} == {"resolved"}
    assert len(rows) == (2 if start else 1)
    assert all(row.ended_at and row.ended_at > row.starts_at for row in rows)


async def test_that_an_alert_fired_is_told_before_that_it_ended(world: World) -> None:
    """Posts leave one a second: the offer to resolve does not overtake the alert's message."""
    at = world.now
    for number in range(4):
        one = [an_alert(f"Disk{number}", at=at, ended=at if ended else None) for ended in (False, True)]
        for each in one:
            assert (await world.posts("alertmanager", a_notification(each, group="disk")))[0] == 200
    await world.advance(seconds=30)

    texts = world.texts()
    lines = [text for text in texts if "Disk" in text and "*Alert*" in text]
    assert len(lines) == 4
    (offer,) = [number for number, text in enumerate(texts) if text.startswith(":white_circle:")]
    assert texts.index(lines[0]) < offer, texts
    assert not any("since" in text for text in lines), "they have ended meanwhile"


async def test_an_end_that_arrives_first_opens_nothing_and_hides_nothing(
    world: World, notifications: Notifications
) -> None:
    await world.advance(minutes=2)
    answer = await sends(world, notifications[ALL_ENDED])
    assert answer["incidents"] == []
    assert world.channels == []

    answer = await sends(world, notifications[SINGLE])
    assert answer["incidents"] == ["INC-1"]


async def resolved(world: World, first: dict[str, Any]) -> None:
    await sends(world, first)
    assert await world.types("oncall", "/incident resolve restarted") == ""
    await world.finish()


async def test_two_replicas_told_at_the_same_time_open_one_incident(world: World, notifications: Notifications) -> None:
    if world.bot.database.dialect == "sqlite":
        # One file belongs to one process: there the same alert comes over two connections at once.
        urls = [world.url, world.url]
        other = None
    else:
        other = Dogwatch(world.settings(), clock=world.clock)
        await other.start()
        urls = [world.url, f"http://127.0.0.1:{other.port}"]

    async def send(url: str) -> int:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(f"{url}/alerts/alertmanager", json=notifications[THREE]) as answer,
        ):
            return answer.status

    answers = await asyncio.gather(*(send(url) for url in urls * 4))
    await world.finish()
    if other is not None:
        await other.stop()
        world.bot.sender.wake()  # what the other left it finds every five seconds, and the clock stands still here
    await world.finish()

    assert answers == [200] * 8
    assert len(world.channels) == 1
    assert len(messages_with(world, "*3 alerts*")) == 1
    assert len(await alerts_kept(world)) == 3
    assert await kinds(world) == ["declared", "detection"]
