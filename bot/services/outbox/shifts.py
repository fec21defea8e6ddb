"""On-call overrides, shift handovers and schedule images."""

from datetime import datetime

from sqlmodel import Session

from bot.services.outbox.kinds import PRIORITY, OutboxKind
from bot.services.outbox.payloads import FilePayload, OverrideChangePayload, ScheduleImagePayload, ShiftHandoverPayload
from bot.services.outbox.rows import queue_direct_row
from bot.store import outbox


def post_override_change(
    session: Session, team_id: str, at: datetime, user_id: str, override_id: int, *, by: str | None, is_withdrawn: bool
) -> None:
    """Tell one person of an override, made or withdrawn by somebody else, that concerns them."""
    queue_direct_row(
        session,
        OutboxKind.OVERRIDE_CHANGE,
        team_id,
        user_id,
        at,
        payload=OverrideChangePayload(user_id, override_id, by, is_withdrawn),
    )


def post_shift_handover(session: Session, team_id: str, at: datetime, payload: ShiftHandoverPayload) -> None:
    """Post a shift handover to one person or to a channel."""
    lane = f"dm:{payload.user_id}" if payload.user_id else f"oncall:{payload.channel}"
    outbox.enqueue(
        session,
        lane=lane,
        kind=OutboxKind.SHIFT_HANDOVER,
        team_id=team_id,
        at=at,
        priority=PRIORITY[OutboxKind.SHIFT_HANDOVER],
        payload=payload,
    )


def post_schedule_image(
    session: Session, team_id: str, at: datetime, user_id: str, schedule: str, response_url: str
) -> None:
    """Post an image of the next two weeks of a schedule where it was requested."""
    outbox.enqueue(
        session,
        lane=f"drawn:{user_id}",
        kind=OutboxKind.SCHEDULE_IMAGE,
        team_id=team_id,
        at=at,
        priority=PRIORITY[OutboxKind.SCHEDULE_IMAGE],
        payload=ScheduleImagePayload(user_id, schedule, response_url),
    )


def delete_schedule_image(session: Session, team_id: str, at: datetime, file_id: str) -> None:
    outbox.enqueue(
        session,
        lane=f"drawn:{file_id}",
        kind=OutboxKind.DELETE_FILE,
        team_id=team_id,
        at=at,
        priority=PRIORITY[OutboxKind.RECONCILE_CHANNEL],
        payload=FilePayload(file_id),
    )
