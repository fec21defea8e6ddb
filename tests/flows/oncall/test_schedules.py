"""On-call schedules: views, images, overrides, feeds."""

import re
from datetime import UTC, datetime
from pathlib import Path

import icalendar
import pytest

from bot.export.schedule_text import format_time
from bot.services.oncall.on_call_view import load_schedule_view
from bot.services.privacy import erase_person
from bot.slack.blocks.escalation import oncall
from tests.support.worlds.databases import BOTH_DATABASES, SQLITE
from tests.support.worlds.oncall import PLATFORM, POLICY, WEEKS, answers, direct, types
from tests.support.worlds.services import TEAM, Desk
from tests.support.worlds.world import World, rendered

ON_SQLITE = pytest.mark.world(databases=SQLITE)
"""For tests of messages; the others run on both databases."""

pytestmark = pytest.mark.world(config=WEEKS, databases=BOTH_DATABASES)


@ON_SQLITE
async def test_without_a_schedule(database_url: str, tmp_path: Path) -> None:
    async with World(database_url, tmp_path) as world:
        reply = await types(world, "oncall", "")
        refused = await types(world, "oncall", "payments")

    assert "there is no schedule yet" in reply
    assert "[schedules.payments]" in reply
    assert "There is no schedule `payments`" in refused


@ON_SQLITE
async def test_schedule_view_with_an_image(world: World) -> None:
    await world.types("support", "/incident oncall", "ops")
    await world.finish()

    words, image = answers(world, "support")
    assert "<@U0ENGINEER> until" in rendered(words)
    assert "then <@U0ONCALL>" in rendered(words)
    assert "Mon 9 Mar 09:00 to Mon 16 Mar 09:00: " in rendered(words)
    assert "Times are in the schedule's zone, Europe/Paris." in rendered(words)
    [picture] = image["blocks"]
    assert "On call for payments (Europe/Paris)" in picture["alt_text"]
    assert "Mon 9 Mar 09:00 to Mon 16 Mar 00:00: " in picture["alt_text"]
    assert "U0" not in picture["alt_text"], "names are asked for before they are drawn"
    assert world.sandbox.file_content(picture["slack_file"]["id"]).startswith(b"\x89PNG")
    await world.advance(days=1, minutes=2)
    assert world.sandbox.files() == [], "the image is deleted after a day"


@pytest.mark.parametrize(
    ("every", "ends"),
    [
        ("week", datetime(2026, 3, 22, 8, tzinfo=UTC)),
        ("30 days", datetime(2026, 3, 31, 7, tzinfo=UTC)),
        ("90 days", None),
    ],
)
async def test_shifts_of_two_weeks_are_listed_to_their_ends(tmp_path: Path, every: str, ends: datetime | None) -> None:
    config = WEEKS.replace("2026-01-05", "2026-03-01").replace('"week"', f'"{every}"')
    async with Desk.opened(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config) as desk:
        found = await desk.does(load_schedule_view, TEAM, "payments", desk.now, has_image=False)

    shown = oncall.schedule_message(found)
    assert found.shifts[-1][1] == ends
    assert ends is not None or f"{format_time(desk.now, found.zone)} on: <@U0ONCALL>" in shown.text


@ON_SQLITE
@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.info"])
async def test_a_failed_image_is_replaced_by_text(world: World, method: str) -> None:
    world.sandbox.fault("error", method, error="missing_scope")

    await world.types("support", "/incident oncall", "ops")
    await world.finish()

    reply = rendered(answers(world, "support")[-1])
    assert "The picture could not be shown" in reply
    assert "Mon 9 Mar 09:00 to Mon 16 Mar 00:00: " in reply


