"""
Socket Mode on real networks: refreshed, cut, silent and rejected connections.

The bot runs on the real clock here, because connections do. Its pings are quick, so that a dead one is noticed soon.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest
from sqlmodel import Session
from structlog.testing import capture_logs

from bot.app import Dogwatch
from bot.config import load
from bot.runtime.metrics import REGISTRY
from bot.sandbox.server import Sandbox
from bot.services.postmortem.load_record import load_record
from bot.slack.socket_mode import backoff, pool
from bot.store.incidents import incidents
from tests.support.servers.sandbox_client import eventually

PING = 0.3


class Line:
    """A bot and a Slack with open connections between them, and an incident's channel."""

    def __init__(self, database_url: str, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        environment = {
            "SLACK_BOT_TOKEN": sandbox.bot_token,
            "SLACK_APP_TOKEN": sandbox.app_token,
            "SLACK_API_URL": sandbox.api_url,
            "DATABASE_URL": database_url,
            "DOGWATCH_PORT": "0",
            "DOGWATCH_SECRET_KEY": "a secret key that is long enough for tests",
        }
        self.bot = Dogwatch(load(environment), ping_seconds=PING)
        self.channel = ""

    async def connects(self, count: int = 2) -> None:
        await self.sandbox.wait_until(lambda: self.sandbox.sockets() == count)

    async def declares(self) -> None:
        answer = await self.sandbox.command("oncall", "ops", "/incident start checkout is down")
        assert "Declared" in (answer.text or "")
        await self.sandbox.wait_until(lambda: self.sandbox.channel("inc-1-checkout-is-down"))
        self.channel = "inc-1-checkout-is-down"
        await self.sandbox.wait_until(lambda: self.sandbox.pins(self.channel))
        await self.is_quiet()

    async def is_quiet(self) -> None:
        async def quiet() -> bool:
            return self.sandbox.settled() and await self.bot.is_settled() and self.sandbox.settled()

        await self.sandbox.wait_until(quiet, timeout=20)

    def numbers(self) -> list[int]:
        return [each["n"] for each in self.sandbox.connections()]

    def marks(self, text: str) -> str:
        """A message that is marked at once."""
        ts = self.sandbox.say("engineer", self.channel, text)
        self.sandbox.react("oncall", self.channel, ts, "mag")
        return ts

    async def is_confirmed(self, ts: str) -> None:
        """The bot's own emoji comes, as it does when the message stands on the timeline."""

        def confirmed() -> bool:
            message = self.sandbox.message(self.channel, ts) or {}
            return any(each["name"] == "writing_hand" for each in message.get("reactions", []))

        await self.sandbox.wait_until(confirmed, timeout=20)

    async def entries(self, words: str) -> int:
        """Count the timeline entries with these words."""

        def read(session: Session) -> int:
            whole = load_record(session, self.bot.settings, incidents.find_by_reference(session, None, "INC-1").key)
            return len([each for each in whole.entries if words in each.text and each.withdrawn_at is None])

        return await self.bot.database.read(read)

    async def readiness(self) -> dict[str, str]:
        return await self.bot.health.find_problems()


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    async with Sandbox(retry_delays=(0, 0.3, 1.0, 2.0), answer_seconds=1.5) as sandbox:
        built = Line(f"sqlite:///{tmp_path / 'dogwatch.db'}", sandbox)
        await built.bot.start()
        try:
            await built.connects()
            await built.declares()
            yield built
        finally:
            await built.bot.stop()


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"dogwatch_socket_{name}", labels) or 0.0


def attempts(sandbox: Sandbox) -> Counter[tuple[str, int]]:
    return Counter((each["outcome"], each["attempt"]) for each in sandbox.deliveries("events_api"))


def looks(sandbox: Sandbox) -> int:
    """Count reads of the channel; a single message is read if its reaction overtook it."""
    return len([each for each in sandbox.calls("conversations.history") if str(each["args"].get("limit")) != "1"])


async def test_envelopes_are_spread_and_each_is_answered_over_its_own_connection(line: Line) -> None:
    before = {each["n"]: each["answered"] for each in line.sandbox.connections()}

    for number in range(10):
        line.marks(f"finding {number}")
    await line.is_quiet()

    found = line.sandbox.connections()
    assert all(each["answered"] - before[each["n"]] >= 5 for each in found), found
    assert all(each["answered"] == each["sent"] for each in found), found
    assert metric("connections") == 2
    assert metric("oldest_seconds") > 0


