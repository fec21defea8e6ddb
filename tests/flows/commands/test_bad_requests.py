"""HTTP requests that are unsigned, malformed or unknown are refused, and nothing changes."""

import json
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.config import Settings
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.requests.strangers import (
    FORM,
    JSON,
    SIGNATURE,
    TIMESTAMP,
    Headers,
    command,
    errors_of,
    interaction,
    send,
    signed,
    to_slack,
)
from tests.support.worlds.world import TOKEN, World

DEEP = b"[" * 100_000 + b"]" * 100_000
MEGABYTES_6 = b'{"title": "' + b"x" * (6 * 1024 * 1024) + b'"}'


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    with capture_logs() as entries:
        yield entries


NO_PROOF: list[tuple[str | None, str]] = [
    (None, "no Authorization header"),
    ("Bearer wrong", "The token is wrong"),
    ("Bearer", "The token is wrong"),
    ("Basic !!!", "cannot be read"),
    (f"Digest {TOKEN}", "the wrong type"),
]


async def test_a_webhook_without_the_token(world: World, logged: list[EventDict]) -> None:
    before, payload = await world.tables(), a_notification(an_alert(at=world.now))

    for authorization, says in NO_PROOF:
        status, answer = await world.posts("alertmanager", payload, token=None, authorization=authorization)
        assert status == 401, authorization
        assert says in answer["error"]

    assert await world.tables() == before
    assert TOKEN not in str(logged)


WRONG_SHAPES = [
    ("alertmanager", {}, "alerts"),
    ("alertmanager", {"alerts": {}}, "alerts"),
    ("alertmanager", {"alerts": [{"status": "firing", "labels": {"a": 1}}]}, "alerts[0].labels.a"),
    ("alertmanager", {"alerts": [{"status": "on fire"}]}, "alerts[0].status"),
    ("alertmanager", {"alerts": [{"status": "firing", "startsAt": "yesterday"}]}, "alerts[0].startsAt"),
    ("alertmanager", [], "the body"),
    ("grafana", {"evalMatches": []}, "alerts"),
    ("generic", {"name": "no title"}, "title"),
    ("generic", [{"title": "fine"}, {"title": ""}], "[1].title"),
    ("generic", {"title": "x", "starts_at": "2026-03-02T14:00:00"}, "starts_at"),
    ("generic", {"title": "nul \x00 in it"}, "title"),
]

UNREADABLE: list[tuple[bytes, str]] = [
    (b"", "is empty"),
    (b"title=down", "not JSON"),
    (b'{"title": "caf\xe9"}', "not UTF-8"),
    (DEEP, "too deeply"),
    (b'{"title": ' + b"9" * 5_000 + b"}", "too long"),
    (b'{"title": "one", "title": "two"}', "is repeated in one object"),
    (b'{"title": NaN}', "NaN"),
]


async def test_a_webhook_of_the_wrong_shape_is_told_the_field(world: World) -> None:
    before = await world.tables()

    for source, payload, field in WRONG_SHAPES:
        status, answer = await world.posts(source, payload)
        assert (status, answer.get("field")) == (400, field)
        assert field in answer["error"]

    assert await world.tables() == before


async def test_a_webhook_whose_body_cannot_be_read(world: World, logged: list[EventDict]) -> None:
    before = await world.tables()

    for body, says in UNREADABLE:
        status, answer = await world.posts("generic", body)
        assert status == 400, body[:50]
        assert says in answer["error"]
        assert "field" not in answer or answer["field"]

    assert await world.tables() == before
    assert errors_of(logged) == []


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_webhook_of_6_mb(world: World, is_chunked: bool) -> None:
    before = await world.tables()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(MEGABYTES_6), 65_536):
            yield MEGABYTES_6[start : start + 65_536]

    status, answer = await world.posts("generic", pieces() if is_chunked else BytesIO(MEGABYTES_6))

    assert status == 413
    assert "larger than" in answer["error"]
    assert await world.tables() == before
    status, _ = await world.posts("generic", {"title": "the next one is heard"})
    assert status == 200


async def test_a_webhook_of_a_source_that_is_none(world: World) -> None:
    status, answer = await world.posts("nagios", {"title": "x"})

    assert status == 404
    assert "alertmanager" in answer["error"]


