"""Shift handovers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from bot.app import Dogwatch
from bot.services.oncall.calendar_sync import Validators, read_calendar, record_fetched
from bot.services.oncall.handover import watch_schedules
from bot.services.outbox import OutboxKind
from bot.store.escalation import calendars
from bot.store.outbox import OutboxRow
from tests.support.servers.postgres import PostgresServer
from tests.support.worlds.oncall import POLICY, WEEKS, direct, ops_messages
from tests.support.worlds.services import Desk, read
from tests.support.worlds.world import World

pytestmark = pytest.mark.world(config=WEEKS)


async def test_a_handover_lists_open_incidents(database_url: str, tmp_path: Path) -> None:
    start = datetime(2026, 3, 9, 7, 50, tzinfo=UTC)
    async with World(database_url, tmp_path, config=WEEKS, start=start) as world:
        await world.declares("checkout is down sev:1")
        await world.declares("a secret private:yes sev:1")
        await world.types("support", "/incident escalate INC-1 @developer slow", "ops")
        await world.advance_to(datetime(2026, 3, 9, 8, 2, tzinfo=UTC))

        [comes], [leaves] = (
            [each for each in direct(world, user) if "payments" in each] for user in ("oncall", "engineer")
        )
        [line] = [each for each in ops_messages(world) if "took over on call" in each]

    assert "You are on call for *payments* now, after <@U0ENGINEER>" in comes
    assert "*INC-1* checkout is down" in comes
    assert "secret" not in comes
    assert "Your shift for *payments* is over: <@U0ONCALL> took over" in leaves
    assert "Waiting for <@U0DEVELOPER>" in comes
    assert "<@U0ONCALL> took over on call for *payments* from <@U0ENGINEER>" in line


async def test_a_page_before_the_channel_gets_its_link_later(tmp_path: Path) -> None:
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=WEEKS + POLICY) as world:
        world.sandbox.fault("error", method="conversations.create", error="ratelimited", times=1)
        await world.declares("checkout is down sev:1 service:checkout")
        await world.finish()

        [page] = [text for text in direct(world, "engineer") if "rotating_light" in text]
        assert "needs you in <#C" in page


async def test_a_handover_lists_incidents_of_the_schedule_s_services(tmp_path: Path) -> None:
    start = datetime(2026, 3, 9, 7, 50, tzinfo=UTC)
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=WEEKS + POLICY, start=start) as world:
        await world.declares("checkout is down sev:3 service:checkout")
        await world.declares("search is slow sev:3 service:search")
        await world.advance_to(datetime(2026, 3, 9, 8, 2, tzinfo=UTC))

        [line] = [each for each in ops_messages(world) if "took over on call" in each]

    assert "checkout is down" in line
    assert "search is slow" not in line


async def test_a_handover_during_downtime_is_posted_once_and_late(world: World) -> None:
    await world.bot.stop()
    world.clock.move_to(datetime(2026, 3, 17, 12, 0, tzinfo=UTC))
    await world.starts()
    await world.finish()
    await world.restart()
    await world.finish()

    [message] = direct(world, "dba")
    assert "You are on call for *payments* now, after <@U0ENGINEER>" in message
    assert "Delayed" in message
    assert str(int(datetime(2026, 3, 16, 8, tzinfo=UTC).timestamp())) in message
    assert direct(world, "oncall") == [], "their turn began and ended meanwhile"


async def handed_over(desk: Desk) -> list[tuple[str, str, bool]]:
    """User, time of the change and lateness of each handover message."""
    rows = await desk.database.read(lambda session: list(session.exec(select(OutboxRow).order_by(col(OutboxRow.id)))))
    message = [each for each in rows if each.kind == OutboxKind.SHIFT_HANDOVER and each.details.get("user_id")]
    return [(each.details["user_id"], each.details["since"], each.details.get("is_late", False)) for each in message]


async def test_a_changed_configuration_hands_over_at_once(tmp_path: Path) -> None:
    async with Desk.opened(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, WEEKS) as desk:
        await desk.does(watch_schedules, desk.now)
        await desk.passes(hours=47)
        (tmp_path / "dogwatch.toml").write_text(WEEKS.replace("U0ENGINEER", "U0SUPPORT"))
        desk.settings = read(tmp_path / "dogwatch.toml")
        await desk.does(watch_schedules, desk.now)

        message = await handed_over(desk)

    assert message == [("U0ENGINEER", desk.now.isoformat(), False), ("U0SUPPORT", desk.now.isoformat(), False)]


async def test_a_calendar_hands_over_only_after_its_first_read(tmp_path: Path) -> None:
    def says(person: str) -> str:
        event = f"UID:1\r\nDTSTART:20260302T080000Z\r\nDTEND:20260309T080000Z\r\nSUMMARY:{person}"
        return f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

    async def is_fetched(person: str) -> None:
        copy = await read_calendar(says(person), desk.settings, "legacy", desk.now)
        await desk.database.run(calendars.claim_fetch, "legacy", desk.now, timedelta(minutes=1))
        await desk.database.run(record_fetched, "legacy", copy, Validators(), desk.now)

    config = "[schedules.legacy]\ncalendar = true\n"
    async with Desk.opened(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config) as desk:
        await desk.does(watch_schedules, desk.now)
        await desk.passes(minutes=2)
        await is_fetched("U0ONCALL1")
        await desk.passes(hours=1)
        assert await handed_over(desk) == [], "it is new"

        await is_fetched("U0SUPPORT1")
        await desk.passes(minutes=5)
        message = await handed_over(desk)

    assert {user for user, _, _ in message} == {"U0ONCALL1", "U0SUPPORT1"}
    assert not any(is_late for _, _, is_late in message)
    assert all(datetime.fromisoformat(since) > desk.now - timedelta(minutes=5) for _, since, _ in message)


async def test_two_replicas_post_one_handover(postgres_server: PostgresServer, tmp_path: Path) -> None:
    url = postgres_server.create_database()
    async with World(url, tmp_path, config=WEEKS) as world:
        other = Dogwatch(world.settings(), clock=world.clock)
        await other.start()
        world.clock.move_to(datetime(2026, 3, 9, 8, 0, tzinfo=UTC))
        other.engine.wake()
        world.bot.engine.wake()
        await world.finish()
        await other.stop()
        await world.finish()

        assert len(direct(world, "oncall")) == 1
        assert len(direct(world, "engineer")) == 1
    postgres_server.drop_database(url)
