"""Who is on call: asked, drawn, changed by those whom it concerns, and told when it changes."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
from sqlmodel import col, select

from bot.app import Dogwatch
from bot.services.oncall import calendar_sync as calendars
from bot.services.oncall import handover as shift_changes
from bot.services.oncall import on_call_view as duty
from bot.services.outbox.kinds import What
from bot.services.privacy import erase_person as erasing
from bot.slack.blocks.escalation import oncall
from bot.slack.blocks.incidents.card import DATE
from bot.slack.blocks.limits import when
from bot.store.escalation import calendars as store_calendars
from bot.store.outbox import OutboxRow
from tests.support.servers.postgres import PostgresServer
from tests.support.worlds.services import TEAM, Desk, read
from tests.support.worlds.world import World, rendered

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Where it is about what people see: what the other database does is tried by the rest."""

WEEKS = """
[schedules.payments]
zone = "Europe/Paris"
handover_channel = "ops"
[[schedules.payments.layers]]
people = ["U0ONCALL", "U0DBA", "U0ENGINEER"]
starts = "2026-01-05 09:00"
every = "week"
"""
PLATFORM = """
[schedules.platform]
zone = "America/New_York"
[[schedules.platform.layers]]
people = [["U0OPERATOR", "U0DBA"]]
starts = "2026-03-02 09:00"
every = "week"
length = "3 days"
"""
POLICY = """
[services.checkout]
policy = { SEV1 = "pay" }
[policies.pay]
[[policies.pay.levels]]
targets = ["schedule:payments"]
[[policies.pay.levels]]
targets = ["U0MANAGER"]
wait = 10
"""
"""The stories begin on Monday, 2 March 2026, at 15:00 in Paris: U0ENGINEER is on call, then U0ONCALL, then U0DBA."""


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with World(database_url, tmp_path, config=WEEKS) as built:
        yield built


def direct(world: World, user: str) -> list[str]:
    """What the bot wrote to somebody."""
    return [rendered(each) for each in world.sandbox.messages(world.sandbox.open_dm(user)) if each.get("bot_id")]


def in_ops(world: World) -> list[str]:
    return [rendered(each) for each in world.sandbox.messages("ops") if each.get("bot_id")]


def answers(world: World, user: str) -> list[dict]:
    return world.sandbox.ephemerals(user, "ops")


async def types(world: World, user: str, text: str) -> str:
    """What somebody is answered, with what stands in its blocks."""
    known = len(answers(world, user))
    await world.types(user, f"/incident oncall {text}".rstrip(), "ops")
    return rendered(answers(world, user)[known])


@ON_SQLITE
async def test_without_a_schedule_it_says_how_to_make_one(database_url: str, tmp_path: Path) -> None:
    async with World(database_url, tmp_path) as world:
        said = await types(world, "oncall", "")
        refused = await types(world, "oncall", "payments")

    assert "there is no schedule yet" in said
    assert "[schedules.payments]" in said
    assert "There is no schedule `payments`" in refused


@ON_SQLITE
async def test_it_says_who_is_on_call_and_draws_two_weeks(world: World) -> None:
    await world.types("support", "/incident oncall", "ops")
    await world.finish()

    words, drawn = answers(world, "support")
    assert "<@U0ENGINEER> until" in rendered(words)
    assert "then <@U0ONCALL>" in rendered(words)
    [picture] = drawn["blocks"]
    assert "Mon 9 Mar 09:00 to Mon 16 Mar 00:00: " in picture["alt_text"]
    assert "U0" not in picture["alt_text"], "names are asked for before they are drawn"
    assert world.sandbox.file_content(picture["slack_file"]["id"]).startswith(b"\x89PNG")
    await world.advance(days=1, minutes=2)
    assert world.sandbox.files() == [], "nobody looks at it any more"


@pytest.mark.parametrize(
    ("every", "ends"),
    [
        ("week", datetime(2026, 3, 22, 8, tzinfo=UTC)),
        ("30 days", datetime(2026, 3, 31, 7, tzinfo=UTC)),
        ("90 days", None),
    ],
)
async def test_the_turns_of_two_weeks_are_listed_to_their_ends(
    tmp_path: Path, every: str, ends: datetime | None
) -> None:
    config = WEEKS.replace("2026-01-05", "2026-03-01").replace('"week"', f'"{every}"')
    async with Desk.opened(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config) as desk:
        found = await desk.does(duty.of_schedule, TEAM, "payments", desk.now, is_drawn=False)

    shown = oncall.schedule(found)
    assert found.turns[-1][1] == ends
    assert ends is not None or f"{when(desk.now, DATE)} on: <@U0ONCALL>" in shown.text


