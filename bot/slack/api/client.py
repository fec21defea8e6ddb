"""
The only way to Slack: one call, one answer, and what it means.

The SDK's own retries are off: it repeats writes whose connection broke, and a message would stand there twice. Whether
to try again, when, and whether to look first is the outbox's business; here each failure is given its kind.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from math import isfinite
from time import perf_counter
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from structlog import get_logger

from bot.domain.slack_app.api_errors import MEANINGS
from bot.runtime.metrics import SLACK_CALLS

log = get_logger(__name__)

CALL_SECONDS = 10.0
"""How long a call may take before its outcome counts as unknown. A lane's lease outlasts it."""

TRANSIENT = frozenset(
    {
        "fatal_error",
        "internal_error",
        "request_timeout",
        "service_unavailable",
        "rate_limited",
        "ratelimited",
        "team_added_to_org",
        "canvas_editing_locked",
    }
)
"""Refusals that pass by themselves. After the first two something of the call may have happened."""
MAYBE_DONE = frozenset({"fatal_error", "internal_error", "request_timeout"})
OF_THE_TOKEN = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "no_permission",
        "org_login_required",
        "ekm_access_denied",
        "accesslimited",
    }
)
"""The installation is broken, not the row: it waits until an operator has mended the token."""

RATE_LIMITED = "ratelimited"
EXPECTED = (
    TRANSIENT
    | OF_THE_TOKEN
    | MEANINGS.keys()
    | {
        "already_in_channel",
        "already_pinned",
        "already_reacted",
        "no_reaction",
        "cant_invite_self",
        "cant_update_message",
        "edit_window_closed",
        "file_not_found",
        "invalid_name",
        "invalid_name_maxlength",
        "invalid_name_required",
        "invalid_name_specials",
        "thread_not_found",
        "too_long",
        "user_not_visible",
        "users_not_found",
    }
)
"""Refusals that are counted by their own word."""
DEFAULT_RETRY_AFTER, LONGEST_RETRY_AFTER = 5.0, 3600.0
"""Seconds to wait where a 429 does not say how long, and at most."""

OF_A_WORKSPACE = frozenset({"conversations.create", "conversations.list", "usergroups.list"})
"""Calls that have to name the workspace where an organisation has installed the app."""

Client = AsyncWebClient
"""The SDK's client, by name for those who pass it on without calling it."""


class SlackError(Exception):
    """A call that did not work. `method` is Slack's name of it."""

    def __init__(self, method: str, message: str) -> None:
        self.method = method
        super().__init__(f"{method}: {message}")


class Refused(SlackError):
    """Slack understood and said no. `error` is its word, `details` the rest of the answer."""

    def __init__(self, method: str, error: str, details: Mapping[str, Any]) -> None:
        self.error = error
        self.details = details
        needed = f" (needs {details['needed']})" if details.get("needed") else ""
        super().__init__(method, f"{error}{needed}")


class TokenRefused(SlackError):
    """Slack does not accept the bot's token: nothing was done, and nothing can be, until an operator has mended it."""

    def __init__(self, method: str, error: str) -> None:
        self.error = error
        super().__init__(method, error)


