"""An alert's own help: links and description, from annotations and a monitor's fields."""

import json
from datetime import UTC, datetime

import pytest

from bot.domain.alerts.links import AlertLink, LinkKind, find_description, find_images, find_links, replace_images
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", ()), (GRAPH, (GRAPH,)), (f"{GRAPH}  {DASHBOARD}\n{GRAPH}", (GRAPH, DASHBOARD)), ("graph.png file:///a", ())],
)
def test_graphs_of_an_alert(text, expected):
    assert find_images({"image_url": text}) == expected


@pytest.mark.parametrize(("newer", "expected"), [({"image_url": "b"}, {"image_url": "b"}), ({"value": "1"}, {})])
def test_a_later_firing_does_not_show_the_graph_of_an_earlier_one(newer, expected):
    assert replace_images({"summary": "Down", "image_url": "a"}, newer) == {"summary": "Down", **expected}


def read(source, body):
    return SOURCES[source].parse(body, NOW).events[0].annotations


def test_what_grafana_sends_beside_its_annotations(conformance):
    body = json.loads((conformance / "alerts" / "grafana-firing-2.json").read_text())

    annotations = read("grafana", body)

    assert annotations["runbook_url"] == "https://runbooks.example.test/payment-errors"
    assert annotations["dashboard_url"] == "https://grafana.example.test/d/checkoutpay?orgId=1"
    assert annotations["panel_url"] == "https://grafana.example.test/d/checkoutpay?orgId=1&viewPanel=2"
    assert annotations["image_url"] == "https://grafana.example.test/public/img/attachments/9f6f3b5a.png"
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


PAGERDUTY_EVENT = {
    "event_action": "trigger",
    "payload": {"summary": "Down", "source": "db-1"},
    "images": [{"src": GRAPH, "href": RUNBOOK}, "odd", {"src": DASHBOARD}, {"src": "javascript:alert(1)"}],
}
BETTER_STACK = {"name": "Checkout", "screenshot_url": GRAPH}
NEW_RELIC = {"id": "1", "state": "ACTIVATED", "title": "Down", "violationChartUrl": GRAPH}


@pytest.mark.parametrize(
    ("source", "body", "expected"),
    [
        ("generic", {"title": "Down", "image_url": GRAPH}, [GRAPH]),
        ("alertmanager", {"alerts": [{"status": "firing", "annotations": {"image_url": GRAPH}}]}, [GRAPH]),
        ("datadog", {"title": "[Triggered] Down", "snapshot": GRAPH}, [GRAPH]),
        ("datadog", {"title": "[Triggered] Down", "snapshot": "null"}, []),
        ("pagerduty", PAGERDUTY_EVENT, [GRAPH, DASHBOARD]),
        ("better-stack", {"event": "started", "data": {"id": "1", "attributes": BETTER_STACK}}, [GRAPH]),
        ("new-relic", NEW_RELIC, [GRAPH]),
    ],
)
def test_graphs_that_a_sender_links_to(source, body, expected):
    assert list(find_images(read(source, body))) == expected
