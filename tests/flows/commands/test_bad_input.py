"""Whatever is wrong with what comes in: the one who sent it is told what, and nothing is changed."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.config import Settings
from bot.sandbox.app_link.http import signature
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.world import TOKEN, World

DEEP = b"[" * 100_000 + b"]" * 100_000
MEGABYTES_6 = b'{"title": "' + b"x" * (6 * 1024 * 1024) + b'"}'


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    with capture_logs() as entries:
        yield entries


def errors_of(logged: list[EventDict]) -> list[EventDict]:
    return [each for each in logged if each["log_level"] in {"error", "critical"}]


async def refused(world: World, line: str, *, user: str = "oncall", channel: str | None = None) -> str:
    """Type what must be refused; returns what the person is told."""
    before, posted = await world.tables(), len(world.sandbox.calls())
    answer = await world.types(user, line, channel)
    assert answer, "a refusal says something"
    assert await world.tables() == before
    assert len(world.sandbox.calls()) == posted, "nobody else is told"
    return answer


# --- commands


REFUSED_COMMANDS = [
    ("/incident escalat @dba help", ["`escalat` is not a command", "Did you mean `escalate`?"]),
    ("/incident frobnicate", ["`frobnicate` is not a command", "`/incident help`"]),
    ("/incident severity 9", ["9", "SEV1"]),
    ("/incident severity sev33", ["sev33", "SEV1"]),
    ("/incident start checkout is down sev:critical", ["critical", "SEV1"]),
    ("/incident start sev:1", ["what is wrong"]),
    ('/incident start ""', ["what is wrong"]),
    ("/incident escalate @nobdy it burns", ["@nobdy", "Escalate to a person"]),
    ("/incident escalate @paymets it burns", ["@paymets", "Did you mean `payments`?"]),
    ("/incident lead @nobdy", ["nobdy"]),
    ("/incident start checkout is down tz:Europe/Pariss", ["Europe/Pariss", "Europe/Paris"]),
    ("/incident note at:25:99 it began", ["25:99"]),
    ("/incident note at:yesterdayish it began", ["yesterdayish"]),
    ("/incident note at:2031-01-01 12:00 it began", ["not happened yet"]),
    ("/incident start checkout is down at:2031-01-01 12:00", ["not happened yet"]),
    ("/incident resolve at:2031-01-01 12:00", ["not happened yet"]),
    ("/incident resolve at:2001-01-01 12:00", ["before the impact began"]),
    ("/incident ack", ["No escalation of this incident waits"]),
    ("/incident note", ["needs a text", "/incident note"]),
    ("/incident cancel", ["needs a reason"]),
    ("/incident redact", ["needs the link of a message, or an entry"]),
    ("/incident update", ["needs one of `investigating`"]),
    ("/incident update soon it is back", ["`soon` does not fit here", "`monitoring`"]),
    ("/incident help ntoe", ["`ntoe` is not a command. Did you mean `note`? `/incident help` lists them all."]),
    ("/incident reopen too early", ["It is investigating and not over"]),
    ("/incident note INC-99 hello", ["There is no INC-99"]),
    ("/incident status done", ["done"]),
    ("/incident status investigating", ["already", "nothing was changed"]),
    ("/incident severity SEV3", ["already", "nothing was changed"]),
    ("/incident help escalat", ["Did you mean `escalate`?"]),
    ("/incident postmortem template:clasic", ["clasic", "classic"]),
    ("/incident note kind:hypotesis it is DNS", ["hypotesis", "hypothesis"]),
    ("/incident impact users:120% everybody", ["120%"]),
]


async def test_a_command_that_cannot_be_carried_out_is_answered_in_words(world: World) -> None:
    """Nothing is changed, so one world is enough for all of them."""
    await world.declares()

    for line, says in REFUSED_COMMANDS:
        answer = await refused(world, line)
        for words in says:
            assert words.casefold() in answer.casefold(), line


async def test_resolving_twice(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident resolve fixed")
    await world.finish()

    answer = await refused(world, "/incident resolve fixed again")

    assert "resolved already" in answer
    assert "nothing was changed" in answer


async def test_outside_a_channel_the_incident_has_to_be_named(world: World) -> None:
    await world.declares()

    answer = await refused(world, "/incident note it began at the load balancer", channel="ops")

    assert "Which incident?" in answer


async def test_a_time_that_means_two_is_asked_about(world: World) -> None:
    await world.declares("checkout is down tz:Europe/Paris")

    answer = await refused(world, "/incident note at:14:05 CST it began")

    assert "press the one you mean" in answer
    assert "America/Chicago" in answer or "UTC-06" in answer or "Asia/Shanghai" in answer


async def test_a_form_refuses_at_its_field_and_keeps_what_was_typed(world: World) -> None:
    await world.declares()
    await world.presses("oncall", "incident_resolve")
    before = await world.tables()

    answer = await world.submits("oncall", text="fixed", at="soonish")

    assert answer.errors.keys() == {"at"}
    assert "soonish" in answer.errors["at"]
    assert await world.tables() == before
    (view,) = world.sandbox.views("oncall")
    assert view["state"]["values"]["text"]["text"]["value"] == "fixed"


async def test_a_reaction_to_the_bots_own_card_is_answered_in_a_whisper(world: World) -> None:
    await world.declares()
    (card,) = world.sandbox.pins(world.channel)
    before = await world.exported()

    await world.reacts("oncall", card["ts"], "mag")
    await world.finish()

    whisper = world.sandbox.ephemerals("oncall", world.channel)[-1]
    assert "one of my own messages" in whisper["text"]
    assert await world.exported() == before
    assert not world.is_confirmed(card["ts"])


async def test_guests_write_and_react_but_do_not_command(world: World) -> None:
    await world.declares()
    world.sandbox.invite("oncall", world.channel, ["guest"])
    seen = await world.says("guest", "our shop shows an empty basket")
    await world.reacts("guest", seen, "rotating_light")
    await world.finish()

    answer = await refused(world, "/incident resolve it works for me", user="guest")

    assert "Guests" in answer
    entry = (await world.timeline())[-1]
    assert (entry["text"], entry["author_id"]) == ("our shop shows an empty basket", "U0GUEST")


async def test_a_guest_s_very_first_act_is_refused_too(world: World) -> None:
    """Slack's payloads do not say who is a guest: it is asked before the first command is carried out."""
    await world.declares("checkout is down")
    world.sandbox.add_user("visitor", is_restricted=True)
    world.sandbox.add_user("partner", team_id="T0OTHER")
    world.sandbox.add_user("caller", is_restricted=True)
    world.sandbox.invite("oncall", world.channel, ["visitor", "partner", "caller"])

    for user in ("visitor", "partner"):
        assert "cannot command" in await world.types(user, "/incident severity 4 it works for me")
    assert "cannot command" in await world.types("caller", "/incident start something else")
    await world.finish()

    assert (await world.exported())["incident"]["severity"] == "SEV3"
    assert len(world.channels) == 1


