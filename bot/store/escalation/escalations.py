"""Escalations."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, and_, bindparam
from sqlmodel import Field, Session, col, select

from bot.store.database.tables import JSON_COLUMN, OPTIONAL_JSON, StoredRow, is_any_of
from bot.store.database.transaction_state import transaction_state
from bot.store.escalation import progress
from bot.store.incidents.incidents import OPEN, Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Visibility


class Escalation(StoredRow, table=True):
    """
    An escalation.

    Its paged levels and acknowledgements are rows of `bot.store.escalation.progress`.

    `target_id` is a Slack id (person, group) or a configured name (team, vendor). `members` are the people asked, as
    ids, at the time of the page.
    """

    shown_with: ClassVar[str] = "incident_id"
    __tablename__ = "escalation"

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    entry_id: int | None = Field(default=None, foreign_key="timeline_entry.id")
    target_kind: str
    target_id: str
    target_name: str
    is_external: bool = False
    reason: str
    asked_by: str | None = None
    asked_at: datetime
    paged_at: datetime | None = Field(default=None, index=True)
    precision: str
    members: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    declined_by: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    reminders: int = 0
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledgement_entry_id: int | None = None
    exhausted_at: datetime | None = None
    stopped_at: datetime | None = None
    """When its incident ended before anybody acknowledged; None again once it pages further."""
    message_ts: str | None = None
    working_hours: dict[str, Any] | None = Field(default=None, sa_type=OPTIONAL_JSON)
    """Working hours of the paged people at that time; None if unknown."""
    policy_name: str | None = None
    policy: dict[str, Any] | None = Field(default=None, sa_type=OPTIONAL_JSON)
    """The policy when this began (`bot.domain.escalation.Policy.as_json`); None where nobody is paged automatically."""
    level: int = 0
    """The level that was paged last, 1 being the first; 0: none yet."""
    round: int = 0
    """Number of repeats of the whole policy."""
    level_paged_at: datetime | None = None
    next_step_at: datetime | None = None
    """When the next level is due; None if nothing more follows."""
    more_time_until: datetime | None = None
    started_by: str = "person"
    """`person`, `policy` or `handover`."""
    follows_id: int | None = None
    """Escalation that this one continues."""
    activity_asked_at: datetime | None = None
    """When the acknowledger was asked to confirm activity; None if not, or if confirmed."""
    ack_timeout_steps: int = 0
    """Steps of the acknowledgement timeout that were taken."""
    active_at: datetime | None = None
    """Last activity of the acknowledger that is stored nowhere else."""
    case_reference: str | None = None
    """The vendor's reference of the case."""
    case_asked_at: datetime | None = None
    case_asked: int = 0
    """Number of times that it was asked for."""
    case_message_ts: str | None = None
    """Message that asks for it."""
    first_answer_at: datetime | None = None
    first_answer_entry_id: int | None = None
    fixed_at: datetime | None = None
    fixed_entry_id: int | None = None

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the escalation was never stored")
        return self.id

    @property
    def was_only_recorded(self) -> bool:
        """
        True if a person recorded an escalation made elsewhere: it pages nobody.

        An escalation that pages has a policy. A vendor has none; there the two times differ.
        """
        return self.paged_at != self.asked_at if self.is_external else self.policy is None

    @property
    def pages_people(self) -> bool:
        """False for a vendor, and for one that was only recorded."""
        return not self.is_external and not self.was_only_recorded


def pages_people_condition() -> ColumnElement[bool]:
    """`Escalation.pages_people` as a condition."""
    return and_(col(Escalation.is_external).is_(False), col(Escalation.policy).is_not(None))


def get(session: Session, escalation_id: int) -> Escalation | None:
    return session.get(Escalation, escalation_id)


ALL_LOCKED = (
    select(Escalation)
    .where(is_any_of(col(Escalation.id), "ids"))
    .order_by(col(Escalation.id))
    .with_for_update()
    .execution_options(populate_existing=True)
)


def lock_all(session: Session, escalation_ids: Collection[int]) -> list[Escalation]:
    """Lock several escalations in sorted order; `lock` then finds them locked."""
    found = list(session.exec(ALL_LOCKED, params={"ids": sorted(set(escalation_ids))}))
    transaction_state(session).locked_escalations = {escalation.key: escalation for escalation in found}
    progress.forget(session, escalation_ids)
    return found


def lock(session: Session, escalation_id: int) -> Escalation | None:
    locked: Escalation | None = transaction_state(session).locked_escalations.get(escalation_id)
    if locked is not None:
        return locked
    statement = select(Escalation).where(Escalation.id == escalation_id).with_for_update()
    found = session.exec(statement.execution_options(populate_existing=True)).one_or_none()
    progress.forget(session, [escalation_id])
    return found


