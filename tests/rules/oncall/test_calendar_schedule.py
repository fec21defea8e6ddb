"""External calendars: events, and their match to users."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.oncall.calendar_matching import CalendarCopy, Event, Guest, copy_from_json, copy_to_json, match_events
from bot.domain.oncall.icalendar_reader import InvalidCalendar, parse_calendar
from bot.domain.oncall.schedule import Schedule, on_call_at

CALENDARS = Path(__file__).parents[2] / "data" / "calendars"
GOOGLE = (CALENDARS / "google.ics").read_text().rstrip()
PARIS, UTC_ZONE = ZoneInfo("Europe/Paris"), ZoneInfo("UTC")
FIRST, SECOND, THIRD = "UFIRST", "USECOND", "U0123456789"
NAMES = {"First Line": FIRST, "second line": SECOND, "first@example.com": FIRST, "Second@Example.com": SECOND}
HEAD, FOOT = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n", "END:VCALENDAR\r\n"


def at(text, zone=PARIS):
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def read(text, zone=None, default=UTC_ZONE, since="2026-01-01", until="2027-01-01"):
    return parse_calendar(text, zone, default, since=at(since), until=at(until))


def event(*lines, around=""):
    return HEAD + around + "\r\n".join(["BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT", ""]) + FOOT


def read_schedule(name):
    found = read((CALENDARS / f"{name}.ics").read_text())
    matched = match_events(found.events, NAMES)
    schedule = Schedule(name, PARIS, (matched.layer,))
    return lambda text: on_call_at(schedule, (), at(text)), matched.unknown, found.problems


@pytest.mark.parametrize(
    ("calendar", "moment", "expected"),
    [
        ("google", "2026-01-05 08:59", ()),
        ("google", "2026-01-05 09:00", (FIRST,)),
        ("google", "2026-01-12 09:00", (SECOND,)),
        ("google", "2026-07-06 08:59", (SECOND,)),  # in summer still at 09:00
        ("google", "2026-07-06 09:00", (FIRST,)),
        ("google", "2026-11-23 12:00", ()),  # moved to the next day
        ("google", "2026-11-24 12:00", (SECOND,)),  # and taken over: the first one declined
        ("google", "2026-12-01 12:00", (SECOND,)),  # what was cancelled says nothing
        ("google", "2026-12-08 12:00", ()),  # excepted
        ("google", "2026-12-25 00:00", (FIRST, THIRD)),  # a whole day, in the calendar's zone
        ("google", "2026-12-27 00:00", (FIRST,)),
        ("outlook", "2026-10-23 09:00", (FIRST,)),
        ("outlook", "2026-10-25 08:59", (FIRST,)),
        ("outlook", "2026-10-26 09:00", ()),
        ("outlook", "2026-10-27 09:00", (FIRST,)),
        ("outlook", "2026-10-28 09:00", ()),
        ("outlook", "2026-10-30 09:00", (FIRST,)),
        ("outlook", "2026-10-31 09:00", ()),
        ("outlook", "2026-12-01 08:59", ()),
        ("outlook", "2026-12-01 09:00", (SECOND,)),
        ("pagerduty", "2026-11-16 09:00", (FIRST,)),
        ("pagerduty", "2026-11-23 09:00", ()),
        ("opsgenie", "2026-11-23 08:59", (FIRST,)),
        ("opsgenie", "2026-11-23 09:00", (SECOND,)),
    ],
)
def test_calendars_of_several_tools(calendar, moment, expected):
    who, _, problems = read_schedule(calendar)

    assert who(moment) == expected
    assert problems == ()


def test_unmatched_titles_are_returned():
    assert read_schedule("pagerduty")[1] == ("On Call - Nobody Whom We Know - Payments Primary",)
    assert [read_schedule(name)[1] for name in ("google", "outlook", "opsgenie")] == [()] * 3


def test_zone_of_times_without_a_zone():
    plain = event("DTSTART:20260105T090000", "DTEND:20260105T100000")
    own = event("DTSTART:20260105T090000", "DTEND:20260105T100000", around="X-WR-TIMEZONE:America/New_York\r\n")

    assert read(plain).events[0].starts_at == at("2026-01-05 09:00", UTC)
    assert read(own).events[0].starts_at == at("2026-01-05 14:00", UTC)
    assert read(own, zone=PARIS).events[0].starts_at == at("2026-01-05 08:00", UTC)


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        (["RRULE:FREQ=DAILY;COUNT=3"], [5, 6, 7]),
        (["RRULE:FREQ=DAILY;UNTIL=20260107"], [5, 6, 7]),
        (["RRULE:FREQ=DAILY;UNTIL=20260107T080000Z"], [5, 6, 7]),
        (["RRULE:FREQ=DAILY;UNTIL=20260107T075959Z"], [5, 6]),
        (["RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260106T080000Z"], [5, 7]),
        (["RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20260106"], [5, 7]),
        (["RDATE;TZID=Europe/Paris:20260109T090000,20260111T090000"], [5, 9, 11]),
        (["RDATE;VALUE=PERIOD:20260109T080000Z/PT1H"], [5, 9]),
        (["RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=1"], [5, 6]),
    ],
)
def test_recurring_events(lines, days):
    found = read(event("DTSTART;TZID=Europe/Paris:20260105T090000", "DTEND;TZID=Europe/Paris:20260105T100000", *lines))

    assert found.problems == ()
    assert [each.starts_at for each in found.events] == [at(f"2026-01-{day:02} 09:00") for day in days]


def test_a_weekly_event_keeps_its_local_length_across_a_clock_change():
    found = read(
        event(
            "DTSTART;TZID=Europe/Paris:20261019T090000",
            "DTEND;TZID=Europe/Paris:20261026T090000",
            "RRULE:FREQ=WEEKLY;COUNT=2",
        )
    )

    assert [each.ends_at - each.starts_at for each in found.events] == [timedelta(days=7, hours=1), timedelta(days=7)]


def test_only_the_requested_span_is_computed():
    old = event("DTSTART:20100101T000000Z", "DTEND:20100101T120000Z", "RRULE:FREQ=DAILY")

    assert len(read(old, since="2026-03-01", until="2026-03-11").events) == 10


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["SUMMARY:a"], 'the event "a": it has no DTSTART'),
        (["DTSTART:2026"], "an event without a title: its DTSTART cannot be read"),
        (["DTSTART;TZID=Mars/Olympus:20260105T090000"], 'its time zone "Mars/Olympus" is unknown'),
        (["DTSTART:20260105T090000Z", "RRULE:FREQ=SECONDLY"], "its rule FREQ=SECONDLY is not supported"),
        (["DTSTART:20260105T090000Z", "RRULE:FREQ=SOMETIMES"], "its RRULE cannot be read"),
        (["DTSTART:20260305T090000Z", "RRULE:FREQ=YEARLY;INTERVAL=0;BYMONTH=1"], "INTERVAL must be a whole number"),
        (["DTSTART:20260105T090000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260105T090000Z"], "RANGE=THISANDFUTURE"),
        (["DTSTART:20260105T090000Z", "DTSTART:20260106T090000Z"], "it cannot be read"),
        (["DTSTART:20260105T090000Z", "DURATION:PT1H", "DURATION:PT2H"], "it cannot be read"),
        (["DTSTART;VALUE=TIME:090000"], "it cannot be read"),
        (["DTSTART:99991231T000000Z", "DURATION:P9D", "RRULE:FREQ=DAILY"], "it cannot be read"),
        (["DTSTART:19700101T000000Z", "RRULE:FREQ=DAILY;BYHOUR=0,6,12,18"], "more than 20000 times"),
    ],
)
def test_an_unreadable_event_is_reported_and_others_are_read(lines, problem):
    other = "BEGIN:VEVENT\r\nUID:2\r\nDTSTART:20260105T090000Z\r\nDTEND:20260105T100000Z\r\nEND:VEVENT\r\n"

    found = read(event(*lines, around=other))

    assert len(found.events) == 1
    assert len(found.problems) == 1
    assert problem in found.problems[0]


@pytest.mark.parametrize(
    "text",
    ["", "hello", "<html>Sign in</html>", "\x00" * 100, HEAD, HEAD + FOOT[:-4], "BEGIN:VCALENDAR\nEND:VCALENDAR\n" * 2],
)
def test_invalid_files_are_rejected(text):
    with pytest.raises(InvalidCalendar):
        read(text)


@given(st.integers(0, len(GOOGLE) - 1))
def test_truncated_files_are_rejected(cut):
    with pytest.raises(InvalidCalendar):
        read(GOOGLE[:cut])


@given(
    st.lists(
        st.sampled_from(
            [
                "BEGIN:VEVENT",
                "END:VEVENT",
                "DTSTART:20260105T090000Z",
                "DTSTART;VALUE=DATE:20260105",
                "DTEND:20260101T000000Z",
                "DTEND;VALUE=DATE:20260110",
                "RRULE:FREQ=DAILY",
                "RRULE:FREQ=MONTHLY;BYSETPOS=9",
                "EXDATE:20260105",
                "DURATION:-P1D",
                "RECURRENCE-ID:20260105T090000Z",
                "SUMMARY",
                "SUMMARY:x",
                "ATTENDEE:",
                "ATTENDEE;CN=x:y",
                "RDATE;VALUE=DATE:20260203",
                "X-WR-TIMEZONE:Nowhere",
                "DTSTART;TZID=:20260105T090000",
                "UID:1",
                "BEGIN:VTIMEZONE",
                "END:VTIMEZONE",
                "TZID:a",
                "BEGIN:STANDARD",
                "END:STANDARD",
                "DURATION:P1D",
                "DTSTART:99991231T000000Z",
                "RRULE:FREQ=DAILY;COUNT=-1",
            ]
        ),
        max_size=14,
    )
)
def test_any_lines_are_read_or_rejected(lines):
    try:
        found = read("\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR"]), since="2026-01-01", until="2026-03-01")
    except InvalidCalendar:
        return
    assert all(each.starts_at < each.ends_at for each in found.events)


@pytest.mark.parametrize(
    ("attendee", "guests"),
    [
        (";CN=Ana:mailto:ana@example.com", (Guest("Ana", "ana@example.com"),)),
        (";CN=Ana;EMAIL=ana@example.com:invalid:nomail", (Guest("Ana", "ana@example.com"),)),
        (";CN=Ana:ana@example.com", (Guest("Ana", "ana@example.com"),)),
        (";CN=ana@example.com:MAILTO:ana@example.com", (Guest("", "ana@example.com"),)),
        (";CN=Ana:urn:x", (Guest("Ana", ""),)),
        (":urn:x", ()),
        (":mailto:", ()),
    ],
)
def test_guests(attendee, guests):
    found = read(event("DTSTART:20260105T090000Z", "DTEND:20260105T100000Z", f"ATTENDEE{attendee}"))

    assert found.problems == ()
    assert found.events[0].guests == guests


NOON, LATER = at("2026-01-05 12:00"), at("2026-01-05 13:00")


@pytest.mark.parametrize(
    ("title", "guests", "people", "unknown"),
    [
        ("On call: FIRST  line", (), (FIRST,), ()),
        ("Second Line & First Line", (), (SECOND, FIRST), ()),
        ("Firsthand First Lines", (), (), ("Firsthand First Lines",)),
        ("U0123456789", (), (THIRD,), ()),
        ("UNASSIGNED", (), (), ("UNASSIGNED",)),
        ("On call", (Guest("UNAVAILABLE", ""),), (), ("UNAVAILABLE",)),
        ("", (), (), ("an event without a title",)),
        ("On call", (Guest("", "FIRST@example.com"),), (FIRST,), ()),
        ("On call", (Guest("first line", "other@example.com"),), (FIRST,), ()),
        ("On call", (Guest("Who", "who@example.com"),), (), ("Who <who@example.com>",)),
        ("On call", (Guest("", "first@example.com"), Guest("", "who@x.org")), (FIRST,), ("who@x.org",)),
        ("On call: First Line", (Guest("Who", "who@example.com"),), (FIRST,), ()),
        ("Primary=First@example.com.", (), (FIRST,), ()),
        ("first@example.com/second@example.com", (), (FIRST, SECOND), ()),
        ("the.first@example.com", (), (), ("the.first@example.com",)),
        ("second line@example.com", (), (), ("second line@example.com",)),
        ("U0123456789@example.com", (), (), ("U0123456789@example.com",)),
        ("first@example.com, Who@example.com", (), (FIRST,), ("who@example.com",)),
        ("who@example.com", (Guest("", "first@example.com"),), (FIRST,), ("who@example.com",)),
        ("who@example.com", (Guest("Who", ""),), (), ("Who", "who@example.com")),
    ],
)
def test_match_of_an_event(title, guests, people, unknown):
    found = match_events([Event(NOON, LATER, title, guests)], NAMES)

    assert on_call_at(Schedule("x", PARIS, (found.layer,)), (), NOON) == people
    assert found.unknown == unknown


def test_a_word_may_contain_an_email_address():
    found = match_events(
        [Event(NOON, LATER, "First@example.com (backup)")], {**NAMES, "first@example.com (backup": THIRD}
    )

    assert [turn.people for turn in found.layer.layer_shifts] == [(THIRD,)]


def test_the_longer_word_matches_first():
    found = match_events([Event(NOON, LATER, "Ops lead")], {"Ops": FIRST, "Ops lead": SECOND})

    assert [turn.people for turn in found.layer.layer_shifts] == [(SECOND,)]


events = st.lists(
    st.builds(
        lambda begin, length, title, guests: Event(
            NOON + timedelta(minutes=begin), NOON + timedelta(minutes=begin + length), title, guests
        ),
        st.integers(0, 500),
        st.integers(1, 300),
        st.sampled_from(["First Line", "second line", "who", "déjà vu"]),
        st.lists(st.builds(Guest, st.just(""), st.sampled_from(["first@example.com", "a@b.c"])), max_size=2).map(tuple),
    ),
    max_size=8,
)


@given(events, st.integers(0, 900))
def test_people_of_overlapping_events_are_on_call_together(found, minute):
    moment = NOON + timedelta(minutes=minute)
    matched = match_events(found, NAMES)

    expected = set()
    for each in found:
        if each.starts_at <= moment < each.ends_at:
            expected |= {FIRST} if "First" in each.title or any("first" in one.mail for one in each.guests) else set()
            expected |= {SECOND} if "second" in each.title else set()
    assert set(on_call_at(Schedule("x", PARIS, (matched.layer,)), (), moment)) == expected


@given(events)
def test_json_round_trip(found):
    copy = CalendarCopy("here", NOON, tuple(found), ("one", "two"))

    assert copy_from_json(copy_to_json(copy)) == copy


def test_a_calendar_that_takes_long_to_read_is_given_up():
    """There is no sixth Monday: each rule is searched to the end of the calendar's time."""
    event = (
        "BEGIN:VEVENT\r\nUID:{}\r\nDTSTART:20200106T090000Z\r\nDURATION:PT1H\r\nSUMMARY:x\r\n"
        "RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6\r\nEND:VEVENT\r\n"
    )
    text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + "".join(map(event.format, range(2_000))) + "END:VCALENDAR\r\n"
    since, until = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    began = process_time()

    with pytest.raises(InvalidCalendar, match="processor time"):
        parse_calendar(text, None, ZoneInfo("UTC"), since=since, until=until)

    assert process_time() - began < 10


def test_an_event_with_many_rules_is_left_out():
    """Each rule takes time: of 50,000, twenty seconds of the processor."""
    event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20200106T090000Z\r\nDURATION:PT1H\r\nSUMMARY:Ops\r\n"
    rules = "RRULE:FREQ=DAILY\r\n" * 5_000
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{event}{rules}END:VEVENT\r\nEND:VCALENDAR\r\n"
    since, until = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)

    parsed = parse_calendar(text, None, ZoneInfo("UTC"), since=since, until=until)

    assert parsed.problems == ('the event "Ops": it has more than 10 rules',)