class Busy(SlackError):
    """Too many calls: nothing happened, try again after `seconds`."""

    def __init__(self, method: str, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(method, f"rate limited for {seconds:g} s")


class Away(SlackError):
    """No answer, or none that can be read. `maybe_done`: the call may have had its effect."""

    def __init__(self, method: str, message: str, *, maybe_done: bool) -> None:
        self.maybe_done = maybe_done
        super().__init__(method, message)


def outcome_of(problem: SlackError) -> str:
    """For the metric: what the call came to. Slack's word where it is known, so that there are only so many."""
    match problem:
        case Busy():
            return RATE_LIMITED
        case Refused() | TokenRefused():
            return problem.error if problem.error in EXPECTED else "other refusal"
        case _:
            return "away"


def no_probe(_point: str) -> None:
    """What a fault test replaces: called before and after each call."""


def may_call() -> None:
    """Nobody else could be doing the same."""


def nobody_waits() -> None:
    """Nothing was put off until Slack answers."""


def nobody_asks(_problem: Refused) -> None:
    """Why Slack said no is the caller's business alone."""


HELD: ContextVar[Callable[[], None]] = ContextVar("held", default=may_call)
"""Called right before each call. Raises if the caller may not make it any more: a process that was paused does not know
by itself that its lease ran out meanwhile, and that another one has taken over."""


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
        self.answered: Callable[[], None] = nobody_waits
        """Called each time that Slack did what it was asked, or understood and said no: it is there."""
        self.refused: Callable[[Refused], None] = nobody_asks
        """Called each time that Slack said no, also where the caller goes on without."""
        self.workspace: str | None = None
        """Which workspace such calls name; None where the app is installed in one."""
        self.granted: frozenset[str] | None = None
        """The scopes of the bot's token by the last `auth.test`; None before, and where the answer does not say."""

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
        """The SDK's client, for bolt and Socket Mode, which want one."""
        if self._client is None:
            raise RuntimeError("the gateway was not started")
        return self._client

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """
        One call of the Web API by Slack's own name for it, for example `call("pins.add", channel=…, timestamp=…)`.

        Returns the answer's fields. Raises Refused, TokenRefused, Busy or Away.
        """
        return (await self.call_at(method, **arguments))[0]

    async def call_at(self, method: str, **arguments: Any) -> tuple[dict[str, Any], datetime | None]:
        """`call`, with the second in which Slack answered, by Slack's clock; None where the answer does not say."""
        function = getattr(self.client, method.replace(".", "_"))
        given = {name: value for name, value in arguments.items() if value is not None}
        if self.workspace is not None and method in OF_A_WORKSPACE:
            given.setdefault("team_id", self.workspace)
        self._probe(f"before {method}")
        HELD.get()()
        self.in_flight += 1
        began, outcome = perf_counter(), "ok"
        try:
            answer = await self._ask(method, function(**given))
        except SlackError as problem:
            outcome = outcome_of(problem)
            SLACK_CALLS.labels(method, outcome).inc()
            if isinstance(problem, Refused):
                self.answered()
                self.refused(problem)
            raise
        finally:
            self.in_flight -= 1
            log.debug("called Slack", method=method, outcome=outcome, ms=round((perf_counter() - began) * 1000, 1))
        SLACK_CALLS.labels(method, "ok").inc()
        self.answered()
        self._probe(f"after {method}")
        return answer

    async def _ask(self, method: str, calling: Any) -> tuple[dict[str, Any], datetime | None]:
        try:
            response = await calling
        except SlackApiError as problem:
            raise _meaning(method, problem) from problem
        except aiohttp.ClientConnectorError as problem:
            raise Away(method, "no connection", maybe_done=False) from problem
        except TimeoutError as problem:
            raise Away(method, f"no answer within {self._seconds:g} s", maybe_done=True) from problem
        except (aiohttp.ClientError, ConnectionError, UnicodeDecodeError) as problem:
            raise Away(method, f"the connection broke ({type(problem).__name__})", maybe_done=True) from problem
        data = response.data
        if not isinstance(data, dict):
            raise Away(method, "an answer that is no JSON object", maybe_done=True)
        if method == "auth.test":
            self.granted = _scopes(response.headers)
        return data, _answered_at(response.headers)

    async def upload(self, url: str, content: bytes) -> None:
        """Send a file's bytes to where `files.getUploadURLExternal` said. Raises Busy or Away."""
        if self._session is None:
            raise RuntimeError("the gateway was not started")
        self._probe("before upload")
        HELD.get()()
        self.in_flight += 1
        try:
            await self._send(self._session, url, content)
        except SlackError as problem:
            SLACK_CALLS.labels("upload", outcome_of(problem)).inc()
            raise
        finally:
            self.in_flight -= 1
        SLACK_CALLS.labels("upload", "ok").inc()
        self._probe("after upload")

    async def _send(self, session: aiohttp.ClientSession, url: str, content: bytes) -> None:
        try:
            async with session.post(url, data=BytesIO(content), allow_redirects=False) as response:
                if response.status == 429:
                    raise Busy("upload", _retry_after(response.headers))
                if response.status != 200:
                    raise Away("upload", f"HTTP {response.status}", maybe_done=False)
        except aiohttp.ClientError as problem:
            raise Away("upload", f"the connection broke ({type(problem).__name__})", maybe_done=False) from problem
        except TimeoutError as problem:
            raise Away("upload", f"no answer within {self._seconds:g} s", maybe_done=False) from problem


def _meaning(method: str, problem: SlackApiError) -> SlackError:
    response = problem.response
    status = int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)
    headers = getattr(response, "headers", None) or {}
    data = getattr(response, "data", None)
    if status == 429:
        return Busy(method, _retry_after(headers))
    if not isinstance(data, dict) or not data.get("error"):
        return Away(method, f"HTTP {status} without an answer that can be read", maybe_done=True)
    error = str(data["error"])
    if error in {"ratelimited", "rate_limited"}:
        return Busy(method, _retry_after(headers))
    if status >= 500 or error in TRANSIENT:
        return Away(method, error, maybe_done=status >= 500 or error in MAYBE_DONE)
    if error in OF_THE_TOKEN:
        return TokenRefused(method, error)
    return Refused(method, error, data)


def _answered_at(headers: Mapping[str, str]) -> datetime | None:
    try:
        found = parsedate_to_datetime(headers.get("Date") or headers.get("date") or "")
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def _scopes(headers: Mapping[str, str]) -> frozenset[str] | None:
    stated = {name.lower(): value for name, value in headers.items()}.get("x-oauth-scopes")
    return None if stated is None else frozenset(filter(None, (each.strip() for each in stated.split(","))))


def _retry_after(headers: Mapping[str, str]) -> float:
    stated = headers.get("Retry-After") or headers.get("retry-after") or ""
    try:
        seconds = float(stated)
    except ValueError:
        return DEFAULT_RETRY_AFTER
    return min(max(seconds, 0.1), LONGEST_RETRY_AFTER) if isfinite(seconds) else DEFAULT_RETRY_AFTER
