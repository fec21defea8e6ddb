"""
The Slack Web API client: one call, one answer, typed failures.

The SDK's own retries are off: it repeats writes whose connection broke, which would post a message twice. The outbox
decides whether and when to retry.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from time import perf_counter
from typing import Any

import aiohttp
import slack_sdk.errors
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from structlog import get_logger

from bot.runtime.metrics import SLACK_CALLS
from bot.slack.api.download import download_file, require_slack_address
from bot.slack.api.errors import (
    RateLimited,
    SlackApiError,
    SlackError,
    Unreachable,
    classify_error,
    outcome_label,
    retry_after,
)
from bot.slack.api.payload_validation import check_answer

log = get_logger(__name__)

CALL_SECONDS = 10.0
"""Timeout of a call in seconds; afterwards its outcome is unknown. A lane's lease outlasts it."""

WORKSPACE_METHODS = frozenset({"conversations.create", "conversations.list", "usergroups.list"})
"""Methods that need `team_id` when the app is installed in an Enterprise organisation."""


def no_probe(_point: str) -> None:
    """Default probe: no-op outside fault tests."""


def no_lease_check() -> None:
    """Default lease check: the caller holds no lease."""


def ignore_answer() -> None:
    """Default for `on_answer`."""


def ignore_api_error(_problem: SlackApiError) -> None:
    """Default for `on_api_error`."""


LEASE_CHECK: ContextVar[Callable[[], None]] = ContextVar("lease_check", default=no_lease_check)
"""Called right before each call; raises if the caller's lease ran out, for example while the process was paused."""


