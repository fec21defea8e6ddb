"""Forged requests of Slack and monitors: refused, counted, logged without secrets."""

import base64
import gzip
import hashlib
import hmac
import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.config import Settings, load
from bot.sources import SOURCES
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.requests.strangers import (
    FORM,
    SIGNATURE,
    TIMESTAMP,
    Headers,
    channel_id,
    command,
    counted,
    interaction,
    send,
    signed,
    to_slack,
)
from tests.support.worlds.world import TOKEN, World

SECRET = "the-secret-of-grafana-in-tests"


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    with capture_logs() as entries:
        yield entries


def without(headers: Headers, name: str) -> Headers:
    return [each for each in headers if each[0] != name]


def forgeries(world: World) -> dict[str, tuple[bytes, Headers]]:
    body = command(world, "start forged")
    good = signed(body, world.sandbox.signing_secret, kind=FORM)
    (right,) = [value for name, value in good if name == SIGNATURE]
    old = signed(body, world.sandbox.signing_secret, kind=FORM, age=301)
    return {
        "wrong secret": (body, signed(body, "a secret that is not ours", kind=FORM)),
        "an empty secret": (body, signed(body, "", kind=FORM)),
        "six minutes old": (body, old),
        "from the future": (body, signed(body, world.sandbox.signing_secret, kind=FORM, age=-301)),
        "an old signature with a new time": (body, [*without(good, SIGNATURE), (SIGNATURE, dict(old)[SIGNATURE])]),
        "a new signature with an old time": (body, [*without(good, TIMESTAMP), (TIMESTAMP, dict(old)[TIMESTAMP])]),
        "altered": (body.replace(b"forged", b"altered"), good),
        "something behind it": (body + b"&text=more", good),
        "no signature": (body, without(good, SIGNATURE)),
        "no time": (body, without(good, TIMESTAMP)),
        "neither": (body, [("Content-Type", FORM)]),
        "the signature twice": (body, [*good, (SIGNATURE, right)]),
        "the time twice": (body, [*good, (TIMESTAMP, dict(good)[TIMESTAMP])]),
        "another version": (body, [*without(good, SIGNATURE), (SIGNATURE, right.replace("v0=", "v1="))]),
        "in upper case": (body, [*without(good, SIGNATURE), (SIGNATURE, right.upper())]),
        "half of it": (body, [*without(good, SIGNATURE), (SIGNATURE, right[:35])]),
        "empty": (body, [*without(good, SIGNATURE), (SIGNATURE, "")]),
        "a fraction of a second": (body, [*without(good, TIMESTAMP), (TIMESTAMP, dict(good)[TIMESTAMP] + ".5")]),
        "a huge time": (body, [*without(good, TIMESTAMP), (TIMESTAMP, "9" * 400)]),
        "no ascii": (body, [*without(good, SIGNATURE), (SIGNATURE, "v0=é")]),
    }


async def test_what_slack_did_not_sign_changes_nothing(world: World, logged: list[EventDict]) -> None:
    before, counts = await world.tables(), counted("dogwatch_requests", kind="slack", outcome="401")
    cases = forgeries(world)

    for name, (body, headers) in cases.items():
        answer = await send(world, "/slack/events", body, headers)
        assert (answer.status, bool(answer.json_body["error"])) == (401, True), name
        assert "forged" not in answer.text, "nothing of what was sent comes back"

    assert await world.tables() == before
    assert world.channels == []
    assert counted("dogwatch_requests", kind="slack", outcome="401") == counts + len(cases)
    refusals = [each for each in logged if each["event"] == "slack request refused"]
    assert [each["log_level"] for each in refusals] == ["warning"] * len(cases)
    assert world.sandbox.signing_secret not in str(logged)


