"""Times as people write them: a table for each form, and what holds for all of them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.domain.errors import Ambiguous, UserError
from bot.domain.terms import Precision
from bot.domain.times import is_future, longest_time, read_time, refuse_future, show_time, typeable, zone_label
from bot.domain.times.zones import zone_names

NAIROBI, PACIFIC, PARIS, KOLKATA = (
    ZoneInfo(name) for name in ("Africa/Nairobi", "America/Los_Angeles", "Europe/Paris", "Asia/Kolkata")
)
NOW = datetime(2023, 11, 7, 18, 0, tzinfo=UTC)  # Tuesday: 21:00 in Nairobi, 10:00 in Los Angeles, 19:00 in Paris

ZONES = st.sampled_from(sorted(zone_names().values())).map(ZoneInfo)
INSTANTS = st.integers(631_152_000, 2_145_916_800).map(lambda second: datetime.fromtimestamp(second, UTC))  # 1990-2037


def outcome(read):
    """What `read` returns, or the refusal it raises; anything else it raises fails the test."""
    try:
        return read()
    except UserError as problem:
        return problem


def reading(text, zone=NAIROBI, now=NOW, **how):
    """The time in the zone of the one who wrote it, to compare at a glance."""
    at = read_time(text, now=now, zone=zone, **how).at
    return at.astimezone(zone).replace(tzinfo=None).isoformat(" ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14:05", "2023-11-07 14:05:00"),
        ("9:05", "2023-11-07 09:05:00"),
        ("14:05:30", "2023-11-07 14:05:30"),
        ("2pm", "2023-11-07 14:00:00"),
        ("2 pm", "2023-11-07 14:00:00"),
        ("2 p.m.", "2023-11-07 14:00:00"),
        ("2:05 PM", "2023-11-07 14:05:00"),
        ("12am", "2023-11-07 00:00:00"),
        ("12pm", "2023-11-07 12:00:00"),
        ("12:30am", "2023-11-07 00:30:00"),
        ("4.23pm", "2023-11-07 16:23:00"),
        ("16.11", "2023-11-07 16:11:00"),
        ("16h21", "2023-11-07 16:21:00"),
        ("16h", "2023-11-07 16:00:00"),
        ("16 h 21", "2023-11-07 16:21:00"),
        ("16H21", "2023-11-07 16:21:00"),
        ("16h21min", "2023-11-07 16:21:00"),
        ("16h et quart", "2023-11-07 16:15:00"),
        ("16 h et demie", "2023-11-07 16:30:00"),
        ("17h moins le quart", "2023-11-07 16:45:00"),
        ("las 4 y media de la tarde", "2023-11-07 16:30:00"),
        ("le 4 e mezza di pomeriggio", "2023-11-07 16:30:00"),
        ("16:11 Uhr", "2023-11-07 16:11:00"),
        ("16.11 Uhr", "2023-11-07 16:11:00"),
        ("16 Uhr", "2023-11-07 16:00:00"),
        ("16 Uhr 11", "2023-11-07 16:11:00"),
        ("16:11 h", "2023-11-07 16:11:00"),
        ("9 o'clock", "2023-11-07 09:00:00"),
        ("noon", "2023-11-07 12:00:00"),
        ("midnight", "2023-11-07 00:00:00"),
        ("at 14:05", "2023-11-07 14:05:00"),
        ("１４：０５", "2023-11-07 14:05:00"),
    ],
)
def test_clock_times(text, expected):
    assert reading(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2023-11-07 21:00:00"),
        ("10 min ago", "2023-11-07 20:50:00"),
        ("10min ago", "2023-11-07 20:50:00"),
        ("10 Minutes Ago", "2023-11-07 20:50:00"),
        ("an hour ago", "2023-11-07 20:00:00"),
        ("half an hour ago", "2023-11-07 20:30:00"),
        ("1h30 ago", "2023-11-07 19:30:00"),
        ("1h 30m ago", "2023-11-07 19:30:00"),
        ("2 days ago", "2023-11-05 21:00:00"),
        ("45s ago", "2023-11-07 20:59:15"),
        ("in 5 min", "2023-11-07 21:05:00"),
    ],
)
def test_relative_times_count_from_the_moment_of_typing(text, expected):
    assert reading(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yesterday 15:00", "2023-11-06 15:00:00"),
        ("yesterday at 3pm", "2023-11-06 15:00:00"),
        ("15:00 yesterday", "2023-11-06 15:00:00"),
        ("today 9am", "2023-11-07 09:00:00"),
        ("monday 09:00", "2023-11-06 09:00:00"),
        ("Mon 09:00", "2023-11-06 09:00:00"),
        ("09:00 on Monday", "2023-11-06 09:00:00"),
        ("tuesday 09:00", "2023-11-07 09:00:00"),
        ("last tuesday 09:00", "2023-10-31 09:00:00"),
        ("wednesday 09:00", "2023-11-01 09:00:00"),
        ("2023-11-05 08:45", "2023-11-05 08:45:00"),
        ("2023/11/05 08:45", "2023-11-05 08:45:00"),
        ("05.11.2023 08:45", "2023-11-05 08:45:00"),
        ("13/10/2023 08:45", "2023-10-13 08:45:00"),
        ("10/13/2023 08:45", "2023-10-13 08:45:00"),
        ("5/5/2023 08:45", "2023-05-05 08:45:00"),
        ("Nov 5 2023 08:45", "2023-11-05 08:45:00"),
        ("Nov 5, 2023, 8:45 am", "2023-11-05 08:45:00"),
        ("5 Nov 08:45", "2023-11-05 08:45:00"),
        ("5th of November 08:45", "2023-11-05 08:45:00"),
        ("08:45 5 Nov 2023", "2023-11-05 08:45:00"),
        ("31 Dec 2022 23:50", "2022-12-31 23:50:00"),
        ("10 Aug 08:45", "2023-08-10 08:45:00"),
        ("29 Feb 08:45", "2020-02-29 08:45:00"),
        ("Sun, 05 Nov 2023 08:45:12", "2023-11-05 08:45:12"),
    ],
)
def test_days(text, expected):
    assert reading(text) == expected


@pytest.mark.parametrize(
    ("now", "text", "expected"),
    [
        ("00:10", "23:50", "2023-11-06 23:50:00"),
        ("23:50", "00:10", "2023-11-07 00:10:00"),
        ("09:00", "22:00", "2023-11-06 22:00:00"),
        ("13:00", "00:30", "2023-11-07 00:30:00"),
        ("13:00", "13:00", "2023-11-07 13:00:00"),
        ("10:00", "21:59", "2023-11-07 21:59:00"),
        ("10:00", "22:00", "2023-11-07 22:00:00"),
        ("10:00", "22:01", "2023-11-06 22:01:00"),
    ],
)
def test_a_clock_time_alone_is_todays_unless_that_is_over_twelve_hours_to_come(now, text, expected):
    at_that_hour = datetime.fromisoformat(f"2023-11-07 {now}").replace(tzinfo=PARIS)

    assert reading(text, zone=PARIS, now=at_that_hour) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("18:30", "2023-11-08 18:30:00"),
        ("19:30", "2023-11-07 19:30:00"),
        ("friday 09:00", "2023-11-10 09:00:00"),
        ("1 Mar 09:00", "2024-03-01 09:00:00"),
    ],
)
def test_times_to_come_where_they_are_wanted(text, expected):
    assert reading(text, zone=PARIS, prefer_past=False) == expected


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("12:05PM EAT", "2023-11-07T09:05"),
        ("2023-11-07 08:45 PST", "2023-11-07T16:45"),
        ("2023-07-07 08:45 PST", "2023-07-07T16:45"),
        ("2023-07-07 08:45 PDT", "2023-07-07T15:45"),
        ("2023-07-07 08:45 PT", "2023-07-07T15:45"),
        ("2023-11-07T08:45Z", "2023-11-07T08:45"),
        ("2023-11-07t08:45z", "2023-11-07T08:45"),
        ("20231107T084500Z", "2023-11-07T08:45"),
        ("2023-11-07T08:45:00+01:00", "2023-11-07T07:45"),
        ("2023-11-07T08:45-08:00", "2023-11-07T16:45"),
        ("2023-11-07 08:45 -08:00", "2023-11-07T16:45"),
        ("2023-11-07 08:45 −0800", "2023-11-07T16:45"),
        ("2023-11-07 08:45 UTC-8", "2023-11-07T16:45"),
        ("2023-11-07 08:45 GMT+05:30", "2023-11-07T03:15"),
        ("14:05 UTC", "2023-11-07T14:05"),
        ("14:05UTC", "2023-11-07T14:05"),
        ("14:05 (CET)", "2023-11-07T13:05"),
        ("14:05 cest", "2023-11-07T12:05"),
        ("16:11 Uhr MEZ", "2023-11-07T15:11"),
        ("14:05 Europe/Paris", "2023-11-07T13:05"),
        ("14:05 europe/paris", "2023-11-07T13:05"),
        ("14:05 America/Argentina/Buenos_Aires", "2023-11-07T17:05"),
        ("08:45 PST 2023-11-07", "2023-11-07T16:45"),
        ("02:00 JST", "2023-11-07T17:00"),
    ],
)
def test_named_zones(text, utc):
    when = read_time(text, now=NOW, zone=NAIROBI)

    assert when.at == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert when.zone_named


def test_the_day_of_a_clock_time_is_the_one_of_the_zone_it_names():
    """At 18:00 UTC it is the 8th in Tokyo: 02:00 there was an hour ago."""
    assert read_time("02:00 JST", now=NOW, zone=PARIS).at == NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "precision"),
    [
        ("14:05", Precision.EXACT),
        ("~14:05", Precision.APPROXIMATE),
        ("~ 14:05", Precision.APPROXIMATE),
        ("about 2pm", Precision.APPROXIMATE),
        ("around 14:05", Precision.APPROXIMATE),
        ("ca. 16.11", Precision.APPROXIMATE),
        ("vers 16h21", Precision.APPROXIMATE),
        ("gegen 16 Uhr", Precision.APPROXIMATE),
        ("~10 min ago", Precision.APPROXIMATE),
        ("yesterday around 3pm", Precision.APPROXIMATE),
        ("~yesterday 15:00", Precision.APPROXIMATE),
        ("14:05?", Precision.APPROXIMATE),
        ("?", Precision.UNKNOWN),
    ],
)
def test_precision(text, precision):
    when = read_time(text, now=NOW, zone=NAIROBI)

    assert when.precision is precision
    assert (when.at is None) is (precision is Precision.UNKNOWN)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "missing"),
        ("13pm", "Do you mean `13:00`"),
        ("0:30am", "hours go from 1 to 12"),
        ("25:00", "hours go from 0 to 23"),
        ("24:00", "write `00:00`"),
        ("14:60", "minutes and seconds end at 59"),
        ("14:05:60", "minutes and seconds end at 59"),
        ("Feb 30 10:00", "does not exist"),
        ("2023-02-29 10:00", "does not exist"),
        ("2023-13-01 10:00", "does not exist"),
        ("0001-01-01 10:00", "cannot be meant"),
        ("yesterday", "`yesterday 15:00`"),
        ("14", "minutes"),
        ("soon", "`soon` is not a time"),
        ("14:05 Europe/Pariss", "Did you mean `Europe/Paris`"),
        ("14:05 XYZ", "`XYZ`"),
        ("14:05 +99:00", "`+14:00`"),
        ("10:30-11:00", "span"),
        ("Mon, 07 Nov 2023 08:45", "is a Tuesday"),
        ("999999 weeks ago", "further away"),
        ("x" * 5000, "is not a time"),
    ],
)
def test_what_is_no_time_is_refused_in_words(text, said):
    with pytest.raises(UserError) as refusal:
        read_time(text, now=NOW, zone=NAIROBI)

    assert not isinstance(refusal.value, Ambiguous)
    assert said in refusal.value.message
    assert len(refusal.value.message) < 300


@pytest.mark.parametrize(
    ("text", "zone", "candidates"),
    [
        ("2025-10-26 02:30", PARIS, ["2025-10-26 02:30 +02:00", "2025-10-26 02:30 +01:00"]),
        ("2025-03-30 02:30", PARIS, ["2025-03-30 01:30 +01:00", "2025-03-30 03:30 +02:00"]),
        ("2023-11-05 01:30 PT", PARIS, ["2023-11-05 01:30 -07:00", "2023-11-05 01:30 -08:00"]),
        ("~2025-10-26 02:30", PARIS, ["~2025-10-26 02:30 +02:00", "~2025-10-26 02:30 +01:00"]),
        (
            "2023-11-07 08:45 CST",
            PARIS,
            ["2023-11-07 08:45 -06:00", "2023-11-07 08:45 +08:00", "2023-11-07 08:45 -05:00"],
        ),
        (
            "2023-11-07 08:45 IST",
            PARIS,
            ["2023-11-07 08:45 +05:30", "2023-11-07 08:45 +01:00", "2023-11-07 08:45 +02:00"],
        ),
        ("07/11/2023 08:45 EAT", PARIS, ["2023-11-07 08:45 +03:00", "2023-07-11 08:45 +03:00"]),
        ("yesterday midnight", PARIS, ["2025-12-31 00:00 +01:00", "2026-01-01 00:00 +01:00"]),
    ],
)
def test_what_can_be_two_times_is_asked_about(text, zone, candidates):
    now = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

    with pytest.raises(Ambiguous) as question:
        read_time(text, now=now, zone=zone)

    assert list(question.value.candidates) == candidates
    assert question.value.about == text
    for candidate in candidates:
        assert read_time(candidate, now=now, zone=zone).at is not None


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2023-11-07 08:45 IST", KOLKATA, "2023-11-07T03:15"),
        ("2023-07-07 08:45 IST", ZoneInfo("Europe/Dublin"), "2023-07-07T07:45"),
        ("2023-11-07 08:45 CST", ZoneInfo("America/Chicago"), "2023-11-07T14:45"),
        ("2023-11-07 08:45 CST", ZoneInfo("Asia/Shanghai"), "2023-11-07T00:45"),
        ("2023-07-07 08:45 BST", ZoneInfo("Europe/London"), "2023-07-07T07:45"),
        ("2023-11-07 08:45 PST", ZoneInfo("Asia/Manila"), "2023-11-07T00:45"),
        ("2014-10-20 08:45 MSK", ZoneInfo("Europe/Moscow"), "2014-10-20T04:45"),
        ("2014-11-20 08:45 MSK", ZoneInfo("Europe/Moscow"), "2014-11-20T05:45"),
    ],
)
def test_the_incident_zones_own_letters_come_first(text, zone, utc):
    assert read_time(text, now=NOW, zone=zone).at == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_an_hour_that_comes_twice_is_no_question_while_the_second_is_still_to_come():
    between = datetime(2025, 10, 26, 0, 45, tzinfo=UTC)  # 02:45, for the first time

    assert read_time("02:30", now=between, zone=PARIS).at == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("14:05 est tombé", 1),
        ("14:05 EST db down", 2),
        ("14:05 DNS is down", 1),
        ("14:05 api/v1 is down", 1),
        ("14:05 5 errors", 1),
        ("14:05 -5 users", 1),
        ("14:05, payments", 1),
        ("14:05 HR system", 1),
        ("14:05 sat down", 1),
        ("14:05 cat pictures", 1),
        ("10 min ago payments failed", 3),
        ("an hour ago payments", 3),
        ("2 pm payments", 2),
        ("yesterday 15:00 EAT db", 3),
        ("2023-11-07 08:45 -08:00 db", 3),
        ("Nov 7 2023 08:45 db", 4),
        ("? nobody knows", 1),
        ("~ 14:05 db", 2),
        ("16h21 les paiements", 1),
        ("16.11 i pagamenti", 1),
        ("16:11 Uhr Zahlungen", 2),
        ("now it is", 1),
    ],
)
def test_the_longest_time_wins(text, words):
    when, taken = longest_time(text.split(), now=NOW, zone=NAIROBI)

    assert taken == words
    assert when.text == " ".join(text.split()[:words]).rstrip(",.:")


@pytest.mark.parametrize("text", ["", "the moment", "database", "yesterday we saw", "10 servers"])
def test_no_time_at_the_head(text):
    assert longest_time(text.split(), now=NOW, zone=NAIROBI) is None


@pytest.mark.parametrize("text", ["13 pm payments", "25:00 payments", "Feb 30 10:00 db", "14:05 Europe/Pariss db"])
def test_what_looks_like_a_time_and_cannot_be_one_is_not_cut_to_fit(text):
    with pytest.raises(UserError):
        longest_time(text.split(), now=NOW, zone=NAIROBI)


def test_the_future_is_refused_with_both_readings_named():
    now = datetime(2023, 11, 7, 13, 40, tzinfo=PARIS)
    when = read_time("14:05", now=now, zone=PARIS)

    with pytest.raises(UserError) as refusal:
        refuse_future(when, now=now, zone=PARIS)

    assert "`14:05` is 25m from now (2023-11-07 14:05 CET)" in refusal.value.message
    assert "`2023-11-06 14:05 +01:00`" in refusal.value.message


@pytest.mark.parametrize(("seconds", "is_refused"), [(-1, False), (0, False), (60, False), (61, True)])
def test_a_clock_that_is_a_minute_fast_is_no_mistake(seconds, is_refused):
    text = typeable(NOW + timedelta(seconds=seconds), PARIS)

    assert is_future(read_time(text, now=NOW, zone=PARIS), NOW) is is_refused


def test_an_unknown_time_is_not_in_the_future():
    refuse_future(read_time("?", now=NOW, zone=PARIS), now=NOW, zone=PARIS)


@pytest.mark.parametrize(
    ("zone", "shown", "label"),
    [
        ("America/Los_Angeles", "2023-11-07 10:00 PST", "PST"),
        ("Africa/Nairobi", "2023-11-07 21:00 EAT", "EAT"),
        ("Asia/Kolkata", "2023-11-07 23:30 IST", "IST"),
        ("America/Sao_Paulo", "2023-11-07 15:00 UTC-03:00", "UTC-03:00"),
        ("Asia/Kathmandu", "2023-11-07 23:45 UTC+05:45", "UTC+05:45"),
        ("UTC", "2023-11-07 18:00 UTC", "UTC"),
    ],
)
def test_show_time(zone, shown, label):
    assert show_time(NOW, ZoneInfo(zone)) == shown
    assert zone_label(NOW, ZoneInfo(zone)) == label
    assert show_time(NOW, ZoneInfo(zone), with_date=False, with_zone=False) == shown.split()[1]


@given(ZONES, INSTANTS)
@example(ZoneInfo("Europe/Moscow"), datetime(2014, 10, 25, 21, 30, tzinfo=UTC))
@example(PARIS, datetime(2025, 10, 26, 0, 30, tzinfo=UTC))
def test_what_is_shown_reads_back_to_the_same_minute(zone, instant):
    minute = instant.replace(second=0, microsecond=0)
    now = minute + timedelta(days=40)

    found = outcome(lambda: read_time(show_time(minute, zone), now=now, zone=zone))

    if isinstance(found, Ambiguous):
        assert minute in [read_time(each, now=now, zone=zone).at for each in found.candidates]
    else:
        assert found.at == minute


@given(ZONES, INSTANTS, ZONES)
def test_a_candidate_is_read_the_same_everywhere(zone, instant, elsewhere):
    instant = instant.replace(microsecond=0)
    assume(not zone.utcoffset(instant.astimezone(zone)).total_seconds() % 60)

    assert read_time(typeable(instant, zone), now=NOW, zone=elsewhere).at == instant


@given(ZONES, INSTANTS, st.times())
def test_a_bare_clock_time_is_near_and_shows_what_was_typed(zone, now, clock):
    """Never more than a day in the past, never more than twelve hours in the future, and always that clock time."""
    text = f"{clock:%H:%M}"
    try:
        when = read_time(text, now=now, zone=zone)
    except Ambiguous:
        return

    assert timedelta(hours=-25) <= when.at - now <= timedelta(hours=12)
    assert show_time(when.at, zone, with_date=False, with_zone=False) == text


PIECES = st.lists(
    st.sampled_from(
        [
            "14:05",
            "2pm",
            "13",
            "yesterday",
            "nov",
            "7",
            "2023",
            "CST",
            "PST",
            "Europe/Paris",
            "ago",
            "10",
            "min",
            "~",
            "?",
            "at",
            "monday",
            "last",
            "+02:00",
            "-99:99",
            "2023-11-05",
            "30.02.2023",
            "3/4",
            "midnight",
            "01:30",
            "Z",
            ",",
            "h",
        ]
    ),
    max_size=6,
)


@given(st.text(max_size=40) | PIECES.map(" ".join) | PIECES.map("".join), ZONES, st.booleans())
def test_any_text_is_a_time_or_a_clear_refusal(text, zone, prefer_past):
    found = outcome(lambda: read_time(text, now=NOW, zone=zone, prefer_past=prefer_past))

    if isinstance(found, Ambiguous):
        assert len(found.candidates) > 1
        for candidate in found.candidates:
            read_time(candidate, now=NOW, zone=zone, prefer_past=prefer_past)
    elif isinstance(found, UserError):
        assert found.message
    else:
        assert found.at is None or found.at.tzinfo is UTC


@given(PIECES | st.lists(st.text(max_size=6), max_size=6))
def test_the_longest_time_takes_no_more_words_than_there_are_and_is_a_time_by_itself(words):
    try:
        found = longest_time(words, now=NOW, zone=PACIFIC)
    except UserError:
        return

    if found is not None:
        when, taken = found
        assert 1 <= taken <= len(words)
        assert read_time(" ".join(words[:taken]).rstrip(",;:."), now=NOW, zone=PACIFIC) == when