class Tokenless(World):
    def settings(self) -> Settings:
        return super().settings().model_copy(update={"alert_token": None})


async def test_without_a_configured_token_the_start_says_that_alerts_are_refused(
    tmp_path: Path, logged: list[EventDict]
) -> None:
    async with Tokenless(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as world:
        assert any("DOGWATCH_ALERT_TOKEN" in str(each) for each in logged)

        status, answer = await world.posts("generic", {"title": "x"}, token="")

        assert status == 401
        assert "DOGWATCH_ALERT_TOKEN" in answer["error"]
        assert world.channels == []


CHALLENGE = json.dumps({"type": "url_verification", "token": "t", "challenge": "c0ffee"}).encode()


def without(headers: Headers, name: str) -> Headers:
    return [each for each in headers if each[0] != name]


def forgeries(world: World) -> dict[str, tuple[bytes, Headers]]:
    body, secret = command(world, "start forged"), world.sandbox.signing_secret
    good = signed(body, secret, kind=FORM)
    return {
        "forged": (body, signed(body, "a secret that is not ours", kind=FORM)),
        "stale": (body, signed(body, secret, kind=FORM, age=301)),
        "from the future": (body, signed(body, secret, kind=FORM, age=-360)),
        "altered": (body.replace(b"forged", b"altered"), good),
        "no signature": (body, without(good, SIGNATURE)),
        "no timestamp": (body, without(good, TIMESTAMP)),
        "nothing": (body, [("Content-Type", FORM)]),
        "two signatures": (body, [*good, (SIGNATURE, "v0=00")]),
        "two timestamps": (body, [*good, (TIMESTAMP, "1")]),
        "not a number": (body, [*without(good, TIMESTAMP), (TIMESTAMP, "now")]),
        "negative": (body, [*without(good, TIMESTAMP), (TIMESTAMP, "-5")]),
        "other digits": (body, [*without(good, TIMESTAMP), (TIMESTAMP, "١٢٣")]),
        "huge": (body, [*without(good, TIMESTAMP), (TIMESTAMP, "9" * 400)]),
        "empty signature": (body, [*without(good, SIGNATURE), (SIGNATURE, "")]),
        "not ascii": (body, [*without(good, SIGNATURE), (SIGNATURE, "v0=é")]),
    }


async def test_what_slack_did_not_sign_is_refused(world: World, logged: list[EventDict]) -> None:
    before = await world.tables()

    for name, (body, headers) in forgeries(world).items():
        answer = await send(world, "/slack/events", body, headers)
        assert answer.status == 401, name
        assert answer.json_body["error"], name

    await world.settle()
    assert await world.tables() == before
    assert errors_of(logged) == []
    refusals = [each for each in logged if each["event"] == "slack request refused"]
    assert len(refusals) == len(forgeries(world))
    assert world.sandbox.signing_secret not in str(logged)


SIGNED_NONSENSE = [
    (b"{", JSON),
    (b"[]", JSON),
    (b'"text"', JSON),
    (b"payload=%7B", FORM),
    (b"payload=[]", FORM),
    (DEEP, JSON),
    (b'{"type": "event_callback", "authorizations": 5}', JSON),
    (b'{"type": "event_callback", "authorizations": ["x"]}', JSON),
]


async def test_what_slack_signed_and_nobody_can_read_is_a_bad_request(world: World, logged: list[EventDict]) -> None:
    for body, kind in SIGNED_NONSENSE:
        answer = await to_slack(world, body, kind=kind)
        assert answer.status == 400, body[:50]
        assert "JSON" in answer.text

    assert errors_of(logged) == []


async def test_a_body_that_is_too_large_for_slack(world: World) -> None:
    body = b'{"x": "' + b"x" * 1_100_000 + b'"}'

    assert (await to_slack(world, body)).status == 413


async def test_slacks_own_questions_are_answered(world: World) -> None:
    answer = await to_slack(world, CHALLENGE)
    assert (answer.status, answer.json_body["challenge"]) == (200, "c0ffee")
    assert await world.sandbox.verify_url()

    assert (await to_slack(world, b"ssl_check=1&token=t", kind=FORM)).status == 200


def filled(value: Any, known: dict[str, str], key: str = "") -> Any:
    """A shape with values in it: those of this world where the key says what it is."""
    if isinstance(value, dict):
        return {name: filled(each, known, name) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, known, key) for each in value]
    if not isinstance(value, str) or (value and not value.startswith("0000000000")):
        return value
    if key in known:
        return known[key]
    return known["ts"] if key.endswith("ts") else "filled"


