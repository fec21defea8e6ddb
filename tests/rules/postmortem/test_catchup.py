"""What somebody who joins late is told: from the record and the moment, and from nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.catchup import Catchup, MissingFact, build_catchup
from bot.domain.record.model import Action, Entry, Record, Update
from bot.domain.record.sources import Source
from bot.domain.terms import ActionKind, AlertStatus, Kind, SourceKind, Status, UpdateState
from tests.support.records.builders import RecordBuilder
from tests.support.records.samples import checkout_500s, payment_outage
from tests.support.records.strategies import START, records

H, X, FISH, CAUSE, MAG, ACT = (
    Kind.HYPOTHESIS,
    Kind.RULED_OUT,
    Kind.MISLEADING_PATH,
    Kind.CAUSE,
    Kind.INVESTIGATION,
    Kind.ACTION,
)


def builder() -> RecordBuilder:
    made = RecordBuilder("2026-03-02", "Europe/Paris", "Checkout is down", "checkout")
    made.declared_by_alert("14:00", "Errors", "Errors on the checkout page", origin="generic")
    return made


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}:00+01:00").astimezone(UTC)


def told(made: RecordBuilder | Record, clock: str = "15:00") -> Catchup:
    return build_catchup(made if isinstance(made, Record) else made.record(), at(clock))


Said = tuple[str, tuple[Kind, ...], str | None]

CASES: dict[str, tuple[list[Said], list[str], list[tuple[str, str | None]]]] = {
    "a hypothesis is open": ([("disk", (H,), None)], ["disk"], []),
    "investigating is none": ([("disk", (MAG,), None)], [], []),
    "a mark of its own rules it out": ([("disk", (H, X), None)], [], [("disk", None)]),
    "so does the misleading path": ([("disk", (H, FISH), None)], [], [("disk", None)]),
    "a path that was never a hypothesis is told by itself": ([("disk", (FISH,), None)], [], [("disk", None)]),
    "a later reply in its thread rules it out": ([("disk", (H,), "1"), ("no", (X,), "1")], [], [("disk", "no")]),
    "a reply in another thread does not": ([("disk", (H,), "1"), ("no", (X,), "2")], ["disk"], [("no", None)]),
    "an earlier reply does not": ([("no", (X,), "1"), ("disk", (H,), "1")], ["disk"], [("no", None)]),
    "what was typed is in no thread": ([("disk", (H,), None), ("no", (X,), None)], ["disk"], [("no", None)]),
    "of two in a thread the nearer one is meant": (
        [("disk", (H,), "1"), ("cpu", (H,), "1"), ("no", (X,), "1")],
        ["disk"],
        [("cpu", "no")],
    ),
    "and the next reply means the other": (
        [("disk", (H,), "1"), ("cpu", (H,), "1"), ("no", (X,), "1"), ("neither", (X,), "1")],
        [],
        [("cpu", "no"), ("disk", "neither")],
    ),
    "a cause settles those before it": (
        [("disk", (H,), "1"), ("the pool", (CAUSE,), None), ("cpu", (H,), "2")],
        ["cpu"],
        [],
    ),
    "what was ruled out before the cause stays so": (
        [("disk", (H, X), None), ("the pool", (CAUSE,), None)],
        [],
        [("disk", None)],
    ),
    "a hypothesis that is the cause is settled": ([("the pool", (H, CAUSE), None)], [], []),
}


@pytest.mark.parametrize(("said", "is_open", "ruled_out"), CASES.values(), ids=CASES)
def test_hypotheses(said: list[Said], is_open: list[str], ruled_out: list[tuple[str, str | None]]) -> None:
    made = builder()
    for minute, (text, kinds, thread) in enumerate(said, 10):
        entry = made.entry(f"14:{minute}", "engineer", text, *kinds, thread=thread)
        if CAUSE in kinds:
            made.states(replace(entry, kinds=(CAUSE,)))

    found = told(made)

    assert [line.text for line in found.open_hypotheses] == is_open
    assert [(each.line.text, each.by.text if each.by else None) for each in found.ruled_out] == ruled_out


def test_a_withdrawn_entry_says_nothing_and_rules_nothing_out() -> None:
    made = builder()
    made.entry("14:10", "engineer", "disk", H, thread="1")
    made.entry("14:11", "engineer", "no", X, thread="1", withdrawn_at=at("14:12"))
    made.entry("14:13", "engineer", "cpu", H, withdrawn_at=at("14:14"))

    found = told(made)

    assert [line.text for line in found.open_hypotheses] == ["disk"]
    assert found.ruled_out == ()


@pytest.mark.parametrize(
    ("said", "clock", "expected"),
    [
        ([("14:10", "dba", "reads logs", MAG), ("14:20", "dba", "restarts", ACT)], "15:00", ["restarts"]),
        ([("14:10", "dba", "restarts", ACT), ("14:05", "engineer", "reads", MAG)], "15:00", ["reads", "restarts"]),
        ([("14:10", "dba", "restarts", ACT)], "15:10", []),
        ([("14:10", "dba", "restarts", ACT)], "15:09", ["restarts"]),
        ([("14:10", "dba", "a note", Kind.NOTE)], "15:00", []),
        ([("14:10", "dba", "the network", FISH)], "15:00", []),
        ([("14:10", None, "by a machine", ACT)], "15:00", []),
        ([("14:10", "dba", "", ACT)], "15:00", []),
    ],
    ids=["the last of each", "in order", "an hour ago", "just within", "no work", "wrong", "nobody", "deleted"],
)
def test_who_does_what(said: list[tuple[str, str | None, str, Kind]], clock: str, expected: list[str]) -> None:
    made = builder()
    for when, who, text, kind in said:
        made.entry(when, who, text, kind)

    assert [line.text for line in told(made, clock).doing] == expected


def task(number: int, due: str | None = None, *, kind: ActionKind = ActionKind.TASK, done: bool = False) -> Action:
    return Action(Source(SourceKind.COMMAND, f"action-{number}"), number, kind, f"task {number}", due=due, done=done)


def test_tasks_that_are_due_come_first_and_say_what_is_late() -> None:
    """The day ends with the incident's zone: at 00:30 in Paris it is still the day before in UTC."""
    actions = [
        task(1),
        task(2, "2026-03-05"),
        task(3, "2026-03-02"),
        task(4, done=True),
        task(5, "soon"),
        task(6, kind=ActionKind.IMPROVEMENT),
    ]
    record = replace(builder().record(), actions=actions)

    found = build_catchup(record, datetime(2026, 3, 2, 23, 30, tzinfo=UTC))

    assert [(each.task.number, each.is_overdue) for each in found.tasks] == [
        (3, True),
        (2, False),
        (5, False),
        (1, False),
    ]


