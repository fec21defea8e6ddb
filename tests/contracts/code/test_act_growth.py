"""What an act reads does not grow with the incident's timeline."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Mapper
from sqlmodel import Session

from bench.quick.acts import deliver
from bot.domain.incidents.milestones import MILESTONE_KINDS, Milestones, compute_milestones, deciding_kinds
from bot.domain.terms import Kind
from bot.services.timeline.milestones import milestone_fact
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents, timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.postmortems import Postmortem
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared.audit import AuditRow
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World

MANY = 300
TOLERANCE = 12
"""Rows of further messages that wait for their turn in the channel."""


@contextmanager
def loaded_rows() -> Iterator[list[str]]:
    """The tables of the rows that were made objects within the block, those of `read_entries` included."""
    found: list[str] = []
    read_entries = timeline.read_entries

    def on_load(target: object, *_: object) -> None:
        found.append(type(target).__name__)

    def read_counted(*args: Any, **named: Any) -> list[TimelineEntry]:
        entries = read_entries(*args, **named)
        found.extend([TimelineEntry.__name__] * len(entries))
        return entries

    event.listen(Mapper, "load", on_load)
    event.listen(Mapper, "refresh", on_load)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(timeline, "read_entries", read_counted)
            yield found
    finally:
        event.remove(Mapper, "load", on_load)
        event.remove(Mapper, "refresh", on_load)


def entry_of(incident: Incident, number: int, **values: object) -> TimelineEntry:
    at = incident.declared_at + timedelta(seconds=number)
    usual = {
        "incident_id": incident.key,
        "seq": 1_000 + number,
        "kinds": [Kind.CAUSE.value],
        "own_text": f"what was seen as number {number}",
        "happened_at": at,
        "precision": "exact",
        "sort_at": at,
        "recorded_at": at,
        "source": "message",
    }
    return TimelineEntry(**{**usual, **values})


def lengthen(session: Session) -> None:
    """Give the incident a long day: entries, audit rows, answered escalations, drafts without a file."""
    incident = incidents.find_by_reference(session, None, "INC-1")
    kinds = (Kind.CAUSE, Kind.FIXED, Kind.DETECTION, Kind.ACKNOWLEDGED, Kind.IMPACT_BEGAN, Kind.MISLEADING_PATH)
    for number in range(MANY):
        at = incident.declared_at + timedelta(seconds=number)
        session.add(entry_of(incident, number, kinds=[kinds[number % len(kinds)].value]))
        session.add(
            AuditRow(
                at=at, team_id=incident.team_id, incident_id=incident.key, action="recorded cause", origin="reaction"
            )
        )
    for number in range(MANY // 10):
        session.add(
            Escalation(
                incident_id=incident.key,
                target_kind="person",
                target_id="U0DBA",
                target_name="dba",
                reason="please look",
                asked_at=incident.declared_at,
                precision="exact",
                acknowledged_at=incident.declared_at,
            )
        )
        session.add(
            Postmortem(
                incident_id=incident.key,
                version=number + 1,
                template="classic",
                languages=["en"],
                blocks=[{"refs": ["entry-0"], "generated": {"text": "what was seen"}}],
                created_at=incident.declared_at,
                file_id="",
            )
        )


async def play(world: World, name: str) -> dict[str, int]:
    """The rows that each act loads, until all of it is delivered."""
    found = {}
    ts = await world.says("engineer", f"The proxies answer 502 ({name})")
    alert = {"title": name, "severity": "SEV2", "service": "search", "fingerprint": name, "group": "g"}
    acts = {
        "mark": world.reacts("dba", ts, "dart"),
        "edit": world.edits("engineer", ts, f"The proxies answer 503 ({name})"),
        "alert": world.posts("generic", alert),
        "escalate": world.types("oncall", "/incident escalate @dba please look"),
        "acknowledge": world.types("dba", "/incident ack"),
        "delete": world.deletes("engineer", ts),
    }
    for act, under_way in acts.items():
        with loaded_rows() as rows:
            await under_way
            await deliver(world)
        found[act] = len(rows)
        await world.advance(seconds=20)
    return found


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_a_long_timeline_costs_an_act_nothing(world: World):
    await world.posts(
        "generic", {"title": "first", "severity": "SEV2", "service": "search", "fingerprint": "first", "group": "g"}
    )
    await world.finish()
    await play(world, "known")
    before = await play(world, "short")

    await world.bot.database.run(lengthen)
    after = await play(world, "long")

    grown = {act: (before[act], rows) for act, rows in after.items() if rows > before[act] + TOLERANCE}
    assert before["mark"] > 10, "rows were loaded unseen"
    assert grown == {}


@pytest.mark.world(databases=BOTH_DATABASES)
@pytest.mark.parametrize("is_over", [False, True])
async def test_the_deciding_entries_give_the_milestones_of_all(world: World, is_over: bool):
    await world.declares()
    chosen = random.Random(16)

    def compare(session: Session) -> list[tuple[Milestones, Milestones]]:
        incident = incidents.find_by_reference(session, None, "INC-1")
        first = timeline.find_entries(session, incident.key)
        found = []
        for story in range(25):
            made = [random_entry(incident, chosen, story * 100 + number) for number in range(chosen.randrange(12))]
            session.add_all(made)
            session.flush()
            few = timeline.find_deciding_entries(session, incident.key, deciding_kinds(is_over=is_over))
            everything = timeline.find_entries(session, incident.key, with_withdrawn=False)
            found.append(tuple(milestones(entries, is_over=is_over) for entries in (few, everything)))
            for each in made:
                session.delete(each)
            session.flush()
        assert timeline.find_entries(session, incident.key) == first
        return found

    compared = await world.bot.database.run(compare)

    assert len({str(few) for few, _ in compared}) > 10
    assert [few for few, _ in compared] == [everything for _, everything in compared]


def random_entry(incident: Incident, chosen: random.Random, number: int) -> TimelineEntry:
    kinds = sorted({*MILESTONE_KINDS, Kind.NOTE} - {Kind.DECLARED})
    at = incident.declared_at + timedelta(seconds=chosen.randrange(60) * 10 + number % 10)
    is_timed = chosen.random() < 0.8
    values = {
        "kinds": [each.value for each in chosen.sample(kinds, chosen.randrange(1, 3))],
        "happened_at": at if is_timed else None,
        "precision": "exact" if is_timed else "unknown",
        "sort_at": at,
        "recorded_at": incident.declared_at + timedelta(seconds=chosen.randrange(600)),
        "source": chosen.choice(["message", "command"]),
        "withdrawn_at": at if chosen.random() < 0.1 else None,
        "details": chosen.choice([{}, {}, {"vendor": "answered"}, {"role": "lead"}, {"status": "monitoring"}]),
    }
    return entry_of(incident, number, **values)


def milestones(entries: list[TimelineEntry], *, is_over: bool) -> Milestones:
    return compute_milestones([milestone_fact(each) for each in entries], [], is_over=is_over)
