"""`dogwatch serve` as operators run it: environment, probes, logs and signals."""

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from tests.support.servers.serve_process import Served, served
from tests.support.worlds.databases import BOTH_DATABASES

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)

ALERTS = "token-of-the-alerts"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(retry_delays=(0, 0.2, 0.5)) as built:
        yield built


def environment(sandbox: Sandbox, database_url: str, mode: str = "http") -> dict[str, str]:
    """An operator's environment for `mode`: Socket Mode or HTTP."""
    by_mode = {
        "http": {"SLACK_SIGNING_SECRET": sandbox.signing_secret},
        "socket": {"SLACK_APP_TOKEN": sandbox.app_token},
    }
    return {
        "SLACK_BOT_TOKEN": sandbox.bot_token,
        "SLACK_API_URL": sandbox.api_url,
        "DATABASE_URL": database_url,
        "DOGWATCH_PORT": "0",
        "DOGWATCH_HOST": "127.0.0.1",
        "DOGWATCH_ALERT_TOKEN": ALERTS,
        "DOGWATCH_SECRET_KEY": "a secret key that is long enough for tests",
        **by_mode[mode],
    }


async def reaches(sandbox: Sandbox, bot: Served, mode: str) -> None:
    """The bot is up and Slack knows the way to it."""
    if mode == "http":
        sandbox.deliver_by_http(f"http://127.0.0.1:{await bot.port()}/slack/events")
    await bot.becomes_ready()


async def declares(sandbox: Sandbox, title: str = "checkout is down") -> str:
    """Open an incident by command and wait for its card; returns the channel's name."""
    answer = await sandbox.command("oncall", "ops", f"/incident start {title}")
    assert answer.ok, answer
    assert "Declared" in (answer.text or "")
    await sandbox.wait_until(lambda: any(sandbox.pins(name) for name in incident_channels(sandbox)), timeout=20)
    return incident_channels(sandbox)[-1]


def incident_channels(sandbox: Sandbox) -> list[str]:
    return sorted(each["name"] for each in sandbox.channels() if each.get("name", "").startswith("inc-"))


def confirmed(sandbox: Sandbox, channel: str, ts: str) -> bool:
    message = sandbox.message(channel, ts) or {}
    return any(each["name"] == "writing_hand" for each in message.get("reactions", []))


@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_it_serves_by_the_tokens_that_are_set(sandbox: Sandbox, database_url: str, mode: str) -> None:
    async with served(environment(sandbox, database_url, mode)) as bot:
        await reaches(sandbox, bot, mode)
        assert (await bot.says("dogwatch started"))["socket_mode"] is (mode == "socket")
        path = database_url.removeprefix("sqlite:///") if database_url.startswith("sqlite") else None
        assert (await bot.says("database opened"))["path"] == path

        channel = await declares(sandbox)
        ts = sandbox.say("engineer", channel, "the pool is exhausted")
        sandbox.react("oncall", channel, ts, "mag")
        await sandbox.wait_until(lambda: confirmed(sandbox, channel, ts))

        assert (await bot.gets("/livez"))[0] == 200
        assert json.loads((await bot.gets("/readyz"))[1])["problems"] == {}
        status, metrics = await bot.gets("/metrics")
        assert status == 200
        assert "dogwatch_" in metrics
        assert await bot.stops() == 0

    events = bot.events()
    assert events[-1]["event"] == "dogwatch stopped"
    for event in events:
        assert {"event", "level", "timestamp"} <= event.keys()
        assert event["level"] in {"info", "warning"}, event
    for secret in (sandbox.bot_token, sandbox.app_token, sandbox.signing_secret, ALERTS, "a secret key"):
        assert secret not in bot.log_text