@ON_SQLITE
@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.info"])
async def test_what_cannot_be_drawn_is_told_in_words(world: World, method: str) -> None:
    world.sandbox.fault("error", method, error="missing_scope")

    await world.types("support", "/incident oncall", "ops")
    await world.finish()

    said = rendered(answers(world, "support")[-1])
    assert "The picture could not be shown" in said
    assert "Mon 9 Mar 09:00 to Mon 16 Mar 00:00: " in said


async def test_somebody_takes_a_part_of_a_turn_and_those_concerned_are_told(world: World) -> None:
    said = await types(world, "support", "take from:Sat 09:00 to:18:00 the wedding")

    assert "<@U0SUPPORT> is on call for *payments* instead of <@U0ENGINEER>" in said
    begins, ends = (datetime.fromtimestamp(int(each), UTC) for each in re.findall(r"<!date\^(\d+)\^", said)[:2])
    assert (begins, ends) == (datetime(2026, 3, 7, 8, tzinfo=UTC), datetime(2026, 3, 7, 17, tzinfo=UTC))
    [told] = direct(world, "engineer")
    assert "<@U0SUPPORT> changed who is on call" in told
    assert "the wedding" in told
    assert direct(world, "support") == []
    assert ("U0SUPPORT", "changed who is on call") in await world.audited()


@ON_SQLITE
@pytest.mark.parametrize(("user", "text"), [("engineer", "give @support"), ("support", "take payments @engineer")])
async def test_what_is_taken_over_from_somebody_ends_with_their_turn(world: World, user: str, text: str) -> None:
    said = await types(world, user, f"{text} from:Sat 09:00 to:2026-03-10 09:00")

    assert "<@U0SUPPORT> is on call for *payments* instead of <@U0ENGINEER>" in said
    ends = datetime.fromtimestamp(int(re.findall(r"<!date\^(\d+)\^", said)[1]), UTC)
    assert ends == datetime(2026, 3, 9, 8, tzinfo=UTC), "from then on it is U0ONCALL's turn, and stays theirs"


@ON_SQLITE
async def test_whoever_is_relieved_takes_it_back_and_a_stranger_may_not(world: World) -> None:
    await types(world, "support", "take from:Sat 09:00 to:Sat 18:00")
    dm = world.sandbox.open_dm("engineer")
    message = world.sandbox.messages(dm)[-1]

    refused = await types(world, "developer", "cancel 1")
    await world.sandbox.click("engineer", dm, message["ts"], "oncall_undo")
    await world.settle()
    again = await types(world, "engineer", "cancel 1")

    assert "Only those whom it concerns" in refused
    assert "took back a change of who is on call" in direct(world, "support")[-1]
    assert "taken back already" in again
    assert "(changed)" not in await types(world, "oncall", "payments")


async def test_a_turn_is_given_and_two_are_swapped(world: World) -> None:
    given = await types(world, "engineer", "give @support")
    await world.finish()
    swapped = await types(world, "oncall", "swap @dba payments")

    assert "<@U0SUPPORT> is on call for *payments* instead of <@U0ENGINEER>" in given
    assert "You are on call for *payments* now, after <@U0ENGINEER>" in direct(world, "support")[-1]
    assert "<@U0DBA> is on call for *payments* instead of <@U0ONCALL>" in swapped
    assert "<@U0ONCALL> is on call for *payments* instead of <@U0DBA>" in swapped
    await types(world, "dba", "cancel 3")
    listed = await types(world, "dba", "payments")
    assert listed.count("Take it back") == 1, "both halves of the swap went, the gift stays"