def test_calls_that_wait_have_their_next_reminder_and_calls_that_were_answered_do_not_wait() -> None:
    made = builder()
    made.escalated("14:10", "oncall", "development", "the pool")
    made.escalated("14:12", "oncall", "operations", "the hosts")
    made.acknowledged("14:15", "developer", "development")

    found = build_catchup(made.record(), at("14:20"), reminders={"escalation-2": at("14:22")})

    assert [(each.escalation.target, each.next_reminder_at) for each in found.waiting] == [("operations", at("14:22"))]
    assert [each.target for each in found.answered] == ["development"]


@pytest.mark.parametrize(
    ("status", "has", "expected"),
    [
        (Status.INVESTIGATING, "", (MissingFact.LEAD, MissingFact.IMPACT, MissingFact.CAUSE)),
        (Status.INVESTIGATING, "lead impact cause", ()),
        (Status.MONITORING, "lead", (MissingFact.IMPACT, MissingFact.CAUSE)),
        (Status.RESOLVED, "", (MissingFact.IMPACT, MissingFact.CAUSE, MissingFact.RESOLUTION)),
        (Status.CLOSED, "impact cause", (MissingFact.RESOLUTION,)),
        (Status.CANCELLED, "", ()),
        (Status.MERGED, "", ()),
    ],
)
def test_what_the_record_lacks(status: Status, has: str, expected: tuple[MissingFact, ...]) -> None:
    made = builder()
    if "impact" in has:
        made.impact("14:20", "oncall", "everybody")
    if "cause" in has:
        made.cause("14:21", "oncall", "the pool")
    record = made.record()
    lead = "UONCALL" if "lead" in has else None
    record = replace(record, incident=replace(record.incident, status=status, lead=lead))

    assert told(record).missing == expected


def test_the_state_and_since_when() -> None:
    made = builder()
    assert told(made).since == at("14:00")

    made.typed("14:30", "oncall", "", Kind.STATUS, was="investigating", became="identified")
    moved = made.typed("14:40", "oncall", "", Kind.STATUS, was="identified", became="monitoring")
    made.typed("14:45", "oncall", "", Kind.STATUS, withdrawn_at=at("14:46"))

    assert (told(made).since, told(made).since_source) == (at("14:40"), moved.source)


