"""Values that filters of incidents offer, and their titles."""

import json
from datetime import datetime

from sqlalchemy import Text, cast
from sqlalchemy import select as columns
from sqlmodel import Session, col

from bot.domain.terms import Status
from bot.store.database.tables import table_of
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Visibility


def find_services_and_leads(session: Session, visibility: Visibility) -> tuple[set[str], set[str]]:
    """All services and leads of visible incidents."""
    table = table_of(Incident).c
    rows = session.execute(columns(cast(table.services, Text), table.lead).where(visibility.condition).distinct()).all()
    services = {name for text in {row[0] for row in rows} for name in json.loads(text)}
    return services, {row[1] for row in rows if row[1]}


def find_first_declaration(session: Session, visibility: Visibility) -> datetime | None:
    statement = (
        columns(col(Incident.declared_at)).where(visibility.condition).order_by(col(Incident.declared_at)).limit(1)
    )
    return session.scalars(statement).first()


def find_titles(session: Session, visibility: Visibility) -> list[tuple[int, str, list[str]]]:
    """Id, title in the first language, and services of all visible incidents."""
    table = table_of(Incident).c
    rows = session.execute(columns(table.id, table.titles, table.services).where(visibility.condition))
    return [(key, titles.get("") or next(iter(titles.values()), ""), services) for key, titles, services in rows]


def find_ended_before(
    session: Session, visibility: Visibility, before: datetime, limit: int
) -> list[tuple[int, str, list[str]]]:
    """Id, title and services of incidents declared before that are over, the newest first."""
    table = table_of(Incident).c
    statement = (
        columns(table.id, table.titles, table.services)
        .where(
            visibility.condition,
            table.declared_at < before,
            table.status.in_([Status.RESOLVED.value, Status.CLOSED.value]),
            table.is_drill.is_(False),
        )
        .order_by(table.declared_at.desc())
        .limit(limit)
    )
    rows = session.execute(statement)
    return [(key, titles.get("") or next(iter(titles.values()), ""), services) for key, titles, services in rows]