@pytest.mark.parametrize(
    ("user", "text", "said"),
    [
        ("support", "give @dba", "You have no turn in payments within the next 92 days"),
        ("support", "swap @dba", "You have no turn in payments"),
        ("engineer", "take", "<@U0ENGINEER> is on call then already"),
        ("engineer", "give", "Say who, with `@`"),
        ("support", "take to:2026-03-01 09:00", "ends before it begins"),
        ("support", "take from:Sat 09:00 to:2026-09-01 09:00", "A change lasts 62 days at most"),
        ("engineer", "give @dogwatch", "Dogwatch itself cannot be on call"),
        ("support", "cancel 99", "There is no change 99"),
        ("support", "cancel it", "Say which change"),
        ("support", "payment", "Did you mean `payments`?"),
        ("support", "from:Sat 09:00", "Say what to do in that time"),
        ("support", "take from:?", "needs a time that is known"),
        ("engineer", "swap @engineer", "That is yourself"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_way_out(tmp_path: Path, user: str, text: str, said: str) -> None:
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=WEEKS) as world:
        assert said in await types(world, user, text)
        assert direct(world, "dba") == []


async def test_with_several_schedules_one_is_named_and_its_zone_counts(tmp_path: Path) -> None:
    config = WEEKS + PLATFORM
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=config) as world:
        everything = await types(world, "oncall", "")
        which = await types(world, "engineer", "give @support")
        whose = await types(world, "support", "take platform to:Tue 09:00")
        taken = await types(world, "support", "take platform @operator to:Tue 09:00 a course")

    assert "*payments*: <@U0ENGINEER>" in everything
    assert "*platform*: <@U0OPERATOR> and <@U0DBA>" in everything
    assert "Which schedule?" in which
    assert "are on call together then" in whose
    assert "instead of <@U0OPERATOR>" in taken
    assert str(int(datetime(2026, 3, 3, 14, tzinfo=UTC).timestamp())) in taken, "nine o'clock in New York"


@ON_SQLITE
async def test_the_form_puts_somebody_on_call(world: World) -> None:
    await types(world, "oncall", "payments")
    ts = answers(world, "oncall")[0]["ts"]
    await world.sandbox.click("oncall", "ops", ts, "oncall_change")
    await world.settle()
    form = world.sandbox.views("oncall")[-1]
    ends = int(datetime(2026, 3, 2, 20, tzinfo=UTC).timestamp())
    refused = await world.sandbox.submit_view("oncall", form["id"], {"starts": ends, "ends": ends - 60})

    done = await world.sandbox.submit_view(
        "oncall", form["id"], {"person": "U0SUPPORT", "starts": ends - 21_600, "ends": ends}
    )
    await world.finish()

    assert "ends before it begins" in refused.errors["ends"]
    assert done.errors == {}
    assert "You are on call for *payments* now, after <@U0ENGINEER>" in direct(world, "support")[-1]
    assert "<@U0SUPPORT> until" in await types(world, "dba", "payments")


async def test_a_change_of_shift_is_told_with_what_is_open(database_url: str, tmp_path: Path) -> None:
    start = datetime(2026, 3, 9, 7, 50, tzinfo=UTC)
    async with World(database_url, tmp_path, config=WEEKS, start=start) as world:
        await world.declares("checkout is down sev:1")
        await world.declares("a secret private sev:1")
        await world.types("support", "/incident escalate INC-1 @developer slow", "ops")
        await world.advance_to(datetime(2026, 3, 9, 8, 2, tzinfo=UTC))

        [comes], [leaves] = (
            [each for each in direct(world, user) if "payments" in each] for user in ("oncall", "engineer")
        )
        [line] = [each for each in in_ops(world) if "took over on call" in each]

    assert "You are on call for *payments* now, after <@U0ENGINEER>" in comes
    assert "*INC-1* checkout is down" in comes
    assert "secret" not in comes
    assert "Your turn on call for *payments* is over: <@U0ONCALL> took over" in leaves
    assert "Waiting for <@U0DEVELOPER>" in comes
    assert "<@U0ONCALL> took over on call for *payments* from <@U0ENGINEER>" in line


@ON_SQLITE
async def test_whoever_takes_a_turn_while_muted_is_told_that_nothing_reaches_them(world: World) -> None:
    await world.types("support", "/incident mute until:18:00", "ops")

    taken = await types(world, "support", "take payments")
    await types(world, "support", "cancel 1")
    await world.types("support", "/incident unmute", "ops")
    again = await types(world, "support", "take payments")

    assert "<@U0SUPPORT> is muted until" in taken
    assert "<@U0SUPPORT> is on call" in again
    assert "muted" not in again


async def test_whoever_is_paged_before_the_channel_is_there_gets_the_way_in(tmp_path: Path) -> None:
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=WEEKS + POLICY) as world:
        world.sandbox.fault("error", method="conversations.create", error="ratelimited", times=1)
        await world.declares("checkout is down sev:1 service:checkout")
        await world.finish()

        [page] = [text for text in direct(world, "engineer") if "rotating_light" in text]
        assert "needs you in <#C" in page


