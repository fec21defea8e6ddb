"""People are paged by their contact rules: by what, in which order, after how long."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from bot.store.escalation.contacts import Contact
from bot.store.escalation.pages import Page
from tests.support.worlds.contact_methods import MAIL, ContactMethodWorld
from tests.support.worlds.databases import BOTH_DATABASES, SQLITE
from tests.support.worlds.world import World, rendered

ON_SQLITE = pytest.mark.world(databases=SQLITE)
"""Where it is about what people see: what the other database does is tried by the rest."""

DBA = "<@U0DBA|dba>"

LEVELS = """
[policies.payments]
[[policies.payments.levels]]
targets = ["U0ENGINEER"]
wait = 5
[[policies.payments.levels]]
targets = ["U0DBA", "U0DEVELOPER"]
wait = 5
"""


pytestmark = pytest.mark.world(kind=ContactMethodWorld, config="")


async def adds(world: ContactMethodWorld, user: str = "dba", **fields: str) -> Any:
    """Fill in the form that `/incident pages` offers."""
    await world.types(user, "/incident pages", "ops")
    await world.presses(user, "pages_add", channel="ops")
    answer = await world.submits(user, **fields)
    await world.settle()
    return answer


async def pages(world: ContactMethodWorld) -> list[Page]:
    def read(session: Any) -> list[Page]:
        return list(session.exec(select(Page).order_by(Page.id)))

    return await world.bot.database.read(read)


async def contact_rules(world: ContactMethodWorld, user: str = "dba") -> str:
    await world.types(user, "/incident pages", "ops")
    return rendered(world.sandbox.ephemerals(user, "ops")[-1])


def direct(world: ContactMethodWorld, user: str = "dba") -> list[str]:
    return world.texts(world.sandbox.open_dm(user))


async def test_one_adds_a_means_with_a_delay_and_nobody_reads_its_address(world: ContactMethodWorld) -> None:
    before = await contact_rules(world)
    await adds(world, means="email", address=MAIL, delay="2")
    after = await contact_rules(world)

    assert "Slack* · at once" in before
    assert "the team's default" in before
    assert "Slack* · at once" in after
    assert "E-mail* d…@example.test · after 2 min" in after
    assert MAIL not in await world.stored()
    assert "example.test" not in await contact_rules(world, "oncall")


async def test_a_later_means_comes_after_its_delay_and_not_once_somebody_has_answered(
    world: ContactMethodWorld,
) -> None:
    await adds(world, means="email", address=MAIL, delay="2")
    await world.declares()
    await world.types("oncall", f"/incident escalate {DBA} the pool is full")
    await world.advance(seconds=100)
    early = len(world.mail.took)
    await world.advance(seconds=30)

    assert (early, len(world.mail.took)) == (0, 1)
    assert len(direct(world)) == 1

    await world.types("dba", "/incident ack")
    await world.types("oncall", f"/incident escalate {DBA} and the disk, too")
    await world.advance(seconds=5)
    await world.types("dba", "/incident ack")
    await world.advance(minutes=4)

    assert len(world.mail.took) == 1
    assert [each.outcome for each in await pages(world)] == ["sent", "sent", "sent", "no longer needed"]


@ON_SQLITE
async def test_a_means_that_fails_gives_way_to_the_next_at_once_and_is_told_to_its_owner(
    world: ContactMethodWorld,
) -> None:
    await adds(world, means="email", address=MAIL, delay="30")
    await world.declares()
    world.sandbox.fault("error", "conversations.open", error="user_disabled")

    await world.types("oncall", f"/incident escalate {DBA} the pool is full")
    await world.finish()

    assert len(world.mail.took) == 1
    assert [(each.method, each.outcome) for each in await pages(world)] == [
        ("slack", "user_disabled"),
        ("email", "sent"),
    ]
    world.sandbox.clear_faults()
    assert "It failed" in await contact_rules(world)


@ON_SQLITE
async def test_while_slack_is_down_the_other_means_go_at_once_and_slack_follows_when_it_is_back(
    world: ContactMethodWorld,
) -> None:
    await adds(world, means="email", address=MAIL, delay="45")
    await world.declares()
    world.sandbox.fault("status", "conversations.open", status=503, body="away")
    world.sandbox.fault("status", "chat.postMessage", status=503, body="away")

    await world.types("oncall", f"/incident escalate {DBA} the pool is full")
    await world.advance(seconds=5)
    mailed = len(world.mail.took)
    world.sandbox.clear_faults()
    await world.advance(minutes=2)

    assert mailed == 1
    assert len(world.mail.took) == 1
    assert [(each.method, each.outcome) for each in await pages(world)] == [("slack", "sent"), ("email", "sent")]


@ON_SQLITE
async def test_who_is_muted_is_skipped_with_the_reason_on_record(world: ContactMethodWorld) -> None:
    await world.declares()
    await world.types("dba", "/incident mute until:in 8 hours asleep after the night")
    await world.types("oncall", f"/incident escalate {DBA} the pool is full")
    await world.types("oncall", "/incident escalate <@U0DEVELOPER|developer> whose release was it?")
    await world.advance(seconds=5)

    by_user = {row.user_id: row for row in reversed(await pages(world))}
    muted, paged = by_user["U0DBA"], by_user["U0DEVELOPER"]
    assert (muted.outcome, muted.sent_at) == ("skipped", None)
    assert muted.skipped is not None
    assert muted.skipped.startswith("muted until")
    assert "asleep after the night" in muted.skipped
    assert paged.outcome == "sent"
    assert direct(world) == []
    [ledger] = [text for text in world.texts() if "muted until" in text]
    assert "reached" not in ledger, "it was not tried"
    assert "• *dba* not paged: muted until" in ledger, "a mention would wake them"


@ON_SQLITE
async def test_the_line_of_a_level_mentions_nobody_who_is_muted(database_url: str, tmp_path: Path) -> None:
    async with World(database_url, tmp_path, config=LEVELS) as world:
        await world.declares()
        await world.types("dba", "/incident mute until:in 8 hours asleep after the night")
        await world.types("oncall", "/incident escalate policy:payments the pool is full")
        await world.advance(minutes=6)

        [line] = [text for text in world.texts() if "Now level 2 of 2 is paged" in text]
        assert "<@U0DEVELOPER> (1 not paged: muted, or no longer here)" in line
        assert "<@U0DBA>" not in line


async def test_a_muted_person_in_a_zone_that_nobody_knows_holds_no_level_up(world: ContactMethodWorld) -> None:
    world.sandbox.change_user("dba", tz="Mars/Olympus")
    await world.settle()
    await world.declares()
    await world.types("dba", "/incident mute until:in 8 hours asleep after the night")
    await world.types("oncall", f"/incident escalate {DBA} the pool is full")
    await world.finish()

    [muted] = [row for row in await pages(world) if row.user_id == "U0DBA"]
    assert muted.skipped is not None
    assert re.fullmatch(r"muted until \d{4}-\d\d-\d\d \d\d:\d\d UTC: asleep after the night", muted.skipped)


@pytest.mark.world(databases=BOTH_DATABASES)
@ON_SQLITE
async def test_a_delay_is_changed_and_a_means_removed_by_the_menu_beside_it(world: ContactMethodWorld) -> None:
    await adds(world, means="email", address=MAIL, delay="2")

    await contact_rules(world)
    message = world.sandbox.ephemerals("dba", "ops")[-1]

    async def chooses(user: str, what: str) -> None:
        """Of the menu beside the first of them, which is Slack."""
        menu = next(block["accessory"] for block in message["blocks"] if "accessory" in block)
        [value] = [each["value"] for each in menu["options"] if each["value"].endswith(what)]
        await world.sandbox.click(user, "ops", message["ts"], "pages_menu", value)
        await world.settle()

    await chooses("dba", ":10")
    later = await contact_rules(world)
    message = world.sandbox.ephemerals("dba", "ops")[-1]
    await chooses("dba", ":remove")
    fewer = await contact_rules(world)

    assert later.index("E-mail") < later.index("Slack* · after 10 min"), "what comes sooner stands first"
    assert "E-mail" not in fewer, "the menu beside the first one, which is the mail now"


@ON_SQLITE
@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"means": "email", "address": "dba at example", "delay": "2"}, "That is not an e-mail address."),
        ({"means": "email", "address": MAIL, "delay": "soon"}, "Enter 0 to"),
        ({"means": "slack", "delay": "2"}, "is in your list already"),
    ],
)
async def test_what_cannot_be_is_refused_at_its_field(
    world: ContactMethodWorld, fields: dict[str, str], told: str
) -> None:
    answer = await adds(world, **fields)

    assert told in str(answer.errors)


async def test_a_test_goes_out_by_each_means_and_says_what_came_of_it(world: ContactMethodWorld) -> None:
    await adds(world, means="email", address=MAIL, delay="30")
    await adds(world, means="pagerduty:payments", delay="5")

    told = await world.types("dba", "/incident pages test", "ops")
    again = await world.types("dba", "/incident pages test", "ops")
    await world.finish()

    assert "each of your 3 contact methods" in told
    assert "less than a minute ago" in again
    [mail] = world.mail.took
    assert mail["Subject"] == "TEST Your pages are tested: nothing is wrong"
    whole = str(mail)
    assert "this is a test. No action needed." in whole
    assert "you are needed" not in whole
    assert "Acknowledge:" not in whole
    assert world.pagerduty.alerts == {}
    [results] = direct(world)
    assert "Nothing is wrong" in results
    assert "E-mail* d…@example.test · sent" in results
    assert "Not tested: it would page" in results
    assert world.channels == []

    await world.presses("dba", "pages_test_arrived", channel=world.sandbox.open_dm("dba"))
    await world.finish()
    assert "arrived, confirmed" in direct(world)[-1]


@ON_SQLITE
async def test_a_test_that_fails_says_why(world: ContactMethodWorld) -> None:
    await adds(world, means="email", address=MAIL, delay="30")
    world.mail.refuses["RCPT"] = "550 no such mailbox"

    await world.types("dba", "/incident pages test", "ops")
    await world.finish()

    [results] = direct(world)
    assert "no such mailbox" in results or "550" in results


@ON_SQLITE
async def test_a_lost_key_is_told_and_slack_still_goes(world: ContactMethodWorld) -> None:
    await adds(world, means="email", address=MAIL, delay="0")
    await world.declares()

    def spoil(session: Any) -> None:
        contact = session.exec(select(Contact).where(Contact.method == "email")).one()
        contact.address_encrypted = "v1.AAAA"
        session.add(contact)

    await world.bot.database.run(spoil)
    await world.types("oncall", f"/incident escalate {DBA} the pool is full")
    await world.finish()

    assert len(direct(world)) == 1
    assert "DOGWATCH_SECRET_KEY has changed" in await contact_rules(world)


async def test_whoever_is_erased_leaves_no_address(world: ContactMethodWorld) -> None:
    from bot.services.privacy import erase_person

    await adds(world, means="email", address=MAIL, delay="2")

    await world.bot.database.run(erase_person, "U0DBA", former_id="U0FORMER1", at=world.now)

    def count(session: Any) -> int:
        return len(list(session.exec(select(Contact))))

    assert await world.bot.database.read(count) == 0


POLICY = """
[[policies.db.levels]]
targets = ["U0DBA"]
wait = 30

[[policies.db.levels]]
targets = ["U0DEVELOPER"]
wait = 30
"""


@ON_SQLITE
async def test_where_only_somebody_muted_would_be_paged_the_next_level_is_at_once(
    database_url: str, tmp_path: Path
) -> None:
    async with World(database_url, tmp_path, config=POLICY) as world:
        await world.declares()
        await world.types("dba", "/incident mute until:in 8 hours asleep")

        await world.types("oncall", "/incident escalate policy:db the pool is full")
        await world.advance(seconds=5)

        assert world.texts(world.sandbox.open_dm("dba")) == []
        assert any("needs you" in text for text in world.texts(world.sandbox.open_dm("developer")))


@ON_SQLITE
async def test_whoever_has_only_slack_is_told_that_it_is_silent_at_night(world: ContactMethodWorld) -> None:
    silent = "Slack does not notify you while notifications are paused"
    before = await contact_rules(world)
    await adds(world, means="email", address=MAIL, delay="2")

    assert silent in before
    assert silent not in await contact_rules(world)