async def test_a_signed_request_counts_once_however_often_it_is_replayed(world: World) -> None:
    """Within the five minutes in which its signature is right."""
    await world.declares()
    secret = world.sandbox.signing_secret
    requests = [(command(world, "start replayed", trigger="7.7.a"), FORM)]
    (card,) = world.sandbox.pins(world.channel)
    channel = {"id": channel_id(world)}
    team = {"id": world.sandbox.team_id}
    user = {"id": "U0DBA", "team_id": world.sandbox.team_id}
    lead = {"type": "button", "action_id": "incident_lead", "block_id": "b", "value": "1"}
    press = {
        "type": "block_actions",
        "team": team,
        "user": user,
        "actions": [lead],
        "trigger_id": "7.7.b",
        "channel": {"id": channel["id"]},
        "message": card,
    }
    requests.append((interaction(press), FORM))
    said = {
        "type": "event_callback",
        "team_id": world.sandbox.team_id,
        "event_id": "Ev77",
        "event": {
            "type": "message",
            "channel": channel["id"],
            "user": "U0DBA",
            "text": "replayed",
            "ts": "1772460000.000100",
        },
    }
    requests.append((json.dumps(said).encode(), "application/json"))
    headers = [signed(body, secret, kind=kind, age=100) for body, kind in requests]
    for (body, _), head in zip(requests, headers, strict=True):
        assert (await send(world, "/slack/events", body, head)).status == 200
    await world.finish()
    before, calls, audited = await world.tables(), len(world.sandbox.calls()), await world.audited()
    assert len(world.channels) == 2

    for (body, _), head in zip(requests, headers, strict=True):
        for _again in range(3):
            assert (await send(world, "/slack/events", body, head)).status == 200
    await world.finish()

    assert await world.tables() == before
    assert await world.audited() == audited
    assert len(world.sandbox.calls()) == calls


async def test_a_body_in_another_encoding_is_read_as_it_was_signed_or_refused(
    world: World, logged: list[EventDict]
) -> None:
    """
    Slack signs the bytes of the body.

    Decompressed bytes are the body; bytes that are not UTF-8 are refused.
    """
    body = command(world, "start packed", trigger="8.1")
    packed = gzip.compress(body)
    head = signed(body, world.sandbox.signing_secret, kind=FORM)
    wrong = [
        (b"no gzip at all", [*head, ("Content-Encoding", "gzip")], {400, 401}),
        (packed[:40], [*head, ("Content-Encoding", "gzip")], {400, 401}),
        (packed, [*head, ("Content-Encoding", "deflate")], {400, 401}),
        (packed, head, {401}),
        ("start".encode("utf-16"), signed("start".encode("utf-16"), world.sandbox.signing_secret, kind=FORM), {401}),
        (b"\xff\xfe", signed(b"\xff\xfe", world.sandbox.signing_secret), {401}),
    ]
    before = await world.tables()

    for sent, headers, statuses in wrong:
        assert (await send(world, "/slack/events", sent, headers)).status in statuses, sent[:20]
    assert await world.tables() == before
    assert [each for each in logged if each["log_level"] in {"error", "critical"}] == []

    charset = signed(body, world.sandbox.signing_secret, kind=f"{FORM}; charset=utf-16")
    assert (await send(world, "/slack/events", body, charset)).status == 200
    await world.finish()
    assert world.channels == ["inc-1-packed"], "read as UTF-8, whatever the header says"


@pytest.mark.parametrize("path", ["/slack/events", "/alerts/generic"])
@pytest.mark.parametrize("encoding", ["zstd", "br", "gzip, br", "no such thing"])
async def test_a_body_packed_in_an_unknown_way(
    world: World, logged: list[EventDict], caplog: pytest.LogCaptureFixture, path: str, encoding: str
) -> None:
    """From strangers, too: words, and no traceback for each."""
    body, packed = b"(\xb5/\xfd whatever", [("Content-Encoding", encoding)]
    answer = await send(world, path, body, packed)

    assert answer.status == 401, "who proves nothing learns nothing else"
    assert answer.json_body["ok"] is False
    proof = signed(body, "any secret") if path == "/slack/events" else [("Authorization", f"Bearer {TOKEN}")]
    answer = await send(world, path, body, [*proof, *packed])
    assert answer.status == 415
    assert "gzip" in answer.json_body["error"]
    assert "Traceback" not in caplog.text
    assert [each for each in logged if each["log_level"] in {"error", "critical"}] == []


