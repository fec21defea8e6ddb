"""Suggestions of a similar incident: right where something is said, and silent in doubt."""

from collections.abc import Sequence
from typing import Any

import pytest
import yaml

from bot.domain.findings.incident_similarity import EarlierIncident, IncidentProfile, find_best_match
from tests.support.records.twins import GeneratedIncident, generate_incidents

LEAST_PRECISION, LEAST_RECALL = 0.97, 0.7
EARLIER = (
    GeneratedIncident("", ("checkout",), "Connection pool exhausted", "the pool was too small"),
    GeneratedIncident("", ("gateway",), "Certificate expired"),
    GeneratedIncident("", ("search",), "Node out of disk, index read-only"),
)


def suggested(one: GeneratedIncident, earlier: Sequence[EarlierIncident]) -> EarlierIncident | None:
    """`earlier` comes oldest first. The cause of a new incident is not known."""
    profile = IncidentProfile.from_texts(one.services, one.title, [])
    return find_best_match(one.title, profile, earlier[::-1])


def test_generated_twins_are_found_with_precision():
    """Each incident is compared with those before it, as at its declaration."""
    incidents = generate_incidents()
    assert sum(bool(each.family) for each in incidents) >= 40
    right = wrong = missed = 0
    for number, each in enumerate(incidents):
        earlier = [other.as_earlier(place) for place, other in enumerate(incidents[:number])]
        found = suggested(each, earlier)
        has_twin = bool(each.family) and any(other.family == each.family for other in incidents[:number])
        if found is None:
            missed += has_twin
        elif has_twin and incidents[found.incident_id].family == each.family:
            right += 1
        else:
            wrong += 1

    assert right / (right + wrong) >= LEAST_PRECISION
    assert right / (right + missed) >= LEAST_RECALL


def services_of(scenario: dict[str, Any]) -> tuple[str, ...]:
    named = scenario.get("service", ())
    return (named,) if isinstance(named, str) else tuple(named)


def title_of(title: str | dict[str, str]) -> str:
    return title if isinstance(title, str) else next(iter(title.values()))


def test_none_of_the_shared_examples_looks_like_another(conformance):
    read = [yaml.safe_load(path.read_text()) for path in sorted((conformance / "scenarios").glob("*.yaml"))]
    told = [GeneratedIncident("", services_of(each), title_of(each["title"])) for each in read]
    assert len(told) >= 4

    for one in told:
        assert suggested(one, [each.as_earlier(0) for each in told if each is not one]) is None


@pytest.mark.parametrize(
    ("services", "title", "expected"),
    [
        (("checkout",), "Pool exhausted again", 0),
        (("checkout",), "connection pool exhausted", 0),
        (("checkout",), "checkout is down", None),
        (("checkout",), "Certificate expired", None),
        ((), "connection pool exhausted", 0),
        ((), "pool exhausted", None),
        (("search", "gateway"), "expired certificate", 1),
        (("search",), "disk", None),
        (("search",), "", None),
    ],
)
def test_a_suggestion_needs_a_service_and_telling_words(services, title, expected):
    found = suggested(GeneratedIncident("", services, title), [each.as_earlier(n) for n, each in enumerate(EARLIER)])

    assert (found and found.incident_id) == expected


def test_a_word_of_many_titles_is_not_telling():
    often = [GeneratedIncident("", ("shop",), f"import broken {name}").as_earlier(n) for n, name in enumerate("abcde")]

    assert suggested(GeneratedIncident("", ("shop",), "broken import of customers"), often) is None
    assert suggested(GeneratedIncident("", ("shop",), "broken import of customers"), often[:2]) is not None


def test_of_equal_matches_the_newest_is_named():
    twice = [EARLIER[0].as_earlier(1), EARLIER[0].as_earlier(2)]

    found = suggested(GeneratedIncident("", ("checkout",), "pool exhausted"), twice)

    assert found is not None
    assert found.incident_id == 2
