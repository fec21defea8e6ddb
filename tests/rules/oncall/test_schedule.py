"""People on call by rotations, layers and overrides, across clock changes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.oncall.schedule import (
    FixedLayer,
    Hours,
    Layer,
    LayerShift,
    Override,
    Schedule,
    gaps_between,
    on_call_at,
    shift_at,
    shifts_between,
)
from bot.domain.text.local_time import to_instant

PARIS, NEW_YORK, SYDNEY = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Sydney")
LORD_HOWE, APIA = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")
ZONES = (PARIS, NEW_YORK, SYDNEY, LORD_HOWE, ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu"))
ANA, BO, CY = ("UANA",), ("UBO",), ("UCY",)
WEEK, DAY, HOUR = timedelta(weeks=1), timedelta(days=1), timedelta(hours=1)
WEEKDAYS = frozenset(range(5))


def at(text, zone=PARIS):
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def local(text):
    return datetime.fromisoformat(text)


def weekly(*people, zone=PARIS, starts="2026-01-05 09:00", **more):
    return Layer(people, datetime.fromisoformat(starts), zone, **{"every": WEEK, **more})


def schedule(*layers, zone=PARIS):
    return Schedule("payments", zone, layers)


@pytest.mark.parametrize(
    ("local_time", "zone", "expected"),
    [
        ("2026-11-21 09:00", PARIS, "2026-11-21 08:00"),
        ("2026-03-29 02:00", PARIS, "2026-03-29 01:00"),  # clocks go from 02:00 to 03:00: the moment they do
        ("2026-03-29 02:30", PARIS, "2026-03-29 01:00"),
        ("2026-03-29 03:00", PARIS, "2026-03-29 01:00"),
        ("2026-03-29 03:01", PARIS, "2026-03-29 01:01"),
        ("2026-10-25 02:30", PARIS, "2026-10-25 00:30"),  # twice: the first
        ("2026-10-25 03:00", PARIS, "2026-10-25 02:00"),
        ("2026-10-04 02:15", LORD_HOWE, "2026-10-03 15:30"),  # half an hour forward
        ("2011-12-30 12:00", APIA, "2011-12-30 10:00"),  # a day that never was
    ],
)
def test_local_time_to_instant(local_time, zone, expected):
    assert to_instant(local(local_time), zone) == at(expected, UTC)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-01-05 08:59", ()),
        ("2026-01-05 09:00", ANA),
        ("2026-01-12 08:59", ANA),
        ("2026-01-12 09:00", BO),
        ("2026-07-06 08:59", BO),  # 26 weeks on, in summer: still at 09:00
        ("2026-07-06 09:00", ANA),
    ],
)
def test_weekly_rotation(moment, expected):
    assert on_call_at(schedule(weekly(ANA, BO)), (), at(moment)) == expected


@pytest.mark.parametrize(
    ("night", "hours"), [("2026-03-28 21:00", 11), ("2026-10-24 21:00", 13), ("2026-11-20 21:00", 12)]
)
def test_a_shift_across_a_clock_change_is_shorter_or_longer(night, hours):
    halves = schedule(weekly(ANA, BO, starts="2026-01-01 09:00", every=12 * HOUR))

    shift = shift_at(halves, (), at(night))

    assert shift.ends_at - shift.starts_at == hours * HOUR
    assert (shift.starts_at, shift.people) == (at(night), BO)


def test_a_recurrence_rule_hands_over_at_each_of_its_occurrences():
    layer = weekly(ANA, BO, every=None, rule="FREQ=WEEKLY;BYDAY=MO,FR")

    found = shifts_between(schedule(layer), (), at("2026-01-05 00:00"), at("2026-01-17 00:00"))

    assert [(each.starts_at, each.people) for each in found] == [
        (at("2026-01-05 09:00"), ANA),
        (at("2026-01-09 09:00"), BO),
        (at("2026-01-12 09:00"), ANA),
        (at("2026-01-16 09:00"), BO),
    ]


def test_a_shift_may_end_before_the_next_starts():
    weekends = weekly(CY, every=None, rule="FREQ=WEEKLY;BYDAY=SA", length=2 * DAY)

    assert gaps_between(schedule(weekends), (), at("2026-01-10 09:00"), at("2026-01-17 09:00")) == [
        (at("2026-01-12 09:00"), at("2026-01-17 09:00"))
    ]


def test_several_people_in_one_shift():
    assert on_call_at(schedule(weekly(("UANA", "UBO"))), (), at("2026-02-01 00:00")) == ("UANA", "UBO")


def test_a_later_layer_takes_precedence():
    nights = weekly(CY, hours=(Hours(frozenset(range(7)), 20 * 60, 8 * 60),))
    both = schedule(weekly(ANA), nights)

    found = shifts_between(both, (), at("2026-02-02 12:00"), at("2026-02-03 12:00"))

    assert [(each.starts_at, each.people, each.layer) for each in found] == [
        (at("2026-02-02 12:00"), ANA, 0),
        (at("2026-02-02 20:00"), CY, 1),
        (at("2026-02-03 08:00"), ANA, 0),
    ]


def test_follow_the_sun():
    day = (Hours(frozenset(range(7)), 8 * 60, 16 * 60),)
    sun = schedule(
        weekly(ANA, zone=PARIS, hours=day),
        weekly(BO, zone=ZoneInfo("America/Los_Angeles"), hours=day),
        weekly(CY, zone=ZoneInfo("Asia/Singapore"), hours=day),
        zone=ZoneInfo("UTC"),
    )
    since = at("2026-02-03 00:00", UTC)

    found = shifts_between(sun, (), since, since + DAY)

    assert [(each.starts_at.hour, each.people) for each in found] == [(0, CY), (8, ANA), (16, BO)]
    assert gaps_between(sun, (), since, since + DAY) == [(at("2026-02-03 15:00", UTC), at("2026-02-03 16:00", UTC))]


def test_hours_across_midnight_belong_to_the_day_of_their_start():
    friday_nights = weekly(ANA, hours=(Hours(frozenset({4}), 22 * 60, 6 * 60),))

    found = shifts_between(schedule(friday_nights), (), at("2026-02-02 00:00"), at("2026-02-09 00:00"))

    assert [(each.starts_at, each.ends_at) for each in found] == [(at("2026-02-06 22:00"), at("2026-02-07 06:00"))]


def test_an_ambiguous_hour_counts_twice():
    early = weekly(ANA, hours=(Hours(frozenset(range(7)), 2 * 60, 3 * 60),))

    found = shifts_between(schedule(early), (), at("2026-10-25 00:00"), at("2026-10-26 00:00"))

    assert [each.ends_at - each.starts_at for each in found] == [2 * HOUR]


def test_skipped_hours_have_nobody():
    early = weekly(ANA, hours=(Hours(frozenset(range(7)), 2 * 60, 3 * 60),))

    assert shifts_between(schedule(early), (), at("2026-03-29 00:00"), at("2026-03-30 00:00")) == []


def test_precedence_of_overrides():
    first = Override(at("2026-02-02 10:00"), at("2026-02-02 14:00"), "UBO")
    second = Override(at("2026-02-02 12:00"), at("2026-02-02 13:00"), "UCY")

    found = shifts_between(schedule(weekly(ANA)), (first, second), at("2026-02-02 09:00"), at("2026-02-02 15:00"))

    assert [(each.people[0], each.layer) for each in found] == [
        ("UANA", 0),
        ("UBO", -1),
        ("UCY", -1),
        ("UBO", -1),
        ("UANA", 0),
    ]


def test_an_override_of_one_person_is_for_their_shifts_only():
    pair = schedule(weekly(("UANA", "UBO"), CY))
    instead = Override(at("2026-01-05 09:00"), at("2026-01-19 09:00"), "UDEE", replaces="UANA")

    found = shifts_between(pair, (instead,), at("2026-01-05 09:00"), at("2026-01-19 09:00"))

    assert [each.people for each in found] == [("UDEE", "UBO"), CY]


def test_an_override_covers_a_gap():
    nobody = schedule(weekly(ANA, ends=local("2026-01-10")))
    cover = Override(at("2026-01-10 00:00"), at("2026-01-11 00:00"), "UBO")

    assert gaps_between(nobody, (cover,), at("2026-01-09 00:00"), at("2026-01-12 00:00")) == [
        (at("2026-01-11 00:00"), at("2026-01-12 00:00"))
    ]


def test_an_empty_schedule():
    assert on_call_at(schedule(), (), at("2026-01-09 00:00")) == ()
    assert shift_at(schedule(), (), at("2026-01-09 00:00")) is None


def test_an_old_schedule_takes_as_few_steps():
    """Counted, not timed: a shift after forty years takes as few steps as the first."""
    old = weekly(ANA, BO, starts="1986-01-06 09:00", every=HOUR)
    since = at("2026-01-05 09:00")

    assert len(list(old._handovers(local("2026-01-05"), local("2026-01-06")))) < 24 * 6
    assert on_call_at(schedule(old), (), since) == on_call_at(schedule(old), (), since + 2 * HOUR)


people = st.lists(st.sampled_from([ANA, BO, CY, ("UANA", "UDEE")]), min_size=1, max_size=4).map(tuple)
quarters = st.integers(0, 95).map(lambda quarter: quarter * 15)
starts = st.builds(
    lambda days, minutes: local("2026-01-01") + timedelta(days=days, minutes=minutes), st.integers(0, 300), quarters
)
hours = st.builds(
    Hours, st.frozensets(st.integers(0, 6), min_size=1), quarters, quarters.map(lambda each: each or 1440)
)
rules = st.sampled_from(
    [
        "FREQ=WEEKLY;BYDAY=MO,FR",
        "FREQ=DAILY;BYHOUR=2,14;BYMINUTE=30",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU",
        "FREQ=MONTHLY;BYMONTHDAY=1,15",
    ]
)
steps = st.one_of(
    st.builds(lambda count: {"every": count * HOUR}, st.integers(1, 400)), st.builds(lambda rule: {"rule": rule}, rules)
)
layers = st.builds(
    lambda who, begin, zone, step, length, ends, within: Layer(
        who, begin, zone, length=length, ends=ends, hours=within, **step
    ),
    people,
    starts,
    st.sampled_from(ZONES),
    steps,
    st.none() | st.integers(1, 72).map(lambda count: count * HOUR),
    st.none() | starts,
    st.lists(hours, max_size=2).map(tuple),
)
schedules = st.lists(layers, max_size=3).map(lambda found: schedule(*found))
# Around both changes of the clocks in each zone, as often as anywhere else.
moments = st.builds(
    lambda day, minutes: datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(minutes=minutes),
    st.sampled_from(["2026-03-08", "2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-11-01", "2027-01-10"]),
    st.integers(-2000, 4000),
)
overrides = st.lists(
    st.builds(
        lambda begin, length, user, replaces: Override(begin, begin + length, user, replaces),
        moments,
        st.integers(1, 100).map(lambda count: count * HOUR),
        st.sampled_from(["UBO", "UEVE"]),
        st.sampled_from([None, "UANA", "UEVE"]),
    ),
    max_size=3,
)


def slowly_on_call(found, over, moment):
    """Reference implementation: steps from the start, one handover after the other."""
    who = ()
    for layer in found.layers:
        who = _by_stepping(layer, moment) or who
    for each in over:
        if each.starts_at <= moment < each.ends_at:
            if each.replaces is None:
                who = (each.user,)
            else:
                who = tuple(dict.fromkeys(each.user if one == each.replaces else one for one in who))
    return who


def _by_stepping(layer, moment):
    def reached(reading):
        """True once clocks have shown the local time or a later one."""
        return any(
            (moment - back * HOUR / 2).astimezone(layer.zone).replace(tzinfo=None) >= reading for back in range(7)
        )

    number, begun, following = -1, None, layer.starts
    walls = iter(rrulestr(layer.rule, dtstart=layer.starts)) if layer.rule else None
    following = next(walls) if walls else layer.starts
    while reached(following):
        number, begun = number + 1, following
        following = next(walls) if walls else following + layer.every
    if begun is None or (layer.ends and reached(layer.ends)) or (layer.length and reached(begun + layer.length)):
        return ()
    today = moment.astimezone(layer.zone).replace(tzinfo=None, hour=0, minute=0)
    for each in layer.hours:
        for day in (today - DAY, today):
            end = day + timedelta(minutes=each.closes) + (DAY if each.closes <= each.opens else timedelta())
            is_open = reached(day + timedelta(minutes=each.opens)) and not reached(end)
            if day.weekday() in each.days and is_open:
                return layer.people[number % len(layer.people)]
    return () if layer.hours else layer.people[number % len(layer.people)]


@given(schedules, overrides, moments)
def test_result_equals_stepping_from_the_start(found, over, moment):
    assert on_call_at(found, over, moment) == slowly_on_call(found, over, moment)


@given(schedules, overrides, moments, st.integers(1, 200), st.lists(st.integers(0, 100_000), min_size=5, max_size=20))
def test_shifts_and_gaps_partition_the_span(found, over, since, length, at_random):
    until = since + length * HOUR

    parts = shifts_between(found, over, since, until)
    missing = gaps_between(found, over, since, until)

    spans = sorted([(each.starts_at, each.ends_at) for each in parts] + missing)
    assert spans[0][0] == since
    assert spans[-1][1] == until
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert all(begin < end for begin, end in spans)
    edges = [begin for begin, _ in spans] + [end - timedelta(seconds=1) for _, end in spans]
    for moment in edges + [since + (until - since) * each / 100_001 for each in at_random]:
        here = [each.people for each in parts if each.starts_at <= moment < each.ends_at]
        assert here == ([on_call_at(found, over, moment)] if on_call_at(found, over, moment) else [])


@given(schedules, overrides, moments, st.integers(1, 100), st.integers(1, 100))
def test_a_longer_span_has_the_same_shifts(found, over, since, first, second):
    middle, until = since + first * HOUR, since + (first + second) * HOUR

    whole = shifts_between(found, over, since, until)

    for each in shifts_between(found, over, since, middle) + shifts_between(found, over, middle, until):
        around = next(one for one in whole if one.starts_at <= each.starts_at and each.ends_at <= one.ends_at)
        assert (around.people, around.layer) == (each.people, each.layer)


@given(st.integers(0, 10**6), st.integers(1, 10**4), st.sampled_from(ZONES))
def test_local_time_to_instant_is_monotonic(minutes, more, zone):
    early = local("2025-01-01") + timedelta(minutes=minutes)

    assert to_instant(early, zone) <= to_instant(early + timedelta(minutes=more), zone)


def test_fixed_layer():
    made = FixedLayer(
        (
            LayerShift(at("2026-01-05 09:00"), at("2026-01-06 09:00"), ANA),
            LayerShift(at("2026-01-06 09:00"), at("2026-01-07 09:00"), BO),
        )
    )

    assert on_call_at(schedule(made), (), at("2026-01-06 08:59")) == ANA
    assert on_call_at(schedule(made), (), at("2026-01-06 09:00")) == BO
    assert on_call_at(schedule(made), (), at("2026-01-07 09:00")) == ()