async def test_a_packed_body_is_read(world: World) -> None:
    body = json.dumps({"title": "packed", "description": "x" * 200_000}).encode()
    proof = ("Authorization", f"Bearer {TOKEN}")

    for encoding, packed in (("gzip", gzip.compress(body)), ("deflate", zlib.compress(body)), ("identity", body)):
        assert (await send(world, "/alerts/generic", packed, [proof, ("Content-Encoding", encoding)])).status == 200
    more = await send(world, "/alerts/generic", gzip.compress(body) + b"more", [proof, ("Content-Encoding", "gzip")])
    assert more.status == 400


async def test_a_small_body_that_unpacks_to_a_huge_one(world: World) -> None:
    bomb = gzip.compress(b'{"title": "' + b"x" * 50_000_000 + b'"}')
    assert len(bomb) < 1_000_000
    proof = [("Authorization", f"Bearer {TOKEN}"), ("Content-Encoding", "gzip")]

    answer = await send(world, "/alerts/generic", bomb, proof)

    assert answer.status in {400, 413}
    assert world.channels == []
    assert (await world.posts("generic", {"title": "the next one"}))[0] == 200


async def test_a_payload_of_another_workspace_is_answered_and_not_carried_out(
    world: World, logged: list[EventDict]
) -> None:
    """People of a shared channel see our buttons; their requests have our app's signature."""
    await world.declares()
    (card,) = world.sandbox.pins(world.channel)
    before, counts = await world.tables(), counted("dogwatch_refused_persons", why="another workspace")
    other, user = {"id": "T0OTHER"}, {"id": "U0STRANGER", "team_id": "T0OTHER"}
    button = {"type": "button", "action_id": "incident_lead", "block_id": "b", "value": "1"}
    values = {"text": {"text": {"type": "plain_text_input", "value": "it works"}}}
    view = {
        "id": "V1",
        "type": "modal",
        "callback_id": "incident_resolve",
        "private_metadata": '{"incident": 1}',
        "blocks": [],
        "state": {"values": values},
    }
    channel = {"id": channel_id(world)}
    payloads = [
        command(world, "start ours now", user="U0STRANGER", team_id="T0OTHER"),
        command(world, "severity 4", user="U0STRANGER", team_id="T0OTHER", channel_id=channel["id"]),
        interaction(
            {
                "type": "block_actions",
                "team": other,
                "user": user,
                "actions": [button],
                "trigger_id": "1.2",
                "channel": channel,
                "message": card,
            }
        ),
        interaction({"type": "view_submission", "team": other, "user": user, "view": view, "trigger_id": "1.3"}),
        interaction(
            {
                "type": "message_action",
                "callback_id": "open_incident",
                "team": other,
                "user": user,
                "message": {"ts": card["ts"], "text": "x"},
                "channel": channel,
                "trigger_id": "1.4",
            }
        ),
    ]
    said = {"type": "message", "channel": channel["id"], "user": "U0STRANGER", "text": "x", "ts": "1772460000.000200"}
    event = {"type": "event_callback", "team_id": "T0OTHER", "event_id": "Ev1", "event": said}

    answers = [await to_slack(world, body, kind=FORM) for body in payloads]
    heard = await to_slack(world, json.dumps(event).encode())

    assert [each.status for each in (*answers, heard)] == [200] * 6
    assert "other workspaces cannot use commands" in answers[0].text
    assert "other workspaces cannot use commands" in answers[1].text
    assert answers[3].json_body["response_action"] == "errors"
    assert await world.tables() == before
    assert len(world.channels) == 1
    assert world.sandbox.calls("views.open") == []
    assert counted("dogwatch_refused_persons", why="another workspace") == counts + 6
    assert sum(each["event"] == "payload of another workspace refused" for each in logged) == 6


