"""The ways in: the bot that runs here, its public address, Slack's requests, alerts; and the heartbeat, a way out."""

import asyncio
import json
import re
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.config import Settings
from bot.doctor.report import Finding, failed, ok, warning
from bot.domain.alerts.routing import SOURCE_NAMES
from bot.sources.signature import hex_signature

SECONDS = 4.0
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  read, not bound
EVENTS_PATH = "/slack/events"
CHALLENGE = "dogwatch-doctor"
FORM = re.compile(r"[0-9a-f]{32}")
REFUSED = re.compile(r'^dogwatch_requests_total\{kind="slack",outcome="401"\} ([0-9.e+]+)$', re.MULTILINE)
COPY_IT = (
    "Copy the Signing Secret from the app's settings, under Basic Information, into SLACK_SIGNING_SECRET, and start "
    "the bot again with it."
)
FORWARD = "Let the proxy forward {path} to the bot, with path and headers as they are."


@dataclass
class Local:
    """The bot that runs where the settings say, if one does."""

    url: str | None = None
    refused: int = 0
    """Slack's requests that it refused since its start because their signature does not fit, or is too old."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` 0: there was none, and `text` says why."""

    status: int
    text: str
    location: str = ""

    def is_json_with(self, key: str, value: object) -> bool:
        try:
            found = json.loads(self.text)
        except ValueError:
            return False
        return isinstance(found, dict) and found.get(key) == value


async def running_bot(settings: Settings, local: Local) -> list[Finding]:
    name = "running bot"
    url = f"http://{LOOPBACK.get(settings.host, settings.host)}:{settings.port}"
    answer = await _asked("GET", f"{url}/readyz")
    if answer.status == 0:
        return [ok(name, f"none answers at {url}")]
    try:
        told: dict[str, Any] = json.loads(answer.text)
        problems = dict(told["problems"])
    except (ValueError, KeyError, TypeError):
        return [warning(name, f"something else answers at {url}", "Set DOGWATCH_PORT to a free port.")]
    local.url = url
    local.refused = (
        int(float(found[1])) if (found := REFUSED.search((await _asked("GET", f"{url}/metrics")).text)) else 0
    )
    if not problems:
        return [ok(name, f"one answers at {url} and is ready")]
    sentences = "; ".join(f"{key}: {value}" for key, value in problems.items())
    return [failed(name, f"the one at {url} is not ready ({sentences})", "Its log says more.")]


async def public_address(settings: Settings, local: Local) -> list[Finding]:
    name, url = "public address", settings.public_url
    if url is None:
        return [
            warning(
                name,
                "DOGWATCH_PUBLIC_URL is not set: links to incidents' pages work on this machine only",
                "Set it to the address at which people reach the bot.",
            )
        ]
    if not settings.uses_socket_mode and not url.startswith("https://"):
        return [failed(name, f"Slack calls https:// addresses only, not {url}", "Put a proxy with TLS in front.")]
    answer = await _asked("GET", f"{url}/livez")
    if answer.is_json_with("ok", True):
        return [ok(name, f"{url} leads to a bot")]
    told = f"{url} does not lead to a bot ({_said(answer)})"
    if local.url is None:
        return [warning(name, told, "No bot runs on this machine now: start it, and run `dogwatch doctor` again.")]
    remedy = FORWARD.format(path="what comes in") + " If only other machines can reach the address, this is no mistake."
    return [(warning if settings.uses_socket_mode else failed)(name, told, remedy)]


async def signing_secret(settings: Settings, local: Local) -> list[Finding]:
    """Its form; and a request signed with it, by the public address if there is one, else straight to the bot."""
    name = "signing secret"
    if not settings.signing_secrets:
        return [ok(name, "none is needed with Socket Mode")] if settings.uses_socket_mode else []
    found = []
    if not all(FORM.fullmatch(each) for each in settings.signing_secrets):
        told = "SLACK_SIGNING_SECRET does not look like one of Slack's (32 characters, 0-9 and a-f)"
        found.append(warning(name, told, COPY_IT))
    if settings.uses_socket_mode:
        return [*found, ok(name, "is set, but with SLACK_APP_TOKEN nothing comes over HTTP")]
    if local.refused:
        told = f"the running bot has refused {local.refused} requests to {EVENTS_PATH}, because of signature or time"
        found.append(warning(name, told, f"If they were Slack's: {COPY_IT}"))
    base = settings.public_url or local.url
    if base is None:
        told = "a signed request was not tried: no bot runs here, and DOGWATCH_PUBLIC_URL is not set"
        return [*found, warning(name, told, "Start the bot, and run `dogwatch doctor` again.")]
    return [
        *found,
        _of_request(base + EVENTS_PATH, await _signed(base + EVENTS_PATH, settings.signing_secrets[0]), local),
    ]


