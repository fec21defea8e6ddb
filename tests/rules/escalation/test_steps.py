"""Escalation steps: never silent while unanswered, never backwards."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UserError
from bot.domain.escalation import (
    Acknowledgement,
    AtEnd,
    Exhausted,
    Level,
    Need,
    PagedLevel,
    PageLevel,
    Policy,
    Position,
    Progress,
    Step,
    Stop,
    Target,
    Wait,
    is_acknowledged,
    next_due_at,
    next_position,
    next_step,
    parse_target,
    people_still_needed,
)
from bot.domain.terms import TargetKind

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def level(*people: str, wait: float = 5, need: Need = Need.ANY) -> Level:
    return Level(tuple(parse_target(each) for each in people), timedelta(minutes=wait), need)


ONE = Policy("one", (level("U1"),))
THREE = Policy("three", (level("U1"), level("schedule:dba", wait=10), level("group:S1", wait=15)))
TWICE = replace(THREE, repeat=1)
L1, L2, L3 = Position(1, 0), Position(2, 0), Position(3, 0)
AGAIN = Position(1, 1)


@pytest.mark.parametrize(
    ("policy", "progress", "minutes", "expected"),
    [
        (THREE, Progress(at(0)), 0, PageLevel(L1, at(0))),
        (THREE, Progress(at(5), L1), 4.99, Wait(at(5))),
        (THREE, Progress(at(5), L1), 5, PageLevel(L2, at(5))),
        (THREE, Progress(at(5), L1), 14.99, PageLevel(L2, at(5))),
        (THREE, Progress(at(5), L1), 15, PageLevel(L3, at(15), ((L2, at(5)),))),
        (THREE, Progress(at(5), L1), 120, PageLevel(L3, at(15), ((L2, at(5)),))),
        (THREE, Progress(at(0)), 120, PageLevel(L3, at(15), ((L1, at(0)), (L2, at(5))))),
        (THREE, Progress(at(30), L3), 30, Exhausted(at(30))),
        (TWICE, Progress(at(30), L3), 30, PageLevel(AGAIN, at(30))),
        (TWICE, Progress(at(30), L3), 36, PageLevel(Position(2, 1), at(35), ((AGAIN, at(30)),))),
        (TWICE, Progress(at(5), L1), 120, PageLevel(L3, at(15), ((L2, at(5)),))),
        (TWICE, Progress(at(30), Position(3, 1)), 30, Exhausted(at(30))),
        (ONE, Progress(at(5), L1), 5, Exhausted(at(5))),
        (THREE, Progress(at(5), L1, is_acknowledged=True), 5, Stop()),
        (THREE, Progress(at(5), L1, is_over=True), 5, Stop()),
        (THREE, Progress(at(5), L1, more_time_until=at(9)), 5, Wait(at(9))),
        (THREE, Progress(at(5), L1, more_time_until=at(9)), 9, PageLevel(L2, at(9))),
        (THREE, Progress(at(5), L1, more_time_until=at(2)), 3, Wait(at(5))),
        (THREE, Progress(at(5), L1, is_nobody_left=True), 1, PageLevel(L2, at(1))),
        (THREE, Progress(at(5), L1, is_nobody_left=True, more_time_until=at(9)), 1, PageLevel(L2, at(1))),
        (THREE, Progress(at(5), L1, is_nobody_left=True), 90, PageLevel(L2, at(90))),
        (ONE, Progress(at(5), L1, is_nobody_left=True), 1, Exhausted(at(1))),
        (THREE, Progress(at(5), L1, is_acknowledged=True, is_nobody_left=True), 1, Stop()),
    ],
    ids=[
        "the first at once",
        "its time has not come",
        "its time has come",
        "a little late",
        "one was passed over",
        "the end is not reached over a level that nobody was paged for",
        "nor where nobody was paged at all",
        "nobody is left to page",
        "once more from the top",
        "late in the second round",
        "no round is left out",
        "the second round is over",
        "one level, once",
        "answered",
        "over",
        "more time",
        "more time is over",
        "less time than they had anyway",
        "nobody of the level is left",
        "then more time does not hold",
        "and nothing is passed over",
        "nobody at all is left",
        "answered counts more",
    ],
)
def test_next_step(policy: Policy, progress: Progress, minutes: float, expected: Step) -> None:
    assert next_step(policy, progress, at(minutes)) == expected


@pytest.mark.parametrize(
    ("due", "now", "expected"),
    [(5, 5, 15), (5, 5.5, 15), (5, 6, 16), (5, 12, 22)],
    ids=["in time", "a little late", "late", "very late"],
)
def test_who_is_paged_late_has_the_whole_time_from_then_on(due: float, now: float, expected: float) -> None:
    assert next_due_at(THREE, L2, due_at=at(due), paged_at=at(now)) == at(expected)


def test_after_the_fallback_nothing_is_waited_for() -> None:
    assert next_due_at(THREE, Position(4, 0), due_at=at(5), paged_at=at(5)) == at(5)
    assert next_position(THREE, Position(4, 0)) is None


POLICIES = st.builds(
    Policy,
    st.just("random"),
    st.lists(
        st.builds(
            Level,
            st.just((Target(TargetKind.PERSON, "U1", ("U1",)),)),
            st.integers(1, 15).map(lambda minutes: timedelta(minutes=minutes)),
            st.sampled_from(Need),
        ),
        min_size=1,
        max_size=5,
    ).map(tuple),
    st.integers(0, 3),
)
GAPS = st.lists(st.floats(0.01, 300), max_size=60)
MOMENTS = st.integers(-400, 400).map(at)


def ticks(gaps: Iterable[float]) -> Iterable[datetime]:
    minutes = 0.0
    for gap in gaps:
        yield at(minutes)
        minutes += gap


def play(policy: Policy, moments: Iterable[datetime], answered_at: datetime | None = None) -> list[Step]:
    """Steps taken by an engine that checks at these times."""
    progress, done = Progress(at(0)), list[Step]()
    for moment in moments:
        progress = replace(progress, is_acknowledged=answered_at is not None and moment >= answered_at)
        match step := next_step(policy, progress, moment):
            case PageLevel():
                progress = replace(
                    progress,
                    position=step.position,
                    due_at=next_due_at(policy, step.position, due_at=step.due_at, paged_at=moment),
                )
            case Exhausted():
                progress = replace(progress, is_over=True)
            case Wait() | Stop():
                continue
        done.append(step)
    return done


@given(POLICIES, st.lists(st.floats(0.2, 0.99), min_size=1, max_size=30), st.lists(st.floats(0.2, 0.99), min_size=1))
def test_it_does_not_matter_how_often_one_looks(policy: Policy, some: list[float], others: list[float]) -> None:
    """The levels and due times do not depend on the rhythm of the checks."""
    whole = sum((each.wait for each in policy.levels), timedelta()) * (policy.repeat + 1) + timedelta(minutes=2)

    def looking(rhythm: list[float]) -> Iterable[datetime]:
        now, turn = at(0), 0
        while now <= at(0) + whole:
            yield now
            now, turn = now + timedelta(minutes=rhythm[turn % len(rhythm)]), turn + 1

    one, other = (play(policy, looking(rhythm)) for rhythm in (some, others))

    assert one == other
    assert isinstance(one[-1], Exhausted)
    assert len(one) == len(policy.levels) * (policy.repeat + 1) + 1


@given(POLICIES, GAPS)
def test_levels_go_forwards_only_and_none_is_paged_twice(policy: Policy, gaps: list[float]) -> None:
    done = play(policy, ticks(gaps))

    paged = [each for each in done if isinstance(each, PageLevel)]
    places = [(each.position.round, each.position.level) for each in paged]
    assert places == sorted(set(places))
    told = [position for each in paged for position, _ in (*each.passed_over, (each.position, each.due_at))]
    course: list[Position] = []
    while (position := next_position(policy, course[-1] if course else None)) is not None and len(course) < len(told):
        course.append(position)
    assert told == course, "each level was paged, or named as passed over, in its turn"
    assert not any(isinstance(each, Exhausted) for each in done[:-1]), "after the end nothing is done"


@given(POLICIES, GAPS, st.floats(0, 2000))
def test_an_answer_stops_it(policy: Policy, gaps: list[float], answered: float) -> None:
    moments = list(ticks(gaps))
    before = [each for each in moments if each < at(answered)]

    assert play(policy, moments, at(answered)) == play(policy, before)


@given(
    POLICIES,
    MOMENTS,
    MOMENTS,
    st.none() | st.builds(Position, st.integers(1, 5), st.integers(0, 3)),
    st.booleans(),
    st.none() | MOMENTS,
)
def test_never_silent_while_unanswered(
    policy: Policy, now: datetime, due: datetime, position: Position | None, nobody_left: bool, more: datetime | None
) -> None:
    """Any history leads to a page, a stop or a wait for a future time."""
    if position is not None:
        position = Position(min(position.level, len(policy.levels)), min(position.round, policy.repeat))
    progress = Progress(due, position, is_nobody_left=nobody_left, more_time_until=more)

    step = next_step(policy, progress, now)

    match step:
        case Wait():
            assert step.until > now
            assert step.until in {due, more}
        case PageLevel():
            assert step.due_at <= now
            assert step.position.level <= len(policy.levels)
            assert step.position.round <= policy.repeat
        case Exhausted():
            assert position == Position(len(policy.levels), policy.repeat)
        case Stop():
            pytest.fail("nobody answered, and nothing is done")


@given(POLICIES)
def test_a_policy_is_kept_as_it_was(policy: Policy) -> None:
    policy = replace(policy, at_end=AtEnd(announce=True, page=(Target(TargetKind.TEAM, "x", ("U2",), ("S1",)),)))
    assert Policy.from_json(policy.as_json()) == policy


def called(*people: str, position: Position = L1, need: Need = Need.ANY, **more: tuple[str, ...]) -> PagedLevel:
    return PagedLevel(position, at(0), at(0), need, people, **more)  # type: ignore[arg-type]


def answer(by: str, position: Position = L1, *, withdrawn: bool = False) -> Acknowledgement:
    return Acknowledgement(by, at(1), "slack", position, at(2) if withdrawn else None)


BOTH = called("U1", "U2", need=Need.ALL)


@pytest.mark.parametrize(
    ("levels", "answers", "declined", "expected"),
    [
        ([called("U1", "U2")], [], (), False),
        ([called("U1", "U2")], [answer("U2")], (), True),
        ([called("U1", "U2")], [answer("U9")], (), True),
        ([called("U1")], [answer("U1", withdrawn=True)], (), False),
        ([called("U1")], [answer("U1", withdrawn=True), answer("U9")], (), True),
        ([BOTH], [answer("U1")], (), False),
        ([BOTH], [answer("U1"), answer("U9")], (), False),
        ([BOTH], [answer("U1"), answer("U2")], (), True),
        ([BOTH], [answer("U1"), answer("U2", withdrawn=True)], (), False),
        ([BOTH], [answer("U1")], ("U2",), True),
        ([replace(BOTH, gone=("U2",))], [answer("U1")], (), True),
        ([called(groups=("S1",), need=Need.ALL)], [answer("U9")], (), True),
        ([BOTH, called("U3", position=L2)], [answer("U1")], (), False),
        ([BOTH, called("U3", position=L2)], [answer("U1"), answer("U3", L2)], (), True),
        ([BOTH, called("U3", position=L2)], [answer("U1"), answer("U2", L2)], (), True),
        ([BOTH, called("U1", position=L2)], [answer("U1")], (), True),
        ([BOTH], [], ("U1", "U2"), False),
        ([], [], (), False),
        ([], [answer("U1")], (), True),
    ],
    ids=[
        "silent",
        "one of several",
        "somebody who was not asked",
        "withdrawn",
        "withdrawn, and then another",
        "one of two who are both needed",
        "somebody else does not replace the other",
        "both",
        "both, and one withdrew",
        "both, but one cannot",
        "both, but one cannot be reached",
        "who is in a group is not known",
        "an answer to the level before is none to this one",
        "an answer to this one is enough",
        "late, but all of the one before",
        "called again, and had answered",
        "all of them cannot",
        "before the first",
        "already before the first",
    ],
)
def test_is_answered(
    levels: list[PagedLevel], answers: list[Acknowledgement], declined: tuple[str, ...], expected: bool
) -> None:
    assert is_acknowledged(levels, answers, declined) is expected


def test_an_answer_after_levels_that_meant_nobody_is_for_the_one_that_was_paged_last() -> None:
    """After everybody declined and empty rounds, others can still acknowledge."""
    paged, later = called("U1", position=L1), Position(1, 3)

    assert is_acknowledged([paged], [answer("U9", later)], ("U1",))
    assert is_acknowledged([paged, called("U2", position=L2)], [answer("U9", L1)])
    assert not is_acknowledged([called("U2", position=L2)], [answer("U9", L1)])
    assert not is_acknowledged([paged], [answer("U9", later, withdrawn=True)], ("U1",))


def test_who_is_still_needed_of_all() -> None:
    assert people_still_needed([BOTH], [answer("U1")]) == ["U2"]
    assert people_still_needed([BOTH], [answer("U1")], ("U2",)) == []
    assert people_still_needed([called("U1", "U2")], []) == []
    assert people_still_needed([], []) == []


@pytest.mark.parametrize(
    ("level", "declined", "expected"),
    [
        (called("U1"), (), True),
        (called("U1"), ("U1",), False),
        (called("U1", "U2"), ("U1",), True),
        (called("U1", "U2", gone=("U2",)), ("U1",), False),
        (called("U1", groups=("S1",)), ("U1",), True),
        (called(), (), False),
        (called(services=("pagerduty:payments",)), (), True),
        (called("U1", services=("pagerduty:payments",)), ("U1",), True),
        (called("U1", services=("pagerduty:payments",), gone=("pagerduty:payments",)), ("U1",), False),
    ],
)
def test_whether_anybody_is_left(level: PagedLevel, declined: tuple[str, ...], expected: bool) -> None:
    assert level.has_reachable_target(declined) is expected


def test_a_level_is_late_from_a_minute_on() -> None:
    kept = PagedLevel(L2, at(5), at(17))
    assert kept.late == timedelta(minutes=12)
    assert replace(kept, paged_at=at(5.5)).late is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("U0123456789", Target(TargetKind.PERSON, "U0123456789", ("U0123456789",))),
        ("W012", Target(TargetKind.PERSON, "W012", ("W012",))),
        ("group:S012", Target(TargetKind.GROUP, "S012", (), ("S012",))),
        ("schedule:payments", Target(TargetKind.SCHEDULE, "payments")),
        ("team:the dbas", Target(TargetKind.TEAM, "the dbas")),
        ("vendor: payplug ", Target(TargetKind.VENDOR, "payplug")),
    ],
)
def test_a_target_is_read(text: str, expected: Target) -> None:
    assert parse_target(text) == expected
    assert parse_target(str(expected)) == expected


@pytest.mark.parametrize(
    "text", ["", "dba", "@dba", "schedule:", "policy:other", "group:database", "person:U1", "u012", "S012", "U-1"]
)
def test_what_names_nobody_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="is not a target"):
        parse_target(text)


@given(st.text())
def test_any_text_is_a_target_or_a_clear_refusal(text: str) -> None:
    try:
        read = parse_target(text)
    except UserError:
        return
    assert parse_target(str(read)) == read
