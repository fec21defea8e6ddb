"""Hostile clients: idle connections, and forms with values that no menu has."""

import asyncio
import json
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from time import monotonic

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.config import Settings, load
from bot.slack.handlers import FORMS
from bot.web import unproven
from tests.faults.security.test_malformed import NUL, cancel, errors_of, head_of, unproven_bodies
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.requests.strangers import FORM, JSON, interaction, raw, signed, to_slack
from tests.support.worlds.world import TOKEN, World


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    with capture_logs() as entries:
        yield entries


class SignedByGrafana(World):
    def settings(self) -> Settings:
        return load(self.environment() | {"DOGWATCH_ALERT_SECRET_GRAFANA": "grafana-secret-grafana"})


async def test_strangers_who_announce_bodies_and_send_none_silence_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They announce 1 MB each, more connections than there is room for, and displace each other only."""
    monkeypatch.setattr(unproven, "READ_SECONDS", 600.0)
    async with SignedByGrafana(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as world:
        bodies = unproven_bodies(world)
        heads = [
            head_of("/slack/events", 1024 * 1024, headers=signed(b"", "a guessed secret", kind=FORM)),
            head_of("/alerts/grafana", 1024 * 1024, headers=[("Content-Type", JSON)]),
        ]
        idle = [asyncio.create_task(raw(world, head, [])) for head in heads for _ in range(50)]
        await world.sandbox.wait_until(lambda: bodies.in_progress == bodies.per_address.bodies)
        done, _ = await asyncio.wait(idle, return_when=asyncio.FIRST_COMPLETED)

        command = await world.sandbox.command("oncall", "ops", "/incident start checkout is down")
        alert = await world.posts("alertmanager", a_notification(an_alert("Down", at=world.now)))

        assert command.ok, "the newest body displaces the one that has waited longest"
        assert alert[0] == 200
        assert {each.result().split(b" ")[1] for each in done} == {b"503"}
        await cancel(idle)


class SignedByMailgun(World):
    def settings(self) -> Settings:
        return load(self.environment() | {"DOGWATCH_ALERT_SECRET_MAILGUN": "mailgun-signing-key-of-ours"})


async def test_large_bodies_of_strangers_are_read_beside_the_event_loop(tmp_path: Path) -> None:
    """
    A form is read before its signature can be checked: 5 MB of it took half a second, for everybody.

    The longest pause is compared with the whole, in the best of three: other processes make pauses, too.
    """
    async with SignedByMailgun(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as world:
        times: list[float] = []

        async def tick() -> None:
            while True:
                times.append(monotonic())
                await asyncio.sleep(0.005)

        shares = []
        for _ in range(3):
            times.clear()
            ticking = asyncio.create_task(tick())
            status, _ = await world.posts("mailgun", BytesIO(b"a=" + b"%41" * 1_700_000))
            ticking.cancel()
            assert status == 401
            shares.append(max(later - earlier for earlier, later in pairwise(times)) / (times[-1] - times[0]))

        assert min(shares) < 0.5


async def test_idle_connections_beyond_the_limit_give_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: list[EventDict]
) -> None:
    """They may not use up the process's file descriptors, nor fill the log."""
    monkeypatch.setattr("bot.web.connections.MAX_CONNECTIONS", 40)
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as world:
        idle = [asyncio.create_task(raw(world, "GET /livez HTTP/1.1\nX: ", [])) for _ in range(200)]
        await world.sandbox.wait_until(lambda: sum(each.done() for each in idle) >= 60)

        answer = await world.sandbox.command("oncall", "ops", "/incident start checkout is down")

        assert answer.ok
        assert (await world.posts("generic", {"title": "the disk is full"}))[0] == 200
        assert sum("limit reached" in each["event"] for each in logged) == 1
        await cancel(idle)


async def test_bytes_that_are_no_http_make_one_line_each(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A traceback for each would bury what operators look for."""
    bad = ["GET /livez HTTP/1.1\nno colon\n\n", "GET /livez HTTP/1.1\nContent-Length: two\n\n"]

    answers = [await raw(world, each, []) for each in bad]

    lines = [each for each in caplog.records if each.name == "aiohttp.server"]
    assert {each.split(b" ")[1] for each in answers} == {b"400"}
    assert len(lines) == len(bad)
    assert {(each.levelname, each.exc_info, each.getMessage().partition(":")[0]) for each in lines} == {
        ("WARNING", None, "request malformed")
    }


@pytest.mark.parametrize("path", ["/alerts/generic", "/slack/events"])
async def test_a_client_that_leaves_amid_its_body_is_no_error(
    world: World, logged: list[EventDict], caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """One line says so: a traceback for each would bury what operators look for."""
    proof = (
        signed(b"", world.sandbox.signing_secret) if path == "/slack/events" else [("Authorization", f"Bearer {TOKEN}")]
    )
    _, writer = await asyncio.open_connection("127.0.0.1", world.bot.port)
    writer.write(head_of(path, 1_000, headers=proof).replace("\n", "\r\n").encode() + b"text=half")
    await writer.drain()
    writer.transport.abort()

    await world.sandbox.wait_until(lambda: any(each["event"] == "request finished" for each in logged))

    [line] = [each for each in logged if each["event"] == "request finished"]
    assert (line["status"], line["log_level"]) == (499, "info")
    assert errors_of(logged) == []
    assert [each.getMessage() for each in caplog.records if each.name.startswith("aiohttp")] == []


FIELDS = ("title", "text", "at", "severity", "status", "service", "person", "incident", "kind", "act", "flags")


@pytest.mark.parametrize("value", ["", "nonsense", "-1", "9" * 40, NUL, "U0", "SEV1\nSEV2"])
async def test_a_form_with_values_that_nobody_can_choose_is_answered(
    world: World, logged: list[EventDict], value: str
) -> None:
    """Each form, each field: a refusal, never an error of ours."""
    await world.declares("checkout is down")
    field = {"type": "static_select", "selected_option": {"value": value}}
    text = {"type": "plain_text_input", "value": value}
    statuses = {}
    for number, form in enumerate(FORMS):
        for kind, element in (("menu", field), ("text", text)):
            view = {
                "id": f"V{number}{kind}",
                "type": "modal",
                "callback_id": form.callback_id,
                "blocks": [],
                "private_metadata": json.dumps({"incident": 1, "entry": 1, "seen": ""}),
                "state": {"values": {name: {name: element} for name in FIELDS}},
            }
            payload = {
                "type": "view_submission",
                "team": {"id": world.sandbox.team_id},
                "user": {"id": "U0ONCALL", "team_id": world.sandbox.team_id},
                "trigger_id": f"1.{number}",
                "view": view,
            }
            answer = await to_slack(world, interaction(payload), kind=FORM)
            statuses[f"{form.callback_id} {kind}"] = answer.status

    assert {name: status for name, status in statuses.items() if status >= 500} == {}
    assert errors_of(logged) == []