async def test_a_warned_connection_stays_until_there_is_another(line: Line) -> None:
    old = line.numbers()
    line.sandbox.clear_deliveries()
    line.sandbox.clear_calls()
    warned = metric("reconnects_total", reason="warning")

    await line.sandbox.disconnect("warning", old[0])
    await line.connects(3)
    assert old[0] in line.numbers()
    last = line.marks("written while there were three")
    await line.is_confirmed(last)
    await line.is_quiet()

    assert set(attempts(line.sandbox)) == {("heard", 0)}, "nothing had to be delivered a second time"
    assert looks(line.sandbox) == 0, "nothing was missed, so nothing is looked for"
    assert metric("reconnects_total", reason="warning") == warned + 1


async def test_a_connection_that_was_replaced_is_let_go_of_with_its_last_answers(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "LINGER_SECONDS", 0.2)
    old = line.numbers()

    await line.sandbox.disconnect("warning", old[1])
    await line.sandbox.wait_until(lambda: old[1] not in line.numbers())
    await line.connects(2)

    assert old[0] in line.numbers()
    await line.is_confirmed(line.marks("afterwards"))


async def test_a_refresh_of_one_is_served_by_the_other(line: Line) -> None:
    old = line.numbers()
    line.sandbox.clear_calls()

    for number in range(5):
        line.marks(f"before {number}")
    await line.sandbox.disconnect("refresh_requested", old[0])
    answer = await line.sandbox.command("oncall", line.channel, "/incident note at once")
    assert answer.ok
    assert not answer.text, "the channel says it"
    await line.connects()
    await line.is_quiet()

    assert await line.readiness() == {}
    assert await line.entries("before") == 5
    assert looks(line.sandbox) == 0


async def test_connections_are_renewed_in_turn_before_slack_asks(line: Line) -> None:
    """Slack says that they live 1.6 s. Events go on all the time, and none is delivered twice."""
    line.sandbox.connection_lives(60, says=1.6)
    line.sandbox.delivery.answer_seconds = 10.0
    await line.sandbox.drop_sockets()
    await line.connects()
    await line.is_quiet()
    line.sandbox.clear_deliveries()
    opened, seen = [], set(line.numbers())
    least = 9
    began = asyncio.get_running_loop().time()
    while len(opened) < 5:
        assert asyncio.get_running_loop().time() - began < 20
        line.marks(f"finding {len(opened)}")
        await asyncio.sleep(0.05)
        least = min(least, line.sandbox.sockets())
        for each in line.sandbox.connections():
            if each["n"] not in seen:
                seen.add(each["n"])
                opened.append(asyncio.get_running_loop().time())
    line.sandbox.connection_lives(None)
    await line.is_quiet()

    assert least >= 2, "two were never away at once"
    assert min(later - sooner for sooner, later in pairwise(opened)) > 0.2, "nor renewed at once"
    assert {outcome for outcome, _ in attempts(line.sandbox)} == {"heard"}
    assert metric("reconnects_total", reason="old") >= 4


async def test_a_connection_that_fell_silent_is_noticed_and_replaced(line: Line) -> None:
    """Half-open: envelopes sent into it arrive over the other one, or are backfilled."""
    dead = line.numbers()[0]
    silent = metric("reconnects_total", reason="silent")
    line.sandbox.clear_calls()

    with capture_logs() as logs:
        line.sandbox.silence(dead)
        written = [line.marks(f"while nobody was there {number}") for number in range(4)]
        await line.sandbox.wait_until(lambda: dead not in line.numbers())
        await line.connects()
        for ts in written:
            await line.is_confirmed(ts)
        await line.is_quiet()

    assert await line.readiness() == {}
    assert metric("reconnects_total", reason="silent") == silent + 1
    assert {"connection": dead, "reason": "silent"}.items() <= next(
        each for each in logs if each["event"] == "socket connection lost"
    ).items()
    assert looks(line.sandbox) >= 1, "what was sent into it may be lost, so it is looked for"
    assert await line.entries("nobody was there") == 4


async def test_a_cut_of_all_of_them(line: Line) -> None:
    line.sandbox.clear_calls()

    await line.sandbox.drop_sockets()
    ts = line.marks("while all were gone")
    assert await line.readiness() == {}, "a moment without a connection is no reason to be taken for dead"
    await line.connects()
    await line.is_confirmed(ts)
    await line.is_quiet()

    assert looks(line.sandbox) >= 1
    assert await line.entries("while all were gone") == 1


async def test_an_acknowledgement_that_is_lost_with_its_connection(line: Line) -> None:
    """Slack delivers again over another connection; the first time counts."""
    again = REGISTRY.get_sample_value("dogwatch_requests_total", {"kind": "event", "outcome": "again"}) or 0.0
    line.sandbox.clear_deliveries()

    line.sandbox.delivery_fault("cut", event="reaction_added", times=1)
    ts = line.marks("the pool is exhausted")
    await line.is_confirmed(ts)
    await line.connects()
    await line.is_quiet()

    told = [(each["outcome"], each["attempt"]) for each in line.sandbox.deliveries("reaction_added")]
    assert ("retry", 0) in told
    assert ("heard", 1) in told
    assert REGISTRY.get_sample_value("dogwatch_requests_total", {"kind": "event", "outcome": "again"}) == again + 1
    assert await line.entries("the pool is exhausted") == 1


