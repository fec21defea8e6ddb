"""One plain JSON object is an alert."""

from datetime import UTC, datetime

import pytest

from bot.domain.terms import AlertStatus, Precision
from bot.sources import SOURCES, Malformed

NOW = datetime(2026, 11, 18, 14, 6, tzinfo=UTC)


def parse(payload):
    return SOURCES["generic"].parse(payload, NOW).events


def parse_one(**fields):
    (event,) = parse({"title": "Checkout is down", **fields})
    return event


def test_a_title_is_enough():
    event = parse_one()

    assert (event.name, event.summary, event.status) == ("Checkout is down", "Checkout is down", AlertStatus.FIRING)
    assert (event.starts_at, event.starts_at_precision) == (NOW, Precision.APPROXIMATE)
    assert event.group == "generic:service=,alertname=Checkout is down"


def test_every_field_has_its_place():
    event = parse_one(
        status="firing",
        service="checkout",
        severity="critical",
        description="8.1% of payments fail",
        labels={"region": "eu1", "shard": 3, "canary": False, "gone": None},
        group="payments",
        id="probe-7",
        starts_at="2026-11-18T14:05:30Z",
        url="https://probe.example.test/7",
    )

    assert event.labels == {
        "region": "eu1",
        "shard": "3",
        "canary": "false",
        "service": "checkout",
        "severity": "critical",
    }
    assert event.annotations == {"summary": "Checkout is down", "description": "8.1% of payments fail"}
    assert (event.fingerprint, event.group, event.service) == ("probe-7", "generic:payments", "checkout")
    assert event.starts_at == datetime(2026, 11, 18, 14, 5, 30, tzinfo=UTC)
    assert event.generator_url == "https://probe.example.test/7"


@pytest.mark.parametrize("payload", [[{"title": "a"}, {"title": "b"}], {"alerts": [{"title": "a"}, {"title": "b"}]}])
def test_several_come_in_a_list_or_under_alerts(payload):
    assert [event.name for event in parse(payload)] == ["a", "b"]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        *[(word, AlertStatus.FIRING) for word in ("firing", " Alerting", "Re-No Data", "Warn", "PROBLEM", "down")],
        *[(word, AlertStatus.RESOLVED) for word in ("OK", "Recovered", "RECOVERY", "up", "ALERT_RECOVERY")],
    ],
)
def test_states_have_more_than_one_word(word, status):
    assert parse_one(status=word).status is status


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"state": "CLOSED"}, AlertStatus.RESOLVED),
        ({"state": "ACTIVATED"}, AlertStatus.FIRING),
        ({"state": "Bavaria"}, AlertStatus.FIRING),
        ({"state": {"name": "closed"}}, AlertStatus.FIRING),
        ({"state": "closed", "status": "firing"}, AlertStatus.FIRING),
        ({"state": "Bavaria", "ends_at": "2026-11-18T14:05:30Z"}, AlertStatus.RESOLVED),
    ],
    ids=str,
)
def test_a_state_counts_where_it_says_one_and_no_status_does(fields, status):
    assert parse_one(**fields).status == status


def test_an_end_alone_resolves_it():
    event = parse_one(starts_at="2026-11-18T13:00:00Z", ends_at="2026-11-18T13:30:00Z")

    assert event.status is AlertStatus.RESOLVED
    assert event.ends_at == datetime(2026, 11, 18, 13, 30, tzinfo=UTC)


def test_the_computed_fingerprint_outlives_what_changes_until_it_is_resolved():
    first = parse_one(service="checkout", description="8.1%", hosts=["a"], starts_at="2026-11-18T14:05:30Z")
    last = parse_one(service="checkout", description="0.2%", hosts=["a", "b"], status="resolved")

    assert first.fingerprint == last.fingerprint


@pytest.mark.parametrize("change", [{"service": "search"}, {"labels": {"a": "b"}}, {"group": "g"}, {"title": "Other"}])
def test_the_computed_fingerprint_tells_alerts_apart(change):
    assert parse_one().fingerprint != parse_one(**change).fingerprint


@pytest.mark.parametrize(("value", "fingerprint"), [("abc", "abc"), (7, "7"), (["a", "b"], "a/b")])
def test_a_stated_fingerprint_is_kept(value, fingerprint):
    assert parse_one(fingerprint=value).fingerprint == fingerprint


@pytest.mark.parametrize("empty", ["", [], None])
def test_an_empty_fingerprint_is_none(empty):
    assert parse_one(fingerprint=empty).fingerprint == parse_one().fingerprint


def test_names_that_gitlab_reads_are_read_too():
    event = parse_one(
        start_time="2026-11-18T14:05:30Z",
        end_time="2026-11-18T14:05:50Z",
        hosts=["checkout-1", "checkout-2"],
        monitoring_tool="probe",
        gitlab_environment_name="production",
        psp={"name": "payplug"},
    )

    assert event.labels == {"monitoring_tool": "probe", "environment": "production", "hosts": "checkout-1, checkout-2"}
    assert (event.starts_at.second, event.ends_at and event.ends_at.second) == (30, 50)


@pytest.mark.parametrize(
    ("payload", "field", "says"),
    [
        ({}, "title", "This is missing"),
        ({"title": " "}, "title", "This is missing"),
        ({"event": {}, "id": None, "who": 1}, "title", "Present: event, who."),
        ({"title": "a", "starts_at": 1763647200}, "starts_at", "1763647200 is not an RFC 3339 time. Use one like"),
        ({"title": 7}, "title", "7 is not a text"),
        ("x", "the body", "is not an object"),
        ([7], "[0]", "is not an object"),
        ({"alerts": [{"title": "a"}, {}]}, "alerts[1].title", "This is missing"),
        ({}, "title", "This is missing. Send a short text"),
        ({"drill": True}, "title", "Present: drill."),
        ({"title": " \u200b\u2800 "}, "title", "This is missing"),
        ({"title": "a", "status": "resolve"}, "status", "Did you mean `resolved`?"),
        ({"title": "a", "labels": {"b": []}}, "labels.b", "a list is not a text"),
        ({"title": "a", "hosts": [{}]}, "hosts", "an object is not a text"),
        ({"title": "a", "starts_at": "14:05"}, "starts_at", "RFC 3339"),
        ({"alerts": [], "groupKey": "{}"}, "groupKey", "/alerts/alertmanager"),
    ],
)
def test_a_wrong_shape_is_refused_by_field(payload, field, says):
    with pytest.raises(Malformed) as refusal:
        parse(payload)

    assert refusal.value.field == field
    assert says in refusal.value.message
