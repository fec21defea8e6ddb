"""Requests of monitors and clouds over HTTP, each with its own proof, as they were captured or documented."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.requests.senders import CONFIG, TOPIC, SenderWorld, bearer
from tests.support.requests.strangers import raw
from tests.support.worlds.world import TOKEN

pytestmark = pytest.mark.world(kind=SenderWorld, config=CONFIG)
STORED_ONLY = f"{CONFIG}\n[[routes]]\naction = 'attach'\n"
BASIC = f"Basic {base64.b64encode(f'dogwatch:{TOKEN}'.encode()).decode()}"
CLOCK = "2026-11-18T14:06:40Z"


def path_of(request: dict[str, Any]) -> str:
    query = request.get("query", "").replace("example-token", TOKEN)
    return f"{request['endpoint'] or request['source']}{'?' if query else ''}{query}"


def headers_of(request: dict[str, Any]) -> dict[str, str]:
    """The request's own, with our token in place of the example's."""
    headers = dict(request["headers"])
    if "Authorization" in headers:
        sent = headers["Authorization"]
        headers["Authorization"] = BASIC if sent.startswith("Basic") else sent.replace("example-token", TOKEN)
    return headers


async def plays(world: SenderWorld, folder: Path, request: dict[str, Any]) -> Any:
    """Send a request of the reference data at its clock."""
    body = (folder / request["file"]).read_bytes() if request["file"] else b""
    world.clock.signed_at = datetime.fromisoformat(request.get("received_at", CLOCK))
    try:
        return await world.sends(path_of(request), body, headers_of(request), method=request.get("method", "POST"))
    finally:
        world.clock.signed_at = None


@pytest.mark.parametrize(
    ("is_signed", "count"),
    [
        pytest.param(True, 23, marks=pytest.mark.world(config=STORED_ONLY)),
        pytest.param(False, 68, marks=pytest.mark.world(config=STORED_ONLY, is_signed=False)),
    ],
)
async def test_every_request_is_taken_once_with_its_own_proof(
    world: SenderWorld, conformance: Path, is_signed: bool, count: int
) -> None:
    """All 91 requests: the signed ones where the secrets are set, the others where they are not."""
    folder = conformance / "alerts"
    requests = json.loads((folder / "requests.json").read_text())["requests"]
    chosen = [each for each in requests if bool(each.get("secret")) is is_signed]
    wrong: list[tuple[Any, ...]] = []

    for request in chosen:
        expected = request["expected"]["alerts"]
        answer = await plays(world, folder, request)
        if not 200 <= answer.status < 300:
            wrong.append((request.get("file"), answer))
            continue
        stored = await world.alerts()
        source = path_of(request).partition("?")[0]
        last = {alert["fingerprint"]: alert["state"] for alert in expected if alert["fingerprint"]}
        for fingerprint, state in last.items():
            if state not in (stored.get((source, fingerprint)), "unchanged"):
                wrong.append((request["file"], state, stored))
        rows = await world.tables()
        again = await plays(world, folder, request)
        repeated = await world.tables()
        if again.status != answer.status or len(repeated["alert"]) != len(rows["alert"]):
            wrong.append((request.get("file"), "repeated", again))

    assert (len(requests), len(chosen)) == (91, count)
    assert wrong == []
    assert sum("ConfirmSubscription" in each for each in world.amazon.asked) == (0 if is_signed else 2)


COURSES = {
    "pagerduty": ("pagerduty-triggered", "pagerduty-acknowledged", "pagerduty-resolved"),
    "opsgenie": ("opsgenie-create", "opsgenie-acknowledge", "opsgenie-close"),
    "cloudevents": ("cloudevents-structured-firing", "cloudevents-structured-resolved"),
    "gcp-monitoring": ("gcp-monitoring-open", "gcp-monitoring-closed"),
    "azure-monitor": ("azure-monitor-fired", "azure-monitor-resolved"),
    "sns": ("sns-alarm", "sns-ok"),
    "datadog": ("datadog-triggered", "datadog-renotify", "datadog-recovered"),
    "new-relic": ("new-relic-activated", "new-relic-acknowledged", "new-relic-closed"),
    "zabbix": ("zabbix-problem", "zabbix-resolved"),
    "icinga": ("icinga-problem", "icinga-acknowledgement", "icinga-recovery"),
    "uptime-kuma": ("uptime-kuma-down", "uptime-kuma-up"),
    "healthchecks": ("healthchecks-down", "healthchecks-up"),
    "better-stack": ("better-stack-started", "better-stack-acknowledged", "better-stack-resolved"),
    "checkly": ("checkly-failure", "checkly-failure-remain", "checkly-recovery"),
}
"""Messages of one firing, in order."""


@pytest.mark.parametrize("order", ["with a replay", "backwards"])
@pytest.mark.world(config=STORED_ONLY, start=datetime(2026, 11, 18, 16, tzinfo=UTC))
async def test_a_late_or_replayed_message_fires_no_alert_that_has_ended(
    world: SenderWorld, conformance: Path, order: str
) -> None:
    folder = conformance / "alerts"
    requests = json.loads((folder / "requests.json").read_text())["requests"]
    by_file = {each["file"]: each for each in requests if each["file"]}

    for files in COURSES.values():
        played = [*files, *files[:-1]] if order == "with a replay" else list(reversed(files))
        answers = [await plays(world, folder, by_file[f"{name}.json"]) for name in played]
        assert {answer.status for answer in answers} == {200}, files

    assert await world.rows() == {source: ["resolved"] for source in COURSES}


@pytest.mark.world(config=STORED_ONLY)
async def test_every_forged_or_stale_request_is_refused_and_changes_nothing(
    world: SenderWorld, conformance: Path
) -> None:
    folder = conformance / "alerts"
    refused = json.loads((folder / "requests.json").read_text())["refused"]
    before = await world.tables()

    answers = [(request["why"], await plays(world, folder, request)) for request in refused]

    assert len(answers) == 15
    assert [(why, answer) for why, answer in answers if answer.status not in {400, 401}] == []
    assert all(answer.body["error"] and TOKEN not in str(answer.body) for _, answer in answers)
    assert await world.tables() == before


async def test_a_cloudevents_sender_asks_whether_it_may_send(world: SenderWorld) -> None:
    asked = await world.sends(
        "cloudevents", headers={"WebHook-Request-Origin": "monitor.example.test"}, method="OPTIONS"
    )
    elsewhere = await world.sends("datadog", headers={"WebHook-Request-Origin": "x"}, method="OPTIONS")

    assert (asked.status, asked.headers["WebHook-Allowed-Origin"]) == (200, "monitor.example.test")
    assert elsewhere.status == 405


async def test_a_letter_of_the_path_may_be_percent_encoded(world: SenderWorld) -> None:
    """RFC 3986, 6.2.2.2: it is the same path."""
    more = "Host: dogwatch\nConnection: close\nWebHook-Request-Origin: monitor.example.test\n"
    more += f"Authorization: GenieKey {TOKEN}\n"
    body = b'{"message": "Checkout answers with errors"}'

    asked = await raw(world, f"OPTIONS /alerts/%63loudevents HTTP/1.1\n{more}\n", [])
    taken = await raw(
        world, f"POST /%61lerts/%6fpsgenie/v2/alerts HTTP/1.1\n{more}Content-Length: {len(body)}\n\n", [body]
    )
    await world.settle()

    assert asked.startswith(b"HTTP/1.1 200 ")
    assert taken.startswith(b"HTTP/1.1 202 ")
    assert len(await world.alerts()) == 1


async def test_an_event_for_pagerduty_opens_an_incident_and_ends(world: SenderWorld) -> None:
    """Tools send it to PagerDuty's own paths, and are answered as PagerDuty answers."""
    event = {
        "routing_key": TOKEN,
        "event_action": "trigger",
        "dedup_key": "checkout/errors",
        "payload": {"summary": "Checkout answers with errors", "source": "web-1", "severity": "critical"},
    }

    taken = await world.sends("pagerduty/v2/enqueue", json.dumps(event).encode())
    acknowledged = await world.sends(
        "pagerduty/v2/enqueue", json.dumps({**event, "event_action": "acknowledge"}).encode()
    )
    end = {"routing_key": TOKEN, "event_action": "resolve", "dedup_key": "checkout/errors"}
    ended = await world.sends("pagerduty/v2/enqueue", json.dumps(end).encode())

    assert (taken.status, taken.body["status"], taken.body["dedup_key"]) == (202, "success", "checkout/errors")
    assert (acknowledged.status, ended.status) == (202, 202)
    assert await world.alerts() == {("pagerduty", "checkout/errors"): "resolved"}
    [alert] = (await world.exported())["alerts"]
    assert alert["labels"]["severity"] == "critical"
    assert "Checkout answers with errors" in world.card()


