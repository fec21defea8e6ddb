"""Answer via a payload's response URL."""

from typing import Any

from aiohttp import ClientError
from slack_bolt.context.respond.async_respond import AsyncRespond
from structlog import get_logger

log = get_logger(__name__)


async def respond_via_url(respond: AsyncRespond, answer: dict[str, Any]) -> bool:
    """Send an answer after the commit; an error is logged. Returns True if it was sent."""
    if not respond.response_url or not isinstance(respond.response_url, str):
        log.warning("answer not sent; no response URL")
        return False
    try:
        response = await respond(**answer)
    except (OSError, TimeoutError, ClientError, ValueError) as problem:  # ValueError: of an address that is none
        log.warning("answer not sent", problem=str(problem) or type(problem).__name__)
    else:
        if response.status_code == 200:
            return True
        log.warning("answer rejected by Slack", status=response.status_code, problem=response.body)
    return False
