"""Stated causes and public updates of incidents."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Text, and_, cast, or_
from sqlalchemy import select as columns
from sqlmodel import Session, col, func

from bot.domain.terms import Kind, UpdateState
from bot.lazy_dataclass import dataclass
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

STANDING = and_(
    col(TimelineEntry.withdrawn_at).is_(None),
    or_(col(TimelineEntry.own_text) != "", col(TimelineEntry.fact).is_not(None)),
)


def _has_kind(kind: Kind) -> ColumnElement[bool]:
    return cast(col(TimelineEntry.kinds), Text).like(f'%"{kind.value}"%')


CAUSE = and_(STANDING, _has_kind(Kind.CAUSE))
"""Condition: the entry states a cause."""


def find_with_cause(session: Session, ids: Collection[int]) -> set[int]:
    """Those of the incidents whose cause is stated."""
    statement = columns(col(TimelineEntry.incident_id)).where(col(TimelineEntry.incident_id).in_(ids), CAUSE)
    return set(session.scalars(statement))


def find_causes(session: Session, condition: ColumnElement[bool]) -> list[tuple[int, str]]:
    """Incident and text of each stated cause; `condition` is about the incident."""
    statement = (
        columns(col(TimelineEntry.incident_id), col(TimelineEntry.own_text))
        .join(Incident, col(Incident.id) == TimelineEntry.incident_id)
        .where(condition, CAUSE)
        .order_by(col(TimelineEntry.incident_id), col(TimelineEntry.sort_at), col(TimelineEntry.seq))
    )
    return [(key, text) for key, text in session.execute(statement)]


def find_first_updates(session: Session, condition: ColumnElement[bool]) -> dict[int, datetime]:
    """Time of each incident's first public status update; `condition` is about the incident."""
    state = col(TimelineEntry.details)["public"].as_string()
    statement = (
        columns(col(TimelineEntry.incident_id), func.min(col(TimelineEntry.happened_at)))
        .join(Incident, col(Incident.id) == TimelineEntry.incident_id)
        .where(
            condition,
            _has_kind(Kind.COMMUNICATION),
            col(TimelineEntry.withdrawn_at).is_(None),
            state.is_not(None),
            state != UpdateState.POSTMORTEM.value,
        )
        .group_by(col(TimelineEntry.incident_id))
    )
    return {key: at for key, at in session.execute(statement) if at is not None}


@dataclass(frozen=True, slots=True)
class Solved:
    """An incident with its stated causes. `was_rolled_back`: its last action is a rollback."""

    incident: Incident
    causes: Sequence[str]
    was_rolled_back: bool


def get_with_solution(session: Session, incident_id: int) -> Solved:
    """Raises IncidentNotFound."""
    told = and_(STANDING, or_(*(_has_kind(kind) for kind in (Kind.CAUSE, Kind.ROLLBACK, Kind.ACTION))))
    statement = (
        columns(Incident, col(TimelineEntry.kinds), col(TimelineEntry.own_text))
        .outerjoin(TimelineEntry, and_(col(TimelineEntry.incident_id) == col(Incident.id), told))
        .where(col(Incident.id) == incident_id)
        .order_by(col(TimelineEntry.sort_at), col(TimelineEntry.seq))
    )
    found = session.execute(statement).all()
    incident = incidents.get(session, incident_id)
    entries = [(set(kinds), text) for _, kinds, text in found if kinds is not None]
    actions = [kinds for kinds, _ in entries if kinds & {Kind.ROLLBACK, Kind.ACTION}]
    causes = [text for kinds, text in entries if Kind.CAUSE in kinds]
    return Solved(incident, causes, bool(actions) and Kind.ROLLBACK in actions[-1])