def test_an_incident_that_is_over_waits_for_nobody() -> None:
    made = builder()
    made.entry("14:05", "engineer", "disk", H)
    made.entry("14:06", "engineer", "restarts", ACT)
    made.escalated("14:10", "oncall", "development", "the pool")
    made.resolved("14:30", "oncall", "rolled back")

    found = told(made)

    assert (found.open_hypotheses, found.doing, found.waiting, found.answered) == ((), (), (), ())
    assert found.resolution is not None
    assert found.since == at("14:30")
    assert [line.text for line in found.latest] == ["Errors: Errors on the checkout page", "disk", "restarts"]


def test_each_entry_is_told_once() -> None:
    made = builder()
    for minute in range(10, 20):
        made.entry(f"14:{minute}", "support", f"call {minute}", Kind.NOTE)
    made.entry("14:20", "engineer", "disk", H, thread="1")
    made.entry("14:21", "engineer", "no", X, thread="1")
    made.entry("14:22", "engineer", "restarts", ACT)
    made.impact("14:23", "oncall", "everybody")

    assert [line.text for line in told(made).latest] == ["call 16", "call 17", "call 18", "call 19"]


def test_what_is_both_a_hypothesis_and_work_is_a_hypothesis() -> None:
    made = builder()
    made.entry("14:10", "dba", "reads the disk's log: is it the disk?", H, MAG)
    found = told(made)

    assert [len(found.open_hypotheses), len(found.doing), len(found.latest)] == [1, 0, 1]
    assert "disk" not in found.latest[0].text


def test_roles_are_those_that_somebody_has_now() -> None:
    made = builder()
    made.role("14:10", "scribe", "U1", until="14:12")
    made.role("14:11", "lead", "U2")
    made.role("14:12", "scribe", "U3")

    assert [(each.name, each.person) for each in told(made).roles] == [("scribe", "U3")]


def test_the_last_public_word_and_alerts() -> None:
    made = builder()
    marked = made.entry("14:10", "support", "We told the partners", Kind.COMMUNICATION)
    record = made.record()
    assert told(record).public is None
    announced = told(record).announced
    assert announced is not None
    assert announced.entry.source == marked.source

    source = Source(SourceKind.COMMAND, "entry-9")
    updates = [
        Update(state, at("14:20"), {"en": "We look into it."}, ("en",), (source,))
        for state in (UpdateState.INVESTIGATING, UpdateState.IDENTIFIED)
    ]
    ended = replace(record.alerts[0], status=AlertStatus.RESOLVED, ended_at=at("14:20"), fingerprint="another")
    found = told(replace(record, updates=updates, alerts=[*record.alerts, ended]))

    assert found.public is updates[-1]
    assert ([each.name for each in found.firing], found.alerts) == (["Errors"], 2)

    again = replace(record.alerts[0], starts_at=at("14:30"), fingerprint="one")
    before = replace(again, starts_at=at("14:00"))
    found = told(replace(record, alerts=[before, again]))
    assert ([each.name for each in found.firing], found.alerts) == (["Errors"], 1), "one alert that fired twice"


@given(records(), st.integers(-3 * 86_400, 6 * 86_400))
def test_any_record_is_told_from_what_stands_in_it(record: Record, seconds: int) -> None:
    now = START + timedelta(seconds=seconds)

    found = build_catchup(record, now)

    assert found == build_catchup(record, now)
    standing = {entry.source.ref: entry for entry in record.entries if entry.withdrawn_at is None}
    lines = [*found.open_hypotheses, *found.doing, *found.latest, *(each.line for each in found.ruled_out)]
    for line in lines:
        assert standing[line.entry.source.ref] is line.entry
    refs = [line.entry.source.ref for line in lines]
    assert len(refs) == len(set(refs)), "each is told once"


@pytest.mark.parametrize("record", [checkout_500s(), payment_outage()], ids=["checkout", "payments"])
def test_what_is_told_has_its_source(record: Record) -> None:
    found = told(record)

    entries: list[Entry] = [line.entry for line in (*found.latest, *found.doing, *found.open_hypotheses)]
    sources = [each.source for each in entries] + [each.line.entry.source for each in found.ruled_out]
    assert sources
    assert all(each.link for each in [*sources, found.since_source])
