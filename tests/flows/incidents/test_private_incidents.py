"""
A private incident is absent from everything that outsiders see.

Every command of the table is tried, new ones included: about a private incident an outsider gets the same answer as
about an unknown one. Nothing that an outsider can open, read or fetch names it.
"""

from typing import Any

import pytest

from bot.config.crypto import incident_page_link
from bot.sandbox.web_api import response_url
from bot.sandbox.workspace import messages
from bot.slack.handlers import BUTTONS
from bot.slack.handlers.registry import ROW
from commands import COMMANDS
from tests.contracts.docs.test_commands import EXAMPLES
from tests.support.records.entries import picks
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World, action_ids, rendered

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)

TITLE = "swordfish payroll"
SECRETS = (TITLE, "swordfish", "INC-1", "inc-1-")
OUTSIDER = "dba"
PATHS = (
    "/",
    "/metrics",
    "/livez",
    "/readyz",
    "/outbox",
    "/status",
    "/incidents/INC-1",
    "/incidents/INC-1?key=0",
    "/api/v1/incidents",
    "/incidents",
    "/history",
    "/history.csv",
    "/history.json",
    "/figures",
    "/figures/vendors",
    "/figures/vendors.csv",
)
LOOKS = (
    "list",
    "list all",
    "list resolved",
    "list payroll",
    "find swordfish",
    "find payroll drills",
    "find INC-1",
    "",
    "show INC-1",
    "INC-1",
    "INC-1 show",
    "INC-2 merge INC-1",
    "INC-1 merge INC-2",
    "drill INC-1",
    "INC-1 timeline",
)


async def two(world: World) -> str:
    """INC-1, private, with an alert, and INC-2, public. Returns the name of INC-1's channel."""
    private = await world.declares(f"{TITLE} service:payroll private")
    await world.types("oncall", "/incident note the swordfish was seen in the payroll")
    ts = await world.says("oncall", "the swordfish is in the logs")
    await world.reacts("oncall", ts, "mag")
    await world.types("oncall", "/incident escalate @engineer the swordfish")
    await world.finish()
    await world.declares("search is slow", user=OUTSIDER)
    return private


def seen_by(world: World, user: str) -> str:
    """All that Slack shows to a person: channels, messages, replies, modals, Home."""
    seen: list[Any] = []
    for channel in world.sandbox.channels(user):
        seen += [channel, *world.sandbox.messages(channel["id"], user), *world.sandbox.ephemerals(user, channel["id"])]
    seen += world.sandbox.views(user)
    return str(seen)


