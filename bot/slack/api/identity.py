"""Identity of the bot: its workspace and user ids, from `auth.test`."""

import asyncio
from datetime import datetime

from bot.services.workspace.installation import save_installation
from bot.slack.api.client import Gateway
from bot.slack.api.lookups import find_workspace
from bot.store.database.session import Database


async def identify_bot(gateway: Gateway, database: Database, *, at: datetime, timeout_seconds: float) -> None:
    """
    Ask Slack which workspace and user the token is for, and store the answer.

    Raises SlackError or TimeoutError without an answer, and UserError for a token of another workspace.
    """
    async with asyncio.timeout(timeout_seconds):
        answer = await gateway.call("auth.test")
        if answer.get("is_enterprise_install"):
            gateway.workspace = await find_workspace(gateway)
    await database.run(
        save_installation,
        team_id=str(answer.get("enterprise_id") if answer.get("is_enterprise_install") else answer["team_id"]),
        team_name=str(answer.get("team") or ""),
        url=str(answer.get("url") or ""),
        bot_user_id=str(answer["user_id"]),
        bot_id=str(answer.get("bot_id") or ""),
        at=at,
    )
