"""What the page shows of the bot's own database, read beside the running bot: what waits, and how far somebody got."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from bot.sandbox.workspace.records import Json
from bot.services.views.outbox_wording import act_of, why
from bot.store.database.session import DatabaseUnavailable, PostgresDatabase, SqliteDatabase, open_database
from bot.store.escalation import escalations
from bot.store.incidents import incidents, postmortems, timeline
from bot.store.outbox import inspection as waiting

T = TypeVar("T")
AnyDatabase = SqliteDatabase | PostgresDatabase
SHOWN = 12
STEPS = (
    "Open an incident, with a button above",
    "Write in its channel, add :mag: to it",
    "Type `/incident escalate @dba slow`",
    "Acknowledge as the DBA, in a new tab",
    "Resolve it, with the card's button",
    "Read the postmortem draft",
)


class Record:
    """Opened when it is first there. What cannot be read (the bot has not made it yet, or is just writing) is empty."""

    def __init__(self, database: Path, team_id: str) -> None:
        self._path = database
        self._team_id = team_id
        self._database: AnyDatabase | None = None

    async def waiting(self) -> list[Json]:
        """`[{"what", "about", "since", "why"}]`, the oldest first."""
        return await self._read(lambda session: _waiting(session, datetime.now(UTC))) or []

    async def steps(self) -> list[Json]:
        """How far the newest incident has got: `[{"text", "done"}]`."""
        done = await self._read(lambda session: _done(session, self._team_id)) or (False,) * len(STEPS)
        return [{"text": text, "done": is_done} for text, is_done in zip(STEPS, done, strict=True)]

    async def _read(self, look: Callable[[Session], T]) -> T | None:
        try:
            if self._database is None:
                if not self._path.exists():
                    return None
                self._database = open_database(f"sqlite:///{self._path.resolve()}", read_only=True)
            return await self._database.read(look)
        except (DatabaseUnavailable, DBAPIError):
            return None

    async def close(self) -> None:
        if self._database is not None:
            await self._database.close()


def _waiting(session: Session, now: datetime) -> list[Json]:
    rows = waiting.waiting(session, SHOWN)
    shown = [
        {
            "what": act_of(row.what),
            "about": row.reference or "",
            "since": int(row.since.timestamp()),
            "why": why(row, now),
        }
        for row in rows
    ]
    more = waiting.how_many(session) - len(rows)
    if more > 0:
        shown.append({"what": f"and {more} more", "about": "", "since": None, "why": ""})
    return shown


def _done(session: Session, team_id: str) -> tuple[bool, ...]:
    newest = incidents.newest_first(session, team_id, 1)
    if not newest:
        return (False,) * len(STEPS)
    incident = newest[0]
    calls = escalations.of_incident(session, incident.key)
    kept = [entry for entry in timeline.in_order(session, incident.key, with_withdrawn=False) if entry.message_ts]
    return (
        True,
        bool(kept),
        bool(calls),
        any(call.acknowledged_at for call in calls),
        incident.resolved_at is not None,
        postmortems.latest(session, incident.key) is not None,
    )
