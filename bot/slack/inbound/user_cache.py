"""Cache of users that were looked up, because Slack's payloads do not say who is a guest."""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta

from structlog import get_logger

from bot.runtime.clock import Clock
from bot.services.workspace.access import NotPermitted, check_access
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.people import save_profile
from bot.slack.api import payloads
from bot.slack.api.client import Gateway
from bot.slack.api.errors import SlackError
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.shared import people

log = get_logger(__name__)

LOOKUP_SECONDS = 1.5
"""Timeout of a lookup; Slack waits 3 s for the whole answer."""
REPEATED_LOOKUP_SECONDS = 1.0
"""The same for a person with a stored profile: access is checked by that one in the rest of the time."""
LOOKUP_PAUSE = timedelta(minutes=1)
"""After a lookup that failed, a stored profile counts for so long."""


class UserCache:
    """
    Users known to this process. Later changes arrive as events and are stored.

    Those of a gap may be missing: after a start and after `note_gap` a profile from before is looked up again, once,
    when its user acts. A user whose lookup fails may act as before: incidents have to be declared during an outage of
    Slack as well.
    """

    def __init__(self, database: Database, gateway: Gateway, clock: Clock) -> None:
        self._database = database
        self._gateway = gateway
        self._clock = clock
        self._known: set[tuple[str, str]] = set()
        self._failed_at: dict[tuple[str, str], datetime] = {}
        self._gap_at = clock.now()

    def note_gap(self) -> None:
        """Note that events of before now may have been missed."""
        self._gap_at = self._clock.now()
        self._known, self._failed_at = set(), {}

    async def ensure_known(self, team_id: str, user_id: str) -> None:
        """Look up a user's profile unless it is stored, and not older than the last gap."""
        key, known, fetched_at = (team_id, user_id), self._known, None
        if not user_id or key in known or self._failed_lately(key):
            return
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                person = await self._database.read(people.get, team_id, user_id)
            fetched_at = person.profile_fetched_at if person is not None else None
            if fetched_at is None:
                await self._look_up(team_id, user_id, LOOKUP_SECONDS)
            elif fetched_at < self._gap_at:
                await self._look_up(team_id, user_id, REPEATED_LOOKUP_SECONDS)
        except (SlackError, TimeoutError, payloads.MalformedPayload, DatabaseUnavailable) as problem:
            log.warning("user lookup failed; continuing", problem=str(problem) or type(problem).__name__)
            if fetched_at is not None:
                self._failed_at[key] = self._clock.now()
            return
        known.add(key)  # if there was a gap meanwhile, to the set of before it

    def _failed_lately(self, key: tuple[str, str]) -> bool:
        failed_at = self._failed_at.get(key)
        return failed_at is not None and abs(self._clock.now() - failed_at) < LOOKUP_PAUSE

    async def _look_up(self, team_id: str, user_id: str, seconds: float) -> None:
        began = self._clock.now()
        async with asyncio.timeout(seconds):
            answer = await self._gateway.call("users.info", user=user_id)
            with payloads.parsing_payload():
                profile = payloads.parse_user(answer["user"])
        await self._database.run(save_profile, team_id, profile, began)

    async def ensure_all_known(self, team_id: str, user_ids: Collection[str]) -> None:
        """Look several users up side by side, so that a bot among them is refused at once."""
        await asyncio.gather(*(self.ensure_known(team_id, user_id) for user_id in dict.fromkeys(user_ids)))

    async def check_access(self, team_id: str, user_id: str, home_team_id: str | None = None) -> None:
        """Raise NotPermitted for a user who may not act, or DatabaseUnavailable."""
        await self.ensure_known(team_id, user_id)
        actor = Actor(team_id, user_id, self._clock.now(), Origin.BUTTON)
        await self._database.read(check_access, actor, home_team_id=home_team_id)

    async def find_refusal(self, team_id: str, user_id: str, home_team_id: str | None = None) -> str | None:
        """Return why a user may see nothing; None if they may, or if the check fails."""
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                await self.check_access(team_id, user_id, home_team_id)
        except (TimeoutError, DatabaseUnavailable) as problem:
            log.warning("access check failed; continuing", problem=str(problem) or type(problem).__name__)
        except NotPermitted as problem:
            return problem.message
        return None