def leaked(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


async def test_every_command_answers_as_about_one_that_never_was(world: World) -> None:
    await two(world)
    for command in COMMANDS:
        line = EXAMPLES[command.name].replace("<@U1>", "@engineer").replace("INC-3", "INC-2")

        private = await world.types(OUTSIDER, f"/incident INC-1 {line}".strip(), "ops")
        before = await world.tables()
        absent = await world.types(OUTSIDER, f"/incident INC-99 {line}".strip(), "ops")

        assert TITLE not in private, line
        if command.needs_incident or not command.name:
            assert private.replace("INC-1", "INC-99") == absent, line
            assert absent.startswith(":warning:"), line
            assert await world.tables() == before, line


async def test_nothing_that_an_outsider_looks_up_names_it(world: World) -> None:
    await two(world)

    for line in LOOKS:
        told = await world.types(OUTSIDER, f"/incident {line}".strip(), "ops")
        assert TITLE not in told, line
        assert "*INC-1*" not in told, line
        assert "in the logs" not in told, line


async def test_nothing_that_slack_shows_to_an_outsider_names_it(world: World) -> None:
    """Announcements, cards of other incidents, menus of forms, the Home tab, direct messages."""
    await two(world)
    ts = await world.says(OUTSIDER, "search still slow")
    await world.sandbox.shortcut(OUTSIDER, world.channel, ts, "add_to_timeline")
    await world.sandbox.shortcut(OUTSIDER, world.channel, ts, "make_it_task")
    await world.sandbox.global_shortcut(OUTSIDER, "declare_incident")
    await world.chooses(OUTSIDER, "do_merge")
    await world.sandbox.open_home(OUTSIDER)
    await world.finish()

    assert leaked(seen_by(world, OUTSIDER)) == []


async def test_once_it_is_over_it_is_still_absent(world: World) -> None:
    private = await two(world)
    await world.types("oncall", "/incident resolve the swordfish is gone", private)
    await world.finish()
    await world.types(OUTSIDER, "/incident list all", "ops")
    await world.sandbox.open_home(OUTSIDER)
    await world.settle()

    assert leaked(seen_by(world, OUTSIDER)) == []


async def test_no_page_without_a_proof_names_it(world: World) -> None:
    await two(world)

    for path in PATHS:
        _, body = await world.gets(path)
        assert leaked(body.replace(path, "")) == [], f"{path}: the page may repeat only the requested path"


async def test_no_page_says_that_it_is_there(world: World) -> None:
    await two(world)

    assert (await world.gets("/incidents/INC-1"))[0] == (await world.gets("/incidents/INC-99"))[0]


async def test_who_sends_alerts_hears_nothing_of_it(world: World) -> None:
    await two(world)

    _, answer = await world.posts("alertmanager", a_notification(an_alert(at=world.now, service="payroll")))
    await world.finish()

    assert "INC-1" not in answer["incidents"]
    assert leaked(seen_by(world, OUTSIDER)) == []


async def make_private(world: World, name: str) -> None:
    channel = world.sandbox.workspace.channels[world.sandbox.channel(name)["id"]]
    channel.is_private = True
    messages.post_system_message(
        world.sandbox.workspace, channel, "U0ONCALL", "channel_convert_to_private", "made private", world.now
    )
    await world.finish()


async def left_behind(world: World, line: str) -> set[str]:
    """
    Post an outsider's replies about INC-1 in #ops, then make INC-1 private.

    Returns the buttons there.
    """
    name = await world.declares(TITLE)
    for number in range(30):
        await world.types("oncall", f"/incident note {number} {'swordfish ' * 30}")
    await world.types(OUTSIDER, line, "ops")
    await make_private(world, name)
    return set().union(*(action_ids(each) for each in world.sandbox.messages("ops", OUTSIDER)))


async def test_what_others_have_of_it_from_before_ends_when_it_is_made_private(world: World) -> None:
    name = await world.declares(TITLE)
    before = incident_page_link(world.bot.settings, "INC-1").removeprefix(world.bot.settings.base_url)
    for reader in (OUTSIDER, "engineer"):
        await world.types("oncall", f"/incident escalate @{reader} the swordfish")
    await world.finish()
    world.sandbox.leave(OUTSIDER, name)
    assert "swordfish" in pages_of(world, OUTSIDER)
    assert (await world.gets(before))[0] == 200

    await make_private(world, name)

    assert "swordfish" not in pages_of(world, OUTSIDER)
    assert "swordfish" in pages_of(world, "engineer")
    assert "INC-1 a private incident" in pages_of(world, OUTSIDER)
    assert (await world.gets(before))[0] == 404
    after = incident_page_link(world.bot.settings, "INC-1", generation=1)
    assert (await world.gets(after.removeprefix(world.bot.settings.base_url)))[0] == 200


@pytest.mark.parametrize("has_gap", [True, False], ids=["away", "lost"])
async def test_a_conversion_whose_event_was_lost_is_found_in_slack(world: World, *, has_gap: bool) -> None:
    """After a gap Slack lists the private channels; else the line in the channel's history says it."""
    name = await world.declares(TITLE)
    await world.types("oncall", "/incident summary the swordfish again", name)
    await world.finish()
    world.sandbox.delivery_fault("drop")
    if has_gap:
        world.sandbox.workspace.channels[world.sandbox.channel(name)["id"]].is_private = True
    else:
        await make_private(world, name)
    world.sandbox.clear_faults()
    world.sandbox.clear_calls()

    if has_gap:
        await world.restart()
    await world.advance(minutes=11)

    assert TITLE not in await world.types(OUTSIDER, "/incident list", "ops")
    assert "There is no INC-1" in await world.types(OUTSIDER, "/incident show INC-1", "ops")
    assert world.texts("incidents")[-1] == ":lock: This incident was made private."
    assert (await world.audited()).count((None, "its channel was made private")) == 1
    assert len(world.sandbox.calls("conversations.list")) == has_gap


async def test_a_conversion_while_the_bot_was_away_is_found_long_after_the_end(world: World) -> None:
    name = await world.declares(TITLE)
    await world.types("oncall", "/incident resolve the swordfish is gone", name)
    await world.advance(days=10)
    world.sandbox.workspace.channels[world.sandbox.channel(name)["id"]].is_private = True

    await world.restart()
    await world.finish()

    assert TITLE not in await world.types(OUTSIDER, "/incident list all", "ops")
    assert "There is no INC-1" in await world.types(OUTSIDER, "/incident show INC-1", "ops")


def pages_of(world: World, user: str) -> str:
    """The direct messages of the bot to a person."""
    direct = [each["id"] for each in world.sandbox.channels(user) if each.get("is_im")]
    return " ".join(rendered(message) for channel in direct for message in world.sandbox.messages(channel, user))


@pytest.mark.parametrize("line", ["/incident show INC-1", "/incident timeline INC-1"])
async def test_buttons_that_stayed_behind_elsewhere_show_nothing_any_more(world: World, line: str) -> None:
    left = await left_behind(world, line)
    assert left

    for action_id in sorted(left):
        before, opened = seen_in_ops(world), len(world.sandbox.calls("views.open"))
        message = next(each for each in world.sandbox.messages("ops", OUTSIDER) if action_id in action_ids(each))
        await world.sandbox.click(OUTSIDER, "ops", message["ts"], action_id, value_of(message, action_id))
        await world.finish()
        told = seen_in_ops(world) - before
        shown = {str(call["args"]) for call in world.sandbox.calls("views.open")[opened:]}
        assert told | shown, action_id
        assert not any("swordfish" in each for each in told | shown), action_id


def seen_in_ops(world: World) -> set[str]:
    return {f"{each['ts']} {rendered(each)}" for each in world.sandbox.messages("ops", OUTSIDER)}


def value_of(message: dict[str, Any], action_id: str) -> str | None:
    """The first line of a menu; None for a button, which has its own."""
    accessories = [each["accessory"] for each in message["blocks"] if "accessory" in each]
    menu = next((each for each in accessories if each["action_id"] == action_id and "options" in each), None)
    return menu["options"][0]["value"] if menu else None


async def test_a_form_that_was_opened_before_changes_and_shows_nothing_any_more(world: World) -> None:
    name = await world.declares(TITLE)
    await world.types("oncall", "/incident note the first words", name)
    await world.types(OUTSIDER, "/incident timeline INC-1", "ops")
    await picks(world, OUTSIDER, "the first words", "amend", "ops")
    await make_private(world, name)
    await world.types("oncall", "/incident note swordfish again", name)

    refused = await world.submits(OUTSIDER, text="words of an outsider")

    assert "does not exist" in str(refused.errors)
    assert not any("swordfish again" in each for each in seen_in_ops(world))
    world.sandbox.invite("oncall", name, [OUTSIDER])
    assert not (await world.submits(OUTSIDER, text="words of a member")).errors
    assert [each["text"] for each in (await world.timeline())[1:]] == ["words of a member", "swordfish again"]


@pytest.mark.parametrize("action_id", ["do_ack", "do_edit"])
async def test_a_menu_that_was_opened_before_does_and_shows_nothing_any_more(world: World, action_id: str) -> None:
    name = await world.declares(TITLE)
    world.sandbox.join(OUTSIDER, name)
    await world.presses(OUTSIDER, "incident_more", channel=name)
    menu = world.sandbox.views(OUTSIDER)[-1]
    world.sandbox.leave(OUTSIDER, name)
    await make_private(world, name)
    assert action_id in action_ids(menu), action_ids(menu)

    await world.sandbox.click_view(OUTSIDER, menu["id"], action_id, None)
    await world.finish()

    shown = str([*world.sandbox.ephemerals(OUTSIDER, name), world.sandbox.views(OUTSIDER)])
    assert "does not exist" in shown
    assert "swordfish" not in shown


WITHOUT_INCIDENT = {
    *("home_declare", "oncall_undo", "oncall_now", "oncall_change"),
    *("pages_add", "pages_test", "pages_test_arrived"),
}
NEW_TITLE = "marlin breach"


def test_every_button_about_an_incident_names_it() -> None:
    """A new button about a row says which incident it is about, so that others are refused or shown nothing."""
    assert {each.action_id for each in BUTTONS if each.about is ROW} == WITHOUT_INCIDENT


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the bot sends to response URLs: a refresh soon replaces it."""
    sent: list[str] = []
    use = response_url.use_response_url

    def record(workspace: Any, right_id: str, given: dict[str, Any], now: Any) -> None:
        sent.append(str(given))
        use(workspace, right_id, given, now)

    monkeypatch.setattr(response_url, "use_response_url", record)
    return sent


async def test_direct_messages_from_before_lose_its_words(world: World) -> None:
    name = await world.declares(TITLE)
    for reader, role in ((OUTSIDER, "scribe"), ("engineer", "communications")):
        await world.types("oncall", f"/incident role {role} @{reader}", name)
    await world.types("oncall", f"/incident task feed the swordfish @{OUTSIDER} due:2026-03-03", name)
    await world.types("oncall", "/incident resolve", name)
    await world.types("oncall", f"/incident postmortem review @{OUTSIDER}", name)
    await world.advance(days=2)
    assert action_ids({"blocks": blocks_of(world, OUTSIDER)}) >= {"role_took", "home_done", "review_approve"}
    before = pages_of(world, "engineer")
    world.sandbox.leave(OUTSIDER, name)

    await make_private(world, name)

    assert "swordfish" not in pages_of(world, OUTSIDER)
    assert pages_of(world, OUTSIDER).count("INC-1* is private now") == 3
    assert action_ids({"blocks": blocks_of(world, OUTSIDER)}) == set()
    assert pages_of(world, "engineer") == before, "a member keeps them"


def blocks_of(world: World, user: str) -> list[Any]:
    return [block for each in world.sandbox.messages(world.sandbox.open_dm(user), user) for block in each["blocks"]]


async def test_buttons_in_direct_messages_show_nothing_to_who_left(world: World, answers: list[str]) -> None:
    """A page can still be answered; everything else is refused."""
    name = await world.declares(TITLE)
    await world.types("oncall", f"/incident role scribe @{OUTSIDER}", name)
    await world.types("oncall", f"/incident escalate @{OUTSIDER} the swordfish", name)
    await world.finish()
    await make_private(world, name)
    world.sandbox.leave(OUTSIDER, name)
    await world.types("oncall", f'/incident edit title:"{NEW_TITLE}"', name)
    await world.types("oncall", "/incident impact marlin customers", name)
    assert f"U0{OUTSIDER.upper()}" not in world.sandbox.members(name), "a repeated page would invite them again"
    direct = world.sandbox.open_dm(OUTSIDER)

    await world.presses(OUTSIDER, "role_took", channel=direct)
    await world.presses(OUTSIDER, "escalation_decline", channel=direct)
    await world.presses(OUTSIDER, "escalation_acknowledge", channel=direct)

    assert [each for each in answers if "marlin" in each or "swordfish" in each] == []
    refused, declined, acknowledged = answers
    assert "INC-1 a private incident" in declined
    assert "INC-1 a private incident" in acknowledged
    assert "does not exist" in refused
    [called] = (await world.exported())["escalations"]
    assert called["acknowledged_by"] == OUTSIDER


async def test_a_bundle_of_pages_shows_nothing_to_who_left(world: World, answers: list[str]) -> None:
    for number in range(1, 7):
        await world.types("oncall", f"/incident start queue {number} is stuck", "ops")
        await world.types("oncall", f"/incident escalate INC-{number} @{OUTSIDER} look at {number}", "ops")
    await world.advance(seconds=8)
    name = world.channel
    await make_private(world, name)
    world.sandbox.leave(OUTSIDER, name)
    await world.types("oncall", f'/incident edit title:"{NEW_TITLE}"', name)

    await world.presses(OUTSIDER, "bundle_acknowledge", channel=world.sandbox.open_dm(OUTSIDER))

    [answer] = answers
    assert "queue 5 is stuck" in answer
    assert "INC-6* SEV3 a private incident" in answer
    assert "marlin" not in answer
    assert "look at 6" not in answer


async def test_a_member_goes_on_in_direct_messages(world: World, answers: list[str]) -> None:
    name = await world.declares(TITLE)
    await world.types("oncall", f"/incident role scribe @{OUTSIDER}", name)
    await world.types("oncall", f"/incident escalate @{OUTSIDER} now", name)
    await world.finish()
    await make_private(world, name)
    direct = world.sandbox.open_dm(OUTSIDER)

    await world.presses(OUTSIDER, "role_took", channel=direct)
    await world.presses(OUTSIDER, "escalation_acknowledge", channel=direct)

    assert len(answers) == 2
    assert all(TITLE in each for each in answers)
