"""Escalations, and each page by each means."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, bindparam
from sqlmodel import Field, Session, SQLModel, col, select

from bot.store.incidents import OPEN, Incident
from bot.store.sight import Sight
from bot.store.tables import JSON_COLUMN
from bot.store.timeline import TimelineEntry

NOT_NEEDED = "not needed any more"
"""The outcome of a page that was not sent because somebody had answered, or the incident had ended."""


class Escalation(SQLModel, table=True):
    """
    A call for help. `target_id` is a Slack id (person, group) or the name in the configuration (team, vendor).

    `members` are the people asked, as ids, taken from the configuration when the page went out.
    """

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
    paged_at: datetime | None = None
    precision: str
    members: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    declined_by: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    reminders: int = 0
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledgement_entry_id: int | None = None
    gave_up_at: datetime | None = None
    message_ts: str | None = None
    working_hours: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    """Of those who were called, as they were then; None where nobody had said."""

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the escalation was never stored")
        return self.id


class Page(SQLModel, table=True):
    """One attempt to reach one person by one means. `outcome` is empty until the sender knows it."""

    __tablename__ = "page"

    id: int | None = Field(default=None, primary_key=True)
    escalation_id: int = Field(foreign_key="escalation.id", index=True)
    user_id: str
    means: str
    ordinal: int
    queued_at: datetime
    sent_at: datetime | None = None
    outcome: str = ""
    channel_id: str | None = None
    message_ts: str | None = None
    """Where it stands in Slack."""


def get(session: Session, escalation_id: int) -> Escalation | None:
    return session.get(Escalation, escalation_id)


HELD_AT_ONCE = "held escalations"
SEVERAL_HELD = (
    select(Escalation)
    .where(col(Escalation.id).in_(bindparam("ids", expanding=True)))
    .order_by(col(Escalation.id))
    .with_for_update()
    .execution_options(populate_existing=True)
)


def hold(session: Session, escalation_ids: Collection[int]) -> list[Escalation]:
    """Lock several, in one order, for a transaction that is about them all: `lock` finds them held."""
    found = list(session.exec(SEVERAL_HELD, params={"ids": sorted(set(escalation_ids))}))
    session.info[HELD_AT_ONCE] = {escalation.key: escalation for escalation in found}
    return found


def lock(session: Session, escalation_id: int) -> Escalation | None:
    held: Escalation | None = session.info.get(HELD_AT_ONCE, {}).get(escalation_id)
    if held is not None:
        return held
    statement = select(Escalation).where(Escalation.id == escalation_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one_or_none()


def of_incident(session: Session, incident_id: int) -> list[Escalation]:
    statement = select(Escalation).where(Escalation.incident_id == incident_id).order_by(col(Escalation.id))
    return list(session.exec(statement))


def unanswered(session: Session, incident_id: int) -> list[Escalation]:
    """Those that nobody acknowledged and nobody called off, the newest first."""
    statement = (
        select(Escalation)
        .outerjoin(TimelineEntry, col(Escalation.entry_id) == TimelineEntry.id)
        .where(
            Escalation.incident_id == incident_id,
            col(Escalation.acknowledged_at).is_(None),
            col(TimelineEntry.withdrawn_at).is_(None),
        )
        .order_by(col(Escalation.id).desc())
    )
    return list(session.exec(statement))


def waiting_in(session: Session, sight: Sight) -> list[tuple[Escalation, Incident]]:
    """Pages of open incidents that are seen which nobody acknowledged and nobody called off, the newest first."""
    statement = (
        select(Escalation, Incident)
        .join(Incident, col(Incident.id) == Escalation.incident_id)
        .outerjoin(TimelineEntry, col(Escalation.entry_id) == TimelineEntry.id)
        .where(
            sight.condition, col(Incident.status).in_(OPEN), col(Escalation.acknowledged_at).is_(None),
            col(Escalation.is_external).is_(False), col(TimelineEntry.withdrawn_at).is_(None),
        )
        .order_by(col(Escalation.id).desc())
    )  # fmt: skip
    return list(session.exec(statement))


def is_called_off(session: Session, escalation: Escalation) -> bool:
    """Whether somebody took its entry off the timeline."""
    entry = session.get(TimelineEntry, escalation.entry_id) if escalation.entry_id else None
    return entry is not None and entry.withdrawn_at is not None


LEFT_BEHIND = "left behind"
"""The means of a page that is none: the escalation's message in the channel of an incident that was merged."""


def leave_behind(session: Session, escalation: Escalation, channel_id: str, message_ts: str, at: datetime) -> None:
    """Its message stays in the channel that it leaves, and is shown anew as the pages are."""
    page = Page(
        escalation_id=escalation.key, user_id="", means=LEFT_BEHIND, ordinal=0, queued_at=at, outcome="sent",
        channel_id=channel_id, message_ts=message_ts,
    )  # fmt: skip
    session.add(page)
    session.flush()


def pages_of(session: Session, escalation_id: int) -> list[Page]:
    return list(session.exec(select(Page).where(Page.escalation_id == escalation_id).order_by(col(Page.id))))