def shift_steps(session: Session, back: timedelta) -> None:
    """Keep the remaining time of the next steps after the clock was set back."""
    waiting = select(Escalation).where(col(Escalation.next_step_at).is_not(None)).order_by(col(Escalation.id))
    for row in session.exec(waiting.with_for_update().execution_options(populate_existing=True)):
        row.next_step_at = row.next_step_at - back if row.next_step_at else None
        row.more_time_until = row.more_time_until - back if row.more_time_until else None
        session.add(row)


def escalations_exist(incident_id: ColumnElement[int]) -> ColumnElement[bool]:
    return select(Escalation.id).where(Escalation.incident_id == incident_id).exists()


OF_INCIDENT = select(Escalation).where(Escalation.incident_id == bindparam("incident_id")).order_by(col(Escalation.id))


def find_by_incident(session: Session, incident_id: int) -> list[Escalation]:
    return list(session.exec(OF_INCIDENT, params={"incident_id": incident_id}))


def preload(session: Session, incident_ids: Collection[int]) -> None:
    """Preload the rows for `find_siblings` and `is_called_off` of many incidents."""
    statement = (
        select(Escalation, TimelineEntry)
        .outerjoin(TimelineEntry, col(Escalation.entry_id) == TimelineEntry.id)
        .where(col(Escalation.incident_id).in_(sorted(set(incident_ids))))
        .order_by(col(Escalation.id))
    )
    found = session.exec(statement).all()
    known: dict[int, list[Escalation]] = {}
    for row, _ in found:
        known.setdefault(row.incident_id, []).append(row)
    state = transaction_state(session)
    state.preloaded_escalations, state.preloaded_entries = known, [entry for _, entry in found]


def find_siblings(session: Session, escalation: Escalation) -> list[Escalation]:
    """All escalations of its incident, itself included."""
    known: dict[int, list[Escalation]] = transaction_state(session).preloaded_escalations
    return known.get(escalation.incident_id) or find_by_incident(session, escalation.incident_id)


def find_unanswered(session: Session, incident_id: int) -> list[Escalation]:
    """
    Escalations without an acknowledgement, neither called off nor stopped, the newest first.

    Without vendors who answered at an unknown time, or fixed it without an answer.
    """
    statement = (
        select(Escalation)
        .outerjoin(TimelineEntry, col(Escalation.entry_id) == TimelineEntry.id)
        .where(
            Escalation.incident_id == incident_id,
            col(Escalation.acknowledged_at).is_(None),
            col(Escalation.stopped_at).is_(None),
            col(Escalation.first_answer_entry_id).is_(None),
            col(Escalation.fixed_entry_id).is_(None),
            col(TimelineEntry.withdrawn_at).is_(None),
        )
        .order_by(col(Escalation.id).desc())
    )
    return list(session.exec(statement))


def find_waiting(session: Session, visibility: Visibility) -> list[tuple[Escalation, Incident]]:
    """Unacknowledged escalations of visible open incidents, without vendors, the newest first."""
    statement = (
        select(Escalation, Incident)
        .join(Incident, col(Incident.id) == Escalation.incident_id)
        .outerjoin(TimelineEntry, col(Escalation.entry_id) == TimelineEntry.id)
        .where(
            visibility.condition,
            col(Incident.status).in_(OPEN),
            col(Escalation.acknowledged_at).is_(None),
            col(Escalation.stopped_at).is_(None),
            col(Escalation.is_external).is_(False),
            col(TimelineEntry.withdrawn_at).is_(None),
        )
        .order_by(col(Escalation.id).desc())
    )
    return list(session.exec(statement))


def is_over(session: Session, escalation: Escalation, incident: Incident) -> bool:
    """True if it was called off, or its incident ended, even if that was reopened."""
    return not incident.is_open or escalation.stopped_at is not None or is_called_off(session, escalation)


def is_called_off(session: Session, escalation: Escalation) -> bool:
    """True if its timeline entry was withdrawn."""
    entry = session.get(TimelineEntry, escalation.entry_id) if escalation.entry_id else None
    return entry is not None and entry.withdrawn_at is not None


HANDOVER = (
    select(Escalation)
    .outerjoin(TimelineEntry, col(Escalation.entry_id) == TimelineEntry.id)
    .where(
        Escalation.incident_id == bindparam("incident_id"),
        Escalation.follows_id == bindparam("follows_id"),
        col(Escalation.is_external).is_(False),
        col(TimelineEntry.withdrawn_at).is_(None),
    )
    .order_by(col(Escalation.id).desc())
    .limit(1)
)


def find_handover(session: Session, escalation: Escalation) -> Escalation | None:
    """The escalation that continues this one after a handover; None if there is none."""
    return session.exec(HANDOVER, params={"incident_id": escalation.incident_id, "follows_id": escalation.key}).first()
