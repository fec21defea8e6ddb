"""Rows of an incident, put where it has a channel or will have one; and what goes to one person directly."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.services.outbox.kinds import PRIORITY, What, lane_of, priority_of
from bot.services.outbox.reminder_timer import CHANGES, look_at_nudges
from bot.store import outbox
from bot.store.incidents.incidents import Incident
from bot.store.outbox import Wanted


def row_of(
    incident: Incident,
    what: What,
    at: datetime,
    *,
    sub: str = "",
    target: str | None = None,
    waits_for_channel: bool = True,
    **details: Any,
) -> Wanted:
    """`sub` tells lanes of one kind apart. With a `target` it is a view: at most one row waits for it."""
    return Wanted(
        lane=lane_of(what, incident.key, sub=sub),
        what=what,
        team_id=incident.team_id,
        at=at,
        priority=priority_of(what, incident),
        incident_id=incident.key,
        target=target,
        is_open=incident.channel_id is not None or not waits_for_channel,
        details=details,
    )


def queue(session: Session, incident: Incident, *rows: Wanted) -> None:
    """
    What was recorded after the fact has no channel, and is announced nowhere: of it only its documents go out, to a
    person. What tells of a change may be what somebody waits for, so it is looked at whether anything is due.
    """
    if changes := [row.at for row in rows if row.what in CHANGES]:
        look_at_nudges(session, incident, changes[0])
    if incident.archived_at is not None:  # what cannot be posted would only be refused; that stands elsewhere
        rows = tuple(row for row in rows if row.what == What.ANNOUNCEMENT)
    wanted = [row for row in rows if not incident.is_retro or row.what == What.DRAFT or incident.channel_id is not None]
    if wanted:
        outbox.put_all(session, *wanted)


def put(session: Session, incident: Incident, what: What, at: datetime, **given: Any) -> None:
    """Queue one row; `given` as `row_of` takes it."""
    queue(session, incident, row_of(incident, what, at, **given))


def put_direct(
    session: Session,
    what: What,
    team_id: str,
    user_id: str,
    at: datetime,
    *,
    incident: Incident | None = None,
    **details: Any,
) -> None:
    """Queue what goes to one person: of an incident, whatever becomes of its channel, or of none."""
    outbox.put(
        session,
        lane=f"dm:{user_id}",
        what=what,
        team_id=team_id,
        at=at,
        priority=PRIORITY[what],
        incident_id=incident.key if incident else None,
        user_id=user_id,
        **details,
    )