async def test_somebody_whom_slack_does_not_describe_can_declare_all_the_same(world: World) -> None:
    world.sandbox.add_user("newcomer")
    world.sandbox.fault("error", method="users.info", error="internal_error", times=1)

    assert "Declared" in await world.types("newcomer", "/incident start checkout is down", "ops")


async def test_a_guest_may_press_no_button(world: World) -> None:
    await world.declares()
    world.sandbox.invite("oncall", world.channel, ["guest"])
    await world.says("guest", "hello")
    await world.finish()
    before = await world.tables()

    await world.presses("guest", "incident_lead")
    await world.finish()

    assert await world.tables() == before
    assert "Guests" in world.sandbox.ephemerals("guest", world.channel)[-1]["text"]


async def test_a_button_of_another_version_is_answered(world: World, logged: list[EventDict]) -> None:
    await world.declares()
    (card,) = world.sandbox.pins(world.channel)
    before = await world.tables()
    user = {"id": "U0ONCALL", "team_id": world.sandbox.team_id}
    action = {"type": "button", "action_id": "incident_lead", "block_id": "b", "value": "not a number"}
    payload = {
        "type": "block_actions",
        "team": {"id": world.sandbox.team_id},
        "user": user,
        "actions": [action],
        "channel": {"id": card.get("channel", "C1")},
        "trigger_id": "1.2.x",
    }

    status, _ = await to_slack_endpoint(world, interaction(payload), kind=FORM)

    assert status == 200
    assert await world.tables() == before
    assert errors_of(logged) == []


# --- webhooks


NO_PROOF: list[tuple[str | None, str]] = [
    (None, "no Authorization header"),
    ("Bearer wrong", "not the right one"),
    ("Bearer", "not the right one"),
    ("Basic !!!", "cannot be read"),
    (f"Digest {TOKEN}", "another kind"),
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
    (b'{"title": "one", "title": "two"}', "twice"),
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


# --- what claims to be from Slack

Headers = list[tuple[str, str]]
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
CHALLENGE = json.dumps({"type": "url_verification", "token": "t", "challenge": "c0ffee"}).encode()


def interaction(payload: dict[str, Any]) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()


def command(world: World, text: str = "start forged") -> bytes:
    return urlencode(
        {
            "command": "/incident",
            "text": text,
            "team_id": world.sandbox.team_id,
            "user_id": "U0ONCALL",
            "channel_id": "C0OPS",
            "trigger_id": "1.2.forged",
        }
    ).encode()


@asynccontextmanager
async def posting(world: World, body: bytes | BytesIO, headers: Headers) -> AsyncIterator[aiohttp.ClientResponse]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{world.url}/slack/events", data=body, headers=headers) as answer,
    ):
        yield answer


def signed(world: World, body: bytes, *, kind: str = JSON, age: float = 0, secret: str | None = None) -> Headers:
    """What Slack sends with a body. `age`: seconds since it did; signatures follow the machine's clock."""
    stamp = str(int(datetime.now(UTC).timestamp() - age))
    return [
        ("Content-Type", kind),
        ("X-Slack-Request-Timestamp", stamp),
        ("X-Slack-Signature", signature(secret or world.sandbox.signing_secret, stamp, body)),
    ]