async def test_taking_a_part_of_a_shift_notifies_the_people_concerned(world: World) -> None:
    reply = await types(world, "support", "take from:Sat 09:00 to:18:00 the wedding")

    assert "<@U0SUPPORT> is on call for *payments* instead of <@U0ENGINEER>" in reply
    begins, ends = (datetime.fromtimestamp(int(each), UTC) for each in re.findall(r"<!date\^(\d+)\^", reply)[:2])
    assert (begins, ends) == (datetime(2026, 3, 7, 8, tzinfo=UTC), datetime(2026, 3, 7, 17, tzinfo=UTC))
    [message] = direct(world, "engineer")
    assert "<@U0SUPPORT> changed who is on call" in message
    assert "the wedding" in message
    assert direct(world, "support") == []
    assert ("U0SUPPORT", "changed who is on call") in await world.audited()


@ON_SQLITE
async def test_a_start_in_this_minute_is_now(world: World) -> None:
    await world.advance(seconds=40)

    reply = await types(world, "support", "take from:15:00 to:18:00")

    begins, ends = (datetime.fromtimestamp(int(each), UTC) for each in re.findall(r"<!date\^(\d+)\^", reply)[:2])
    assert (begins, ends) == (world.now, datetime(2026, 3, 2, 17, tzinfo=UTC))


@ON_SQLITE
@pytest.mark.parametrize(("user", "text"), [("engineer", "give @support"), ("support", "take payments @engineer")])
async def test_an_override_of_a_person_ends_with_their_shift(world: World, user: str, text: str) -> None:
    reply = await types(world, user, f"{text} from:Sat 09:00 to:2026-03-10 09:00")

    assert "<@U0SUPPORT> is on call for *payments* instead of <@U0ENGINEER>" in reply
    ends = datetime.fromtimestamp(int(re.findall(r"<!date\^(\d+)\^", reply)[1]), UTC)
    assert ends == datetime(2026, 3, 9, 8, tzinfo=UTC), "from then on it is U0ONCALL's turn, and stays theirs"


@ON_SQLITE
async def test_a_relieved_person_may_cancel_and_others_may_not(world: World) -> None:
    await types(world, "support", "take from:Sat 09:00 to:Sat 18:00")
    dm = world.sandbox.open_dm("engineer")
    message = world.sandbox.messages(dm)[-1]

    refused = await types(world, "developer", "cancel 1")
    await world.sandbox.click("engineer", dm, message["ts"], "oncall_undo")
    await world.settle()
    again = await types(world, "engineer", "cancel 1")

    assert "Only the people concerned" in refused
    assert "undid a change of who is on call" in direct(world, "support")[-1]
    assert "That change is over, or was undone already." in again
    assert "(changed)" not in await types(world, "oncall", "payments")


async def test_give_and_swap(world: World) -> None:
    given = await types(world, "engineer", "give @support")
    await world.finish()
    swapped = await types(world, "oncall", "swap @dba payments")

    assert "<@U0SUPPORT> is on call for *payments* instead of <@U0ENGINEER>" in given
    assert "You are on call for *payments* now, after <@U0ENGINEER>" in direct(world, "support")[-1]
    assert "<@U0DBA> is on call for *payments* instead of <@U0ONCALL>" in swapped
    assert "<@U0ONCALL> is on call for *payments* instead of <@U0DBA>" in swapped
    await types(world, "dba", "cancel 3")
    listed = await types(world, "dba", "payments")
    assert listed.count("Undo this change") == 1, "both halves of the swap went, the gift stays"


@pytest.mark.parametrize(
    ("user", "text", "reply"),
    [
        ("support", "give @dba", "You have no shift in payments within the next 92 days"),
        ("support", "swap @dba", "You have no shift in payments"),
        ("engineer", "take", "<@U0ENGINEER> is already on call then"),
        ("engineer", "give", "Name a person: `/incident oncall give @somebody`."),
        ("support", "take to:2026-03-01 09:00", "The end is not after the start."),
        ("support", "take from:Sat 09:00 to:2026-09-01 09:00", "A change lasts 62 days at most"),
        ("engineer", "give @dogwatch", "is a bot. Name a person."),
        ("support", "cancel 99", "There is no on-call change 99."),
        ("support", "cancel it", "Give the number of the change"),
        ("support", "payment", "Did you mean `payments`?"),
        ("support", "from:Sat 09:00", "Name the change for that time"),
        ("support", "take from:?", "An on-call change needs an exact time."),
        ("engineer", "swap @engineer", "You cannot swap with yourself."),
    ],
)
async def test_invalid_overrides_are_refused(tmp_path: Path, user: str, text: str, reply: str) -> None:
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=WEEKS) as world:
        assert reply in await types(world, user, text)
        assert direct(world, "dba") == []


