"""Durations of incidents, groups of their cases, and similar incidents."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.findings.incident_similarity import IncidentProfile, compare_incidents
from bot.domain.incidents.statistics import Axis, Figure, IncidentTimes, age_group, incident_samples
from bot.domain.paging.statistics import Spread, spread_of

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DURATIONS = (Figure.DETECT, Figure.IDENTIFY, Figure.MITIGATE, Figure.RESOLVE, Figure.FIRST_UPDATE)


def minutes(*found: int | None) -> list[timedelta | None]:
    return [None if each is None else timedelta(minutes=each) for each in found]


def after(each: int | None) -> datetime | None:
    return None if each is None else NOON + timedelta(minutes=each)


@pytest.mark.parametrize(
    ("times", "is_start_stated", "is_retro", "expected"),
    [
        ((10, 30, 40, 60, 25), True, False, (10, 20, 30, 50, 25)),
        ((10, 30, 40, 60, 25), False, False, (None, 20, 30, 50, 25)),
        ((10, None, None, None, None), True, False, (10, None, None, None, None)),
        ((10, 5, 40, 60, -5), True, False, (10, None, 30, 50, None)),
        ((10, 30, 40, 60, 25), True, True, (None, None, None, None, None)),
    ],
)
def test_durations_of_an_incident(times, is_start_stated, is_retro, expected):
    detected, identified, mitigated, resolved, said = map(after, times)
    assert detected is not None
    incident = IncidentTimes(
        7, {Axis.MONTH: ("2026-03",)}, is_retro, is_start_stated, NOON, detected, identified, mitigated, resolved, said
    )

    found = {figure: [each.length for each in incident_samples([incident], figure)] for figure in DURATIONS}

    wanted = zip(DURATIONS, minutes(*expected), strict=True)
    assert found == {figure: [] if length is None else [length] for figure, length in wanted}


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ((), (0, 0, None, None)),
        ((None, None), (2, 0, None, None)),
        ((4, 1, None, 2, 3), (5, 4, 2.5, 4)),
        (tuple(range(1, 11)), (10, 10, 5.5, 9)),
    ],
)
def test_spread(lengths, expected):
    cases, measured, middle, p90 = expected

    assert spread_of(minutes(*lengths)) == Spread(cases, measured, *minutes(middle, p90))


@pytest.mark.parametrize(
    ("days", "expected"), [(0, "under-7-days"), (7, "7-to-28-days"), (89, "28-to-90-days"), (90, "over-90-days")]
)
def test_ages(days, expected):
    assert age_group(timedelta(days=days)) == expected


OWN = IncidentProfile.from_texts(["checkout"], "Payments fail", ["The TLS certificate expired"])


@pytest.mark.parametrize(
    ("services", "title", "cause", "expected"),
    [
        (["checkout"], "Search is slow", "", (2, ("same service: checkout",))),
        ([], "Login loops", "Certificates had expired", (6, ("same words in the cause: certificate, expired",))),
        ([], "The certificate is expired", "", (2, ("same words: certificate, expired",))),
        ([], "Payments were slow", "", None),
        (["search"], "Search is slow", "A full disk", None),
    ],
)
def test_similar_incidents_say_why(services, title, cause, expected):
    found = compare_incidents(OWN, IncidentProfile.from_texts(services, title, [cause]))

    assert (found and (found.score, found.reasons)) == expected
