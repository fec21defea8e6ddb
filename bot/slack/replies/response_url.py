"""An answer that goes to a payload's own address, after Slack was told that the payload arrived."""

from typing import Any

from aiohttp import ClientError
from slack_bolt.context.respond.async_respond import AsyncRespond
from structlog import get_logger

log = get_logger(__name__)


async def told_later(respond: AsyncRespond, answer: dict[str, Any]) -> bool:
    """
    What was pressed is done and stored: that its answer does not arrive must not make Slack say that it failed.

    Returns whether the answer arrived.
    """
    if not respond.response_url:
        log.warning("an answer has no address to go to")
        return False
    try:
        response = await respond(**answer)
    except (OSError, TimeoutError, ClientError) as problem:
        log.warning("an answer did not arrive", problem=str(problem) or type(problem).__name__)
    else:
        if response.status_code == 200:
            return True
        log.warning("an answer was refused", status=response.status_code, problem=response.body)
    return False
