"""Build and queue rows of an incident, and rows to one person."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.domain.text.payload import Payload
from bot.services.outbox.kinds import PRIORITY, OutboxKind, lane_of, priority_of
from bot.services.outbox.reminder_timer import REMINDER_RELEVANT, schedule_reminder_check
from bot.store import outbox
from bot.store.incidents.incidents import Incident
from bot.store.outbox import Effect

FILES = frozenset({OutboxKind.DRAFT, OutboxKind.PUBLIC_PREVIEW})
"""Kinds that go to one person where there is no channel."""


def build_row(
    incident: Incident,
    kind: OutboxKind,
    at: datetime,
    *,
    sub: str = "",
    target: str | None = None,
    waits_for_channel: bool = True,
    payload: Payload | None = None,
) -> Effect:
    """
    A row of the incident, not yet queued.

    `sub` distinguishes lanes of one kind. With a `target` it is a view: at most one row waits for it.
    """
    return Effect(
        lane=lane_of(kind, incident.key, sub=sub),
        kind=kind,
        team_id=incident.team_id,
        at=at,
        priority=priority_of(kind, incident),
        incident_id=incident.key,
        target=target,
        is_open=incident.channel_id is not None or not waits_for_channel,
        payload=payload,
    )


def queue_rows(session: Session, incident: Incident, *rows: Effect) -> None:
    """
    Queue rows of one incident, and schedule a check of its reminders.

    An incident recorded after the fact has no channel and no announcement: of its rows only files are queued.
    An archived channel accepts no message: only the announcement is queued.
    """
    if changed_at := [row.at for row in rows if row.kind in REMINDER_RELEVANT]:
        schedule_reminder_check(session, incident, changed_at[0])
    if incident.archived_at is not None:
        rows = tuple(row for row in rows if row.kind == OutboxKind.ANNOUNCEMENT)
    wanted = [row for row in rows if not incident.is_retro or row.kind in FILES or incident.channel_id is not None]
    if wanted:
        outbox.enqueue_all(session, *wanted)


def queue_row(session: Session, incident: Incident, kind: OutboxKind, at: datetime, **given: Any) -> None:
    """Queue one row. `given`: arguments of `build_row`."""
    queue_rows(session, incident, build_row(incident, kind, at, **given))


def queue_direct_row(
    session: Session,
    kind: OutboxKind,
    team_id: str,
    user_id: str,
    at: datetime,
    *,
    payload: Payload,
    incident: Incident | None = None,
) -> None:
    """Queue a row to one person, independent of any channel."""
    outbox.enqueue(
        session,
        lane=f"dm:{user_id}",
        kind=kind,
        team_id=team_id,
        at=at,
        priority=PRIORITY[kind],
        incident_id=incident.key if incident else None,
        payload=payload,
    )