async def test_one_of_several_schedules_by_name_and_in_its_zone(tmp_path: Path) -> None:
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
async def test_override_form(world: World) -> None:
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

    assert "The end is not after the start." in refused.errors["ends"]
    assert done.errors == {}
    assert "You are on call for *payments* now, after <@U0ENGINEER>" in direct(world, "support")[-1]
    assert "<@U0SUPPORT> until" in await types(world, "dba", "payments")


@ON_SQLITE
async def test_taking_a_shift_while_muted_is_pointed_out(world: World) -> None:
    await world.types("support", "/incident mute until:18:00", "ops")

    taken = await types(world, "support", "take payments")
    await types(world, "support", "cancel 1")
    await world.types("support", "/incident unmute", "ops")
    again = await types(world, "support", "take payments")

    assert "<@U0SUPPORT> is muted until" in taken
    assert "<@U0SUPPORT> is on call" in again
    assert "muted" not in again


async def test_policy_view(tmp_path: Path) -> None:
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=WEEKS + POLICY) as world:
        reply = await types(world, "support", "pay")
        await types(world, "support", "take")
        then = await types(world, "support", "policy:Pay")
        same = await types(world, "support", "schedule:payments")
        unknown = await types(world, "support", "policy:payy")
        nights = await types(world, "support", "nights 2026-03")
        no_month = await types(world, "support", "nights march")

    assert "*Level 1*: <@U0ENGINEER> (schedule:payments) · 5m to answer" in reply
    assert "*Level 2*: <@U0MANAGER> · 10m to answer" in reply
    assert "*Level 1*: <@U0SUPPORT> (schedule:payments)" in then
    assert "On call for payments" in same
    assert "Did you mean `pay`" in unknown
    assert nights == "Nobody was paged in 2026-03."
    assert "is not a month" in no_month


async def test_policy_view_with_services_groups_vendors_and_closed_accounts(tmp_path: Path) -> None:
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
        reply = await types(world, "support", "pay")

    assert "*Level 3*: Webhook bridge, the user group `S0DATABASE` (team:dba), the vendor PayPlug · 5m" in reply
    assert "*Level 1*: *nobody* (schedule:payments)" in reply
    assert '<@U0ENGINEER> is on call in the schedule "payments", but has left the workspace' in reply


async def test_own_shifts_as_a_feed_at_a_secret_address(world: World) -> None:
    await types(world, "support", "take from:Sat 09:00 to:Sat 18:00")
    reply = await types(world, "support", "calendar")
    path = re.search(r"/oncall/[\w-]{43}\.ics", reply)
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
    assert "is deleted" in await types(world, "support", "calendar off")
    assert (await world.gets(path[0]))[0] == 404


async def test_an_erased_person_has_no_feed(tmp_path: Path) -> None:
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=WEEKS) as world:
        reply = await types(world, "dba", "calendar")
        path = re.search(r"/oncall/[\w-]{43}\.ics", reply)
        assert path is not None
        before = (await world.gets(path[0]))[0]

        await world.bot.database.run(erase_person, "U0DBA", former_id="U0FORMER", at=world.now)

        assert (before, (await world.gets(path[0]))[0]) == (200, 404)


@ON_SQLITE
async def test_app_home_lists_own_shifts(world: World) -> None:
    for user, reply in (("engineer", "You are on call for *payments* until"), ("dba", ""), ("oncall", "from")):
        await world.sandbox.open_home(user)
        await world.finish()
        home = rendered(world.sandbox.home(user))
        assert reply in home
        assert "On call now" in home
    view = world.sandbox.home("dba")
    await world.sandbox.click_view("dba", view["id"], "oncall_now")
    await world.settle()
    assert "<@U0ENGINEER> until" in rendered(world.sandbox.views("dba")[-1])