@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_a_stop_finishes_what_is_under_way(sandbox: Sandbox, database_url: str, mode: str) -> None:
    """A command that is being carried out is answered, and a call to Slack is waited for."""
    async with served(environment(sandbox, database_url, mode)) as bot:
        await reaches(sandbox, bot, mode)
        sandbox.fault("latency", method="conversations.create", seconds=1.0)
        answer = await sandbox.command("oncall", "ops", "/incident start checkout is down")
        await sandbox.wait_until(lambda: sandbox.pending()["requests"] > 0)

        assert answer.ok
        assert await bot.stops() == 0

    assert incident_channels(sandbox) == ["inc-1-checkout-is-down"], "the call that was under way was finished"
    sandbox.clear_faults()
    async with served(environment(sandbox, database_url, mode)) as bot:
        await reaches(sandbox, bot, mode)
        await sandbox.wait_until(lambda: bool(sandbox.pins("inc-1-checkout-is-down")), timeout=20)
    assert len(incident_channels(sandbox)) == 1, "and not made again by the next start"


async def test_many_commands_at_the_moment_of_a_stop_are_answered_or_refused(
    sandbox: Sandbox, database_url: str
) -> None:
    async with served(environment(sandbox, database_url, "socket")) as bot:
        await reaches(sandbox, bot, "socket")
        channel = await declares(sandbox)
        typed = [
            asyncio.create_task(sandbox.command("oncall", channel, f"/incident note number {number}"))
            for number in range(20)
        ]
        await asyncio.wait(typed, return_when=asyncio.FIRST_COMPLETED)
        assert await bot.stops() == 0
        answers = await asyncio.gather(*typed)

    logged = sum(answer.ok and not answer.text for answer in answers)
    assert logged >= 1
    async with served(environment(sandbox, database_url, "socket")) as bot:
        await reaches(sandbox, bot, "socket")
        lines = lambda: [m for m in sandbox.messages(channel) if "logged (note)" in str(m)]  # noqa: E731
        await sandbox.wait_until(lambda: len(lines()) >= logged, timeout=40)
        assert len(lines()) == logged, "what was answered is done, what was not answered is not"


async def test_a_wrong_token_is_told_of_with_what_to_do(sandbox: Sandbox, tmp_path: Path) -> None:
    given = environment(sandbox, f"sqlite:///{tmp_path / 'dogwatch.db'}")
    async with served({**given, "SLACK_BOT_TOKEN": "xoxb-of-no-app"}) as bot:
        told = await bot.says("bot identity lookup failed")
        assert await bot.stops() == 0

    assert (told["level"], "invalid_auth" in told["problem"]) == ("error", True)
    assert "dogwatch doctor" in told["remedy"]


@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_it_starts_while_slack_is_down_and_gets_ready_when_it_is_up(
    sandbox: Sandbox, database_url: str, mode: str
) -> None:
    await sandbox.set_down()
    async with served(environment(sandbox, database_url, mode)) as bot:
        if mode == "http":
            sandbox.deliver_by_http(f"http://127.0.0.1:{await bot.port()}/slack/events")
        status, problems = await bot.gets("/readyz")
        assert status == 503
        assert "not connected to Slack" in problems
        assert (await bot.gets("/livez"))[0] == 200

        await sandbox.set_down(down=False)
        await bot.becomes_ready()
        await declares(sandbox)
        assert await bot.stops() == 0
    assert "Traceback" not in bot.log_text


async def test_a_stop_while_it_starts_is_a_clean_one(sandbox: Sandbox, database_url: str) -> None:
    sandbox.fault("hang", method="auth.test", seconds=30)
    async with served(environment(sandbox, database_url, "socket")) as bot:
        await sandbox.wait_until(lambda: sandbox.pending()["requests"] > 0, timeout=20)

        assert await bot.stops(signal.SIGINT) == 0

    assert "Traceback" not in bot.log_text