async def test_a_change_for_pagerduty_needs_the_token_of_changes(world: SenderWorld) -> None:
    change = {"routing_key": TOKEN, "payload": {"summary": "Build 3 deployed", "source": "ci"}}

    answer = await world.sends("pagerduty/v2/change/enqueue", json.dumps(change).encode())

    assert answer.status == 401
    assert "DOGWATCH_CHANGE_TOKEN" in str(answer.body)
    assert await world.alerts() == {}


async def test_an_alert_for_opsgenie_opens_an_incident_and_is_closed_by_its_alias(world: SenderWorld) -> None:
    key = {"Authorization": f"GenieKey {TOKEN}", "Content-Type": "application/json"}
    alert = {"message": "Checkout answers with errors", "alias": "checkout/errors", "priority": "P1"}

    taken = await world.sends("opsgenie/v2/alerts", json.dumps(alert).encode(), key)
    closed = await world.sends("opsgenie/v2/alerts/checkout%2Ferrors/close?identifierType=alias", b"{}", key)
    other = await world.sends("opsgenie/v2/alerts/1/close?identifierType=tiny", b"", key)

    assert (taken.status, taken.body["result"]) == (202, "Request will be processed")
    assert (closed.status, other.status, other.body["field"]) == (202, 400, "identifierType")
    assert await world.alerts() == {("opsgenie", "checkout/errors"): "resolved"}
    assert "Checkout answers with errors" in world.card()


