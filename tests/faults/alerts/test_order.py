"""Alerts out of order, late, in part, repeated, with impossible times."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from bench.quick.recorder import recording
from bot.services.alerts import ingest
from bot.store.alerts import alert_groups, alerts
from bot.store.alerts.alerts import Alert
from bot.web.webhooks import batching
from tests.support.requests.notifications import Notifications, a_notification, an_alert
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World

NEVER = "0001-01-01T00:00:00Z"


pytestmark = pytest.mark.world(databases=BOTH_DATABASES)


async def sends(world: World, payload: Any) -> dict[str, Any]:
    status, answer = await world.posts("alertmanager", payload)
    assert status == 200, answer
    return dict(answer)


async def load_alerts(world: World) -> list[Alert]:
    def read(session: Session) -> list[Alert]:
        return list(session.exec(select(Alert).order_by(Alert.id)))

    return await world.bot.database.read(read)


def posts(world: World, words: str) -> list[str]:
    return [text for text in world.texts() if words in text]


async def test_more_alerts_than_one_statement_can_name(world: World) -> None:
    """A 5 MB body may hold tens of thousands, and a refused one is only sent again."""
    database = world.bot.database
    told = {("alertmanager", str(number), "2026-03-02T14:00:00Z") for number in range(11_000)}
    groups = {("alertmanager", str(number)) for number in range(alert_groups.CHUNK_SIZE + 1)}

    assert await database.read(alerts.find_known, "T0HARBOUR", told) == {}
    held = await database.run(alert_groups.lock_groups, "T0HARBOUR", groups)
    await database.run(alerts.touch, range(1, 33_000), world.now)

    assert held.keys() == groups


async def test_a_body_with_hundreds_of_groups_writes_few_statements(world: World) -> None:
    """Each statement is a round trip: a statement for each group would hold up people for seconds."""
    body = [{"title": f"Disk {n} full", "group": f"disk {n}", "fingerprint": f"disk {n}"} for n in range(600)]
    updates: list[Counter[str]] = []
    for _ in range(2):
        with recording() as recorder:
            status, answer = await world.posts("generic", body)
        assert (status, answer["recorded"]) == (200, 600)
        updates.append(Counter(recorder.statements))

    written = [{name: times for name, times in each.items() if "UPDATE" in name and times > 100} for each in updates]
    assert written == [{}, {}]
    assert len(await load_alerts(world)) == 600


async def test_a_large_notification_goes_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several transactions, one incident; a repetition changes nothing and names it, too."""
    monkeypatch.setattr(batching, "MAX_ALERTS", 4)
    monkeypatch.setattr(alert_groups, "CHUNK_SIZE", 3)
    at = world.now
    told = a_notification(*(an_alert(at=at, instance=f"web-{number}") for number in range(11)))
    over = a_notification(*(an_alert(at=at, ended=at, instance=f"web-{number}") for number in range(11)))

    for payload, firing in ((told, 11), (told, 11), (over, 0)):
        assert await sends(world, payload) == {"ok": True, "recorded": 11, "ignored": 0, "incidents": ["INC-1"]}
        await world.finish()
        assert f"{firing} of 11 firing" in world.card()
    assert len(world.channels) == 1
    assert len(await load_alerts(world)) == 11