@pytest.mark.parametrize("how", ["cut", "refresh_requested", "warning"])
async def test_a_lost_connection_is_made_again_and_nothing_is_missed(
    sandbox: Sandbox, database_url: str, how: str
) -> None:
    async with served(environment(sandbox, database_url, "socket")) as bot:
        await reaches(sandbox, bot, "socket")
        channel = await declares(sandbox)

        await (sandbox.drop_sockets() if how == "cut" else sandbox.disconnect(how))
        ts = sandbox.say("engineer", channel, "while you were away")
        sandbox.react("oncall", channel, ts, "mag")
        await sandbox.wait_until(lambda: confirmed(sandbox, channel, ts), timeout=30)
        await bot.becomes_ready()

        answer = await sandbox.command("oncall", channel, "/incident note back again")
        assert answer.ok
        assert not answer.text, "the channel says it"
        assert await bot.stops() == 0


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"SLACK_BOT_TOKEN": "", "SLACK_SIGNING_SECRET": ""}, "dogwatch sandbox"),
        ({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN is missing: HTTP needs it"),
        (
            {"SLACK_BOT_TOKEN": "", "SLACK_SIGNING_SECRET": "", "SLACK_APP_TOKEN": "xapp-1-A1-2-c0ffee"},
            "SLACK_BOT_TOKEN is missing: Socket Mode needs it",
        ),
        ({"SLACK_SIGNING_SECRET": ""}, "SLACK_APP_TOKEN (for Socket Mode) or SLACK_SIGNING_SECRET"),
        ({"SLACK_BOT_TOKEN": "xoxp-1-2"}, "SLACK_BOT_TOKEN: This is a user's token (xoxp-). Use the bot token"),
        ({"SLACK_BOT_TOKEN": "xapp-1-2"}, "This is an app-level token (xapp-). It belongs in SLACK_APP_TOKEN."),
        ({"SLACK_BOT_TOKEN": "xoxe.xoxb-1-2"}, "Switch token rotation off"),
        ({"SLACK_APP_TOKEN": "xoxb-1-2"}, "This is a bot token (xoxb-). It belongs in SLACK_BOT_TOKEN."),
        ({"SLACK_SIGNING_SECRET": "xapp-1-2"}, "It belongs in SLACK_APP_TOKEN. Use the Signing Secret"),
    ],
)
async def test_tokens_that_make_no_bot_are_told_of_with_what_to_do(
    sandbox: Sandbox, tmp_path: Path, given: dict[str, str], told: str
) -> None:
    async with served({**environment(sandbox, f"sqlite:///{tmp_path / 'dogwatch.db'}"), **given}) as bot:
        assert await bot.ends() == 2

    assert told in bot.log_text
    assert "Traceback" not in bot.log_text
    for each in filter(None, given.values()):
        assert each not in bot.log_text


async def test_a_start_says_in_one_line_what_it_is(sandbox: Sandbox, tmp_path: Path) -> None:
    given = environment(sandbox, f"sqlite:///{tmp_path / 'dogwatch.db'}", "socket")
    async with served({**given, "DOGWATCH_PUBLIC_URL": "https://bot.example.org"}) as bot:
        told = await bot.says("dogwatch started")
        await bot.becomes_ready()

    assert told["workspace"] == "Harbour (T0HARBOUR)"
    assert told["bot"] == "U0DOGWATCH"
    assert told["takes"] == "Socket Mode"
    assert told["slack"] == sandbox.api_url
    assert told["public_url"] == "https://bot.example.org"
    assert told["database"] == "sqlite"
    assert told["alerts_from"][:3] == ["alertmanager", "grafana", "generic"]
    assert "sns" not in told["alerts_from"], "no topic is listed"


async def test_the_record_of_another_workspace_is_refused(sandbox: Sandbox, database_url: str) -> None:
    given = environment(sandbox, database_url)
    async with served(given) as bot:
        await reaches(sandbox, bot, "http")
    sandbox.workspace.team.id = "T0ELSEWHERE"

    async with served(given) as bot:
        assert await bot.ends() == 2

    assert "the workspace Harbour (T0ELSEWHERE)" in bot.log_text
    assert "Harbour (T0HARBOUR)" in bot.log_text
    assert "DATABASE_URL" in bot.log_text
    assert "Traceback" not in bot.log_text


