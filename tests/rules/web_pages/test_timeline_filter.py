"""Filters of the timeline: by kind, person and text."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.record.model import Entry
from bot.domain.record.sources import Source
from bot.domain.terms import Kind, Precision
from bot.domain.timeline.filters import TimelineFilter, count_kinds, count_people
from bot.domain.timeline.lines import TimelineLine

AT = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


def line(seq: int, text: str, *kinds: Kind, label: str = "", **more: str) -> TimelineLine:
    entry = Entry(Source("message", f"e{seq}"), seq, kinds, text, AT, Precision.EXACT, AT, AT, **more)
    return TimelineLine(entry, text, label, (), "")


LINES = [
    line(1, "Été: the cache is cold", Kind.HYPOTHESIS, author="U1", recorded_by="U2"),
    line(2, "rolled back the deploy", Kind.ACTION, Kind.ROLLBACK, author="U1"),
    line(3, "", Kind.ROLE, label="lead: Bo", person="U3"),
    line(4, "the cache\n is warm", Kind.NOTE, author="U3"),
]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [1, 2, 3, 4]),
        ({"kind": "action"}, [2]),
        ({"kind": "rollback", "person": "U1"}, [2]),
        ({"kind": "no such kind"}, [1, 2, 3, 4]),
        ({"person": "U2"}, [1]),
        ({"person": "U3"}, [3, 4]),
        ({"person": "U9"}, []),
        ({"text": "CACHE"}, [1, 4]),
        ({"text": "ete cold"}, [1]),
        ({"text": '"cache is"'}, [1, 4]),
        ({"text": '"is cache"'}, []),
        ({"text": "bo"}, [3]),
        ({"text": "   "}, [1, 2, 3, 4]),
        ({"text": "cache", "person": "U3", "kind": "note"}, [4]),
    ],
)
def test_each_part_that_is_set_has_to_match(query, found):
    assert [each.entry.seq for each in TimelineFilter.from_query(query).select(LINES)] == found


@given(st.dictionaries(st.sampled_from(["kind", "person", "text", "other"]), st.text()))
def test_any_address_is_a_filter(query):
    chosen = TimelineFilter.from_query(query)

    assert chosen.select(LINES) == [each for each in LINES if each in chosen.select(LINES)]
    assert chosen.is_set or chosen.select(LINES) == LINES


def test_choices_are_those_that_occur():
    entries = [each.entry for each in LINES]

    assert count_kinds(entries) == [
        (kind, 1) for kind in (Kind.HYPOTHESIS, Kind.ACTION, Kind.ROLLBACK, Kind.NOTE, Kind.ROLE)
    ]
    assert count_people(entries) == [("U1", 2), ("U3", 2), ("U2", 1)]
