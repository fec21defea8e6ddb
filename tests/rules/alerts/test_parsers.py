"""Payloads of real monitors, and variations of them: parsed or refused."""

import copy
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts.events import Credentials
from bot.domain.terms import AlertStatus, Precision
from bot.sources import SOURCES, AlertRequest, Malformed, Unauthorized, decode
from bot.sources.alertmanager import compute_fingerprint
from tests.support.servers import requirements as needs

NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
TOKEN = "example-token"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:dogwatch-alarms"
CERTIFICATE_ADDRESS = (
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
)


@pytest.fixture(scope="module")
def samples() -> Path:
    return needs.conformance_data() / "alerts"


@pytest.fixture(scope="module")
def sent(samples) -> list[dict[str, Any]]:
    """The requests of the reference data that have a body."""
    requests = json.loads((samples / "requests.json").read_text())["requests"]
    return [each for each in requests if each["file"]]


def source_of(request):
    return SOURCES[request["endpoint"] or request["source"]]


def credentials_of(samples, request):
    """The secrets of the reference data."""
    tokens = (TOKEN, "example-password", "dogwatch-example-honeycomb")
    secrets = (request["secret"],) if request.get("secret") else ()
    certificates = {CERTIFICATE_ADDRESS: (samples / "sns-signing-cert.pem").read_bytes()}
    return Credentials(tokens, secrets, topics=(TOPIC,), certificates=certificates)


def moment(text):
    """By `datetime.fromisoformat`, which truncates to microseconds, as the parser does."""
    return datetime.fromisoformat(text).astimezone(UTC)


def read_request(samples, request):
    """The alerts of a request that proves itself."""
    source, received_at = source_of(request), moment(request["received_at"])
    body, headers = (samples / request["file"]).read_bytes(), dict(request["headers"])
    if "query" in request:
        headers["Authorization"] = f"Bearer {request['query'].partition('=')[2]}"
    source.verify(headers, body, credentials_of(samples, request), now=received_at)
    return source.parse(source.read(AlertRequest(headers, body)), received_at)


def test_every_sample_proves_itself_and_reads_as_it_should(samples, sent):
    assert len(sent) == 90
    for request in sent:
        batch = read_request(samples, request)

        expected = [each for each in request["expected"]["alerts"] if each["state"] != "unchanged"]
        read = [_read(event) for event in batch.events]
        assert read == [
            _expected(each, event, moment(request["received_at"]))
            for each, event in zip(expected, batch.events, strict=True)
        ], request["file"]


def _read(event):
    return {
        "fingerprint": event.fingerprint,
        "state": event.status.value,
        "started_at": event.starts_at,
        "ended_at": event.ends_at,
        "test": event.is_test,
        "name": event.labels.get("alertname"),
    }


def _expected(each, event, received_at):
    """
    What the reference data says; the time of receipt where it states no time.

    It replaces 1970 in a test, and a time of a zone that the sender does not name. An end has the earlier of both.
    """
    not_stated = not each["started_at"] or each["started_at"].startswith("1970") or "zone" in each
    is_resolved = each["state"] == "resolved"
    ended_at = moment(each["ended_at"]) if each["ended_at"] else received_at if is_resolved else None
    started_at = ended_at or received_at if not_stated else moment(each["started_at"])
    assert event.fingerprint != each.get("not_fingerprint")
    return {
        "fingerprint": each["fingerprint"] or event.fingerprint,
        "state": each["state"],
        "started_at": started_at,
        "ended_at": ended_at,
        "test": each.get("test", False),
        "name": each.get("name", event.labels.get("alertname")),
    }


def test_an_alert_without_a_fingerprint_gets_the_same_one_forever(samples, sent):
    (request,) = (each for each in sent if each["file"] == "gitlab-style-minimal.json")

    assert read_request(samples, request).events[0].fingerprint == "7ac2259c1e658c92813f2515eb9313b0"


def test_every_sample_that_must_be_refused_is(samples):
    refused = json.loads((samples / "requests.json").read_text())["refused"]
    assert len(refused) == 15
    for request in refused:
        with pytest.raises((Unauthorized, Malformed)) as refusal:
            read_request(samples, {"received_at": "2026-11-18T14:06:40Z", **request})

        assert TOKEN not in refusal.value.message, request["why"]


def read_alertmanager(samples, name):
    return SOURCES["alertmanager"].parse(decode((samples / name).read_bytes()), NOW)


def test_fingerprints_are_computed_as_alertmanager_does(samples):
    for path in [*samples.glob("0[1-9]*.json"), *samples.glob("10*.json")]:
        for alert in json.loads(path.read_text())["alerts"]:
            assert compute_fingerprint(alert["labels"]) == alert["fingerprint"]


def test_a_group_keeps_its_key_whatever_of_it_is_told(samples):
    told = [read_alertmanager(samples, name) for name in ("02-firing-grouped-three.json", "04-resolved-all.json")]

    assert {event.group for batch in told for event in batch.events} == {
        'alertmanager:{}:{alertname="HighCPU", cluster="eu1"}'
    }


