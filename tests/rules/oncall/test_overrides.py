"""Who may change who is on call, and for when."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UserError
from bot.domain.oncall.overrides import (
    FARTHEST,
    LONGEST,
    Span,
    check_changes,
    may_change,
    next_turn,
    of_whom_it_replaces,
    relieved,
    span,
)
from bot.domain.oncall.schedule import Fixed, Override, Schedule, Turn, on_call
from bot.export.ics import Turn as Shown
from bot.export.ics import calendar

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def turn(begins: float, ends: float, *people: str) -> Turn:
    return Turn(NOW + begins * HOUR, NOW + ends * HOUR, people)


def schedule(*turns: Turn) -> Schedule:
    return Schedule("payments", ZoneInfo("UTC"), (Fixed(turns),))


ROTA = schedule(turn(-10, 10, "UANA"), turn(10, 20, "UBO"), turn(20, 30, "UANA"), turn(40, 50, "UANA", "UCY"))


@pytest.mark.parametrize(("begins", "ends", "expected"), [(1, 2, (1, 2)), (-5, 2, (0, 2)), (0, 24 * 62, (0, 24 * 62))])
def test_a_change_holds_from_now_on(begins, ends, expected):
    assert span(NOW + begins * HOUR, NOW + ends * HOUR, NOW) == Span(*(NOW + each * HOUR for each in expected))


@pytest.mark.parametrize(
    ("begins", "ends", "why"),
    [
        (2, 2, "ends before it begins"),
        (2, 1, "ends before it begins"),
        (-3, -2, "is over"),
        (-3, 0, "is over"),
        (0, 24 * 62 + 1, "62 days at most"),
        (24 * 366 + 1, 24 * 367, "more than a year ahead"),
    ],
)
def test_what_cannot_be_changed_says_why(begins, ends, why):
    with pytest.raises(UserError, match=why):
        span(NOW + begins * HOUR, NOW + ends * HOUR, NOW)


@given(st.integers(-10_000, 20_000), st.integers(-10_000, 20_000))
def test_any_span_is_refused_or_lies_ahead_and_is_short(begins, ends):
    try:
        found = span(NOW + begins * HOUR, NOW + ends * HOUR, NOW)
    except UserError:
        assert begins >= 366 * 24 or ends <= max(begins, 0) or ends - max(begins, 0) > 62 * 24
    else:
        assert NOW <= found.starts_at < found.ends_at <= found.starts_at + LONGEST
        assert found.starts_at <= NOW + FARTHEST


@pytest.mark.parametrize(
    ("person", "after", "expected"),
    [
        ("UANA", 0, (0, 10)),
        ("UANA", 10, (20, 30)),
        ("UANA", 31, (40, 50)),
        ("UBO", 0, (10, 20)),
        ("UCY", 0, (40, 50)),
        ("UBO", 20, None),
        ("UDI", 0, None),
    ],
)
def test_the_turn_that_is_meant_is_the_one_that_goes_on_or_the_next(person, after, expected):
    found = next_turn(ROTA, (), person, NOW + after * HOUR)

    assert found == (Span(NOW + expected[0] * HOUR, NOW + expected[1] * HOUR) if expected else None)


@pytest.mark.parametrize(("begins", "expected"), [(91, (91, 121)), (92, None), (93, None), (-200, (0, 154))])
def test_a_turn_that_begins_within_the_next_months_is_known_to_its_end(begins, expected):
    """So that the whole of it is given away; of a turn without end as much as a change may last, and then some."""
    length = 30 if begins > 0 else 1_000
    far = schedule(turn(24 * begins, 24 * (begins + length), "UANA"))

    found = next_turn(far, (), "UANA", NOW)

    assert found == (Span(*(NOW + each * 24 * HOUR for each in expected)) if expected else None)


def change(begins: float, ends: float, user: str, replaces: str | None = None) -> Override:
    return Override(NOW + begins * HOUR, NOW + ends * HOUR, user, replaces)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (change(0, 5, "UDI"), ("UANA",)),
        (change(5, 15, "UDI"), ("UANA", "UBO")),
        (change(5, 15, "UBO"), ("UANA",)),
        (change(5, 15, "UDI", "UBO"), ("UBO",)),
        (change(30, 40, "UDI"), ()),
    ],
)
def test_who_is_relieved(new, expected):
    assert relieved(ROTA, (), new) == expected


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (change(5, 15, "UDI", "UANA"), (5, 10)),
        (change(5, 15, "UDI", "UBO"), (10, 15)),
        (change(5, 25, "UDI", "UANA"), (5, 25)),
        (change(12, 35, "UDI", "UBO"), (12, 20)),
        (change(5, 15, "UDI"), (5, 15)),
        (change(0, 5, "UDI", "UBO"), (0, 5)),
    ],
)
def test_a_change_instead_of_somebody_is_of_the_time_that_they_are_on_call(new, expected):
    """One of nobody's time stays as it is, for `check_changes` to refuse."""
    found = of_whom_it_replaces(ROTA, (), new)

    assert found == change(*expected, new.user, new.replaces)


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (change(0, 5, "UANA"), "<@UANA> is on call then already"),
        (change(0, 5, "UDI", "UBO"), "<@UBO> is not on call then"),
        (change(40, 45, "UDI"), "<@UANA> and <@UCY> are on call together"),
    ],
)
def test_a_change_that_changes_nothing_or_too_much_is_refused(new, why):
    with pytest.raises(UserError, match=why):
        check_changes(ROTA, (), new)


def test_one_of_two_is_replaced_by_name():
    new = change(40, 45, "UDI", "UCY")
    check_changes(ROTA, (), new)

    assert on_call(ROTA, [new], NOW + 41 * HOUR) == ("UANA", "UDI")


@pytest.mark.parametrize(("actor", "may"), [("UANA", True), ("UTAKER", True), ("USTRANGER", False)])
def test_those_concerned_and_those_of_the_schedule_may(actor, may):
    assert may_change(actor, ["UTAKER", None], {"UANA"}) is may


def test_a_turn_in_a_calendar_is_known_by_its_begin():
    """So that a calendar that asks again shows it once, also when its end was moved."""
    one = Shown("payments", "UANA", NOW, NOW + HOUR)
    longer, other = Shown("payments", "UANA", NOW, NOW + 2 * HOUR), Shown("payments", "UBO", NOW, NOW + HOUR)

    events = icalendar.Calendar.from_ical(calendar([one, other], NOW)).walk("VEVENT")

    assert [str(each["uid"]) for each in events] == [one.uid, other.uid]
    assert longer.uid == one.uid != other.uid
    assert [(each["dtstart"].dt, each["dtend"].dt) for each in events] == [(NOW, NOW + HOUR)] * 2