async def test_only_incidents_of_its_services_are_handed_over(tmp_path: Path) -> None:
    start = datetime(2026, 3, 9, 7, 50, tzinfo=UTC)
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=WEEKS + POLICY, start=start) as world:
        await world.declares("checkout is down sev:3 service:checkout")
        await world.declares("search is slow sev:3 service:search")
        await world.advance_to(datetime(2026, 3, 9, 8, 2, tzinfo=UTC))

        [line] = [each for each in in_ops(world) if "took over on call" in each]

    assert "checkout is down" in line
    assert "search is slow" not in line


async def test_a_policy_says_whom_it_would_page_now(tmp_path: Path) -> None:
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=WEEKS + POLICY) as world:
        said = await types(world, "support", "pay")
        await types(world, "support", "take")
        then = await types(world, "support", "policy:Pay")
        same = await types(world, "support", "schedule:payments")
        unknown = await types(world, "support", "policy:payy")
        nights = await types(world, "support", "nights 2026-03")
        no_month = await types(world, "support", "nights march")

    assert "*Level 1*: <@U0ENGINEER> (schedule:payments) · 5m to answer" in said
    assert "*Level 2*: <@U0MANAGER> · 10m to answer" in said
    assert "*Level 1*: <@U0SUPPORT> (schedule:payments)" in then
    assert "On call for payments" in same
    assert "Did you mean `pay`" in unknown
    assert nights == "Nobody was paged in 2026-03."
    assert "is not a month" in no_month


async def test_a_policy_names_services_groups_and_vendors_and_says_who_left(tmp_path: Path) -> None:
    config = f"""{WEEKS}{POLICY}
[[policies.pay.levels]]
targets = ["webhook:bridge", "team:dba", "vendor:payplug"]
[teams.dba]
usergroup = "S0DATABASE"
[vendors.payplug]
name = "PayPlug"
[paging.webhook.services]
bridge = "https://bridge.example.com/pages"
"""
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=config) as world:
        await types(world, "engineer", "")
        world.sandbox.change_user("engineer", deleted=True)
        await world.finish()
        said = await types(world, "support", "pay")

    assert "*Level 3*: Webhook bridge, the user group `S0DATABASE` (team:dba), the vendor PayPlug · 5m" in said
    assert "*Level 1*: *nobody* (schedule:payments)" in said
    assert '<@U0ENGINEER> is on call by the schedule "payments", but has left the workspace' in said


async def test_what_changed_while_it_was_down_is_told_once_and_late(world: World) -> None:
    await world.bot.stop()
    world.clock.move_to(datetime(2026, 3, 17, 12, 0, tzinfo=UTC))
    await world.starts()
    await world.finish()
    await world.restart()
    await world.finish()

    [told] = direct(world, "dba")
    assert "You are on call for *payments* now, after <@U0ENGINEER>" in told
    assert "Told late" in told
    assert str(int(datetime(2026, 3, 16, 8, tzinfo=UTC).timestamp())) in told
    assert direct(world, "oncall") == [], "their turn began and ended meanwhile"


async def handed_over(desk: Desk) -> list[tuple[str, str, bool]]:
    """Who was told of a change of shift, since when it is, and whether it is told late."""
    rows = await desk.database.read(lambda session: list(session.exec(select(OutboxRow).order_by(col(OutboxRow.id)))))
    told = [each for each in rows if each.what == What.SHIFT_CHANGED and each.details.get("user_id")]
    return [(each.details["user_id"], each.details["since"], each.details["is_late"]) for each in told]


