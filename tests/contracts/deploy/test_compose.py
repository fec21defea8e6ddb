"""What is run by `docker compose`: the services of each way, what they need, and how they are held together."""

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.config.environment import VARIABLES
from tests.support.servers.ports import free_port

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
BALANCER = (ROOT / "deploy" / "haproxy" / "haproxy.cfg").read_text()
BOTS = {name for name, each in SERVICES.items() if each.get("build") == "."}
ON_POSTGRES = BOTS - {"dogwatch"}


def of_profile(profile: str) -> set[str]:
    return {name for name, each in SERVICES.items() if profile in each.get("profiles", [])}


def started_by(name: str) -> set[str]:
    """What `docker compose up NAME` starts: the service and what it depends on."""
    return {name}.union(*(started_by(other) for other in SERVICES[name].get("depends_on", [])))


def test_each_way_is_whole_and_none_starts_a_bot_of_another():
    """Two bots with the same tokens and two databases would do everything twice."""
    assert [name for name, each in SERVICES.items() if "profiles" not in each] == ["dogwatch"], "without a name"
    assert started_by("single") == of_profile("postgres")
    assert started_by("balancer") == of_profile("replicas")
    outside = "127.0.0.1:${DOGWATCH_PORT:-3000}:"
    for name in ("dogwatch", "single", "balancer"):
        assert SERVICES[name]["ports"][0].startswith(outside), "two ways at once have to fail"
    assert of_profile("postgres") == {"single", "database"}
    assert of_profile("replicas") == {"first", "second", "balancer", "database"}


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_names_exists(name: str):
    service = SERVICES[name]
    profiles = set(service.get("profiles", []))
    named = {each.partition(":")[0] for each in service.get("volumes", [])}

    assert {each for each in named if not each.startswith("./")} <= set(COMPOSE["volumes"])
    assert all((ROOT / each).exists() for each in named if each.startswith("./"))
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    for other in service.get("depends_on", []):
        assert profiles <= set(SERVICES[other].get("profiles", [])), f"{other} is not there in every profile of {name}"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_started_again_and_may_do_little(name: str):
    service = SERVICES[name]

    assert service["restart"] == "unless-stopped"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert all(str(each).startswith("127.0.0.1:") for each in service.get("ports", [])), "TLS is somebody else's"


@pytest.mark.parametrize("name", sorted(ON_POSTGRES | {"balancer", "database"}))
def test_a_service_says_how_it_is(name: str):
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", sorted(ON_POSTGRES))
def test_a_bot_on_postgresql_is_told_what_it_knows_and_its_secrets_by_file(name: str):
    service = SERVICES[name]
    known = {each.name: each for each in VARIABLES}

    told: dict[str, str] = service["environment"]
    assert {variable.removesuffix("_FILE") for variable in told} <= set(known)
    secret = {name for name, each in known.items() if each.secret}
    assert {each for each in told if each in secret and told[each]} == set(), "a secret stands in the file itself"
    files = {each.rpartition("/")[2] for variable, each in told.items() if variable.endswith("_FILE")}
    assert files == set(service["secrets"])
    assert "/readyz" in " ".join(service["healthcheck"]["test"])
    assert f"127.0.0.1:{told['DOGWATCH_PORT']}/" in " ".join(service["healthcheck"]["test"])
    assert service["depends_on"] == {"database": {"condition": "service_healthy"}}


@pytest.mark.parametrize("name", sorted(ON_POSTGRES))
def test_what_is_written_for_sqlite_does_not_reach_the_others(name: str):
    """`.env` names DATABASE_URL or tokens, which beside the files is a mistake that keeps the bot from starting."""
    assert SERVICES["dogwatch"]["env_file"] == ".env"
    assert SERVICES[name]["env_file"] == [{"path": ".env.replicas", "required": False}]
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {".env", ".env.replicas", "/secrets/"} <= set(ignored), "tokens are not committed by accident"


