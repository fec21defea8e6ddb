"""An override for messages: its people and times, both halves of a swap."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from bot.lazy_dataclass import dataclass
from bot.store.escalation import mutes, overrides
from bot.store.escalation.overrides import ScheduleOverride


@dataclass(frozen=True, slots=True)
class OverrideChange:
    """
    An override. `relieved`: people whose shifts it takes. `other`: other half of a swap.

    `muted_until`: end of a mute of `person` that is active at the start, or None.
    """

    override_id: int
    schedule: str
    person: str
    relieved: Sequence[str]
    starts_at: datetime
    ends_at: datetime
    reason: str = ""
    other: "OverrideChange | None" = None
    is_withdrawn: bool = False
    muted_until: datetime | None = None


def load_override_change(session: Session, team_id: str, override_id: int) -> OverrideChange | None:
    """Load an override for a notification; None if it is gone."""
    row = overrides.get_override(session, team_id, override_id)
    if row is None:
        return None
    return join_halves(session, overrides.find_swap_halves(session, row))


def join_halves(session: Session, halves: Sequence[ScheduleOverride]) -> OverrideChange:
    changes = [build_change(session, each) for each in halves]
    return replace(changes[0], other=changes[1] if len(changes) > 1 else None)


def build_change(session: Session, row: ScheduleOverride) -> OverrideChange:
    """A cancelled override starts at its cancellation: the rest of its time."""
    begins = max(row.starts_at, row.withdrawn_at) if row.withdrawn_at else row.starts_at
    mute = mutes.find_active(session, row.team_id, [row.user_id], begins).get(row.user_id)
    return OverrideChange(
        row.id or 0,
        row.schedule,
        row.user_id,
        list(row.relieved),
        begins,
        row.ends_at,
        row.reason,
        is_withdrawn=row.withdrawn_at is not None,
        muted_until=mute.ends_at if mute else None,
    )