def _of_request(url: str, answer: Answer, local: Local) -> Finding:
    name = "signing secret"
    if answer.status == 200 and CHALLENGE in answer.text:
        return ok(name, f"a request signed with it is accepted at {url}")
    if answer.status == 401:
        return failed(
            name, f"the bot at {url} does not accept a request signed with it", f"It runs with another one. {COPY_IT}"
        )
    told = f"a signed request to {url} does not arrive ({_said(answer)})"
    if answer.status == 0 and local.url is None:
        return warning(name, told, "No bot runs on this machine now: start it, and run `dogwatch doctor` again.")
    return failed(name, told, FORWARD.format(path=EVENTS_PATH))


async def alerts(settings: Settings) -> list[Finding]:
    name = "alerts"
    taken = [each for each in SOURCE_NAMES if settings.credentials(each).are_set]
    if not taken:
        return [
            warning(
                name, "DOGWATCH_ALERT_TOKEN is not set: alerts are refused", "Make one with `openssl rand -hex 32`."
            )
        ]
    return [ok(name, f"taken from {', '.join(taken)}, with a token")]


async def heartbeat(settings: Settings) -> list[Finding]:
    """Whether its host can be reached. It is not called: that would say that the bot lives."""
    name = "heartbeat"
    if settings.heartbeat_url is None:
        return [
            ok(name, "DOGWATCH_HEARTBEAT_URL is not set, so nobody is told when Dogwatch itself is down (optional)")
        ]
    parts = urlsplit(settings.heartbeat_url.get_secret_value())
    is_tls = parts.scheme == "https"
    try:
        async with asyncio.timeout(SECONDS):
            _reader, writer = await asyncio.open_connection(
                parts.hostname, parts.port or (443 if is_tls else 80), ssl=is_tls or None
            )
        writer.close()
    except (OSError, TimeoutError) as problem:  # an SSLError is an OSError
        told = str(problem) or "no answer in time"
        return [
            warning(
                name, f"{parts.hostname} cannot be reached ({told})", "Mend DOGWATCH_HEARTBEAT_URL, or the way there."
            )
        ]
    return [ok(name, f"{parts.hostname} can be reached")]


async def _signed(url: str, secret: str) -> Answer:
    body = json.dumps({"type": "url_verification", "challenge": CHALLENGE, "token": ""}).encode()
    stamp = str(int(time.time()))
    signature = "v0=" + hex_signature(secret, f"v0:{stamp}:".encode() + body).decode()
    headers = {"Content-Type": "application/json", "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
    return await _asked("POST", url, data=body, headers=headers)


async def _asked(method: str, url: str, **more: Any) -> Answer:
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.request(method, url, allow_redirects=False, **more) as got,
        ):
            text = (await got.content.read(1024 * 1024)).decode(errors="replace")
            return Answer(got.status, text, got.headers.get("Location", ""))
    except aiohttp.ClientConnectorCertificateError:
        return Answer(0, "its certificate is not accepted")
    except aiohttp.ClientConnectorDNSError:
        return Answer(0, "its name is not known")
    except TimeoutError:
        return Answer(0, f"no answer within {SECONDS:g} s")
    except (aiohttp.ClientError, OSError, ssl.SSLError, ValueError) as problem:
        return Answer(0, "no connection" if isinstance(problem, OSError) else type(problem).__name__)


def _said(answer: Answer) -> str:
    if answer.status == 0:
        return answer.text
    if answer.location:
        return f"it answers {answer.status} and sends on to {answer.location}, where Slack does not go"
    return f"it answers {answer.status}"
