"""Contact methods that fail within a policy: the next one is not delayed."""

import pytest
from sqlmodel import Session, col, select

from bot.store.escalation.pages import Page
from tests.support.worlds.contact_methods import MAIL, ContactMethodWorld
from tests.support.worlds.databases import SQLITE

CONFIG = """
[policies.night]
[[policies.night.levels]]
targets = ["pagerduty:payments", "webhook:bridge"]
[[policies.night.levels]]
targets = ["U0DBA"]
"""


pytestmark = pytest.mark.world(kind=ContactMethodWorld, config=CONFIG, databases=SQLITE)


async def adds(world: ContactMethodWorld, delay: str) -> None:
    """The dba adds e-mail, after so many minutes, to Slack."""
    await world.types("dba", "/incident pages", "ops")
    await world.presses("dba", "pages_add", channel="ops")
    await world.submits("dba", means="email", address=MAIL, delay=delay)
    await world.settle()
    await world.types("dba", "/incident pages", "ops")


async def outcomes(world: ContactMethodWorld) -> list[tuple[str, str]]:
    def read(session: Session) -> list[tuple[str, str]]:
        return [(each.method, each.outcome) for each in session.exec(select(Page).order_by(col(Page.id)))]

    return await world.bot.database.read(read)


def ledger(world: ContactMethodWorld) -> str:
    return next(text for text in world.texts() if "Policy *night*" in text)


async def test_where_no_service_of_a_level_can_be_reached_the_next_level_is_paged_at_once(
    world: ContactMethodWorld,
) -> None:
    await world.declares()
    world.pagerduty.answers = [503] * 1_000

    await world.types("oncall", "/incident escalate policy:night the pool is full")
    await world.finish()
    assert world.texts(world.sandbox.open_dm("dba")) == [], "the other service took it"

    await world.declares("the disk is full")
    world.receiver.answers = [403] * 1_000
    await world.types("oncall", "/incident escalate policy:night the disk is full")
    await world.advance(seconds=30)

    [page] = world.texts(world.sandbox.open_dm("dba"))
    assert "level 2 of 2" in page
    assert "*Webhook bridge* not reached" in ledger(world)


async def test_a_later_means_is_in_the_message_once_it_went_out(world: ContactMethodWorld) -> None:
    await adds(world, "2")
    await world.declares()
    await world.types("oncall", "/incident escalate <@U0DBA|dba> the pool is full")
    await world.advance(seconds=60)
    before = "\n".join(world.texts())
    await world.advance(seconds=70)
    after = "\n".join(world.texts())

    assert "then E-mail" in before
    assert len(world.mail.took) == 1
    assert "then E-mail" not in after
    assert ", E-mail <!date^" in after


async def test_a_page_that_waits_behind_one_that_fails_gives_way_to_the_next_means(world: ContactMethodWorld) -> None:
    """Mail is down: its second page waits behind the first, and Slack does not."""
    await adds(world, "0")
    message = world.sandbox.ephemerals("dba", "ops")[-1]
    menu = next(block["accessory"] for block in message["blocks"] if "accessory" in block)
    [value] = [each["value"] for each in menu["options"] if each["value"].endswith(":10")]
    await world.sandbox.click("dba", "ops", message["ts"], "pages_menu", value)
    await world.declares()
    world.mail.refuses["RCPT"] = "451 later"
    await world.types("oncall", "/incident escalate <@U0DBA|dba> the pool is full")
    await world.advance(seconds=5)
    await world.types("oncall", "/incident escalate <@U0DBA|dba> the disk, too")
    asked = world.sandbox.ephemerals("oncall", world.channel)[-1]
    await world.sandbox.click("oncall", world.channel, asked["ts"], "escalation_page_again")
    await world.advance(seconds=5)
    at_once = world.texts(world.sandbox.open_dm("dba"))
    await world.advance(seconds=40)

    assert len(at_once) == 1
    assert [each for each in await outcomes(world) if each[0] == "slack"] == [("slack", "sent")] * 2
