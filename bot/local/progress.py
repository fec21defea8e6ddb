"""The outbox and the user's progress for the page, read from the running bot's database."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from bot.sandbox.workspace.records import Json
from bot.services.views.outbox_wording import describe_act, describe_state
from bot.store.database.postgres_database import PostgresDatabase
from bot.store.database.session import DatabaseUnavailable, open_database
from bot.store.database.sqlite_database import SqliteDatabase
from bot.store.escalation import escalations
from bot.store.incidents import incident_lists, postmortems, timeline
from bot.store.incidents.incidents import Incident
from bot.store.outbox.inspection import count_rows, find_pending

T = TypeVar("T")
AnyDatabase = SqliteDatabase | PostgresDatabase
MAX_ROWS = 12
MAX_INCIDENTS = 20
STEPS = (
    "Open an incident, with a button above",
    "Write in its channel, add :mag: to it",
    "Type `/incident escalate @dba slow`",
    "Acknowledge as the DBA, in a new tab",
    "Resolve it, with the card's button",
    "Read the postmortem draft",
)


class ProgressReader:
    """Opens the database once it exists. While it cannot be read, results are empty."""

    def __init__(self, database: Path, team_id: str) -> None:
        self._path = database
        self._team_id = team_id
        self._database: AnyDatabase | None = None

    async def list_waiting(self) -> list[Json]:
        """Unfinished rows, oldest first: `[{"what", "about", "since", "why"}]`."""
        return await self._read(lambda session: _list_waiting(session, datetime.now(UTC))) or []

    async def list_steps(self) -> list[Json]:
        """Steps of the tour: `[{"text", "done"}]`."""
        done = await self._read(lambda session: _completed_steps(session, self._team_id)) or (False,) * len(STEPS)
        return [{"text": text, "done": is_done} for text, is_done in zip(STEPS, done, strict=True)]

    async def _read(self, query: Callable[[Session], T]) -> T | None:
        try:
            if self._database is None:
                if not self._path.exists():
                    return None
                self._database = open_database(f"sqlite:///{self._path.resolve()}", read_only=True)
            return await self._database.read(query)
        except (DatabaseUnavailable, DBAPIError):
            return None

    async def close(self) -> None:
        if self._database is not None:
            await self._database.close()


def _list_waiting(session: Session, now: datetime) -> list[Json]:
    rows = find_pending(session, MAX_ROWS)
    items = [
        {
            "what": describe_act(row.kind),
            "about": row.reference or "",
            "since": int(row.since.timestamp()),
            "why": describe_state(row, now),
        }
        for row in rows
    ]
    more = count_rows(session) - len(rows)
    if more > 0:
        items.append({"what": f"and {more} more", "about": "", "since": None, "why": ""})
    return items


def _completed_steps(session: Session, team_id: str) -> tuple[bool, ...]:
    """Return which steps are done, in whichever incident: a later one takes no tick away."""
    done = [_steps_of(session, incident) for incident in incident_lists.find_newest(session, team_id, MAX_INCIDENTS)]
    return tuple(any(step) for step in zip(*done, strict=True)) or (False,) * len(STEPS)


def _steps_of(session: Session, incident: Incident) -> tuple[bool, ...]:
    paged = escalations.find_by_incident(session, incident.key)
    marked = [entry for entry in timeline.read_entries(session, incident.key, with_withdrawn=False) if entry.message_ts]
    return (
        True,
        bool(marked),
        bool(paged),
        any(each.acknowledged_at for each in paged),
        incident.resolved_at is not None,
        postmortems.find_latest(session, incident.key) is not None,
    )