async def test_another_workspace_that_shows_only_later_is_sent_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    """Slack is away at the start, so the bot goes on with what an earlier one learned."""
    given = environment(sandbox, f"sqlite:///{tmp_path / 'dogwatch.db'}")
    async with served(given) as bot:
        await reaches(sandbox, bot, "http")
    sandbox.workspace.team.id = "T0ELSEWHERE"
    await sandbox.set_down()

    async with served(given) as bot:
        await bot.says("dogwatch started")
        await sandbox.set_down(down=False)
        told = await bot.says("sending disabled")
        status, text = await bot.gets("/readyz")
        assert await bot.stops() == 0

    assert "T0ELSEWHERE" in told["problem"]
    assert (status, "T0ELSEWHERE" in text) == (503, True)


async def test_a_port_that_is_taken_is_named(sandbox: Sandbox, database_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        async with served({**environment(sandbox, database_url), "DOGWATCH_PORT": port}) as bot:
            assert await bot.ends() == 2

    assert f"127.0.0.1:{port}" in bot.log_text
    assert "DOGWATCH_PORT" in bot.log_text
    assert "Traceback" not in bot.log_text
    assert "Unclosed" not in bot.log_text


async def test_a_second_process_on_the_same_file_is_refused_and_the_first_goes_on(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    given = environment(sandbox, f"sqlite:///{tmp_path / 'dogwatch.db'}")
    async with served(given) as first:
        await reaches(sandbox, first, "http")
        async with served(given) as second:
            assert await second.ends() == 3
        assert "in use by another Dogwatch process" in second.log_text
        assert await first.is_ready()
        await declares(sandbox)


async def test_every_variable_may_come_from_a_file(sandbox: Sandbox, tmp_path: Path) -> None:
    direct = environment(sandbox, f"sqlite:///{tmp_path / 'dogwatch.db'}", "socket")
    direct |= {"SLACK_SIGNING_SECRET": sandbox.signing_secret, "DOGWATCH_INCIDENTS_CHANNEL": "war-room"}
    config = tmp_path / "dogwatch.toml"
    config.write_text('[incidents]\nchannel_prefix = "inc-test"\n')
    direct |= {"DOGWATCH_PUBLIC_URL": "https://dogwatch.example", "DOGWATCH_CONFIG": str(config)}
    from_files = {}
    for name, value in direct.items():
        path = tmp_path / f"{name}.secret"
        path.write_text(f"{value}\n")
        from_files[f"{name}_FILE"] = str(path)

    async with served(from_files) as bot:
        await reaches(sandbox, bot, "socket")
        assert await declares(sandbox) == "inc-test-1-checkout-is-down"
        await sandbox.wait_until(lambda: sandbox.channel("war-room") is not None, timeout=20)
        assert await bot.stops() == 0


async def test_a_database_that_does_not_answer_is_said_so(sandbox: Sandbox) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"postgresql://dogwatch:hunter2@127.0.0.1:{nobody.getsockname()[1]}/dogwatch"
        async with served(environment(sandbox, url)) as bot:
            assert await bot.ends() == 1

    assert "The database does not answer" in bot.log_text
    assert "hunter2" not in bot.log_text
    assert "Traceback" not in bot.log_text


async def test_mistakes_of_the_configuration_are_all_told_at_once(sandbox: Sandbox, tmp_path: Path) -> None:
    config = tmp_path / "dogwatch.toml"
    config.write_text('[incidents]\nzone = "Mars/Base"\ntemplate = "clasic"\n')
    given = environment(sandbox, f"sqlite:///{tmp_path / 'dogwatch.db'}")
    async with served({**given, "DOGWATCH_CONFIG": str(config), "DOGWATCH_PORT": "seventy"}) as bot:
        assert await bot.ends() == 2

    for words in ("Mars/Base", "classic", "DOGWATCH_PORT"):
        assert words in bot.log_text
    assert "Traceback" not in bot.log_text