def test_firing_again_with_the_old_start_is_the_same_occurrence(samples):
    first, again = (
        read_alertmanager(samples, name).events[0] for name in ("01-firing-single.json", "05-flap-refiring.json")
    )

    assert (first.fingerprint, first.occurrence) == (again.fingerprint, again.occurrence)
    assert first.occurrence == "2026-11-20T23:22:27.644393+00:00"


def test_how_many_were_not_named_is_kept(samples):
    assert read_alertmanager(samples, "06-truncated-max-alerts.json").truncated == 5
    assert read_alertmanager(samples, "02-firing-grouped-three.json").truncated == 0


def test_hostile_text_is_kept_as_it_was_sent(samples):
    (event,) = read_alertmanager(samples, "07-hostile-text.json").events

    assert event.labels["instance"] == "<!here>"
    assert event.summary.startswith("<!channel> *bold* <https://evil.test|click> {{7*7}}")


def test_an_alert_without_annotations_is_called_by_its_name(samples):
    (event,) = read_alertmanager(samples, "08-minimal-no-annotations.json").events

    assert (event.name, event.summary, event.service, event.generator_url) == ("Minimal", "Minimal", None, None)


def alertmanager_body(**changes):
    alert = {"status": "firing", "labels": {"alertname": "A"}, "startsAt": "2026-11-20T23:22:27Z", **changes}
    return {"alerts": [alert]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "the body"),
        ({}, "alerts"),
        ({"alerts": None}, "alerts"),
        ({"alerts": {}}, "alerts"),
        ({"alerts": ["x"]}, "alerts[0]"),
        ({"alerts": [{}, 1]}, "alerts[1]"),
        ({"alerts": [], "groupKey": 7}, "groupKey"),
        ({"alerts": [], "truncatedAlerts": "5"}, "truncatedAlerts"),
        ({"alerts": [], "truncatedAlerts": -1}, "truncatedAlerts"),
        ({"alerts": [], "truncatedAlerts": True}, "truncatedAlerts"),
        (alertmanager_body(status=None), "alerts[0].status"),
        (alertmanager_body(status="on fire"), "alerts[0].status"),
        (alertmanager_body(labels=[]), "alerts[0].labels"),
        (alertmanager_body(labels={"a": 1}), "alerts[0].labels.a"),
        (alertmanager_body(labels={"a\nb": 1}), 'alerts[0].labels."a\\nb"'),
        (alertmanager_body(annotations="x"), "alerts[0].annotations"),
        (alertmanager_body(startsAt="yesterday"), "alerts[0].startsAt"),
        (alertmanager_body(startsAt=1795011700), "alerts[0].startsAt"),
        (alertmanager_body(startsAt="2026-11-20T23:22:27"), "alerts[0].startsAt"),
        (alertmanager_body(startsAt="2026-02-30T23:22:27Z"), "alerts[0].startsAt"),
        (alertmanager_body(startsAt="9999-12-31T23:59:59-05:00"), "alerts[0].startsAt"),
        (alertmanager_body(endsAt="2026-11-20T25:00:00Z"), "alerts[0].endsAt"),
        (alertmanager_body(fingerprint=["x"]), "alerts[0].fingerprint"),
    ],
)
def test_a_wrong_shape_is_refused_by_field(body, field):
    with pytest.raises(Malformed) as refusal:
        SOURCES["alertmanager"].parse(body, NOW)

    assert refusal.value.field == field
    assert refusal.value.message.startswith(f"{field}: ")
    assert len(refusal.value.message) < 250


def test_the_message_shows_the_value_and_the_mend():
    with pytest.raises(Malformed) as refusal:
        SOURCES["alertmanager"].parse(alertmanager_body(startsAt="yesterday"), NOW)

    assert refusal.value.message == (
        'alerts[0].startsAt: "yesterday" is not an RFC 3339 time. Use one like 2026-11-18T14:05:30Z.'
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T23:22:27Z", datetime(2026, 11, 20, 23, 22, 27, tzinfo=UTC)),
        ("2026-11-20T23:22:27.123456789Z", datetime(2026, 11, 20, 23, 22, 27, 123456, tzinfo=UTC)),
        ("2026-11-20T23:22:27.5Z", datetime(2026, 11, 20, 23, 22, 27, 500_000, tzinfo=UTC)),
        ("2026-11-21T00:22:27+01:00", datetime(2026, 11, 20, 23, 22, 27, tzinfo=UTC)),
        ("2026-11-20t18:22:27-0500", datetime(2026, 11, 20, 23, 22, 27, tzinfo=UTC)),
        ("2026-11-20 23:22:27z", datetime(2026, 11, 20, 23, 22, 27, tzinfo=UTC)),
        ("2026-11-20T23:22:60Z", datetime(2026, 11, 20, 23, 22, 59, 999_999, tzinfo=UTC)),
    ],
)
def test_times_as_monitors_write_them(text, expected):
    (event,) = SOURCES["alertmanager"].parse(alertmanager_body(startsAt=text), NOW).events
    assert (event.starts_at, event.starts_at_precision) == (expected, Precision.EXACT)