async def test_a_command_whose_answer_is_lost_with_its_connection_is_carried_out_once(line: Line) -> None:
    line.sandbox.delivery_fault("cut", event="slash_commands", times=1)

    answer = await line.sandbox.command("oncall", line.channel, "/incident note the fans are loud")
    await line.connects()
    await line.is_quiet()

    assert not answer.ok, "Slack tells the person that it does not know"
    assert await line.entries("the fans are loud") == 1


async def test_more_connections_than_slack_allows(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "OPERATOR_PAUSE", 0.3)
    line.sandbox.socket_limit(1)

    with capture_logs() as logs:
        await line.sandbox.drop_sockets(line.numbers()[0])
        await eventually(lambda: [each for each in logs if each.get("problem") == "too_many_websockets"])
        await line.is_confirmed(line.marks("with one"))
    assert await line.readiness() == {}
    [told] = [each for each in logs if each["log_level"] == "error"]
    assert "DOGWATCH_SOCKET_CONNECTIONS" in told["remedy"]

    line.sandbox.socket_limit()
    await line.connects()


async def test_a_refresh_where_no_connection_is_left_for_it(line: Line) -> None:
    """All connections that Slack allows are in use: it reconnects once one is closed."""
    line.sandbox.socket_limit(2)
    old = line.numbers()

    with capture_logs() as logs:
        await line.sandbox.disconnect("warning", old[0])
        await eventually(lambda: [each for each in logs if each.get("problem") == "too_many_websockets"])
    await line.is_confirmed(line.marks("over both of the old ones"))
    await line.sandbox.disconnect("refresh_requested", old[0])

    await line.sandbox.wait_until(lambda: line.sandbox.sockets() == 2 and old[0] not in line.numbers())
    await line.is_confirmed(line.marks("over one old and one new one"))
    await line.is_quiet()

    now = line.numbers()
    assert old[0] not in now
    assert (len(now), old[1] in now) == (2, True), "the other one was left alone"
    assert await line.entries("over both of the old ones") == 1
    assert await line.entries("over one old and one new one") == 1
    assert await line.readiness() == {}


async def test_socket_mode_switched_off_and_on_again(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "OPERATOR_PAUSE", 0.3)
    monkeypatch.setattr(pool, "UNREADY_AFTER", 0.5)
    line.sandbox.clear_calls()

    with capture_logs() as logs:
        await line.sandbox.socket_mode(on=False)
        ts = line.marks("while it was off")
        await line.sandbox.wait_until(lambda: len(line.sandbox.calls("apps.connections.open")) >= 3)
        await eventually(line.bot.sockets.problem)
    assert (await line.readiness())["socket mode"] == "not connected: link_disabled"
    [told] = [each for each in logs if each["log_level"] == "error"]
    assert "Switch it on" in told["remedy"], "said loudly once, not at every attempt"

    await line.sandbox.socket_mode(on=True)
    await line.connects()
    await line.is_confirmed(ts)
    assert await line.readiness() == {}


async def test_an_app_token_that_slack_takes_back(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "OPERATOR_PAUSE", 0.3)
    monkeypatch.setattr(pool, "UNREADY_AFTER", 0.0)
    grant = line.sandbox.api.grants[line.sandbox.app_token]
    line.sandbox.clear_calls()

    with capture_logs() as logs:
        line.sandbox.revoke_token(line.sandbox.app_token)
        await line.sandbox.drop_sockets()
        await line.sandbox.wait_until(lambda: len(line.sandbox.calls("apps.connections.open")) >= 2)
    [told] = [each for each in logs if each["log_level"] == "error"]
    assert "connections:write" in told["remedy"]
    assert line.sandbox.app_token not in str(logs)
    assert "invalid_auth" in (await line.readiness())["socket mode"]

    line.sandbox.api.grants[line.sandbox.app_token] = grant
    await line.connects()
    await line.is_confirmed(line.marks("back again"))


async def test_slack_away_for_a_while_is_tried_with_growing_pauses(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "PAUSES", (0.1, 0.2, 0.4))
    line.sandbox.clear_calls()

    with capture_logs() as logs:
        await line.sandbox.set_down()
        await eventually(
            lambda: len([each for each in logs if each["event"] == "socket connection failed; retrying"]) >= 4
        )
    line.sandbox.clear_calls()
    await line.sandbox.set_down(down=False)
    await line.connects()

    assert not [each for each in logs if each["log_level"] == "error"]
    assert len(line.sandbox.calls("apps.connections.open")) == 2, "one for each connection"
    await line.is_confirmed(line.marks("back again"))
