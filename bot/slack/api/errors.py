"""Failures of Slack's Web API, by what the caller can do about them."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import slack_sdk.errors

from bot.domain.slack_app.api_errors import MEANINGS

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
        "invalid_cursor",
    }
)
"""Error codes that pass by themselves."""
MAYBE_DONE = frozenset({"fatal_error", "internal_error", "request_timeout"})
"""Transient error codes after which part of the call may have taken effect."""
TOKEN_ERRORS = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "org_login_required",
        "accesslimited",
    }
)
"""
Error codes of a broken installation: nothing can be delivered until an operator has replaced the token.

Without `no_permission` and `ekm_access_denied`: Slack may refuse one channel with them.
"""
RATE_LIMIT_ERRORS = frozenset({"ratelimited", "rate_limited"})
COUNTED_ERRORS = (
    TRANSIENT
    | TOKEN_ERRORS
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
"""Error codes that the metric counts under their own name; it counts all others together."""
DEFAULT_RETRY_AFTER, MAX_RETRY_AFTER = 5.0, 3600.0
"""Seconds to wait after a 429 without a `Retry-After` header, and at most."""


class SlackError(Exception):
    """A failed call. `method`: the name of the Web API method."""

    def __init__(self, method: str, message: str) -> None:
        self.method = method
        super().__init__(f"{method}: {message}")


class SlackApiError(SlackError):
    """Slack answered with an error. `error`: its code; `details`: the rest of the answer."""

    def __init__(self, method: str, error: str, details: Mapping[str, Any]) -> None:
        self.error = error
        self.details = details
        needed = f" (needs {details['needed']})" if details.get("needed") else ""
        super().__init__(method, f"{error}{needed}")


class TokenRejected(SlackError):
    """Slack does not accept the bot's token, and did nothing."""

    def __init__(self, method: str, error: str) -> None:
        self.error = error
        super().__init__(method, error)


class RateLimited(SlackError):
    """Too many calls. Nothing was done; try again after `seconds`."""

    def __init__(self, method: str, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(method, f"rate limited for {seconds:g} s")


class Unreachable(SlackError):
    """No answer, or an unreadable one. `maybe_done`: the call may have taken effect."""

    def __init__(self, method: str, message: str, *, maybe_done: bool) -> None:
        self.maybe_done = maybe_done
        super().__init__(method, message)


def outcome_label(problem: SlackError) -> str:
    """Return the metric's label for a failure. The set of labels is bounded."""
    match problem:
        case RateLimited():
            return "ratelimited"
        case SlackApiError() | TokenRejected():
            return problem.error if problem.error in COUNTED_ERRORS else "other refusal"
        case _:
            return "away"


def classify_error(method: str, problem: slack_sdk.errors.SlackApiError) -> SlackError:
    """Translate the SDK's exception for an answer that is not `ok`."""
    response = problem.response
    status = int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)
    headers = getattr(response, "headers", None) or {}
    data = getattr(response, "data", None)
    if status == 429:
        return RateLimited(method, retry_after(headers))
    error = data.get("error") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(error, str) or not error:
        return Unreachable(method, f"HTTP {status} without an answer that can be read", maybe_done=True)
    if error in RATE_LIMIT_ERRORS:
        return RateLimited(method, retry_after(headers))
    if status >= 500 or error in TRANSIENT:
        return Unreachable(method, error, maybe_done=status >= 500 or error in MAYBE_DONE)
    if error in TOKEN_ERRORS:
        return TokenRejected(method, error)
    return SlackApiError(method, error, data)


def retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that a 429 asks to wait, or a default."""
    value = headers.get("Retry-After") or headers.get("retry-after") or ""
    try:
        seconds = float(value)
    except ValueError:
        return DEFAULT_RETRY_AFTER
    return min(max(seconds, 0.1), MAX_RETRY_AFTER) if isfinite(seconds) else DEFAULT_RETRY_AFTER
