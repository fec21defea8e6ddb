"""Readers who subscribe to the status page: sign-up, notices, and how they leave."""

import asyncio
import re
from collections import Counter
from datetime import timedelta

import pytest

from bot.cli.commands.erase_person import erase_subscriber
from bot.cli.status_page import count_subscribers
from bot.domain.errors import UserError
from bot.sandbox.workspace import messages
from bot.services.status_page.subscriptions import Audience, load_audience
from tests.support.records.entries import acts
from tests.support.subscribers.subscriber_world import READER, SubscriberWorld, plain_text
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import PATIENCE, rendered

pytestmark = pytest.mark.world(kind=SubscriberWorld)
FAILS = "/incident update investigating lang:en affects:online=major Card payments fail."


@pytest.mark.world(kind=SubscriberWorld, databases=BOTH_DATABASES)
async def test_a_reader_confirms_gets_the_words_as_published_and_leaves_with_one_click(world: SubscriberWorld) -> None:
    await world.declares("Card payments fail sev:1 service:checkout")

    asked = await world.asks(language="fr")
    assert "Consultez votre boîte aux lettres" in asked.words
    assert await world.subscribers() == [], "nothing is stored before the confirmation"
    [path] = re.findall(r"https://status\.example\.test(/subscribe/confirm/\S+)", plain_text(world.mail.took[0]))
    async with Visitor(world) as reader:
        seen = await reader.opens(f"/status{path}")
        assert READER in seen.words
        assert await world.subscribers() == [], "opening the link confirms nothing"
        confirmed = await reader.sends(f"/status{path}", origin=None)
    assert "Vous êtes abonné" in confirmed.words
    [stored] = await world.subscribers()
    assert (stored.language, READER in str(stored.model_dump())) == ("fr", False)

    await world.types("oncall", FAILS)
    await world.types("oncall", "/incident update investigating lang:fr Les paiements échouent.")
    await world.finish()

    english, french = world.mail.took[1:]
    assert str(english["Subject"]).startswith("[Harbour Pay] ")
    assert "Card payments fail." in plain_text(english)
    assert "Disponible uniquement en anglais." in plain_text(english)
    assert "Paiements en ligne: Panne majeure" in plain_text(english)
    assert "Les paiements échouent." in plain_text(french)
    assert str(french["Subject"]).startswith("[Harbour Pay] Désormais dans votre langue: ")
    assert french["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert english["References"] == french["References"]
    assert "https://status.example.test/fr/incidents/" in plain_text(french)
    [leave] = re.findall(r"<https://status\.example\.test(/subscribe/leave/\w+\?lang=fr)>", french["List-Unsubscribe"])
    async with Visitor(world) as reader:
        await reader.opens(f"/status{leave}")
        assert len(await world.subscribers()) == 1, "opening the link ends nothing"
        left = await reader.sends(f"/status{leave}", origin=None, **{"List-Unsubscribe": "One-Click"})
        again = await reader.sends(f"/status{leave}", origin=None)
        odd = await reader.sends("/status/subscribe/leave/%00?lang=fr", origin=None)
    assert (left.status, again.status, odd.status) == (200, 200, 200)
    assert left.words == again.words == odd.words
    assert await world.subscribers() == []
    await world.types("oncall", "/incident update resolved lang:fr C’est fini.")
    await world.finish()
    assert len(world.mail.took) == 3


async def test_a_correction_is_told_as_such(world: SubscriberWorld) -> None:
    await world.subscribes()
    await world.declares("Card payments fail sev:1 service:checkout")
    await world.types("oncall", FAILS)
    await world.finish()

    await acts(world, "oncall", "Card payments fail.", "amend", text="Some card payments fail.")
    await world.finish()

    assert world.subjects()[-1].startswith("[Harbour Pay] Correction: ")
    assert "Some card payments fail." in plain_text(world.mail.took[-1])


async def test_only_readers_of_a_component_and_those_who_chose_none_are_told(world: SubscriberWorld) -> None:
    await world.subscribes("all@example.test")
    await world.subscribes("online@example.test", component="online")
    await world.subscribes("store@example.test", component="store")
    await world.declares("Card payments fail sev:1")

    await world.types("oncall", FAILS)
    await world.types("oncall", "/incident update resolved lang:en It is over.")
    await world.finish()

    assert world.counts() == {"all@example.test": 2, "online@example.test": 2}
    posted = [each for each in world.texts("ops") if "Harbour Pay" in each]
    assert ["Analyse en cours" in posted[0], len(posted)] == [True, 2]


async def test_who_publishes_sees_how_many_are_told_and_no_address(world: SubscriberWorld) -> None:
    await world.subscribes("a@example.test")
    await world.subscribes("b@example.test")
    await world.subscribes(language="fr")
    await world.declares("Card payments fail sev:1")

    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        form = await ana.opens("/incidents/INC-1/publish")

    told = "Subscribers who are told: 2 by e-mail in English, 1 by e-mail in French, 1 Slack channel in French."
    assert told in form.words
    assert "@example.test" not in form.text


async def test_a_webhook_gets_signed_notices_and_a_gone_one_ends(world: SubscriberWorld) -> None:
    page = await world.subscribes(webhook=f"{world.receiver.url}/notices")
    [world.receiver.secret] = re.findall(r"<code>(\w{64})</code>", page.text)
    await world.declares("Card payments fail sev:1")

    world.receiver.answers = [503]
    await world.types("oncall", FAILS)
    await world.finish()
    assert world.receiver.took == []
    await world.advance(minutes=6)

    [told] = world.receiver.took
    assert (told["type"], told["reason"], told["state"], told["text"]) == (
        "status",
        "update",
        "investigating",
        "Card payments fail.",
    )
    assert told["components"] == [{"id": "online", "name": "Online payments", "state": "major_outage"}]
    world.receiver.answers = [410]
    await world.types("oncall", "/incident update resolved lang:en It is over.")
    await world.finish()
    assert await world.subscribers() == []


async def test_a_bounce_ends_a_subscription_and_a_refusal_by_policy_does_not(world: SubscriberWorld) -> None:
    await world.subscribes()
    await world.declares("Card payments fail sev:1")

    world.mail.refuses = {"RCPT": "554 5.7.1 Relay access denied"}
    await world.types("oncall", FAILS)
    await world.finish()
    assert len(await world.subscribers()) == 1
    world.mail.refuses = {"RCPT": "550 5.1.1 No such user"}
    await world.types("oncall", "/incident update identified lang:en We found it.")
    await world.finish()

    assert await world.subscribers() == []


async def test_a_server_that_refuses_everybody_ends_no_subscription(world: SubscriberWorld) -> None:
    await world.has_subscribers([f"{number}@example.test" for number in range(30)])
    await world.declares("Card payments fail sev:1")
    world.mail.refuses = {"RCPT": "550 not permitted"}

    await world.types("oncall", FAILS)
    await world.finish()

    assert len(await world.subscribers()) == 30
    [row] = [each for each in await world.rows("subscriber notices") if each.details["kind"] == "email"]
    assert (row.state, "refuses every address" in str(row.error)) == ("dead", True)


async def load_audience_now(world: SubscriberWorld) -> Audience | None:
    return await world.bot.database.read(load_audience, world.settings(), world.now)


async def shown_in_home(world: SubscriberWorld) -> str:
    await world.sandbox.open_home("oncall")
    await world.finish()
    return rendered(world.sandbox.home("oncall") or {})


async def test_a_mail_server_that_is_away_for_a_day_delays_its_own_lane_only(world: SubscriberWorld) -> None:
    await world.subscribes()
    await world.subscribes(webhook=f"{world.receiver.url}/notices")
    page = await world.subscribes(webhook=f"{world.receiver.url}/notices")
    [world.receiver.secret] = re.findall(r"<code>(\w{64})</code>", page.text)
    await world.declares("Card payments fail sev:1")
    port = world.mail.port
    await world.mail.__aexit__()

    await world.types("oncall", FAILS)
    await world.finish()
    assert [each["text"] for each in world.receiver.took] == ["Card payments fail."]
    assert await load_audience_now(world) == Audience(2, 1)
    published_at = world.now
    await world.advance(hours=24)
    late = await load_audience_now(world)
    assert late is not None
    assert late.waiting_since is not None
    assert timedelta(0) <= published_at - late.waiting_since < timedelta(minutes=5)
    world.mail.port = port
    await world.mail.__aenter__()
    await world.advance(minutes=15)

    assert world.counts() == {READER: 1}
    assert await load_audience_now(world) == Audience(2, 1)
    assert "2 subscribers, 1 Slack channel · no notice is late" in await shown_in_home(world)


async def test_maintenance_is_told_when_announced_before_it_begins_and_when_it_ends(world: SubscriberWorld) -> None:
    await world.subscribes()
    await world.types(
        "oncall",
        "/incident maintenance checkout from:18:00 to:19:00 public:online lang:en title:'Faster checkout' It is slow.",
        "ops",
    )
    await world.finish()
    await world.advance(hours=6)

    assert world.subjects()[1:] == [
        "[Harbour Pay] Scheduled: Faster checkout",
        "[Harbour Pay] Reminder: Faster checkout",
        "[Harbour Pay] In progress: Faster checkout",
        "[Harbour Pay] Completed: Faster checkout",
    ]


@pytest.mark.parametrize(
    ("away", "told"), [(3, ["In progress", "Completed"]), (6, ["Completed"])], ids=["into it", "past it"]
)
async def test_maintenance_during_which_nobody_ran_is_told_as_it_is_then(
    world: SubscriberWorld, away: int, told: list[str]
) -> None:
    await world.subscribes()
    line = "from:in 2 hours to:in 4 hours public:online lang:en title:'Faster checkout' It is slow."
    await world.types("oncall", f"/incident maintenance checkout {line}", "ops")
    await world.finish()
    await world.bot.stop()
    world.clock.move_to(world.now + timedelta(hours=away))
    await world.starts()
    await world.advance(hours=6)

    assert world.subjects()[2:] == [f"[Harbour Pay] {each}: Faster checkout" for each in told]


async def test_an_incident_that_became_private_is_told_to_nobody(world: SubscriberWorld) -> None:
    await world.has_subscribers([READER])
    await world.declares("Card payments fail sev:1")
    port = world.mail.port
    await world.mail.__aexit__()
    await world.types("oncall", FAILS)
    await world.settle()
    channel = world.sandbox.workspace.channels[world.sandbox.channel(world.channel)["id"]]
    channel.is_private = True
    kind = "channel_convert_to_private"
    messages.post_system_message(world.sandbox.workspace, channel, "U0ONCALL", kind, "made private", world.now)
    await world.settle()
    world.mail.port = port
    await world.mail.__aenter__()
    await world.advance(minutes=15)

    assert world.mail.took == []


async def sends_until(world: SubscriberWorld, count: int) -> None:
    """Publish, and wait until the mail server has taken so many mails."""
    world.mail.hangs_at = count
    await world.sandbox.command("oncall", world.channel, FAILS)
    async with asyncio.timeout(PATIENCE):
        while len(world.mail.took) < count:
            await asyncio.sleep(0.01)


@pytest.mark.world(kind=SubscriberWorld, databases=BOTH_DATABASES)
async def test_a_stop_within_a_batch_leaves_nobody_out_and_tells_nobody_twice(world: SubscriberWorld) -> None:
    everybody = [f"{number}@example.test" for number in range(120)]
    await world.has_subscribers(everybody)
    await world.declares("Card payments fail sev:1")

    await sends_until(world, 70)
    await world.bot.stop()
    world.mail.hangs_at = None
    await world.starts()
    async with asyncio.timeout(PATIENCE):
        # On PostgreSQL the lane stays leased for some seconds.
        while len(world.counts()) < len(everybody):
            await world.finish()
            await asyncio.sleep(0.2)

    assert world.counts() == Counter(everybody)
    assert len(await world.rows("subscriber notices")) == 2, "one for each kind, however many subscribers there are"


async def test_a_page_to_a_person_does_not_wait_for_subscribers(world: SubscriberWorld) -> None:
    await world.has_subscribers([f"{number}@example.test" for number in range(60)])
    await world.declares("Card payments fail sev:1")

    await sends_until(world, 10)
    await world.sandbox.command("oncall", world.channel, "/incident escalate @dba the pool is full")
    async with asyncio.timeout(PATIENCE):
        while not any("the pool is full" in each for each in world.texts(world.sandbox.open_dm("dba"))):
            await asyncio.sleep(0.01)

    assert len(world.mail.took) == 10
    world.mail.hangs_at = None
    await world.advance(minutes=30)
    assert len(world.counts()) == 60


async def test_an_address_is_erased_with_its_subscription(world: SubscriberWorld) -> None:
    await world.subscribes()
    settings = world.settings()
    assert await count_subscribers(settings) == [("email", "English", 1)]
    await world.bot.stop()

    shown = await erase_subscriber(settings, READER.upper(), is_confirmed=False)
    erased = await erase_subscriber(settings, READER, is_confirmed=True)
    with pytest.raises(UserError, match="not subscribed"):
        await erase_subscriber(settings, READER, is_confirmed=True)
    await world.starts()

    assert "would be ended, with their address: 1" in shown[0]
    assert "are ended, with their address: 1" in erased[0]
    assert await world.subscribers() == []
