"""Getting to know somebody before their first command: Slack's payloads do not say who is a guest."""

import asyncio

from structlog import get_logger

from bot.runtime.clock import Clock
from bot.services.workspace import access
from bot.services.workspace import people as knowing
from bot.services.workspace.actor import Actor, Origin
from bot.slack.api import payloads
from bot.slack.api.client import Gateway, SlackError
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.shared import people

log = get_logger(__name__)

PATIENCE = 1.5
"""Seconds that Slack may take to say it: whoever acts waits no longer than three for an answer."""


class Meeting:
    """
    Who was met by this process is not asked about again; what Slack tells of them later is kept in the database.

    If Slack does not say who somebody is, they pass: in an outage an incident has to be declared all the same.
    """

    def __init__(self, database: Database, gateway: Gateway, clock: Clock) -> None:
        self._database = database
        self._gateway = gateway
        self._clock = clock
        self._met: set[tuple[str, str]] = set()

    async def meet(self, team_id: str, user_id: str) -> None:
        if not user_id or (team_id, user_id) in self._met:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                person = await self._database.read(people.get, team_id, user_id)
            if person is None or person.learned_at is None:
                async with asyncio.timeout(PATIENCE):
                    answer = await self._gateway.call("users.info", user=user_id)
                    known = payloads.person_of(answer["user"])
                await self._database.run(knowing.learned, team_id, known, self._clock.now())
        except (SlackError, TimeoutError, KeyError, DatabaseUnavailable) as problem:
            log.warning("somebody acts whom Slack did not describe", problem=str(problem) or type(problem).__name__)
            return
        self._met.add((team_id, user_id))

    async def admit(self, team_id: str, user_id: str, home_team_id: str | None = None) -> None:
        """
        Before a form is opened for somebody. Raises NotPermitted for those who may not command, and what a database
        that is away raises: whoever opens the form decides what then. What a form sends is checked again.
        """
        await self.meet(team_id, user_id)
        actor = Actor(team_id, user_id, self._clock.now(), Origin.BUTTON)
        await self._database.read(access.check, actor, home_team_id=home_team_id)

    async def check(self, team_id: str, user_id: str, home_team_id: str | None = None) -> None:
        """As `admit`, but a database that does not answer in time refuses nobody."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.admit(team_id, user_id, home_team_id)
        except (TimeoutError, DatabaseUnavailable) as problem:
            log.warning("who looks was not checked", problem=str(problem) or type(problem).__name__)

    async def refusal(self, team_id: str, user_id: str, home_team_id: str | None = None) -> str | None:
        """As `check`, with what is to be told instead of an error; None for those who may."""
        try:
            await self.check(team_id, user_id, home_team_id)
        except access.NotPermitted as problem:
            return problem.message
        return None