async def test_a_notification_that_breaks_off_is_sent_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender gets 503 with the reason; stored parts are found when it comes again."""
    monkeypatch.setattr(batching, "MAX_ALERTS", 4)
    whole, parts = ingest.receive_notifications, 0

    def breaks_off(*given: Any) -> list[ingest.Receipt]:
        nonlocal parts
        parts += 1
        if parts == 2:
            raise RuntimeError("no such thing")
        return whole(*given)

    monkeypatch.setattr(ingest, "receive_notifications", breaks_off)
    told = a_notification(*(an_alert(at=world.now, instance=f"web-{number}") for number in range(11)))
    status, answer = await world.posts("alertmanager", told)

    assert (status, answer["ok"]) == (503, False)
    assert "Send it again" in answer["error"]
    assert len(await load_alerts(world)) == 4
    await sends(world, told)
    await world.finish()
    assert len(await load_alerts(world)) == 11
    assert len(world.channels) == 1
    assert "11 of 11 firing" in world.card()


async def test_one_notification_says_the_same_twice(world: World) -> None:
    """The end, too: events apply in their order."""
    alert, over = an_alert(at=world.now), an_alert(at=world.now, ended=world.now)
    answer = await sends(world, a_notification(alert, alert, over, over))
    await world.finish()

    assert answer["incidents"] == ["INC-1"]
    assert len(await load_alerts(world)) == 1
    assert "0 of 1 firing" in world.card()


async def test_names_of_any_length(world: World) -> None:
    """Cut for display; two that differ at the end only are still two."""
    long = "x" * 5_000
    told = [an_alert(long + end, at=world.now, service=long + end) for end in "ab"]
    for each in told:
        await sends(world, a_notification(each, group=each["labels"]["service"]))
    await world.finish()

    rows = await load_alerts(world)
    assert [(len(row.name), len(row.service or "")) for row in rows] == [(100, 100), (100, 100)]
    assert [row.labels["service"] for row in rows] == [each["labels"]["service"] for each in told]
    assert len(world.channels) == 2
    assert long not in world.card()


# --- out of order


async def test_an_end_that_overtakes_its_beginning_opens_nothing(world: World) -> None:
    """The end comes first, and the start of the same firing after it."""
    began = world.now
    await world.advance(minutes=2)
    assert (await sends(world, a_notification(an_alert(at=began, ended=world.now))))["incidents"] == []
    assert world.channels == []

    await sends(world, a_notification(an_alert(at=began)))
    await world.finish()
    assert len(world.channels) == 1, "a monitor that says firing after it said resolved means a new firing"
    assert "1 of 1 firing" in world.card()

    await sends(world, a_notification(an_alert(at=began, ended=world.now)))
    await world.finish()
    assert "0 of 1 firing" in world.card()
    assert len(await load_alerts(world)) == 1


async def test_beginnings_and_ends_all_at_once_are_one_incident(world: World) -> None:
    """Twenty requests at once over as many connections, in whatever order they arrive."""
    began = world.now
    await world.advance(minutes=1)
    told = [a_notification(an_alert(at=began, instance=str(number))) for number in range(10)]
    over = [a_notification(an_alert(at=began, ended=world.now, instance=str(number))) for number in range(10)]
    await sends(world, told[0])

    await asyncio.gather(*(sends(world, each) for each in [*over, *told]))
    await asyncio.gather(*(sends(world, each) for each in over))
    await world.finish()

    assert len(world.channels) == 1
    assert len(await load_alerts(world)) == 10
    assert "0 of 10 firing" in world.card()


# --- late


async def test_an_hour_late_and_after_the_resolve(world: World) -> None:
    """The alert arrives an hour late, after the resolve, and opens no incident."""
    began = world.now
    await sends(world, a_notification(an_alert(at=began)))
    await world.finish()
    await world.types("oncall", "/incident resolve restarted")
    await world.advance(hours=1)

    late = an_alert("DiskFull", at=began + timedelta(minutes=1), ended=began + timedelta(minutes=2))
    await sends(world, a_notification(late))
    await sends(world, a_notification(an_alert(at=began, ended=began + timedelta(minutes=3))))
    await world.finish()

    assert len(world.channels) == 1
    incident = (await world.exported())["incident"]
    assert incident["status"] == "resolved"
    ends = {each["name"]: each["ended_at"] for each in (await world.exported())["alerts"]}
    assert datetime.fromisoformat(ends["HighCPU"]) == began + timedelta(minutes=3)
    assert datetime.fromisoformat(ends["DiskFull"]) == began + timedelta(minutes=2)


@pytest.mark.parametrize(("minutes", "channels"), [(29, 1), (31, 2)])
async def test_what_fires_again_soon_reopens(world: World, minutes: int, channels: int) -> None:
    began = world.now
    await sends(world, a_notification(an_alert(at=began)))
    await world.finish()
    await sends(world, a_notification(an_alert(at=began, ended=world.now)))
    await world.types("oncall", "/incident resolve restarted")
    await world.advance(minutes=minutes)

    await sends(world, a_notification(an_alert(at=world.now)))
    await world.finish()

    assert len(world.channels) == channels
    assert "Investigating" in world.card()


# --- in part


async def test_half_a_group_first_the_rest_later(world: World) -> None:
    """Five hundred alerts of one group: 271 in the first notification, all in the next."""
    began = world.now
    everything = [an_alert(at=began, instance=f"web-{number}") for number in range(500)]
    await sends(world, a_notification(*everything[:271]))
    await world.finish()
    assert "271 of 271 firing" in world.card()
    (post,) = posts(world, "*271 alerts*")
    assert "and 251 more" in post

    await sends(world, a_notification(*everything))
    await world.finish()

    assert len(world.channels) == 1
    assert "500 of 500 firing" in world.card()
    assert len(posts(world, "*229 alerts*")) == 1
    assert len(await world.timeline()) == 3
    (detection, more) = [each for each in await world.timeline() if each["kinds"] == ["detection"]]
    assert "and 266 more" in detection["text"] or detection["text"] == "HighCPU: HighCPU is too high"
    assert more["text"]


async def test_what_a_monitor_left_out_is_told(world: World, conformance: Path) -> None:
    told = Notifications(conformance / "alerts", anchor="06-truncated-max-alerts", at=world.now)
    payload = told["06-truncated-max-alerts"]
    assert payload["truncatedAlerts"] == 5
    await sends(world, payload)
    await world.finish()

    (post,) = posts(world, "*3 alerts*")
    assert "The monitor left out 5 more of this group." in post
    assert "3 of 3 firing" in world.card(), "what nobody named is not counted as known"
    assert "and 5 more" in (await world.timeline())[-1]["text"]

    await sends(world, payload | {"alerts": payload["alerts"][:1], "truncatedAlerts": 7})
    await world.finish()
    assert "3 of 3 firing" in world.card(), "those that are absent now have not ended"


# --- over and over


async def test_flapping_a_hundred_times_a_minute(world: World) -> None:
    """One incident, few entries and posts, every firing counted."""
    began = world.now
    for turn in range(100):
        await sends(world, a_notification(an_alert(at=began)))
        await sends(world, a_notification(an_alert(at=began, ended=world.now)))
        if turn % 10 == 9:
            await world.advance(seconds=6)
    await sends(world, a_notification(an_alert(at=began)))
    await world.finish()

    assert len(world.channels) == 1
    assert "1 of 1 firing" in world.card()
    (alert,) = await load_alerts(world)
    assert alert.count == 101
    assert len(await world.timeline()) <= 4
    assert len([text for text in world.texts() if "rotating_light" in text or "white_circle" in text]) <= 3


async def test_alerts_that_come_by_the_hundred_are_counted(tmp_path: Path) -> None:
    """All of one open incident, one line a minute."""
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as world:
        await _a_hundred(world)


async def _a_hundred(world: World) -> None:
    for number in range(100):
        at = world.now
        await sends(world, a_notification(an_alert(f"Flap{number}", at=at, service="payments")))
        if number % 10 == 9:
            await world.advance(seconds=5)
    await world.advance(minutes=3)

    assert len(world.channels) == 1
    entries = await world.timeline()
    assert len(entries) <= 14
    told = [each["text"] for each in entries if "more alerts of payments in one minute" in each["text"]]
    assert sum(int(text.split()[0]) for text in told) == 90
    assert len(posts(world, "rotating_light")) <= 13


# --- times that cannot be


@pytest.mark.parametrize(
    ("starts", "ends"),
    [(timedelta(hours=1), None), (timedelta(days=400), None), (timedelta(minutes=-5), timedelta(hours=-1))],
    ids=["starts in an hour", "starts next year", "ends before it starts"],
)
async def test_impossible_times(world: World, starts: timedelta, ends: timedelta | None) -> None:
    at = world.now
    alert = an_alert(at=at + starts, ended=at + ends if ends else None)
    if ends is not None:
        await sends(world, a_notification(an_alert(at=at + starts)))
    await sends(world, a_notification(alert))
    await world.finish()

    (row,) = await load_alerts(world)
    assert row.starts_at <= at
    assert row.ended_at is None or row.ended_at >= row.starts_at
    incident = (await world.exported())["incident"]
    assert datetime.fromisoformat(incident["started_at"]) <= at
    assert len(world.channels) == 1


async def test_an_end_that_is_zero_is_no_end(world: World) -> None:
    firing = an_alert(at=world.now)
    assert firing["endsAt"] == NEVER
    await sends(world, a_notification(firing))
    await sends(world, a_notification({**firing, "status": "resolved"}))
    await world.finish()

    (row,) = await load_alerts(world)
    assert row.ended_at == row.starts_at, "who says resolved and no time means now"
    assert (await world.exported())["incident"]["status"] == "investigating"
