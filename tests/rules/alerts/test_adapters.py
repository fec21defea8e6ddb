"""Senders that an operator describes: fields by JSON pointers, and the refusals that name them."""

import json
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.sections.alerts import AdapterSection, AlertsSection
from bot.domain.alerts.adapters import AdapterSyntax, parse_field, parse_pointer
from bot.domain.terms import AlertStatus
from bot.sources import SOURCES, Malformed, Source, find_source
from tests.support.servers.requirements import conformance_data

NOW = datetime(2026, 11, 18, 15, tzinfo=UTC)
PROBES = """
items = "/checks"
title = "{/name} on {/host}"
key = "{#/site}/{/host}/{/name}"
status = { from = "/state", values = { CRIT = "firing", OKAY = "resolved", Unknown = "ignore" } }
service = { from = ["/service", "#/service"], default = "infrastructure" }
severity = { from = "/level", values = { 5 = "critical" }, default = "warning" }
labels_from = "/tags"
labels = { region = "#/region", host = "/host" }
link = "/url"
started_at = "/since"
"""
DESCRIPTIONS = {
    "new-relic": """
        title = "/title"
        key = "/id"
        name = "/alertConditionNames/0"
        service = "/impactedEntities/0"
        severity = "/priority"
        link = "/issueUrl"
        started_at = "/createdAt"
        ended_at = ["/closedAt", "/updatedAt"]
        sent_at = "/updatedAt"
        labels = { policy = "/alertPolicyNames/0", workflow = "/workflowName" }
        status = { from = "/state", values = { CREATED = "firing", ACTIVATED = "firing", CLOSED = "resolved" } }
    """,
    "better-stack": """
        title = ["{/data/attributes/name}: {/data/attributes/cause}", "/data/attributes/name"]
        key = "/data/id"
        name = "/data/attributes/name"
        link = "/data/attributes/url"
        started_at = "/data/attributes/started_at"
        ended_at = "/data/attributes/resolved_at"
        sent_at = "/data/attributes/started_at"
        labels = { monitor = "/data/relationships/monitor/data/id" }
        status = { from = "/event", values = { started = "firing", acknowledged = "firing", reopened = "firing" } }
    """,
    "alertmanager": """
        items = "/alerts"
        title = ["/annotations/summary", "/labels/alertname"]
        key = "/fingerprint"
        status = "/status"
        labels_from = "/labels"
        description = "/annotations/description"
        runbook = "/annotations/runbook_url"
        dashboard = "/annotations/dashboard_url"
        link = "/generatorURL"
        group = "#/groupKey"
        started_at = "/startsAt"
        ended_at = "/endsAt"
    """,
}
BODIES = {
    "new-relic": ("new-relic-activated", "new-relic-acknowledged", "new-relic-closed"),
    "better-stack": ("better-stack-started", "better-stack-acknowledged", "better-stack-resolved"),
    "alertmanager": ("01-firing-single", "02-firing-grouped-three", "03-mixed-one-resolved", "04-resolved-all"),
}


def described(text: str) -> Source:
    source = find_source("acme", AlertsSection(sources={"acme": AdapterSection.model_validate(tomllib.loads(text))}))
    assert source is not None
    return source


def probe(**fields: Any) -> dict[str, Any]:
    return {"name": "disk", "host": "web-1", "state": "CRIT", **fields}


def read(text: str, body: object) -> Any:
    return described(text).parse(body, NOW).events


@pytest.mark.parametrize("name", sorted(DESCRIPTIONS))
def test_a_description_reads_the_same_alert_as_the_source_that_dogwatch_has(name: str) -> None:
    for file in BODIES[name]:
        body = (conformance_data() / "alerts" / f"{file}.json").read_bytes()
        expected = SOURCES[name].parse_body(body, NOW).events
        events = described(DESCRIPTIONS[name]).parse_body(body, NOW).events

        assert expected
        renamed = tuple(
            replace(event, source=name, group=event.group.replace("acme:", f"{name}:", 1)) for event in events
        )
        annotations = {"summary", "description", "runbook_url", "dashboard_url"}
        assert [{**vars_of(each), "annotations": {}} for each in renamed] == [
            {**vars_of(each), "annotations": {}} for each in expected
        ], file
        for ours, theirs in zip(renamed, expected, strict=True):
            known = {key: text for key, text in theirs.annotations.items() if key in annotations}
            assert known.items() <= ours.annotations.items(), file