def as_its_comments_say(text: str) -> dict[str, Any]:
    """The services on PostgreSQL after somebody did both: Socket Mode, and a configuration."""
    text = text.replace(
        "SLACK_SIGNING_SECRET_FILE: /run/secrets/slack_signing_secret",
        "SLACK_APP_TOKEN_FILE: /run/secrets/slack_app_token",
    )
    text = text.replace("    - slack_signing_secret\n", "    - slack_app_token\n")
    for line in ("  DOGWATCH_CONFIG: /etc/dogwatch.toml", "volumes:", "  - ./dogwatch.toml:/etc/dogwatch.toml:ro"):
        indent, rest = ("    ", line.strip()) if "CONFIG" in line else ("  ", line)
        text = text.replace(f"{indent}# {rest}\n", f"{indent}{rest}\n", 1)
    return dict(yaml.safe_load(text)["services"])


@pytest.mark.parametrize("name", sorted(ON_POSTGRES))
def test_what_the_comments_say_makes_a_bot_with_socket_mode_and_a_configuration(name: str):
    service = as_its_comments_say((ROOT / "compose.yaml").read_text())[name]

    assert "slack_signing_secret" not in str(service)
    assert service["environment"]["SLACK_APP_TOKEN_FILE"] == "/run/secrets/slack_app_token"
    assert "slack_app_token" in service["secrets"]
    assert service["environment"]["DOGWATCH_CONFIG"] == "/etc/dogwatch.toml"
    assert service["volumes"] == ["./dogwatch.toml:/etc/dogwatch.toml:ro"]
    assert COMPOSE["secrets"]["slack_app_token"] == {"file": "./secrets/slack_app_token"}


def test_a_stop_is_longer_than_what_a_bot_finishes():
    """It takes up to 20 s to end what is under way."""
    assert {SERVICES[name]["stop_grace_period"] for name in BOTS} == {"30s"}


def test_the_balancer_asks_each_replica_whether_it_is_ready():
    port = SERVICES["first"]["environment"]["DOGWATCH_PORT"]

    assert set(re.findall(r"^ +server (\S+) \S+$", BALANCER, re.MULTILINE)) == of_profile("replicas") & BOTS
    assert set(re.findall(r"^ +server (\S+) \1:(\d+)$", BALANCER, re.MULTILINE)) == {("first", port), ("second", port)}
    assert "option httpchk GET /readyz" in BALANCER
    outside, inside = re.findall(r"^ +bind :(\d+)$", BALANCER, re.MULTILINE)
    assert SERVICES["balancer"]["ports"][0].endswith(f":{outside}")
    assert f":{inside}/ready" in " ".join(SERVICES["balancer"]["healthcheck"]["test"])


NEEDS_HAPROXY = pytest.mark.skipif(shutil.which("haproxy") is None, reason="needs haproxy (Debian's package haproxy)")
OUTSIDE = (
    "/alerts/alertmanager",
    "/alerts/grafana?x=1",
    "/alerts/generic",
    "/incidents/INC-7?key=1",
    "/slack/events",
    "/ack/12.1795332695.0aB_-9",
    "/oncall/0aB_-9.ics",
    "/paging/pagerduty",
    "/paging/opsgenie",
    "/",
    "/style.css",
    "/script.js?v=0123456789ab",
    "/?wall",
    "/live?after=0",
    "/live/now?wall",
    "/incidents/INC-7/live",
    "/sign-in?next=/incidents/INC-7",
    "/sign-in/link/0aB_-9",
    "/sign-in/slack/callback?code=1",
    "/sign-out",
)
INSIDE = (
    "/metrics",
    "/%6detrics",
    "/%6Detrics",
    "/METRICS",
    "//metrics",
    "/metrics/",
    "/./metrics",
    "/livez",
    "/readyz",
    "/control/outbox",
    "/outbox",
    "/outbox?until=1&key=2",
    "/alerts/../metrics",
    "/alerts/%2e%2e/metrics",
    "/alerts/%2E%2E%2Fmetrics",
    "/incidents/../readyz",
    "/incidents/..",
    "/incidents/INC-7/metrics",
    "/live/metrics",
    "/slack/events/../../metrics",
    "/alerts/generic;/../../metrics",
    "/alerts/generic%3f/metrics",
    "/incidents/INC-7%00",
    "http://dogwatch/metrics",
    "/slack/events/",
    "/ack/..",
    "/ack/../outbox",
    "/ack/",
    "/oncall/../metrics.ics",
    "/paging/other",
)


