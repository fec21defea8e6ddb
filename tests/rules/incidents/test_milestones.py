"""The incident's times: a table of sources, each taken away in turn, and what holds for any record."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.incidents.milestones import (
    MILESTONE_KINDS,
    AlertFact,
    EntryFact,
    Milestone,
    Milestones,
    compute_milestones,
)
from bot.domain.terms import Kind, Precision, Status

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def fact(
    ref: str,
    kind: Kind,
    happened: float | None,
    *,
    recorded: float | None = None,
    started: float | None = None,
    ended: float | None = None,
    status: Status | None = None,
) -> EntryFact:
    """Minutes from noon; recorded when it happened, if nothing else is said."""
    moment = recorded if recorded is not None else happened if happened is not None else 0
    return EntryFact(
        ref=ref,
        kinds=(kind,),
        happened_at=None if happened is None else at(happened),
        precision=Precision.UNKNOWN if happened is None else Precision.EXACT,
        recorded_at=at(moment),
        started=None if started is None else at(started),
        ended=None if ended is None else at(ended),
        status=status,
        role="lead" if kind is Kind.ROLE else None,
    )


DECLARED = fact("declared", Kind.DECLARED, 0)


def found(facts: list[EntryFact], alerts: list[AlertFact], *, is_over: bool = False) -> Milestones:
    in_order = sorted([DECLARED, *facts], key=lambda each: each.happened_at or each.recorded_at)
    return compute_milestones(in_order, alerts, is_over=is_over)


def alert(ref: str, starts: float, precision: Precision = Precision.EXACT) -> AlertFact:
    return AlertFact(ref, at(starts), precision)


def test_an_end_that_is_stated_as_about_then_is_about_then():
    stated = replace(fact("resolved", Kind.RESOLVED, 60, ended=50), stated_about=frozenset({"ended"}))

    times = found([stated], [], is_over=True)

    assert times.ended == Milestone(at(50), "resolve at:", "resolved", Precision.APPROXIMATE)
    assert times.resolved == Milestone(at(60), "resolved", "resolved", Precision.EXACT)


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ([-4000, -7], Milestone(at(-7), "earliest alert of the storm", "alert-1")),
        ([-4000, -8], Milestone(at(-8), "earliest alert of the storm", "alert-1")),
        ([-4000, -8.1], Milestone(at(-3), "alert storm began", "declared")),
        ([], Milestone(at(-3), "alert storm began", "declared")),
    ],
)
def test_an_alert_that_fired_long_before_does_not_date_a_storm(starts, expected):
    told = [alert(f"alert-{number}", each) for number, each in enumerate(starts)]
    times = compute_milestones([DECLARED], told, is_over=False, storm_began=at(-3))

    assert times.started == times.detected == expected


RESOLVED = fact("resolved", Kind.RESOLVED, 60, status=Status.RESOLVED)
LADDERS = {
    "started": [
        (fact("stated again", Kind.IMPACT, 9, started=-30), "impact started:"),
        (fact("stated", Kind.IMPACT, 5, started=-20), "impact started:"),
        (fact("boom", Kind.IMPACT_BEGAN, -12), "message marked as impact began"),
        (fact("later boom", Kind.IMPACT_BEGAN, -11), "message marked as impact began"),
        (alert("alert-1", -8), "earliest alert"),
        (alert("alert-2", -7), "earliest alert"),
        (None, "declared"),
    ],
    "detected": [
        (fact("light", Kind.DETECTION, -10), "message marked as detection"),
        (alert("alert-1", -9), "earliest alert"),
        (fact("later light", Kind.DETECTION, -8), "message marked as detection"),
        (None, "declared"),
    ],
    "acknowledged": [
        (fact("ack", Kind.ACKNOWLEDGED, 9), "first acknowledgement"),
        (fact("second ack", Kind.ACKNOWLEDGED, 10), "first acknowledgement"),
        (fact("lead", Kind.ROLE, 3), "first lead"),
        (fact("second lead", Kind.ROLE, 4), "first lead"),
        (None, None),
    ],
    "identified": [
        (fact("status", Kind.STATUS, 30, status=Status.IDENTIFIED), "status identified"),
        (fact("status again", Kind.STATUS, 40, status=Status.IDENTIFIED), "status identified"),
        (fact("dart", Kind.CAUSE, 20), "first cause"),
        (fact("second dart", Kind.CAUSE, 25), "first cause"),
        (None, None),
    ],
    "mitigated": [
        (fact("monitoring", Kind.STATUS, 50, status=Status.MONITORING), "status monitoring"),
        (fact("last fix", Kind.FIXED, 45), "last message marked as fixed before the resolution"),
        (fact("first fix", Kind.FIXED, 42), "last message marked as fixed before the resolution"),
        (None, None),
    ],
    "ended": [
        (fact("stated again", Kind.IMPACT, 70, ended=58), "impact ended:"),
        (fact("stated", Kind.IMPACT, 65, ended=57), "impact ended:"),
        (replace(RESOLVED, ended=at(59)), "resolve at:"),
        (RESOLVED, "resolve was typed"),
    ],
}
"""Of each time its sources, the strongest first. The one at the bottom is what is left when all others are gone."""


@pytest.mark.parametrize("name", LADDERS)
def test_each_source_speaks_when_the_stronger_are_gone(name: str) -> None:
    ladder = LADDERS[name]
    for step, (speaking, because) in enumerate(ladder):
        left = [source for source, _ in ladder[step:] if source is not None]
        if name == "ended":
            left = [each for each in left if each is not RESOLVED or speaking is RESOLVED]
            left += [] if any(each.kinds == (Kind.RESOLVED,) for each in left) else [RESOLVED]
        facts = [each for each in left if isinstance(each, EntryFact)]
        alerts = [each for each in left if isinstance(each, AlertFact)]

        milestone: Milestone | None = getattr(found(facts, alerts, is_over=name == "ended"), name)

        if because is None:
            assert milestone is None
            continue
        assert milestone is not None
        assert milestone.because == because
        assert milestone.ref == (speaking.ref if speaking is not None else "declared")


def test_the_declaration_with_a_start_outdoes_marks_and_alerts() -> None:
    declared = replace(DECLARED, started=at(-40))
    boom, fired = fact("boom", Kind.IMPACT_BEGAN, -50), alert("alert-1", -45)

    times = compute_milestones([boom, declared], [fired], is_over=False)

    assert times.started == Milestone(at(-40), "start at:", "declared")
    assert times.declared == Milestone(at(0), "declared", "declared")


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ([(10, Status.MONITORING)], 10),
        ([(10, Status.MONITORING), (12, Status.INVESTIGATING)], None),
        ([(10, Status.MONITORING), (12, Status.IDENTIFIED)], None),
        ([(10, Status.MONITORING), (12, Status.INVESTIGATING), (20, Status.MONITORING)], 20),
        ([(10, Status.MONITORING), (30, Status.RESOLVED)], 10),
        ([(10, Status.MONITORING), (30, Status.RESOLVED), (35, Status.INVESTIGATING), (50, Status.RESOLVED)], None),
    ],
)
def test_only_what_held_was_a_mitigation(moves: list[tuple[int, Status]], expected: int | None) -> None:
    facts = [fact(f"entry-{minute}", Kind.STATUS, minute, status=status) for minute, status in moves]

    mitigated = found(facts, []).mitigated

    assert (mitigated.at if mitigated else None) == (at(expected) if expected is not None else None)


def test_a_fix_after_the_resolution_mitigated_nothing() -> None:
    fixes = [fact("before", Kind.FIXED, 40), fact("after", Kind.FIXED, 70)]

    mitigated = found([*fixes, RESOLVED], [], is_over=True).mitigated

    assert mitigated is not None
    assert mitigated.ref == "before"


@pytest.mark.parametrize(
    ("is_typed", "minute", "expected"), [(True, 90, None), (True, 60, 60), (True, 50, 50), (False, 90, 90)]
)
def test_a_cause_typed_after_the_resolution_was_not_identified_then(
    is_typed: bool, minute: int, expected: int | None
) -> None:
    stated = replace(fact("cause", Kind.CAUSE, minute), is_typed=is_typed)

    identified = found([RESOLVED, stated], [], is_over=True).identified

    assert (identified.at if identified else None) == (None if expected is None else at(expected))


@pytest.mark.parametrize(("is_typed", "minute", "expected"), [(True, 55, None), (True, 50, 50), (False, 55, 55)])
def test_a_cause_typed_after_the_end_of_the_impact_was_not_identified_then(
    is_typed: bool, minute: int, expected: int | None
) -> None:
    stated = replace(fact("cause", Kind.CAUSE, minute), is_typed=is_typed)

    identified = found([stated, replace(RESOLVED, ended=at(50))], [], is_over=True).identified

    assert (identified.at if identified else None) == (None if expected is None else at(expected))


def test_while_it_is_open_nothing_ended() -> None:
    """Also after a reopening: the earlier resolution and the stated end count no more."""
    times = found([RESOLVED, fact("stated", Kind.IMPACT, 61, ended=55)], [], is_over=False)

    assert (times.resolved, times.ended) == (None, None)


def test_the_last_resolution_counts() -> None:
    again = fact("again", Kind.RESOLVED, 90, status=Status.RESOLVED)

    times = found([replace(RESOLVED, ended=at(50)), again], [], is_over=True)

    assert times.resolved == Milestone(at(90), "resolved", "again")
    assert times.ended == Milestone(at(90), "resolve was typed", "again")


def test_an_entry_of_unknown_time_sets_no_time() -> None:
    unknown = [fact("boom", Kind.IMPACT_BEGAN, None), fact("dart", Kind.CAUSE, None), fact("fix", Kind.FIXED, None)]

    times = found(unknown, [])

    assert times.started.because == "declared"
    assert (times.identified, times.mitigated) == (None, None)


def test_how_well_a_time_is_known_goes_with_it() -> None:
    about = replace(fact("boom", Kind.IMPACT_BEGAN, -5), precision=Precision.APPROXIMATE)
    fired = alert("alert-1", -3, Precision.APPROXIMATE)

    assert found([about], []).started.precision is Precision.APPROXIMATE
    assert found([], [fired]).detected.precision is Precision.APPROXIMATE


def test_a_record_without_a_declaration_is_corrupt() -> None:
    with pytest.raises(ValueError, match="without a declaration"):
        compute_milestones([fact("boom", Kind.IMPACT_BEGAN, -5)], [], is_over=False)


minutes = st.integers(-600, 600)
statuses = st.none() | st.sampled_from(Status)
facts_of_any_kind = st.builds(
    lambda kind, happened, recorded, started, ended, status, number: fact(
        f"entry-{number}",
        kind,
        happened,
        recorded=recorded,
        started=started,
        ended=ended,
        status=status if kind in {Kind.STATUS, Kind.RESOLVED, Kind.REOPENED} else None,
    ),
    st.sampled_from(Kind).filter(lambda kind: kind is not Kind.DECLARED),
    st.none() | minutes,
    minutes,
    st.none() | minutes,
    st.none() | minutes,
    statuses,
    st.integers(1, 99),
)
any_alerts = st.lists(st.builds(lambda starts, number: alert(f"alert-{number}", starts), minutes, st.integers(1, 9)))


@given(st.lists(facts_of_any_kind), any_alerts, st.booleans())
def test_every_time_comes_from_the_record(facts: list[EntryFact], alerts: list[AlertFact], is_over: bool) -> None:
    times = found(facts, alerts, is_over=is_over)

    refs = {each.ref for each in [DECLARED, *facts, *alerts]}
    for name in ("declared", "started", "detected", "acknowledged", "identified", "mitigated", "resolved", "ended"):
        milestone = getattr(times, name)
        if milestone is not None:
            assert milestone.ref in refs
            assert milestone.at.tzinfo is not None
    assert times.declared.at == at(0)
    if not is_over:
        assert (times.resolved, times.ended) == (None, None)


@given(st.lists(facts_of_any_kind), any_alerts, st.booleans())
def test_entries_of_other_kinds_change_nothing(facts: list[EntryFact], alerts: list[AlertFact], is_over: bool) -> None:
    telling = [each for each in facts if MILESTONE_KINDS.intersection(each.kinds)]

    assert found(telling, alerts, is_over=is_over) == found(facts, alerts, is_over=is_over)