async def test_a_message_of_a_partner_in_a_shared_channel_is_ours(world: World) -> None:
    """The event names the workspace of origin, its authorization the one that receives it."""
    await world.declares()
    event = {
        "type": "event_callback",
        "team_id": "T0OTHER",
        "event_id": "Ev2",
        "authorizations": [{"team_id": world.sandbox.team_id, "enterprise_id": None, "is_enterprise_install": False}],
        "event": {
            "type": "message",
            "channel": channel_id(world),
            "user": "U0PARTNER",
            "text": "our side is fine",
            "ts": "1772460000.000300",
        },
    }

    assert (await to_slack(world, json.dumps(event).encode())).status == 200

    assert "our side is fine" in await world.stored()


# --- monitors


def bearer(token: str) -> str:
    return f"Bearer {token}"


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"monitor:{password}".encode()).decode()


WRONG: list[str | None] = [
    None,
    "",
    "Bearer",
    "Bearer ",
    bearer("wrong"),
    bearer(TOKEN + "x"),
    bearer(TOKEN[:-1]),
    bearer(TOKEN.upper()),
    bearer(f"{TOKEN} {TOKEN}"),
    basic("wrong"),
    basic(""),
    "Basic !!!",
    f"Digest {TOKEN}",
    TOKEN,
]


async def test_an_alert_without_the_right_token_changes_nothing(world: World, logged: list[EventDict]) -> None:
    before, payload = await world.tables(), json.dumps(a_notification(an_alert(at=world.now))).encode()
    counts = {name: counted("dogwatch_requests", kind=f"alerts/{name}", outcome="401") for name in SOURCES}

    for source in counts:
        for proof in WRONG:
            headers = [("Authorization", proof)] if proof is not None else []
            answer = await send(world, f"/alerts/{source}", payload, headers)
            assert answer.status == 401, (source, proof)
            assert TOKEN not in answer.text

    assert await world.tables() == before
    for name, count in counts.items():
        assert counted("dogwatch_requests", kind=f"alerts/{name}", outcome="401") == count + len(WRONG)
    assert sum(each["event"] == "alert webhook refused" for each in logged) == len(SOURCES) * len(WRONG)
    assert TOKEN not in str(logged)


class Signed(World):
    """Grafana signs, and its source has a token of its own, which then is no substitute."""

    def settings(self) -> Settings:
        own = {"DOGWATCH_ALERT_SECRET_GRAFANA": SECRET, "DOGWATCH_ALERT_TOKEN_GRAFANA": "token-of-grafana-alone"}
        return load(self.environment() | own)


def grafana(body: bytes, *, secret: str = SECRET, age: float = 0) -> Headers:
    stamp = str(int(datetime.now(UTC).timestamp() - age))
    sign = hmac.new(secret.encode(), f"{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return [("X-Grafana-Alerting-Signature", sign), ("X-Grafana-Alerting-Timestamp", stamp)]


async def test_an_alert_that_grafana_did_not_sign_changes_nothing(tmp_path: Path) -> None:
    async with Signed(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as world:
        before = await world.tables()
        body = json.dumps(a_notification(an_alert(at=world.now))).encode()
        cases: list[tuple[bytes, Headers]] = [
            (body, grafana(body, secret="another secret")),
            (body, grafana(body, age=330)),
            (body, grafana(body, age=-3_600)),
            (body.replace(b"HighCPU", b"Altered"), grafana(body)),
            (body, [("Authorization", f"Bearer {TOKEN}")]),
            (body, [("Authorization", "Bearer token-of-grafana-alone")]),
            (body, []),
        ]

        for sent, headers in cases:
            assert (await send(world, "/alerts/grafana", sent, headers)).status == 401, headers
        assert await world.tables() == before

        head = grafana(body, age=200)
        assert (await send(world, "/alerts/grafana", body, head)).status == 200
        await world.finish()
        assert len(world.channels) == 1
        for _again in range(3):
            assert (await send(world, "/alerts/grafana", body, head)).status == 200
        await world.finish()
        assert len(world.channels) == 1, "a replay opens nothing"
