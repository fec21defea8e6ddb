"""Identity of the bot: its workspace and user ids, from `auth.test`."""

import asyncio
from datetime import datetime

from structlog import get_logger

from bot.runtime.clock import Clock
from bot.services.workspace.installation import save_installation
from bot.slack.api.client import Gateway
from bot.slack.api.errors import SlackError, TokenRejected
from bot.slack.api.lookups import find_workspace
from bot.slack.api.missing_permissions import MissingPermissionReporter
from bot.store.database.session import Database, DatabaseUnavailable

log = get_logger(__name__)

AUTH_TIMEOUT = 3.0
"""Seconds that a start waits for `auth.test`; after that it uses the stored installation, and retries."""
RETRY_SECONDS = 5.0


class IdentityLookup:
    """Look up and store the bot's workspace, user and missing scopes."""

    def __init__(
        self, gateway: Gateway, database: Database, clock: Clock, permissions: MissingPermissionReporter
    ) -> None:
        self._gateway = gateway
        self._database = database
        self._clock = clock
        self._permissions = permissions

    async def look_up(self) -> bool:
        """Return False if Slack does not answer. Raises UserError for a token of another workspace."""
        try:
            await identify_bot(self._gateway, self._database, at=self._clock.now(), timeout_seconds=AUTH_TIMEOUT)
        except (SlackError, TimeoutError) as problem:
            write = log.error if isinstance(problem, TokenRejected) else log.warning
            remedy = "Run `dogwatch doctor` on the bot's machine."
            write("bot identity lookup failed", problem=str(problem) or "no response", remedy=remedy)
            return False
        if self._gateway.granted is not None:
            await self._permissions.check_scopes(self._gateway.granted)
        return True

    async def retry(self) -> None:
        """Look up until Slack answers. Raises UserError for a token of another workspace."""
        is_known = False
        while not is_known:
            await asyncio.sleep(RETRY_SECONDS)
            try:
                is_known = await self.look_up()
            except DatabaseUnavailable as problem:
                log.warning("bot identity not stored", problem=str(problem))


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