@asynccontextmanager
async def run_balancer(tmp_path: Path, reached: list[str]) -> AsyncIterator[int]:
    """The real balancer, and behind it something that answers everything. Yields the balancer's port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
        reached.append(target)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    replica = await asyncio.start_server(answer, "127.0.0.1", 0)
    port, front = replica.sockets[0].getsockname()[1], free_port()
    config = tmp_path / "haproxy.cfg"
    text = re.sub(r"server (\S+) \1:\d+", rf"server \1 127.0.0.1:{port}", BALANCER)
    text = text.replace("bind :3000", f"bind 127.0.0.1:{front}").replace("bind :3001", f"bind 127.0.0.1:{free_port()}")
    # That it asks whether a replica is ready is seen elsewhere: here all that arrives is somebody's request.
    config.write_text(re.sub(r"^ +(option httpchk|http-check|default-server check).*$", "", text, flags=re.MULTILINE))
    balancer = await asyncio.create_subprocess_exec(
        "haproxy", "-f", str(config), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        yield front
    finally:
        balancer.terminate()
        await balancer.communicate()
        replica.close()
        await replica.wait_closed()


@NEEDS_HAPROXY
async def test_only_what_outsiders_ask_for_reaches_a_replica(tmp_path: Path):
    reached: list[str] = []
    async with run_balancer(tmp_path, reached) as front:
        found = {target: await status_of(front, target) for target in (*OUTSIDE, *INSIDE)}

    assert {each: found[each] for each in OUTSIDE} == dict.fromkeys(OUTSIDE, 200)
    assert {each: found[each] for each in INSIDE if found[each] not in {400, 404}} == {}
    assert reached == list(OUTSIDE)


@NEEDS_HAPROXY
async def test_a_body_that_does_not_come_does_not_reach_a_replica(tmp_path: Path):
    reached: list[str] = []
    async with run_balancer(tmp_path, reached) as front:
        await status_of(front, "/slack/events")
        reader, writer = await asyncio.open_connection("127.0.0.1", front)
        writer.write(b"POST /alerts/generic HTTP/1.1\r\nHost: dogwatch\r\nContent-Length: 2\r\n\r\n{")
        await writer.drain()
        assert await status_of(front, "/incidents/INC-7") == 200
        assert reached == ["/slack/events", "/incidents/INC-7"]

        writer.write(b"}")

        assert (await reader.readline()).split()[1] == b"200"
        assert reached[2:] == ["/alerts/generic"]
        writer.close()


async def status_of(port: int, target: str) -> int:
    """Of a request with exactly this target; waits until somebody listens."""
    for _ in range(200):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.02)
            continue
        writer.write(f"GET {target} HTTP/1.1\r\nHost: dogwatch\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readline()
        writer.close()
        return int(line.split()[1])
    raise AssertionError("nobody listens")


@NEEDS_HAPROXY
def test_the_balancer_takes_its_configuration(tmp_path: Path):
    """With addresses in place of the containers' names, which exist in their network only."""
    config = tmp_path / "haproxy.cfg"
    config.write_text(re.sub(r"server (\S+) \1:", r"server \1 127.0.0.1:", BALANCER))

    done = subprocess.run(["haproxy", "-c", "-f", str(config)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
