"""Properties of all texts, zones and instants."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.domain.errors import Ambiguous, UserError
from bot.domain.times import format_time, format_unambiguous, read_leading_time, read_time
from tests.rules.times.strategies import INSTANTS, ZONES, result_or_refusal

PACIFIC = ZoneInfo("America/Los_Angeles")
PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2023, 11, 7, 18, 0, tzinfo=UTC)  # Tuesday: 21:00 in Nairobi, 10:00 in Los Angeles, 19:00 in Paris


@given(ZONES, INSTANTS)
@example(ZoneInfo("Europe/Moscow"), datetime(2014, 10, 25, 21, 30, tzinfo=UTC))
@example(PARIS, datetime(2025, 10, 26, 0, 30, tzinfo=UTC))
def test_what_is_shown_reads_back_to_the_same_minute(zone, instant):
    minute = instant.replace(second=0, microsecond=0)
    now = minute + timedelta(days=40)

    found = result_or_refusal(lambda: read_time(format_time(minute, zone), now=now, zone=zone))

    if isinstance(found, Ambiguous):
        assert minute in [read_time(each, now=now, zone=zone).at for each in found.candidates]
    else:
        assert found.at == minute


@given(ZONES, INSTANTS, ZONES)
def test_a_candidate_is_read_the_same_everywhere(zone, instant, elsewhere):
    instant = instant.replace(microsecond=0)
    assume(not zone.utcoffset(instant.astimezone(zone)).total_seconds() % 60)

    assert read_time(format_unambiguous(instant, zone), now=NOW, zone=elsewhere).at == instant


@given(ZONES, INSTANTS, st.times())
def test_a_bare_clock_time_is_near_and_shows_what_was_typed(zone, now, clock):
    """At most a day in the past or twelve hours in the future, and always that time of day."""
    text = f"{clock:%H:%M}"
    try:
        when = read_time(text, now=now, zone=zone)
    except Ambiguous:
        return

    assert timedelta(hours=-25) <= when.at - now <= timedelta(hours=12)
    assert format_time(when.at, zone, with_date=False, with_zone=False) == text


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
    found = result_or_refusal(lambda: read_time(text, now=NOW, zone=zone, prefer_past=prefer_past))

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
        found = read_leading_time(words, now=NOW, zone=PACIFIC)
    except UserError:
        return

    if found is not None:
        when, taken = found
        assert 1 <= taken <= len(words)
        assert read_time(" ".join(words[:taken]).rstrip(",;:."), now=NOW, zone=PACIFIC) == when
