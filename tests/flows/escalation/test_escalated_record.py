"""A policy in the record and in the paging statistics."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.config import Settings
from bot.domain.record.model import Record
from bot.export.json import incident_json
from bot.services.escalation.responses.acknowledge import acknowledge
from bot.services.paging.statistics import load_statistics
from bot.services.postmortem.load_record import load_record
from bot.services.vendors import updates
from bot.services.vendors.updates import VendorUpdate
from bot.store.escalation.pages import find_pages_by_incident
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
    found: Record = await desk.database.read(load_record, desk.settings, incident_id)
    return found


async def test_history_of_a_policy_with_a_vendor(desk: Desk) -> None:
    incident = await desk.opens()
    await desk.passes(minutes=16)
    [by_policy, vendor] = await desk.all()
    assert (vendor.is_external, vendor.target_id, vendor.target_name) == (True, "payplug", "PayPlug")
    await desk.does(acknowledge, by_policy.key, desk.by("U0DBA"), method="link")
    await desk.does(updates.update_vendor_escalation, vendor.key, desk.by("U0DBA"), VendorUpdate(case="CS-123"))

    exported = incident_json(await recorded(desk, incident.key))["escalations"]

    steps = [(step["level"], step["people_ids"], step["vendors"]) for step in exported[0]["steps"]]
    assert steps[:2] == [(1, ["U0ONCALL"], []), (2, ["U0DBA"], ["payplug"])]
    assert [(page["person_id"], page["level"]) for page in exported[0]["pages"]][:2] == [("U0ONCALL", 1), ("U0DBA", 2)]
    assert [(answer["by_id"], answer["means"]) for answer in exported[0]["answers"]] == [("U0DBA", "link")]
    assert (exported[0]["policy"], exported[0]["levels"], exported[0]["started_by"]) == ("payments", 2, "policy")
    assert (exported[1]["follows"], exported[1]["vendor"]["case"]) == (exported[0]["ref"], "CS-123")


async def test_working_hours_are_in_the_zone_of_the_paged_person(desk: Desk) -> None:
    """14:00 UTC is within working hours in Paris, and 06:00 for the second level."""

    def moves(session: Session, _settings: Settings) -> None:
        session.merge(Person(team_id=TEAM, user_id="U0DBA", zone="America/Los_Angeles"))

    await desk.does(moves)
    incident = await desk.opens()
    await desk.passes(minutes=6)
    await desk.does(_sent, incident.key)

    found = await desk.database.read(load_statistics, TEAM, ["2026-03"])

    assert [(row.user_id, row.pages, row.out_of_hours, row.nights) for row in found.people] == [
        ("U0DBA", 1, 1, 1),
        ("U0ONCALL", 1, 0, 0),
    ]


def _sent(session: Session, _settings: Settings, incident_id: int) -> None:
    """Record outcomes as the sender does."""
    for page in find_pages_by_incident(session, incident_id):
        page.sent_at, page.outcome = page.queued_at, "sent"
        session.add(page)
