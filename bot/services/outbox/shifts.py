"""Who is on call: changes, hand-overs and pictures."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.services.outbox.kinds import PRIORITY, What
from bot.services.outbox.rows import put_direct
from bot.store import outbox


def duty_changed(
    session: Session, team_id: str, at: datetime, user_id: str, override_id: int, *, by: str | None, is_withdrawn: bool
) -> None:
    """Write to one person that a change of who is on call, made by somebody else or taken back, is about them."""
    put_direct(
        session, What.DUTY_CHANGED, team_id, user_id, at, override_id=override_id, by=by, is_withdrawn=is_withdrawn
    )


def shift_changed(
    session: Session,
    team_id: str,
    at: datetime,
    values: dict[str, Any],
    *,
    user_id: str | None = None,
    channel: str | None = None,
) -> None:
    """Hand over at a change of shift: to one person, or in a channel (name or id)."""
    lane = f"dm:{user_id}" if user_id else f"oncall:{channel}"
    place = {"user_id": user_id} if user_id else {"channel": channel}
    outbox.put(
        session,
        lane=lane,
        what=What.SHIFT_CHANGED,
        team_id=team_id,
        at=at,
        priority=PRIORITY[What.SHIFT_CHANGED],
        **values,
        **place,
    )


def draw_shifts(session: Session, team_id: str, at: datetime, user_id: str, schedule: str, response_url: str) -> None:
    """Show one person the next two weeks of a schedule as a picture, where they asked for it."""
    outbox.put(
        session,
        lane=f"drawn:{user_id}",
        what=What.SHIFTS_DRAWN,
        team_id=team_id,
        at=at,
        priority=PRIORITY[What.SHIFTS_DRAWN],
        user_id=user_id,
        schedule=schedule,
        response_url=response_url,
    )


def forget_drawn(session: Session, team_id: str, at: datetime, file_id: str) -> None:
    """Delete a picture of who is on call from Slack."""
    outbox.put(
        session,
        lane=f"drawn:{file_id}",
        what=What.DELETE_FILE,
        team_id=team_id,
        at=at,
        priority=PRIORITY[What.LOOK],
        file_id=file_id,
    )
