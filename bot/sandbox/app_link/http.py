"""Delivery by signed HTTP requests to the app's address."""

import hashlib
import hmac
import json
import time
import uuid
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from bot.sandbox.app_link.outcome import Outcome, Outgoing

MAX_REDIRECTS = 2


def signature(secret: str, timestamp: str, body: bytes) -> str:
    base = b":".join([b"v0", timestamp.encode(), body])
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class HttpLink:
    """The app's request URL. Requests are signed with the machine's time, as receivers expect."""

    name = "http"

    def __init__(self, url: str, secret: str) -> None:
        self.url = url
        self.secret = secret
        self.session: aiohttp.ClientSession | None = None

    def is_open(self) -> bool:
        return True

    async def send(self, outgoing: Outgoing, limit: float) -> Outcome:
        body, kind = encode_payload(outgoing)
        headers = self.headers(body, kind)
        if outgoing.attempt:
            headers |= {"x-slack-retry-num": str(outgoing.attempt), "x-slack-retry-reason": outgoing.reason}
        began = time.perf_counter()
        outcome = await self._post(body, headers, limit)
        if outgoing.is_cut and outcome.is_acknowledged:
            outgoing.is_cut = False
            outcome = Outcome("connection_failed", outcome.status)
        outcome.seconds = time.perf_counter() - began
        return outcome

    def headers(self, body: bytes, kind: str) -> dict[str, str]:
        timestamp = str(int(time.time()))
        return {
            "Content-Type": kind,
            "User-Agent": "Slackbot 1.0 (+sandbox)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self.secret, timestamp, body),
        }

    async def _post(self, body: bytes, headers: dict[str, str], limit: float) -> Outcome:
        if self.session is None:
            self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        timeout = aiohttp.ClientTimeout(total=limit)
        try:
            async with self.session.post(
                self.url, data=body, headers=headers, timeout=timeout, max_redirects=MAX_REDIRECTS
            ) as response:
                return read_outcome(
                    response.status, response.headers.get("x-slack-no-retry") == "1", await response.text()
                )
        except TimeoutError:
            return Outcome("http_timeout")
        except aiohttp.TooManyRedirects:
            return Outcome("too_many_redirects")
        except aiohttp.ClientSSLError:
            return Outcome("ssl_error")
        except (aiohttp.ClientError, OSError):
            return Outcome("connection_failed")
        except UnicodeDecodeError:
            return Outcome("unknown_error")

    async def verify(self, limit: float) -> bool:
        """Return whether the address answers Slack's challenge."""
        challenge = uuid.uuid4().hex
        body = json.dumps({"token": "sandbox", "challenge": challenge, "type": "url_verification"}).encode()
        outcome = await self._post(body, self.headers(body, "application/json"), limit)
        return outcome.is_acknowledged and (
            outcome.text.strip() == challenge or outcome.body.get("challenge") == challenge
        )

    async def close(self) -> None:
        if self.session is not None:
            await self.session.close()
            self.session = None


def encode_payload(outgoing: Outgoing) -> tuple[bytes, str]:
    """Return body and content type: JSON for events, a form for commands and interactions."""
    if outgoing.kind == "events_api":
        return json.dumps(outgoing.payload).encode(), "application/json"
    form = outgoing.payload if outgoing.kind == "slash_commands" else {"payload": json.dumps(outgoing.payload)}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"


def read_outcome(status: int, no_retry: bool, text: str) -> Outcome:
    try:
        body = json.loads(text) if text.strip().startswith("{") else {}
    except ValueError:
        body = {}
    heard = status == web.HTTPOk.status_code
    return Outcome("" if heard else "http_error", status, body, "" if body else text, no_retry)
