"""Check the running bot, its public address, signing secret, alert tokens and heartbeat."""

import asyncio
import json
import re
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.config import Settings
from bot.doctor.report import CheckResult, failed, ok, warning
from bot.lazy_dataclass import dataclass
from bot.runtime.http_body import read_beginning
from bot.sources.authentication import hex_signature

SECONDS = 4.0
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  read, not bound
EVENTS_PATH = "/slack/events"
CHALLENGE = "dogwatch-doctor"
SECRET_FORM = re.compile(r"[0-9a-f]{32}")
REFUSED_COUNT = re.compile(r'^dogwatch_requests_total\{kind="slack",outcome="401"\} ([0-9.e+]+)$', re.MULTILINE)
COPY_REMEDY = (
    "Copy the Signing Secret from the app's settings, under Basic Information, into "
    "SLACK_SIGNING_SECRET, and restart the bot."
)
FORWARD = "Configure the proxy to forward {path} to the bot, with path and headers unchanged."


@dataclass
class RunningBot:
    """The bot at the configured address. `url`: None without a response."""

    url: str | None = None
    refused: int = 0
    """Requests from Slack that it refused since its start, for their signature or their age."""


@dataclass(frozen=True, slots=True)
class Response:
    """`status` 0: no response; `text` says why."""

    status: int
    text: str
    location: str = ""

    def is_json_with(self, key: str, value: object) -> bool:
        try:
            body = json.loads(self.text)
        except ValueError:
            return False
        return isinstance(body, dict) and body.get(key) == value


async def check_running_bot(settings: Settings, bot: RunningBot) -> list[CheckResult]:
    name = "running bot"
    url = f"http://{LOOPBACK.get(settings.host, settings.host)}:{settings.port}"
    answer = await _request("GET", f"{url}/readyz")
    if answer.status == 0:
        return [ok(name, f"not running at {url}")]
    try:
        problems = dict(json.loads(answer.text)["problems"])
    except (ValueError, KeyError, TypeError):
        return [warning(name, f"another program answers at {url}", "Set DOGWATCH_PORT to a free port.")]
    bot.url = url
    count = REFUSED_COUNT.search((await _request("GET", f"{url}/metrics")).text)
    bot.refused = int(float(count[1])) if count else 0
    if not problems:
        return [ok(name, f"ready at {url}")]
    sentences = "; ".join(f"{key}: {value}" for key, value in problems.items())
    return [failed(name, f"not ready at {url} ({sentences})", "See its log.")]


async def check_public_address(settings: Settings, bot: RunningBot) -> list[CheckResult]:
    name, url = "public address", settings.public_url
    if url is None:
        return [
            warning(
                name,
                "DOGWATCH_PUBLIC_URL is not set: page links work on this machine only",
                "Set it to the bot's address for people.",
            )
        ]
    if not settings.uses_socket_mode and not url.startswith("https://"):
        return [failed(name, f"Slack only calls https:// addresses, not {url}", "Put a TLS proxy in front.")]
    answer = await _request("GET", f"{url}/livez")
    if answer.is_json_with("ok", True):
        return [ok(name, f"{url} leads to a bot")]
    text = f"{url} does not lead to a bot ({_describe(answer)})"
    if bot.url is None:
        return [warning(name, text, "Start the bot, and run `dogwatch doctor` again.")]
    remedy = FORWARD.format(path="all requests") + " Ignore this if only other machines can reach the address."
    return [(warning if settings.uses_socket_mode else failed)(name, text, remedy)]


async def check_signing_secret(settings: Settings, bot: RunningBot) -> list[CheckResult]:
    """Check its form, and send a signed request to the public address or the bot itself."""
    name = "signing secret"
    if not settings.signing_secrets:
        return [ok(name, "not needed in Socket Mode")] if settings.uses_socket_mode else []
    results = []
    if not all(SECRET_FORM.fullmatch(each) for each in settings.signing_secrets):
        text = "SLACK_SIGNING_SECRET is not in Slack's format (32 characters, 0-9 and a-f)"
        results.append(warning(name, text, COPY_REMEDY))
    if settings.uses_socket_mode:
        return [*results, ok(name, "set, but not used: SLACK_APP_TOKEN selects Socket Mode")]
    if bot.refused:
        text = f"the running bot has refused {bot.refused} requests to {EVENTS_PATH} for a wrong signature or time"
        results.append(warning(name, text, f"If Slack sent them: {COPY_REMEDY}"))
    base = settings.public_url or bot.url
    if base is None:
        text = "not tested: no bot is running here, and DOGWATCH_PUBLIC_URL is not set"
        return [*results, warning(name, text, "Start the bot, and run `dogwatch doctor` again.")]
    return [
        *results,
        _challenge_result(
            base + EVENTS_PATH, await _send_challenge(base + EVENTS_PATH, settings.signing_secrets[0]), bot
        ),
    ]


