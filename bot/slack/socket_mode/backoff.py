"""Pauses between connection attempts, and what an operator has to do about failures."""

import random

from structlog import get_logger

from bot.slack.api.errors import RateLimited, SlackApiError, SlackError, TokenRejected
from bot.slack.socket_mode.connection import CONNECTION_ERRORS, ConnectionRejected

log = get_logger(__name__)

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between attempts, before jitter; the last repeats. `apps.connections.open` is rate limited."""
OPERATOR_PAUSE = 60.0
"""Seconds between attempts while only an operator can fix the problem."""
REMEDIES = {
    "link_disabled": "Socket Mode is switched off in the app's settings. Switch it on there, or unset SLACK_APP_TOKEN "
    "and let Slack call a request URL.",
    "too_many_websockets": "Slack allows an app ten connections, and they are in use. Run fewer replicas, or set "
    "DOGWATCH_SOCKET_CONNECTIONS to a lower number.",
}
"""By the reason with which Slack rejects a connection."""
UNAUTHORIZED_REMEDY = (
    "Slack does not accept SLACK_APP_TOKEN. Make an app-level token with the scope connections:write in the app's "
    "settings, under Basic Information, and start again with it."
)


def pause_after(problem: Exception, failures: int) -> float:
    """Return the seconds, with jitter, until the next attempt. `failures`: earlier ones."""
    if isinstance(problem, RateLimited):
        return problem.seconds + random.uniform(0, 1)  # noqa: S311  jitter, no secret
    pause = PAUSES[min(failures, len(PAUSES) - 1)] if find_remedy(problem) is None else OPERATOR_PAUSE
    return pause * random.uniform(0.5, 1.5)  # noqa: S311


def describe_problem(problem: Exception) -> str:
    return str(problem) or type(problem).__name__


def log_problem(problem: Exception, previous: str) -> None:
    """Log a failed attempt; a remedy is logged as an error, unless `previous` was the same."""
    remedy, text = find_remedy(problem), describe_problem(problem)
    if not isinstance(problem, (SlackError, ConnectionRejected, *CONNECTION_ERRORS)):
        log.error("socket connection failed", exc_info=problem)
    elif remedy is None:
        log.warning("socket connection failed; retrying", problem=text)
    elif text != previous:
        log.error("socket connection rejected", problem=text, remedy=remedy)
    else:
        log.warning("socket connection still rejected", problem=text)


def find_remedy(problem: Exception) -> str | None:
    """Return what an operator has to do; None for a temporary problem."""
    if isinstance(problem, ConnectionRejected):
        return REMEDIES.get(problem.reason)
    return UNAUTHORIZED_REMEDY if isinstance(problem, SlackApiError | TokenRejected) else None
