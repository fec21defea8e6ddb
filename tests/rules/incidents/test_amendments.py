"""What a person may change of an entry: time, place, kinds."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Ambiguous, UserError
from bot.domain.terms import Kind, Precision
from bot.domain.timeline.amendments import (
    EntryPosition,
    amended_kinds,
    earlier_time,
    fixed_kinds,
    format_editable_time,
    move_entry,
    parse_amended_time,
    placement_problem,
)

PARIS, UTC_ZONE = ZoneInfo("Europe/Paris"), ZoneInfo("UTC")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@st.composite
def moves(draw: st.DrawFn) -> tuple[list[EntryPosition], EntryPosition, EntryPosition, bool]:
    """A timeline in order, with several entries at one time; one of them to be moved beside another."""
    minutes = draw(st.lists(st.integers(0, 3), min_size=2, max_size=12).map(sorted))
    places = [EntryPosition(number, NOON + timedelta(minutes=minute)) for number, minute in enumerate(minutes)]
    entry, beside = draw(st.permutations(places))[:2]
    return places, entry, beside, draw(st.booleans())


@given(moves())
def test_a_move_moves_one_entry_and_nothing_else(
    case: tuple[list[EntryPosition], EntryPosition, EntryPosition, bool],
) -> None:
    places, entry, beside, before = case
    numbers = {place.id: (place.sort_at, number) for number, place in enumerate(places)}

    group = [place for place in places if place.sort_at == beside.sort_at]
    for number, place in enumerate(move_entry(group, entry, beside, before=before)):
        numbers[place.id] = (place.sort_at, len(places) + number)

    order = sorted(numbers, key=lambda each: numbers[each])
    assert len(set(numbers.values())) == len(places), "a total order"
    assert [each for each in order if each != entry.id] == [place.id for place in places if place.id != entry.id]
    assert order.index(entry.id) - order.index(beside.id) == (-1 if before else 1)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("23:50", "2026-03-02T23:50"),
        ("00:20", "2026-03-03T00:20"),
        ("23h58", "2026-03-02T23:58"),
        ("11:58 pm", "2026-03-02T23:58"),
        ("2026-03-01 10:00", "2026-03-01T10:00"),
        ("22:50 UTC", "2026-03-02T23:50"),
        ("alle 23.50", "2026-03-02T23:50"),
        ("23 Uhr 50", "2026-03-02T23:50"),
        ("vers minuit", "2026-03-03T00:00"),
        ("23:50 today", "2026-03-11T23:50"),
        ("23:50 hier", "2026-03-10T23:50"),
    ],
)
def test_a_clock_time_is_the_one_nearest_to_where_the_entry_stands(typed: str, expected: str) -> None:
    near = datetime(2026, 3, 2, 23, 55, tzinfo=PARIS).astimezone(UTC)

    when = parse_amended_time(typed, near=near, now=near + timedelta(days=9), zone=PARIS)

    assert when.at is not None
    assert when.at.astimezone(PARIS).replace(tzinfo=None).isoformat(timespec="minutes") == expected


def test_a_clock_time_is_never_in_the_future() -> None:
    now = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)

    when = parse_amended_time("23:50", near=now - timedelta(minutes=5), now=now, zone=UTC_ZONE)

    assert when.at == datetime(2026, 3, 1, 23, 50, tzinfo=UTC)


def test_relative_times_count_from_now() -> None:
    when = parse_amended_time("10 min ago", near=NOON - timedelta(days=3), now=NOON, zone=PARIS)

    assert when.at == NOON - timedelta(minutes=10)


@pytest.mark.parametrize("typed", ["", "soon", "25:99", "in 2 hours", "2026-03-05 10:00"])
def test_what_is_no_past_time_is_refused(typed: str) -> None:
    with pytest.raises(UserError):
        parse_amended_time(typed, near=NOON, now=NOON, zone=PARIS)


def test_a_time_that_came_twice_is_asked_about() -> None:
    near = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)

    with pytest.raises(Ambiguous) as question:
        parse_amended_time("02:30", near=near, now=near + timedelta(days=2), zone=PARIS)

    assert len(question.value.candidates) == 2


@pytest.mark.parametrize("near", ["2025-10-25 03:10", "2025-10-27 03:10", "2025-03-29 03:10", "2025-03-31 03:10"])
def test_a_time_on_the_day_beside_a_change_of_the_clocks_is_clear(near: str) -> None:
    stands = datetime.fromisoformat(near).replace(tzinfo=PARIS)

    when = parse_amended_time("02:30", near=stands, now=stands + timedelta(days=3), zone=PARIS)

    assert when.at == stands - timedelta(minutes=40)


@given(
    st.integers(26_297_280, 29_450_000).map(lambda minutes: datetime.fromtimestamp(minutes * 60, UTC)),
    st.sampled_from([Precision.EXACT, Precision.APPROXIMATE]),
    st.sampled_from(["Europe/Paris", "Africa/Nairobi", "America/Los_Angeles", "Australia/Lord_Howe", "UTC"]),
)
def test_what_the_form_shows_is_read_back_the_same(at: datetime, precision: Precision, zone: str) -> None:
    shown = format_editable_time(at, precision, ZoneInfo(zone))

    when = parse_amended_time(shown, near=NOON, now=NOON, zone=ZoneInfo(zone))

    assert (when.at, when.precision) == (at, precision)


def test_an_unknown_time_is_shown_and_read_as_a_question_mark() -> None:
    shown = format_editable_time(None, Precision.UNKNOWN, PARIS)

    when = parse_amended_time(shown, near=NOON, now=NOON, zone=PARIS)

    assert (shown, when.at, when.precision) == ("?", None, Precision.UNKNOWN)


@pytest.mark.parametrize(
    ("happened_at", "beside", "may"),
    [
        (None, NOON, True),
        (NOON, NOON + timedelta(seconds=59), True),
        (NOON, NOON + timedelta(seconds=60), False),
        (NOON, NOON - timedelta(seconds=1), False),
    ],
)
def test_what_may_stand_beside_what(happened_at: datetime | None, beside: datetime, may: bool) -> None:
    assert (placement_problem(happened_at, beside) is None) is may


@pytest.mark.parametrize(
    ("present", "chosen", "fixed", "expected"),
    [
        ((Kind.CAUSE, Kind.NOTE), {Kind.NOTE, Kind.CAUSE}, set(), (Kind.CAUSE, Kind.NOTE)),
        ((Kind.CAUSE,), {Kind.NOTE, Kind.ACTION}, set(), (Kind.ACTION, Kind.NOTE)),
        ((Kind.STATUS,), set(), {Kind.STATUS}, (Kind.STATUS,)),
        ((Kind.STATUS, Kind.NOTE), {Kind.CAUSE}, {Kind.STATUS}, (Kind.STATUS, Kind.CAUSE)),
    ],
)
def test_kinds_keep_their_order(
    present: tuple[Kind, ...], chosen: set[Kind], fixed: set[Kind], expected: tuple[Kind, ...]
) -> None:
    assert amended_kinds(present, chosen, fixed=fixed) == expected


def test_an_entry_without_a_kind_is_refused() -> None:
    with pytest.raises(UserError, match="at least one kind"):
        amended_kinds((Kind.NOTE,), set(), fixed=set())


def test_kinds_of_state_and_of_what_it_carries_stay() -> None:
    assert fixed_kinds((Kind.STATUS, Kind.NOTE), carries=False) == {Kind.STATUS}
    assert fixed_kinds((Kind.TASK,), carries=True) == {Kind.TASK}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((NOON, Precision.EXACT), (None, Precision.UNKNOWN), (NOON, Precision.EXACT)),
        ((None, Precision.UNKNOWN), (NOON, Precision.APPROXIMATE), (NOON, Precision.APPROXIMATE)),
        (
            (NOON, Precision.EXACT),
            (NOON - timedelta(minutes=1), Precision.APPROXIMATE),
            (NOON - timedelta(minutes=1), Precision.APPROXIMATE),
        ),
        ((None, Precision.UNKNOWN), (None, Precision.UNKNOWN), (None, Precision.UNKNOWN)),
    ],
)
def test_the_earlier_of_two_times(
    one: tuple[datetime | None, Precision],
    other: tuple[datetime | None, Precision],
    expected: tuple[datetime | None, Precision],
) -> None:
    assert earlier_time(one, other) == expected
