"""Times that documents print are read back as the same instant: people copy them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.drafting.localized_times import TimeFormatter
from bot.domain.errors import Ambiguous
from bot.domain.languages import get_language
from bot.domain.terms import Precision
from bot.domain.text.normalize import strip_accents
from bot.domain.times import read_time
from bot.domain.times.vocabulary import MONTHS, WEEKDAYS
from bot.domain.times.zones import zone_names
from tests.rules.times.strategies import INSTANTS, ZONES

LANGUAGES = ("en", "en-GB", "fr", "it", "es", "es-MX", "de", "pt", "pt-PT")
FORMS = {
    "full": lambda formatter, at, precision: formatter.format_full(at, precision),
    "short": lambda formatter, at, precision: formatter.format_short(at, precision),
    "in a sentence": lambda formatter, at, precision: formatter.format_short_phrase(at, precision),
}


def check(text: str, at: datetime, precision: Precision, *, now: datetime, zone: ZoneInfo) -> None:
    try:
        when = read_time(text, now=now, zone=zone)
    except Ambiguous as question:
        readings = [read_time(each, now=now, zone=zone) for each in question.candidates]
        assert at in [each.at for each in readings], text
        assert {each.precision for each in readings} == {precision}, text
    else:
        assert (when.at, when.precision) == (at, precision), text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("code", LANGUAGES)
@settings(max_examples=60)
@given(
    zone=ZONES,
    instant=INSTANTS,
    hours=st.integers(0, 80),
    precision=st.sampled_from([Precision.EXACT, Precision.APPROXIMATE]),
)
@example(
    zone=ZoneInfo("Europe/Berlin"),
    instant=datetime(2025, 10, 26, 0, 30, tzinfo=UTC),
    hours=0,
    precision=Precision.EXACT,
)
@example(
    zone=ZoneInfo("America/New_York"),
    instant=datetime(2025, 1, 1, 4, 50, tzinfo=UTC),
    hours=2,
    precision=Precision.APPROXIMATE,
)
@example(
    zone=ZoneInfo("Asia/Kathmandu"),
    instant=datetime(2024, 2, 29, 18, 30, tzinfo=UTC),
    hours=30,
    precision=Precision.EXACT,
)
def test_what_a_document_prints_reads_back(
    code: str, form: str, zone: ZoneInfo, instant: datetime, hours: int, precision: Precision
) -> None:
    """Read at once: a short form has no date on the first day, and on others none of a year."""
    at = instant.replace(second=0, microsecond=0)
    first = at - timedelta(hours=hours)
    formatter = TimeFormatter(get_language(code), zone, first, [at])

    check(FORMS[form](formatter, at, precision), at, precision, now=at + timedelta(minutes=1), zone=zone)


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_name_of_a_month_or_weekday_that_is_printed_is_known(code: str) -> None:
    """Babel's names, long and short, alone and in a date: those of documents, in every language."""
    locale = Locale.parse(code, sep="-")
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in locale.months[context][width].items():
                assert MONTHS[strip_accents(name).rstrip(".").lower()] == number - 1
            for number, name in locale.days[context][width].items():
                assert WEEKDAYS[strip_accents(name).rstrip(".").lower()] == number


def test_the_zones_of_these_properties_are_all_there_are() -> None:
    assert len(zone_names()) > 400