def vars_of(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__dataclass_fields__}


def test_the_items_of_a_list_share_what_is_beside_it() -> None:
    body = {
        "site": "paris",
        "region": "eu",
        "service": "shop",
        "checks": [
            probe(level=5, tags={"rack": 7, "odd": [1]}, url="https://probe.test/1", since=1795010771),
            probe(host="web-2", state="okay", service="pay", url="javascript:alert(1)"),
            probe(host="web-3", state="UNKNOWN"),
        ],
    }

    first, second = read(PROBES, body)

    assert (first.fingerprint, first.summary, first.status) == ("paris/web-1/disk", "disk on web-1", AlertStatus.FIRING)
    assert first.labels == {"rack": "7", "region": "eu", "host": "web-1", "service": "shop", "severity": "critical"}
    assert first.generator_url == "https://probe.test/1"
    assert first.starts_at == datetime(2026, 11, 18, 14, 6, 11, tzinfo=UTC)
    assert (second.status, second.service, second.labels["severity"]) == (AlertStatus.RESOLVED, "pay", "warning")
    assert second.generator_url is None


def test_a_body_whose_alerts_change_nothing_is_answered_with_a_note() -> None:
    batch = described(PROBES).parse({"site": "paris", "checks": [probe(state="unknown")]}, NOW)

    assert (batch.events, batch.note) == ((), "Ignored: by its status this message changes nothing.")
    assert described(PROBES).parse({"checks": []}, NOW).events == ()


@pytest.mark.parametrize(
    ("body", "field", "problem"),
    [
        ({"checks": [probe()]}, "/site", "reads the key there"),
        ({"site": 1, "checks": [probe(), probe(name=" ")]}, "/checks/1/name", "This is missing"),
        ({"site": 1, "checks": [probe(host=["a"])]}, "/checks/0/host", "a list is not a text"),
        ({"site": 1, "checks": [probe(state="gone")]}, "/checks/0/state", '"gone" is not a known status'),
        ({"site": 1, "checks": [probe(state="oky")]}, "/checks/0/state", "Did you mean `okay`?"),
        ({"site": 1, "checks": [probe(state=None)]}, "/checks/0/state", "reads the status there"),
        ({"site": 1, "checks": [probe(since="noon")]}, "/checks/0/since", "not an RFC 3339 time"),
        ({"site": 1, "checks": [probe(since=10**18)]}, "/checks/0/since", "does not exist"),
        ({"site": 1, "checks": [probe(tags="x")]}, "/checks/0/tags", "is not an object"),
        ({"site": 1, "checks": [5]}, "/checks/0/state", "This is missing"),
        ({"site": 1}, "/checks", "Send a list of alerts"),
        ({"site": 1, "checks": {}}, "/checks", "an object is not a list"),
        ([], "/checks", "Send a list of alerts"),
        ("text", "/checks", "This is missing"),
    ],
)
def test_a_body_that_lacks_something_is_refused_by_place(body: object, field: str, problem: str) -> None:
    with pytest.raises(Malformed) as refusal:
        described(PROBES).parse(body, NOW)

    assert refusal.value.field == field
    assert problem in refusal.value.message


def test_a_missing_field_with_alternatives_names_all_places() -> None:
    with pytest.raises(Malformed) as refusal:
        read('title = ["/a", "/b"]\nkey = "/id"', {"id": 1})

    assert refusal.value.message == (
        "/a: This is missing, nor anything at /b. [alerts.sources.acme] reads the title there. Send it, or correct "
        "`title` in dogwatch.toml."
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-18T14:05:00", "2026-11-18T14:05:00+00:00"),
        ("1795010700", "2026-11-18T14:05:00+00:00"),
        ("1795010700.5", "2026-11-18T14:05:00.500000+00:00"),
        ("1795010700500", "2026-11-18T14:05:00.500000+00:00"),
    ],
)
def test_times_are_rfc_3339_or_unix_times(text: str, expected: str) -> None:
    place = '"{/at}Z"' if "T" in text else '"/at"'
    (event,) = read(f'title = "/t"\nkey = "/t"\nstarted_at = {place}', {"t": "x", "at": text})

    assert event.starts_at.isoformat() == expected


