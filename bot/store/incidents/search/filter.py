"""Incidents by their fields."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Select, Text, cast
from sqlalchemy import select as columns
from sqlmodel import Session, col, func, select

from bot.domain.paging.statistics import month_of
from bot.domain.terms import Severity, Status
from bot.domain.text.search_key import search_key
from bot.lazy_dataclass import dataclass
from bot.store.database.tables import table_of
from bot.store.incidents.incidents import Incident
from bot.store.incidents.search.statements import CAUSE
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Visibility

Row = TypeVar("Row", bound=tuple[Any, ...])


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """
    Filter of a list. Empty fields match all; `services` are search keys of parts of names.

    `drills` None: both; True: only drills; False: none.
    """

    statuses: frozenset[Status] = frozenset()
    severities: frozenset[Severity] = frozenset()
    services: tuple[str, ...] = ()
    drills: bool | None = False
    service: str | None = None
    """Whole name of a service; empty: of incidents that name none."""
    months: frozenset[str] = frozenset()
    """Months of the declaration like `2026-11`, in the incident's zone."""
    declared: tuple[datetime, datetime] | None = None
    """A span that has all of `months`, for the index."""
    lead: str | None = None
    """User id; empty: incidents without a lead."""
    has_cause: bool | None = None

    @property
    def is_by_row(self) -> bool:
        """True if the database alone cannot decide."""
        return bool(self.services or self.months or self.service is not None)


def find_ids(
    session: Session,
    visibility: Visibility,
    wanted: IncidentFilter,
    *,
    by_severity: bool = False,
    by_declaration: bool = False,
) -> list[int]:
    """Ids of the matching incidents: the newest, the most severe or the last declared first."""
    first = [col(Incident.severity)] if by_severity else [col(Incident.declared_at).desc()] if by_declaration else []
    order = (*first, col(Incident.id).desc())
    statement = columns(table_of(Incident).c.id).where(visibility.condition).order_by(*order)
    statement = narrow(statement, wanted)
    if not wanted.is_by_row:
        return list(session.scalars(statement))
    rows = session.execute(statement.add_columns(*(table_of(Incident).c[name] for name in BY_ROW)))
    return [key for key, *row in rows if _matches_row(wanted, *row)]


BY_ROW = ("services", "zone", "declared_at")


def _matches_row(wanted: IncidentFilter, services: Sequence[str], zone: str, declared_at: datetime) -> bool:
    if wanted.service is not None and wanted.service not in (services or [""]):
        return False
    if wanted.months and month_of(declared_at, ZoneInfo(zone)) not in wanted.months:
        return False
    return _serve(services, wanted.services)


def narrow(statement: Select[Row], wanted: IncidentFilter) -> Select[Row]:
    """Add the conditions that the database can decide."""
    if wanted.statuses:
        statement = statement.where(col(Incident.status).in_(sorted(wanted.statuses)))
    if wanted.severities:
        statement = statement.where(col(Incident.severity).in_(sorted(wanted.severities)))
    if wanted.drills is not None:
        statement = statement.where(col(Incident.is_drill).is_(wanted.drills))
    if wanted.declared is not None:
        since, until = wanted.declared
        statement = statement.where(col(Incident.declared_at) >= since, col(Incident.declared_at) < until)
    if wanted.service is not None:
        named = cast(col(Incident.services), Text)
        is_named = named.contains(json.dumps(wanted.service), autoescape=True)
        statement = statement.where(is_named if wanted.service else named == "[]")
    if wanted.lead is not None:
        statement = statement.where(func.coalesce(col(Incident.lead), "") == wanted.lead)
    if wanted.has_cause is not None:
        recorded = columns(col(TimelineEntry.id)).where(col(TimelineEntry.incident_id) == Incident.id, CAUSE).exists()
        statement = statement.where(recorded if wanted.has_cause else ~recorded)
    return statement


def _serve(services: Sequence[str], wanted: Sequence[str]) -> bool:
    names = [search_key(each) for each in services]
    return all(any(part in name for name in names) for part in wanted)


def find_by_ids(session: Session, ids: Sequence[int]) -> list[Incident]:
    """In the order of `ids`."""
    found = {row.key: row for row in session.exec(select(Incident).where(col(Incident.id).in_(ids)))}
    return [found[each] for each in ids if each in found]