async def to_slack_endpoint(world: World, body: bytes, *, kind: str = JSON) -> tuple[int, str]:
    async with posting(world, body, signed(world, body, kind=kind)) as answer:
        found = answer.status, await answer.text()
    await world.settle()
    return found


def without(headers: Headers, name: str) -> Headers:
    return [each for each in headers if each[0] != name]


def forgeries(world: World) -> dict[str, tuple[bytes, Headers]]:
    body = command(world)
    good = signed(world, body, kind=FORM)
    stamp, sign = "X-Slack-Request-Timestamp", "X-Slack-Signature"
    return {
        "forged": (body, signed(world, body, kind=FORM, secret="a secret that is not ours")),
        "stale": (body, signed(world, body, kind=FORM, age=301)),
        "from the future": (body, signed(world, body, kind=FORM, age=-301)),
        "altered": (body.replace(b"forged", b"altered"), good),
        "no signature": (body, without(good, sign)),
        "no timestamp": (body, without(good, stamp)),
        "nothing": (body, [("Content-Type", FORM)]),
        "two signatures": (body, [*good, (sign, "v0=00")]),
        "two timestamps": (body, [*good, (stamp, "1")]),
        "not a number": (body, [*without(good, stamp), (stamp, "now")]),
        "negative": (body, [*without(good, stamp), (stamp, "-5")]),
        "other digits": (body, [*without(good, stamp), (stamp, "١٢٣")]),
        "huge": (body, [*without(good, stamp), (stamp, "9" * 400)]),
        "empty signature": (body, [*without(good, sign), (sign, "")]),
        "not ascii": (body, [*without(good, sign), (sign, "v0=é")]),
    }


async def test_what_slack_did_not_sign_is_refused(world: World, logged: list[EventDict]) -> None:
    before = await world.tables()

    for name, (body, headers) in forgeries(world).items():
        async with posting(world, body, headers) as answer:
            assert answer.status == 401, name
            assert (await answer.json())["error"], name

    await world.settle()
    assert await world.tables() == before
    assert errors_of(logged) == []
    refusals = [each for each in logged if "was refused" in each["event"]]
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
        status, answer = await to_slack_endpoint(world, body, kind=kind)
        assert status == 400, body[:50]
        assert "JSON" in answer

    assert errors_of(logged) == []


async def test_a_body_that_is_too_large_for_slack(world: World) -> None:
    body = b'{"x": "' + b"x" * 1_100_000 + b'"}'

    async with posting(world, BytesIO(body), signed(world, body)) as answer:
        assert answer.status == 413


async def test_slacks_own_questions_are_answered(world: World) -> None:
    status, answer = await to_slack_endpoint(world, CHALLENGE)
    assert (status, json.loads(answer)["challenge"]) == (200, "c0ffee")
    assert await world.sandbox.verify_url()

    status, _ = await to_slack_endpoint(world, b"ssl_check=1&token=t", kind=FORM)
    assert status == 200


# --- everything that Slack may send


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
            status, answer = await to_slack_endpoint(world, body, kind=kind)
            if status != 200 or errors_of(logged):
                refusals[f"{name}, {delivery}"] = (status, answer[:100], str(errors_of(logged))[:300])

    assert refusals == {}
    assert len(names) > 80


async def test_a_payload_that_names_no_team_or_user_is_acknowledged(world: World, logged: list[EventDict]) -> None:
    """Slack adds kinds of payload; what we cannot place is not for us, and refusing it counts as a failure of ours."""
    before = await world.tables()
    payloads: list[tuple[bytes, str]] = [
        (json.dumps({"type": "event_callback", "event": {"type": "something_new"}}).encode(), JSON),
        (json.dumps({"type": "something_new"}).encode(), JSON),
        (interaction({"type": "something_new", "user": {"id": "U1"}}), FORM),
    ]

    answers = [(await to_slack_endpoint(world, body, kind=kind))[0] for body, kind in payloads]

    assert answers == [200] * len(payloads)
    assert await world.tables() == before
    assert errors_of(logged) == []


@pytest.mark.parametrize(
    ("path", "method", "status", "says"),
    [
        ("/alerts/pagerduty", "POST", 404, "sends to /alerts/generic"),
        ("/alerts/generic/", "POST", 404, "Alerts go to /alerts/generic"),
        ("/alerts", "POST", 404, "Alerts go to /alerts/generic"),
        ("/alerts/generic", "GET", 405, "This path takes POST, PUT, not GET."),
        ("/nothing", "GET", 404, "Nothing is at this path."),
    ],
)
async def test_a_wrong_path_is_answered_in_words(world: World, path: str, method: str, status: int, says: str) -> None:
    async with aiohttp.ClientSession() as http, http.request(method, f"{world.url}{path}") as got:
        answer = await got.json()
        assert (got.status, answer["ok"]) == (status, False)
        assert says in answer["error"]
        assert got.headers["X-Request-Id"]
        assert ("Allow" in got.headers) == (status == 405)