def _challenge_result(url: str, answer: Response, bot: RunningBot) -> CheckResult:
    name = "signing secret"
    if answer.status == 200 and CHALLENGE in answer.text:
        return ok(name, f"accepted by the bot at {url}")
    if answer.status == 401:
        return failed(name, f"refused by the bot at {url}", f"The bot has another one. {COPY_REMEDY}")
    text = f"a signed request did not arrive at {url} ({_describe(answer)})"
    if answer.status == 0 and bot.url is None:
        return warning(name, text, "Start the bot, and run `dogwatch doctor` again.")
    return failed(name, text, FORWARD.format(path=EVENTS_PATH))


async def check_alert_tokens(settings: Settings) -> list[CheckResult]:
    name = "alerts"
    if not settings.alert_sources:
        return [
            warning(
                name, "DOGWATCH_ALERT_TOKEN is not set: alerts are refused", "Create one with `openssl rand -hex 32`."
            )
        ]
    return [ok(name, f"accepted with a token from {', '.join(settings.alert_sources)}")]


async def check_heartbeat(settings: Settings) -> list[CheckResult]:
    """
    Check that its host can be reached.

    The URL is not called: that would report the bot as alive.
    """
    name = "heartbeat"
    if settings.heartbeat_url is None:
        return [ok(name, "DOGWATCH_HEARTBEAT_URL is not set: an outage of Dogwatch is not reported (optional)")]
    host, error = await connect_to_host(settings.heartbeat_url.get_secret_value())
    if error:
        remedy = "Check DOGWATCH_HEARTBEAT_URL and the network."
        return [warning(name, f"{host} cannot be reached ({error})", remedy)]
    return [ok(name, f"{host} can be reached")]


async def connect_to_host(url: str) -> tuple[str, str]:
    """Return the host, and why it accepts no connections; empty if it does."""
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    try:
        async with asyncio.timeout(SECONDS):
            port = parts.port or (443 if is_tls else 80)
            _reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=is_tls or None)
        writer.close()
    except (OSError, TimeoutError) as problem:  # an SSLError is an OSError
        return str(parts.hostname), str(problem) or "no answer in time"
    return str(parts.hostname), ""


async def _send_challenge(url: str, secret: str) -> Response:
    body = json.dumps({"type": "url_verification", "challenge": CHALLENGE, "token": ""}).encode()
    timestamp = str(int(time.time()))
    signature = "v0=" + hex_signature(secret, f"v0:{timestamp}:".encode() + body).decode()
    headers = {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature,
    }
    return await _request("POST", url, data=body, headers=headers)


async def _request(method: str, url: str, **more: Any) -> Response:
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.request(method, url, allow_redirects=False, **more) as response,
        ):
            text = (await read_beginning(response, 1024 * 1024)).decode(errors="replace")
            return Response(response.status, text, response.headers.get("Location", ""))
    except aiohttp.ClientConnectorCertificateError:
        return Response(0, "its certificate is not accepted")
    except aiohttp.ClientConnectorDNSError:
        return Response(0, "its name is not known")
    except TimeoutError:
        return Response(0, f"no answer within {SECONDS:g} s")
    except (aiohttp.ClientError, OSError, ssl.SSLError, ValueError) as problem:
        return Response(0, "no connection" if isinstance(problem, OSError) else type(problem).__name__)


def _describe(answer: Response) -> str:
    if answer.status == 0:
        return answer.text
    if answer.location:
        return f"it answers {answer.status} and redirects to {answer.location}, which Slack does not follow"
    return f"it answers {answer.status}"