def test_without_a_status_an_alert_fires_until_it_has_an_end() -> None:
    text = 'title = "/t"\nkey = "/t"\nended_at = "/end"\nitems = ""'
    firing, ended = read(text, [{"t": "a", "end": None}, {"t": "b", "end": "2026-11-18T14:00:00Z"}])

    assert (firing.status, ended.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("/a~1b", 1),
        ("/m~0n", 2),
        ("/list/1/x", 3),
        ("/list/01/x", None),
        ("/list/-", None),
        ("/list/9", None),
        ("/", 4),
        ("/~01", 5),
        ("/list/1/x/y", None),
        ("/__class__", None),
    ],
)
def test_pointers_are_those_of_rfc_6901(pointer: str, found: object) -> None:
    document = {"a/b": 1, "m~n": 2, "list": [0, {"x": 3}], "": 4, "~1": 5}

    assert parse_pointer(pointer).find(document) == found
    assert str(parse_pointer(pointer)) == pointer


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("title", "has to begin with /"),
        ("", "The pointer is empty"),
        ("/a~2", "write ~0 for ~"),
        ("{/a} {", "single brace"),
        ("{a}", "has to begin with /"),
        ("{/a.__class__}{}", "The pointer is empty"),
        ([], "Give 1 to 10"),
        ([1], "in quotation marks"),
        (5, "in quotation marks"),
        ({}, "`from` is missing"),
        ({"form": "/a"}, "Did you mean `from`?"),
        ({"from": "/a", "default": 5}, "must be a text"),
        ({"from": "/a", "values": {"A": "x", "a": "y"}}, "differ in case only"),
        ({"from": "/a", "values": ["x"]}, "must be a table"),
        ("/" + "a" * 1_000, "up to 1000 characters"),
    ],
)
def test_a_field_that_cannot_be_read_is_refused(field: object, problem: str) -> None:
    with pytest.raises(AdapterSyntax) as refusal:
        parse_field(field)

    assert problem in refusal.value.message


NAMES = ("checks", "name", "host", "state", "since", "alerts", "labels", "status", "id", "title")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner),
)


@given(JSON)
def test_any_body_is_read_or_refused_by_place(body: object) -> None:
    for text in (PROBES, *DESCRIPTIONS.values()):
        try:
            described(text).parse(body, NOW)
        except Malformed as problem:
            refused = problem
            assert refused.field.startswith("/")


@given(st.text() | st.lists(st.text()) | st.dictionaries(st.text(), st.text()))
def test_any_field_is_read_or_refused(value: object) -> None:
    try:
        shown = str(parse_field(value))
    except AdapterSyntax as problem:
        shown = problem.message
    assert shown


def test_the_description_of_the_documentation_reads_its_body() -> None:
    page = (Path(__file__).parents[3] / "docs/alerts/adapters.md").read_text()
    body = page.split("```json\n")[1].split("```")[0]
    tables = [tomllib.loads(part.split("```")[0])["alerts"]["sources"] for part in page.split("```toml\n")[1:]]
    acme = AdapterSection.model_validate(tables[0]["acme"])
    source = find_source("acme", AlertsSection(sources={"acme": acme}))
    assert source is not None

    (event,) = source.parse_body(body.encode(), NOW).events
    (expected,) = SOURCES["new-relic"].parse(json.loads(body), NOW).events

    assert replace(event, source="new-relic", group=expected.group) == expected
    assert event.group == expected.group.replace("new-relic:", "acme:", 1)
    assert AdapterSection.model_validate(tables[1]["probe-farm"]).items is not None