async def test_a_token_in_the_address_is_read_only_where_the_sender_can_set_no_header(world: SenderWorld) -> None:
    body = json.dumps({"title": "Checkout is down"}).encode()

    assert (await world.sends(f"generic?token={TOKEN}", body)).status == 401
    assert (await world.sends(f"azure-monitor?token={TOKEN}x", body)).status == 401
    assert (await world.sends(f"azure-monitor?token={TOKEN}", body)).body["field"] == "schemaId"


@pytest.mark.parametrize("source", ["pagerduty", "sns"])
async def test_a_large_body_is_not_decoded_before_its_proof(world: SenderWorld, source: str) -> None:
    answer = await world.sends(source, b'{"a": "' + b"a" * 600_000 + b'"}')

    assert (answer.status, "512 KB" in answer.body["error"]) == (413, True)


async def test_amazon_is_asked_again_while_it_cannot_be_reached(world: SenderWorld, conformance: Path) -> None:
    folder = conformance / "alerts"
    requests = json.loads((folder / "requests.json").read_text())["requests"]
    confirmation = next(each for each in requests if each.get("file") == "sns-subscription-confirmation.json")
    world.amazon.fails = True

    away = await plays(world, folder, confirmation)
    world.amazon.fails = False
    back = await plays(world, folder, confirmation)

    assert (away.status, back.status) == (503, 200)
    assert back.body["note"] == "Subscription confirmed."
    assert TOPIC in world.amazon.asked[-1].replace("%3A", ":")


async def test_five_thousand_alerts_in_one_body_are_stored_or_refused(world: SenderWorld) -> None:
    events = [
        {
            "specversion": "1.0",
            "id": str(number),
            "source": "probe",
            "type": "alert.firing",
            "subject": f"disk {number}",
            "data": {"title": "Disk full", "group": "disks"},
        }
        for number in range(5000)
    ]

    answer = await world.sends("cloudevents", json.dumps(events).encode(), bearer())

    assert (answer.status, answer.body["recorded"]) == (200, 5000)
    assert answer.body["incidents"] == ["INC-1"]
