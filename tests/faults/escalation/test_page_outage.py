"""Outages that outlast every round of an escalation: no page is lost or duplicated."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import Session, select

from bot.services.paging.addresses import Address, store_address
from bot.store.escalation.contacts import Contact
from bot.store.escalation.pages import Page
from tests.faults.process.test_timers import Pair
from tests.support.worlds.contact_methods import MAIL, ContactMethodWorld

CONFIG = """
[policies.rounds]
repeat = 3
[[policies.rounds.levels]]
targets = ["U0DBA"]
wait = 5
"""

EVERYTHING = """
[policies.everything]
repeat = 1
[[policies.everything.levels]]
targets = ["U0DBA"]
wait = 5
[[policies.everything.levels]]
targets = ["pagerduty:payments", "opsgenie:eu-west"]
wait = 5
"""


class MeansPair(Pair, ContactMethodWorld):
    """Two replicas with all contact methods."""


@pytest.fixture
async def replicas(world_url: str, tmp_path: Path) -> AsyncIterator[MeansPair]:
    async with MeansPair(world_url, tmp_path, lambda *_: True, config=EVERYTHING) as built:
        yield built


SOON, LATER = "email", "webhook:bridge"


async def reached_by(world: ContactMethodWorld, **delays: int) -> None:
    settings, at = world.bot.settings, world.now

    def add(session: Session) -> None:
        for position, (method, delay) in enumerate(delays.items(), 1):
            contact = Contact(
                team_id="T0HARBOUR",
                user_id="U0DBA",
                position=position,
                method=method,
                delay_minutes=delay,
                created_at=at,
            )
            store_address(settings, contact, Address(MAIL if method == SOON else "", "…"))
            session.add(contact)

    await world.bot.database.run(add)


async def test_rounds_during_a_mail_outage_arrive_as_one_mail(tmp_path: Path) -> None:
    async with ContactMethodWorld(
        f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, lambda *_: True, config=CONFIG
    ) as world:
        await world.declares()
        await reached_by(world, email=0)
        world.mail.refuses = {"RCPT": "451 away"}
        await world.types("oncall", "/incident escalate policy:rounds the pool is full")
        await world.advance(minutes=60)
        assert world.mail.took == []

        world.mail.refuses = {}
        await world.advance(minutes=2)

        assert len(world.mail.took) == 1
        pages = await world.bot.database.read(lambda session: list(session.exec(select(Page))))
        assert [each.outcome for each in pages].count("sent") == 1
        assert {each.round for each in pages} == {0, 1, 2, 3}, "all of them on record"


async def test_during_an_outage_the_next_contact_method_is_used_at_once(tmp_path: Path) -> None:
    async with ContactMethodWorld(
        f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, lambda *_: True, config=CONFIG
    ) as world:
        await reached_by(world, **{SOON: 0, LATER: 20})
        world.mail.refuses = {"RCPT": "451 away"}
        for number in (1, 2):
            await world.declares(f"queue {number} is stuck")
            await world.types("oncall", f"/incident escalate INC-{number} policy:rounds the pool is full", "ops")
            await world.finish()
        await world.advance(seconds=31)

        assert [each["calls"][0]["reference"] for each in world.receiver.took][:2] == ["INC-1", "INC-2"]


@pytest.mark.world(databases=("postgresql",))
async def test_an_outage_of_everything_loses_and_duplicates_no_page(replicas: MeansPair) -> None:
    world = replicas
    await world.declares()
    await reached_by(world, **{"slack": 0, SOON: 0, LATER: 1, "apprise:push": 2})
    services = (world.pagerduty, world.opsgenie, world.receiver)
    world.mail.refuses = {"RCPT": "451 away"}
    for each in services:
        each.answers = [503] * 10_000
    slack = world.sandbox.fault("error", error="internal_error")
    await world.types("oncall", "/incident escalate policy:everything the pool is full")
    await world.advance(minutes=25)
    assert [world.mail.took, world.pagerduty.alerts, world.opsgenie.alerts, world.receiver.took] == [[], {}, {}, []]

    world.mail.refuses = {}
    for each in services:
        each.answers = []
    world.sandbox.clear_fault(slack)
    await world.advance(minutes=5)

    pages = await world.bot.database.read(lambda session: list(session.exec(select(Page))))
    assert {each.round for each in pages} == {0, 1}, "each round is on record"
    sent = Counter(each.method for each in pages if each.outcome == "sent" and each.user_id)
    assert sent == {"slack": 1, SOON: 1, LATER: 1, "apprise:push": 1}, "the newest page by each means"
    assert len(world.mail.took) == 1
    assert len(world.receiver.took) == 2, "the webhook, and what Apprise sends"
    assert (len(world.pagerduty.alerts), len(world.opsgenie.alerts)) == (1, 1), "all rounds are one call there"
    assert not [mistake for each in services for mistake in each.mistakes]

    await world.types("oncall", "/incident ack")
    await world.advance(hours=2)
    assert len(await world.bot.database.read(lambda session: list(session.exec(select(Page))))) == len(pages)
