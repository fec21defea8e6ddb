"""Rules for overrides."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UserError
from bot.domain.oncall.overrides import (
    MAX_AHEAD,
    MAX_LENGTH,
    Span,
    check_override,
    limit_to_replaced,
    may_override,
    next_shift,
    override_span,
    relieved_people,
)
from bot.domain.oncall.schedule import FixedLayer, LayerShift, Override, Schedule, on_call_at
from bot.export.ics import FeedShift, render_calendar

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def layer_shift(begins: float, ends: float, *people: str) -> LayerShift:
    return LayerShift(NOW + begins * HOUR, NOW + ends * HOUR, people)


def schedule(*layer_shifts: LayerShift) -> Schedule:
    return Schedule("payments", ZoneInfo("UTC"), (FixedLayer(layer_shifts),))


ROTA = schedule(
    layer_shift(-10, 10, "UANA"),
    layer_shift(10, 20, "UBO"),
    layer_shift(20, 30, "UANA"),
    layer_shift(40, 50, "UANA", "UCY"),
)


@pytest.mark.parametrize(("begins", "ends", "expected"), [(1, 2, (1, 2)), (-5, 2, (0, 2)), (0, 24 * 62, (0, 24 * 62))])
def test_an_override_starts_now_at_the_earliest(begins, ends, expected):
    assert override_span(NOW + begins * HOUR, NOW + ends * HOUR, NOW) == Span(*(NOW + each * HOUR for each in expected))


@pytest.mark.parametrize(
    ("begins", "ends", "why"),
    [
        (2, 2, "The end is not after the start."),
        (2, 1, "The end is not after the start."),
        (-3, -2, "is over"),
        (-3, 0, "is over"),
        (0, 24 * 62 + 1, "62 days at most"),
        (24 * 366 + 1, 24 * 367, "more than a year ahead"),
    ],
)
def test_invalid_spans(begins, ends, why):
    with pytest.raises(UserError, match=why):
        override_span(NOW + begins * HOUR, NOW + ends * HOUR, NOW)


@given(st.integers(-10_000, 20_000), st.integers(-10_000, 20_000))
def test_any_span_is_refused_or_within_limits(begins, ends):
    try:
        found = override_span(NOW + begins * HOUR, NOW + ends * HOUR, NOW)
    except UserError:
        assert begins >= 366 * 24 or ends <= max(begins, 0) or ends - max(begins, 0) > 62 * 24
    else:
        assert NOW <= found.starts_at < found.ends_at <= found.starts_at + MAX_LENGTH
        assert found.starts_at <= NOW + MAX_AHEAD


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
def test_next_shift(person, after, expected):
    found = next_shift(ROTA, (), person, NOW + after * HOUR)

    assert found == (Span(NOW + expected[0] * HOUR, NOW + expected[1] * HOUR) if expected else None)


@pytest.mark.parametrize(("begins", "expected"), [(91, (91, 121)), (92, None), (93, None), (-200, (0, 154))])
def test_a_long_shift_is_found_to_its_end(begins, expected):
    """Found to its end, so that all of it is given away; an endless shift is cut off."""
    length = 30 if begins > 0 else 1_000
    far = schedule(layer_shift(24 * begins, 24 * (begins + length), "UANA"))

    found = next_shift(far, (), "UANA", NOW)

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
def test_relieved_people(new, expected):
    assert relieved_people(ROTA, (), new) == expected


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
def test_an_override_of_a_person_is_limited_to_their_shifts(new, expected):
    """Without such shifts it stays unchanged, and `check_override` refuses it."""
    found = limit_to_replaced(ROTA, (), new)

    assert found == change(*expected, new.user, new.replaces)


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (change(0, 5, "UANA"), "<@UANA> is already on call then"),
        (change(0, 5, "UDI", "UBO"), "<@UBO> is not on call then"),
        (change(40, 45, "UDI"), "<@UANA> and <@UCY> are on call together"),
    ],
)
def test_overrides_without_effect_or_of_several_people_are_refused(new, why):
    with pytest.raises(UserError, match=why):
        check_override(ROTA, (), new)


def test_one_of_two_people_is_replaced():
    new = change(40, 45, "UDI", "UCY")
    check_override(ROTA, (), new)

    assert on_call_at(ROTA, [new], NOW + 41 * HOUR) == ("UANA", "UDI")


@pytest.mark.parametrize(("actor", "may"), [("UANA", True), ("UTAKER", True), ("USTRANGER", False)])
def test_people_who_may_override(actor, may):
    assert may_override(actor, ["UTAKER", None], {"UANA"}) is may


def test_a_shift_in_a_feed_is_identified_by_its_start():
    """A subscribed calendar shows it once, even if its end moves."""
    one = FeedShift("payments", "UANA", NOW, NOW + HOUR)
    longer, other = FeedShift("payments", "UANA", NOW, NOW + 2 * HOUR), FeedShift("payments", "UBO", NOW, NOW + HOUR)

    events = icalendar.Calendar.from_ical(render_calendar([one, other], NOW)).walk("VEVENT")

    assert [str(each["uid"]) for each in events] == [one.uid, other.uid]
    assert longer.uid == one.uid != other.uid
    assert [(each["dtstart"].dt, each["dtend"].dt) for each in events] == [(NOW, NOW + HOUR)] * 2
