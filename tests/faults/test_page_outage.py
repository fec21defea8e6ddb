"""What pages people is away for an hour while an escalation goes on: nothing is lost, and nothing doubled."""

from pathlib import Path

from sqlmodel import Session, select

from bot.services import addresses
from bot.services.addresses import Address
from bot.store.contacts import Contact
from bot.store.escalations import Page
from tests.support.means import MAIL, MeansWorld

CONFIG = """
[policies.rounds]
repeat = 3
[[policies.rounds.levels]]
targets = ["U0DBA"]
wait = 5
"""


SOON, LATER = "email", "webhook:bridge"


async def reached_by(world: MeansWorld, **delays: int) -> None:
    settings, at = world.bot.settings, world.now

    def add(session: Session) -> None:
        for position, (means, delay) in enumerate(delays.items(), 1):
            contact = Contact(
                team_id="T0HARBOUR", user_id="U0DBA", position=position, means=means, delay_minutes=delay, created_at=at
            )  # fmt: skip
            addresses.keep(settings, contact, Address(MAIL if means == SOON else "", "…"))
            session.add(contact)

    await world.bot.database.run(add)


async def test_the_rounds_of_an_hour_without_a_mail_server_come_as_one_mail(tmp_path: Path) -> None:
    async with MeansWorld(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, lambda *_: True, config=CONFIG) as world:
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


async def test_whoever_is_called_while_a_means_is_away_already_is_reached_by_the_next_at_once(tmp_path: Path) -> None:
    async with MeansWorld(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, lambda *_: True, config=CONFIG) as world:
        await reached_by(world, **{SOON: 0, LATER: 20})
        world.mail.refuses = {"RCPT": "451 away"}
        for number in (1, 2):
            await world.declares(f"queue {number} is stuck")
            await world.types("oncall", f"/incident escalate INC-{number} policy:rounds the pool is full", "ops")
            await world.finish()
        await world.advance(seconds=31)

        assert [each["calls"][0]["reference"] for each in world.receiver.took][:2] == ["INC-1", "INC-2"]
