"""The services on a real database, without Slack."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from sqlmodel import Session, col, select

from bot.config import Settings, load
from bot.domain.escalation import Acknowledgement, PagedLevel
from bot.domain.terms import Severity, TargetKind
from bot.engine.timers import run_due_timers
from bot.services.escalation.start import escalate
from bot.services.escalation.target_lookup import EscalationTarget
from bot.services.incidents.declare import Declaration, declare_incident
from bot.services.workspace.actor import Actor, Origin
from bot.store.database.session import Database, open_database
from bot.store.escalation import progress
from bot.store.escalation.escalations import Escalation
from bot.store.escalation.pages import Page
from bot.store.incidents.incidents import Incident
from bot.store.incidents.installations import Installation
from bot.store.outbox import OutboxRow
from bot.store.shared import people, timers
from bot.store.shared.people import Person
from bot.store.shared.timers import Timer
from tests.support.servers import prepared_databases

START = datetime.fromisoformat("2026-03-02T14:00:00+00:00")
TEAM = "T0"


INSTALLED = Installation(team_id=TEAM, bot_user_id="U0DOGWATCH", seen_at=START)
EVENTS = {"level", "level empty", "reminder", "unanswered", "unanswered elsewhere", "all declined", "unacknowledged"}


def read(config: Path) -> Settings:
    return load({"DOGWATCH_SECRET_KEY": "a secret key that is long enough"}, config_path=config)


def start_policy(
    session: Session, settings: Settings, incident_id: int, actor: Actor, name: str, reason: str = ""
) -> Escalation:
    """Start a policy of the configuration by hand."""
    return escalate(session, settings, incident_id, actor, EscalationTarget(TargetKind.POLICY, name, name), reason)


class Desk:
    """The services on a real database, with a clock that is moved and nobody else there."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings, self.now = database, settings, START

    async def does(self, service: Callable[..., Any], *args: Any, **options: Any) -> Any:
        return await self.database.run(lambda session: service(session, self.settings, *args, **options))

    def by(self, user: str | None = "U0ONCALL", origin: Origin = Origin.COMMAND) -> Actor:
        return Actor(TEAM, user, self.now, origin)

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str, folder: Path, config: str) -> AsyncIterator[Self]:
        path = folder / "dogwatch.toml"
        path.write_text(config)
        prepared_databases.lay(url)
        database = open_database(url)
        await database.run(lambda session: session.merge(INSTALLED))
        yield cls(database, read(path))
        await database.close()

    async def opens(self, origin: Origin = Origin.COMMAND, *, severity: str | None = None, **given: Any) -> Incident:
        """An incident that a person declares, or an alert opens."""
        user = None if origin is Origin.ALERT else "U0SUPPORT"
        declared = Declaration("checkout is down", severity=Severity(severity) if severity else None, **given)
        found: Incident = await self.does(declare_incident, self.by(user, origin), declared)
        return found

    async def passes(self, **length: float) -> None:
        """Time goes by, and whatever falls due is carried out when it does."""
        until = self.now + timedelta(**length)
        while True:
            due = await self.database.read(timers.find_next_due)
            if due is None or due > until:
                break
            self.now = max(self.now, due)
            await self.ticks()
        self.now = until

    async def ticks(self, most: int = 50) -> None:
        """Look for what is due, so many timers of one kind at a time, until nothing is."""
        while ran := await self.database.run(run_due_timers, self.settings, self.now, most):
            assert [each.problem for each in ran if each.problem] == []

    async def next_step(self) -> datetime | None:
        """Time at which the next level of any escalation is due."""
        steps = select(Timer.due_at).where(col(Timer.key).startswith("escalation:")).order_by(col(Timer.due_at))
        return await self.database.read(lambda session: session.exec(steps).first())

    async def leaves(self, *users: str) -> None:
        """Deactivate their Slack account."""

        def leave(session: Session) -> None:
            for user in users:
                people.insert_missing(session, TEAM, [user])
                person = session.get_one(Person, (TEAM, user))
                person.is_deleted = True
                session.add(person)

        await self.database.run(leave)

    async def all(self) -> list[Escalation]:
        return await self.database.read(
            lambda session: list(session.exec(select(Escalation).order_by(col(Escalation.id))))
        )

    async def one(self) -> Escalation:
        [found] = [each for each in await self.all() if not each.is_external]
        return found

    async def steps(self, escalation: Escalation) -> tuple[PagedLevel, ...]:
        """Its paged levels, the first one first."""
        return await self.database.read(progress.find_steps, escalation.key)

    async def responses(self, escalation: Escalation) -> tuple[Acknowledgement, ...]:
        """Its acknowledgements, withdrawn ones included."""
        return await self.database.read(progress.find_responses, escalation.key)

    async def paged(self) -> list[tuple[str, int, int]]:
        """Pages by person, level and round, in order of creation."""
        rows = await self.database.read(lambda session: list(session.exec(select(Page).order_by(col(Page.id)))))
        return [(each.user_id, each.level, each.round) for each in rows]

    async def posted_events(self) -> list[str]:
        """Kinds of the escalation events posted to channels."""
        rows = await self.database.read(
            lambda session: list(session.exec(select(OutboxRow).order_by(col(OutboxRow.id))))
        )
        events = [str(each.details.get("event")) for each in rows]
        return [each for each in events if each in EVENTS]

    async def event_details(self, event: str) -> list[dict[str, Any]]:
        """Details of the channel events of one kind."""
        rows = await self.database.read(
            lambda session: list(session.exec(select(OutboxRow).order_by(col(OutboxRow.id))))
        )
        return [dict(each.details["values"]) for each in rows if each.details.get("event") == event]