async def test_another_plan_in_the_middle_of_a_turn_holds_from_then_on(tmp_path: Path) -> None:
    async with Desk.opened(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, WEEKS) as desk:
        await desk.does(shift_changes.watch_all, desk.now)
        await desk.passes(hours=47)
        (tmp_path / "dogwatch.toml").write_text(WEEKS.replace("U0ENGINEER", "U0SUPPORT"))
        desk.settings = read(tmp_path / "dogwatch.toml")
        await desk.does(shift_changes.watch_all, desk.now)

        told = await handed_over(desk)

    assert told == [("U0ENGINEER", desk.now.isoformat(), False), ("U0SUPPORT", desk.now.isoformat(), False)]


async def test_a_calendar_tells_nothing_until_it_was_read_and_then_changes_from_now_on(tmp_path: Path) -> None:
    def says(person: str) -> str:
        event = f"UID:1\r\nDTSTART:20260302T080000Z\r\nDTEND:20260309T080000Z\r\nSUMMARY:{person}"
        return f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

    async def is_fetched(person: str) -> None:
        copy = calendars.read(says(person), desk.settings, "legacy", desk.now)
        await desk.database.run(store_calendars.take, "legacy", desk.now, timedelta(minutes=1))
        await desk.database.run(calendars.fetched, "legacy", copy, calendars.Validators(), desk.now)

    config = "[schedules.legacy]\ncalendar = true\n"
    async with Desk.opened(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config) as desk:
        await desk.does(shift_changes.watch_all, desk.now)
        await desk.passes(minutes=2)
        await is_fetched("U0ONCALL1")
        await desk.passes(hours=1)
        assert await handed_over(desk) == [], "it is new"

        await is_fetched("U0SUPPORT1")
        await desk.passes(minutes=5)
        told = await handed_over(desk)

    assert {user for user, _, _ in told} == {"U0ONCALL1", "U0SUPPORT1"}
    assert not any(is_late for _, _, is_late in told)
    assert all(datetime.fromisoformat(since) > desk.now - timedelta(minutes=5) for _, since, _ in told)


async def test_two_replicas_tell_it_once(postgres_server: PostgresServer, tmp_path: Path) -> None:
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


async def test_ones_own_turns_are_a_calendar_at_a_secret_address(world: World) -> None:
    await types(world, "support", "take from:Sat 09:00 to:Sat 18:00")
    said = await types(world, "support", "calendar")
    path = re.search(r"/oncall/[\w-]{43}\.ics", said)
    assert path is not None

    status, text = await world.gets(path[0])
    again = await world.gets(path[0])

    assert status == 200
    assert again == (status, text), "the same turns are the same to whoever subscribed"
    [event] = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert str(event["summary"]) == "On call: payments"
    assert event["dtstart"].dt == datetime(2026, 3, 7, 8, tzinfo=UTC)
    assert event["dtend"].dt == datetime(2026, 3, 7, 17, tzinfo=UTC)
    secret = path[0].removeprefix("/oncall/").removesuffix(".ics")
    assert secret not in await world.stored(), "only a digest is kept"
    assert "It was shown once" in await types(world, "support", "calendar")
    assert "no address any more" in await types(world, "support", "calendar off")
    assert (await world.gets(path[0]))[0] == 404


async def test_whoever_is_erased_has_no_calendar(tmp_path: Path) -> None:
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=WEEKS) as world:
        said = await types(world, "dba", "calendar")
        path = re.search(r"/oncall/[\w-]{43}\.ics", said)
        assert path is not None
        before = (await world.gets(path[0]))[0]

        await world.bot.database.run(erasing.erase, "U0DBA", former_id="U0FORMER", at=world.now)

        assert (before, (await world.gets(path[0]))[0]) == (200, 404)


@ON_SQLITE
async def test_app_home_says_when_one_is_on_call(world: World) -> None:
    for user, said in (("engineer", "You are on call for *payments* until"), ("dba", ""), ("oncall", "from")):
        await world.sandbox.open_home(user)
        await world.finish()
        home = rendered(world.sandbox.home(user))
        assert said in home
        assert "Who is on call" in home
    view = world.sandbox.home("dba")
    await world.sandbox.click_view("dba", view["id"], "oncall_now")
    await world.settle()
    assert "<@U0ENGINEER> until" in rendered(world.sandbox.views("dba")[-1])
