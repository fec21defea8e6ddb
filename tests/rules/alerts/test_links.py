"""An alert's own help: links and description, from annotations and a monitor's fields."""

import json
from datetime import UTC, datetime

import pytest

from bot.domain.alerts.links import AlertLink, LinkKind, find_description, find_links
from bot.sources import SOURCES

NOW = datetime(2026, 11, 18, 14, 10, tzinfo=UTC)
RUNBOOK, DASHBOARD, GRAPH = "https://wiki.test/run", "https://grafana.test/d/1", "https://prometheus.test/graph"


@pytest.mark.parametrize(
    ("annotations", "source", "expected"),
    [
        ({}, None, []),
        ({}, GRAPH, [(LinkKind.SOURCE, GRAPH)]),
        (
            {"dashboard_url": DASHBOARD, "runbook_url": RUNBOOK},
            GRAPH,
            [(LinkKind.RUNBOOK, RUNBOOK), (LinkKind.DASHBOARD, DASHBOARD), (LinkKind.SOURCE, GRAPH)],
        ),
        ({"runbook": RUNBOOK}, None, [(LinkKind.RUNBOOK, RUNBOOK)]),
        ({"runbook_url": "", "runbook": RUNBOOK}, None, [(LinkKind.RUNBOOK, RUNBOOK)]),
        ({"runbook_url": "docs/checkout.md"}, None, []),
        ({"runbook_url": "javascript:alert(1)", "dashboard_url": "ftp://x.test"}, "file:///etc", []),
        ({"dashboard_url": GRAPH}, GRAPH, [(LinkKind.DASHBOARD, GRAPH)]),
    ],
)
def test_links_of_an_alert(annotations, source, expected):
    assert find_links(annotations, source) == tuple(AlertLink(kind, url) for kind, url in expected)


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({"summary": "Down", "description": "Since 5 minutes"}, "Since 5 minutes"),
        ({"summary": "Down", "description": "Down", "message": "See the log"}, "See the log"),
        ({"summary": "Down", "description": " Down "}, ""),
        ({}, ""),
    ],
)
def test_a_description_says_more_than_the_summary(annotations, expected):
    assert find_description(annotations) == expected


def read(source, body):
    return SOURCES[source].parse(body, NOW).events[0].annotations


def test_what_grafana_sends_beside_its_annotations(conformance):
    body = json.loads((conformance / "alerts" / "grafana-firing-2.json").read_text())

    annotations = read("grafana", body)

    assert annotations["runbook_url"] == "https://runbooks.example.test/payment-errors"
    assert annotations["dashboard_url"] == "https://grafana.example.test/d/checkoutpay?orgId=1"
    assert annotations["panel_url"] == "https://grafana.example.test/d/checkoutpay?orgId=1&viewPanel=2"
    assert annotations["value"] == "A=8.1, C=1"


def test_an_annotation_of_the_rule_goes_before_a_field():
    alert = {"status": "firing", "annotations": {"dashboard_url": RUNBOOK}, "dashboardURL": DASHBOARD, "values": None}

    assert read("grafana", {"alerts": [alert]}) == {"dashboard_url": RUNBOOK}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"runbook_url": RUNBOOK, "dashboard_url": DASHBOARD}, {"runbook_url": RUNBOOK, "dashboard_url": DASHBOARD}),
        ({"value": 0.12000000000000001}, {"value": "0.12"}),
        ({"value": 12_345_678}, {"value": "12345678"}),
        ({"value": {"errors": 3, "share": 0.5, "odd": None}}, {"value": "errors=3, share=0.5"}),
        ({"value": [1, 2]}, {}),
        ({"runbook_url": "javascript:alert(1)"}, {}),
    ],
)
def test_fields_of_the_generic_source(fields, expected):
    assert read("generic", {"title": "Down", **fields}) == {"summary": "Down", **expected}