@pytest.mark.parametrize("zero", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "", None])
def test_a_zero_time_is_no_time(zero):
    (event,) = SOURCES["alertmanager"].parse(alertmanager_body(startsAt=zero, endsAt=zero), NOW).events

    assert (event.starts_at, event.starts_at_precision, event.occurrence) == (NOW, Precision.APPROXIMATE, "")
    assert event.ends_at is None


def test_an_old_alert_stays_the_same_occurrence_each_time_it_is_repeated():
    """The start is too old to be displayed, but still identifies repetitions."""
    body = alertmanager_body(startsAt="2026-11-01T00:00:00Z")
    first, later = (SOURCES["alertmanager"].parse(body, at).events[0] for at in (NOW, NOW + timedelta(hours=4)))

    assert first.starts_at != later.starts_at
    assert first.occurrence == later.occurrence == "2026-11-01T00:00:00+00:00"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "/graph", ""])
def test_only_web_addresses_become_links(address):
    (event,) = SOURCES["alertmanager"].parse(alertmanager_body(generatorURL=address), NOW).events
    assert event.generator_url is None


def test_an_empty_notification_holds_nothing():
    assert SOURCES["alertmanager"].parse({"alerts": []}, NOW).events == ()


def test_the_old_body_of_grafana_is_named_as_such():
    with pytest.raises(Malformed, match="before version 9"):
        SOURCES["grafana"].parse({"ruleId": 1, "evalMatches": [{"value": 1}], "state": "alerting"}, NOW)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
KEYS = ["alerts", "labels", "annotations", "status", "startsAt", "endsAt", "fingerprint", "groupKey", "generatorURL"]
KEYS += [
    "state",
    "data",
    "attributes",
    "event",
    "event_type",
    "type",
    "alert",
    "action",
    "message",
    "alertId",
    "payload",
]
KEYS += ["payload", "summary", "source", "event_action", "dedup_key", "routing_key", "incident", "policy_name"]
KEYS += [
    "incident_id",
    "schemaId",
    "essentials",
    "heartbeat",
    "monitor",
    "name",
    "version",
    "specversion",
    "metric_alert",
    "issue",
]
KEYS += ["title", "hosts", "id", "starts_at", "end_time", "service", "url", "truncatedAlerts", "receiver"]
NEAR_VALUES = st.recursive(
    st.sampled_from(["firing", "resolved", "2026-11-20T23:22:27Z", "0001-01-01T00:00:00Z", "x"]) | JSON_VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=8),
    max_leaves=30,
)


def assert_sound_or_malformed(name, payload):
    try:
        batch = SOURCES[name].parse(payload, NOW)
    except Malformed as refusal:
        field = refusal.field
    else:
        field = "none"
        for event in batch.events:
            assert event.fingerprint
            assert event.group.startswith(name)
            assert event.starts_at.tzinfo is UTC
            assert (event.ends_at is None) is (event.status is AlertStatus.FIRING)
            assert all(isinstance(text, str) for pair in event.labels.items() for text in pair)
            assert all(isinstance(text, str) for pair in event.annotations.items() for text in pair)
    assert field


@given(st.sampled_from(sorted(SOURCES)), NEAR_VALUES)
def test_any_json_is_alerts_or_a_clear_refusal(name, payload):
    assert_sound_or_malformed(name, payload)


def draw_request(sent, data):
    """A request with JSON as its body, by its number: the values are large."""
    with_json = [each for each in sent if each["file"].endswith(".json")]
    return with_json[data.draw(st.integers(0, len(with_json) - 1))]


@given(st.data())
def test_a_real_payload_with_any_value_changed_is_alerts_or_a_clear_refusal(samples, sent, data):
    request = draw_request(sent, data)
    payload = json.loads((samples / request["file"]).read_text())
    holder, key = data.draw(st.sampled_from(list(_places(payload))))
    changed = copy.deepcopy(payload)
    target = changed
    for part in holder:
        target = target[part]
    target[key] = data.draw(JSON_VALUES)

    assert_sound_or_malformed(request["endpoint"] or request["source"], changed)


def _places(value, path=()):
    """(path of the holder, key) of each value inside."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield path, key
        yield from _places(value[key], (*path, key))


@given(st.data())
def test_a_real_payload_cut_at_any_byte_is_refused(samples, sent, data):
    request = draw_request(sent, data)
    body = (samples / request["file"]).read_bytes().rstrip()

    with pytest.raises(Malformed, match="JSON"):
        decode(body[: data.draw(st.integers(0, len(body) - 1))])