class Gateway:
    """Calls Slack's Web API with the bot's token. `start` before use, `close` after."""

    def __init__(
        self, token: str, api_url: str, *, seconds: float = CALL_SECONDS, probe: Callable[[str], None] = no_probe
    ) -> None:
        self._token = token
        self._api_url = api_url
        self._seconds = seconds
        self._probe = probe
        self._session: aiohttp.ClientSession | None = None
        self._client: AsyncWebClient | None = None
        self.in_flight = 0
        self.on_answer: Callable[[], None] = ignore_answer
        """Called after each call that Slack answered, also with an error: Slack is reachable."""
        self.on_api_error: Callable[[SlackApiError], None] = ignore_api_error
        """Called for each error that Slack answers, also where the caller handles it."""
        self.workspace: str | None = None
        """The `team_id` for `WORKSPACE_METHODS`; None where the app is installed in a single workspace."""
        self.granted: frozenset[str] | None = None
        """The scopes of the bot's token by the last `auth.test`; None before, and where the answer has none."""

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._seconds))
        self._client = AsyncWebClient(
            token=self._token, base_url=self._api_url, session=self._session, retry_handlers=[]
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    @property
    def client(self) -> AsyncWebClient:
        """The SDK's client, which Bolt needs."""
        if self._client is None:
            raise RuntimeError("the gateway was not started")
        return self._client

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """
        Call a Web API method by Slack's name, for example `call("pins.add", channel=…)`.

        Returns the answer's fields. Raises SlackApiError, TokenRejected, RateLimited or Unreachable.
        """
        return (await self.call_at(method, **arguments))[0]

    async def call_at(self, method: str, **arguments: Any) -> tuple[dict[str, Any], datetime | None]:
        """`call`, with the time of the answer by Slack's clock, to the second, if it has one."""
        function = getattr(self.client, method.replace(".", "_"))
        given = {name: value for name, value in arguments.items() if value is not None}
        if self.workspace is not None and method in WORKSPACE_METHODS:
            given.setdefault("team_id", self.workspace)
        self._probe(f"before {method}")
        LEASE_CHECK.get()()
        self.in_flight += 1
        started, outcome = perf_counter(), "ok"
        try:
            answer = await self._answer_of(method, function(**given))
        except SlackError as problem:
            outcome = outcome_label(problem)
            SLACK_CALLS.labels(method, outcome).inc()
            if isinstance(problem, SlackApiError):
                self.on_answer()
                self.on_api_error(problem)
            raise
        finally:
            self.in_flight -= 1
            log.debug(
                "slack call finished", method=method, outcome=outcome, ms=round((perf_counter() - started) * 1000, 1)
            )
        SLACK_CALLS.labels(method, "ok").inc()
        self.on_answer()
        self._probe(f"after {method}")
        return answer

    async def _answer_of(
        self, method: str, request: Awaitable[AsyncSlackResponse]
    ) -> tuple[dict[str, Any], datetime | None]:
        try:
            response = await request
        except slack_sdk.errors.SlackApiError as problem:
            raise classify_error(method, problem) from problem
        except aiohttp.ClientConnectorError as problem:
            raise Unreachable(method, "no connection", maybe_done=False) from problem
        except TimeoutError as problem:
            raise Unreachable(method, f"no answer within {self._seconds:g} s", maybe_done=True) from problem
        except (aiohttp.ClientError, ConnectionError, UnicodeDecodeError) as problem:
            raise Unreachable(method, f"the connection broke ({type(problem).__name__})", maybe_done=True) from problem
        data = response.data
        if not isinstance(data, dict):
            raise Unreachable(method, "an answer that is no JSON object", maybe_done=True)
        check_answer(method, data)
        if method == "auth.test":
            self.granted = _scopes(response.headers)
        return data, _answered_at(response.headers)

    async def upload(self, url: str, content: bytes) -> None:
        """Send a file's bytes to an upload address. Raises RateLimited or Unreachable."""
        if self._session is None:
            raise RuntimeError("the gateway was not started")
        self._probe("before upload")
        LEASE_CHECK.get()()
        self.in_flight += 1
        try:
            await _post_bytes(self._session, url, content, self._seconds)
        except SlackError as problem:
            SLACK_CALLS.labels("upload", outcome_label(problem)).inc()
            raise
        finally:
            self.in_flight -= 1
        SLACK_CALLS.labels("upload", "ok").inc()
        self._probe("after upload")

    async def download(self, url: str, limit: int) -> bytes | None:
        """
        Read a file of Slack's; None if it has more than `limit` bytes.

        Raises ForeignAddress, SlackApiError, RateLimited or Unreachable.
        """
        if self._session is None:
            raise RuntimeError("the gateway was not started")
        require_slack_address(url, self._api_url)
        LEASE_CHECK.get()()
        self.in_flight += 1
        try:
            content = await download_file(self._session, url, self._token, limit)
        except SlackError as problem:
            SLACK_CALLS.labels("download", outcome_label(problem)).inc()
            raise
        finally:
            self.in_flight -= 1
        SLACK_CALLS.labels("download", "ok").inc()
        return content


async def _post_bytes(session: aiohttp.ClientSession, url: str, content: bytes, seconds: float) -> None:
    try:
        async with session.post(url, data=BytesIO(content), allow_redirects=False) as response:
            if response.status == 429:
                raise RateLimited("upload", retry_after(response.headers))
            if response.status != 200:
                raise Unreachable("upload", f"HTTP {response.status}", maybe_done=False)
    except aiohttp.ClientError as problem:
        raise Unreachable("upload", f"the connection broke ({type(problem).__name__})", maybe_done=False) from problem
    except TimeoutError as problem:
        raise Unreachable("upload", f"no answer within {seconds:g} s", maybe_done=False) from problem


def _answered_at(headers: Mapping[str, str]) -> datetime | None:
    try:
        found = parsedate_to_datetime(headers.get("Date") or headers.get("date") or "")
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def _scopes(headers: Mapping[str, str]) -> frozenset[str] | None:
    stated = {name.lower(): value for name, value in headers.items()}.get("x-oauth-scopes")
    return None if stated is None else frozenset(filter(None, (each.strip() for each in stated.split(","))))
