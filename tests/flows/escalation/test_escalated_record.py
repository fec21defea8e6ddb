"""What a policy did stands in the record: levels, pages, answers, a vendor; and in the figures of the month."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.config import Settings
from bot.domain.record.model import Record
from bot.export.json import incident_json
from bot.services.escalation import responses as answering
from bot.services.paging import statistics as nights
from bot.services.postmortem import load_record as record
from bot.services.vendors import calls as vendors
from bot.services.vendors.calls import Told
from bot.store.escalation import escalations
from bot.store.shared.people import Person
from tests.support.worlds.services import TEAM, Desk

CONFIG = """
[working_hours]
zone = "Europe/Paris"
[vendors.payplug]
name = "PayPlug"
[incidents]
policy = "payments"
[policies.payments]
[[policies.payments.levels]]
targets = ["U0ONCALL"]
wait = 5
[[policies.payments.levels]]
targets = ["U0DBA", "vendor:payplug"]
wait = 10
"""


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.opened(database_url, tmp_path, CONFIG) as opened:
        yield opened


async def recorded(desk: Desk, incident_id: int) -> Record:
    found: Record = await desk.database.read(record.load, desk.settings, incident_id)
    return found


async def test_the_chain_of_a_policy_with_a_vendor(desk: Desk) -> None:
    incident = await desk.opens()
    await desk.passes(minutes=16)
    [by_policy, vendor] = await desk.all()
    assert (vendor.is_external, vendor.target_id, vendor.target_name) == (True, "payplug", "PayPlug")
    await desk.does(answering.acknowledge, by_policy.key, desk.by("U0DBA"), means="link")
    await desk.does(vendors.record, vendor.key, desk.by("U0DBA"), Told(case="CS-123"))

    told = incident_json(await recorded(desk, incident.key))["escalations"]

    steps = [(step["level"], step["people_ids"], step["vendors"]) for step in told[0]["steps"]]
    assert steps[:2] == [(1, ["U0ONCALL"], []), (2, ["U0DBA"], ["payplug"])]
    assert [(page["person_id"], page["level"]) for page in told[0]["pages"]][:2] == [("U0ONCALL", 1), ("U0DBA", 2)]
    assert [(answer["by_id"], answer["means"]) for answer in told[0]["answers"]] == [("U0DBA", "link")]
    assert (told[0]["policy"], told[0]["levels"], told[0]["started_by"]) == ("payments", 2, "policy")
    assert (told[1]["follows"], told[1]["vendor"]["case"]) == (told[0]["ref"], "CS-123")


async def test_a_page_counts_by_the_clock_of_whoever_is_woken(desk: Desk) -> None:
    """It is 14:00 UTC: at work in Paris, and 06:00 where the person of the second level is."""

    def moves(session: Session, _settings: Settings) -> None:
        session.merge(Person(team_id=TEAM, user_id="U0DBA", zone="America/Los_Angeles"))

    await desk.does(moves)
    incident = await desk.opens()
    await desk.passes(minutes=6)
    await desk.does(_sent, incident.key)

    found = await desk.database.read(nights.of_months, TEAM, ["2026-03"])

    assert [(row.user_id, row.pages, row.out_of_hours, row.nights) for row in found.people] == [
        ("U0DBA", 1, 1, 1),
        ("U0ONCALL", 1, 0, 0),
    ]


def _sent(session: Session, _settings: Settings, incident_id: int) -> None:
    """What the sender would have written back."""
    for page in escalations.pages_of_incident(session, incident_id):
        page.sent_at, page.outcome = page.queued_at, "sent"
        session.add(page)