def requests(folder: Path, world: World, ts: str) -> Iterator[tuple[str, bytes, str]]:
    """Name, body and content type of each payload of the reference data."""
    examples = json.loads((folder / "payload_examples.json").read_text())["examples"]
    events = json.loads((folder / "event_shapes.json").read_text())["events"]
    interactions = json.loads((folder / "interaction_shapes.json").read_text())["interactions"]
    channel = world.sandbox.channel(world.channel)["id"]
    known = {
        "ts": ts,
        "team_id": world.sandbox.team_id,
        "team": world.sandbox.team_id,
        "channel": channel,
        "channel_id": channel,
        "user": "U0ENGINEER",
        "user_id": "U0ENGINEER",
        "reaction": "mag",
    }
    for name, payload in examples.items():
        if name == "slash_command_urlencoded":
            yield name, payload.encode(), FORM
        elif name == "slash_command":
            yield name, urlencode(payload).encode(), FORM
        elif "event" in payload or payload.get("type") in {"url_verification", "app_rate_limited"}:
            yield name, json.dumps(payload).encode(), JSON
        elif name not in {"socket_mode", "http_headers"}:
            yield name, interaction(payload), FORM
    for name, shape in events.items():
        payload = {**filled(shape, known), "type": "event_callback", "event_id": f"Ev{name}"}
        yield f"event {name}", json.dumps(payload).encode(), JSON
    for name, shape in interactions.items():
        payload = filled(shape, known)
        if name == "SlashCommand":
            yield name, urlencode(payload).encode(), FORM
        else:
            yield f"interaction {name}", interaction(payload), FORM


async def test_everything_that_slack_may_send_is_acknowledged_each_time(
    world: World, conformance: Path, logged: list[EventDict]
) -> None:
    await world.declares()
    ts = await world.says("engineer", "hello")
    refusals: dict[str, Any] = {}
    names = []

    for name, body, kind in requests(conformance / "slack", world, ts):
        names.append(name)
        for delivery in ("first", "again"):
            del logged[:]
            answer = await to_slack(world, body, kind=kind)
            if answer.status != 200 or errors_of(logged):
                refusals[f"{name}, {delivery}"] = (answer.status, answer.text[:100], str(errors_of(logged))[:300])

    assert refusals == {}
    assert len(names) > 80


async def test_a_payload_that_names_no_team_or_user_is_acknowledged(world: World, logged: list[EventDict]) -> None:
    """Slack adds payload types, and counts errors as failures of the app."""
    before = await world.tables()
    payloads: list[tuple[bytes, str]] = [
        (json.dumps({"type": "event_callback", "event": {"type": "something_new"}}).encode(), JSON),
        (json.dumps({"type": "something_new"}).encode(), JSON),
        (interaction({"type": "something_new", "user": {"id": "U1"}}), FORM),
    ]

    answers = [(await to_slack(world, body, kind=kind)).status for body, kind in payloads]

    assert answers == [200] * len(payloads)
    assert await world.tables() == before
    assert errors_of(logged) == []


@pytest.mark.parametrize(
    ("path", "method", "status", "says"),
    [
        ("/alerts/nagios", "POST", 404, "send to /alerts/generic"),
        ("/alerts/generic/", "POST", 404, "Send alerts to /alerts/generic"),
        ("/alerts", "POST", 404, "Send alerts to /alerts/generic"),
        ("/alerts/generic", "GET", 405, "Use POST, PUT for this path, not GET."),
        ("/nothing", "GET", 404, "There is nothing at this path."),
    ],
)
async def test_a_wrong_path_is_answered_in_words(world: World, path: str, method: str, status: int, says: str) -> None:
    async with aiohttp.ClientSession() as http, http.request(method, f"{world.url}{path}") as got:
        answer = await got.json()
        assert (got.status, answer["ok"]) == (status, False)
        assert says in answer["error"]
        assert got.headers["X-Request-Id"]
        assert ("Allow" in got.headers) == (status == 405)
