"""
The outbox as operators see it: rendered by `dogwatch outbox` and the web page.

It contains no message text: an operator need not be a member of every private incident.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.domain.slack_app.api_errors import ErrorExplanation, explain_error
from bot.domain.slack_app.missing_permissions import MissingPermission
from bot.lazy_dataclass import dataclass
from bot.services.views.outbox_wording import (
    FAILED_STATES,
    RATE_LIMITED,
    count_tries,
    describe_act,
    describe_gate,
    describe_lane,
    describe_state,
    show_age,
)
from bot.services.workspace.missing_permissions import list_missing
from bot.store.outbox import UNFINISHED, State, inspection
from bot.store.outbox.inspection import PendingRow

MAX_ROWS = 200
NO_INCIDENT = "no incident"


@dataclass(frozen=True, slots=True)
class RowText:
    """
    One row in words.

    `refusal`: Slack's error, None without one; `next_at`: of the next try, None if failed.
    """

    row: PendingRow
    act: str
    about: str
    lane: str
    why: str
    refusal: ErrorExplanation | None
    remark: str
    """The refusal as a sentence; empty where `why` already says it."""
    since: str
    tries: str
    next_at: datetime | None
    holder: str | None
    """Short name of the worker that leases the row's lane until `held_until`."""
    held_until: datetime | None


@dataclass(frozen=True, slots=True)
class LaneText:
    """A lane that waits for the channel of its incident. `reference`: None without an incident."""

    lane: str
    reference: str | None
    rows: int

    @property
    def about(self) -> str:
        return self.reference or NO_INCIDENT


@dataclass(frozen=True, slots=True)
class GateText:
    """A Slack method that is rate limited until then."""

    call: str
    until: datetime


@dataclass(frozen=True, slots=True)
class OutboxOverview:
    """
    Rows and counts of the outbox.

    `failed` and `waiting` are the oldest rows; `unfinished`, `refused` and `given_up` count all.
    """

    at: datetime
    failed: Sequence[RowText]
    waiting: Sequence[RowText]
    unfinished: int
    refused: int
    given_up: int
    lanes: Sequence[LaneText]
    gates: Sequence[GateText]
    lacks: Sequence[MissingPermission]
    """Permissions and plan features known to be missing."""

    @property
    def rows(self) -> Sequence[RowText]:
        return [*self.failed, *self.waiting]

    @property
    def waiting_for_channel(self) -> Mapping[str, int]:
        """Number of rows that wait for a channel, by incident."""
        counts: Counter[str] = Counter()
        for each in self.lanes:
            counts[each.about] += each.rows
        return counts

    @property
    def hidden(self) -> int:
        """Rows beyond the limit."""
        return self.unfinished + self.refused + self.given_up - len(self.failed) - len(self.waiting)


def load_outbox_overview(session: Session, now: datetime, *, limit: int | None = MAX_ROWS) -> OutboxOverview:
    """Load failed rows, then unfinished ones, up to `limit` together; None: all."""
    limit = 1_000_000 if limit is None else limit
    failed = inspection.find_pending(session, limit, FAILED_STATES)
    unfinished = inspection.find_pending(session, max(0, limit - len(failed)), UNFINISHED)
    return OutboxOverview(
        at=now,
        failed=[describe_row(each, now) for each in failed],
        waiting=[describe_row(each, now) for each in unfinished],
        unfinished=inspection.count_rows(session),
        refused=inspection.count_rows(session, [State.FAILED]),
        given_up=inspection.count_rows(session, [State.DEAD]),
        lanes=[
            LaneText(describe_lane(each.lane), each.reference, each.rows)
            for each in inspection.find_closed_lanes(session)
        ],
        gates=[GateText(describe_gate(each), each.until) for each in inspection.find_blocked_methods(session, now)],
        lacks=list_missing(session),
    )


def describe_row(row: PendingRow, now: datetime) -> RowText:
    has_failed = row.state in FAILED_STATES
    is_held = bool(row.owner and row.lease_until and not has_failed)
    refusal = explain_error(row.error) if row.error or has_failed else None
    is_news = has_failed or row.error not in {None, RATE_LIMITED}
    return RowText(
        row=row,
        act=describe_act(row.kind),
        about=row.reference or NO_INCIDENT,
        lane=describe_lane(row.lane),
        why=describe_state(row, now),
        refusal=refusal,
        remark=refusal.sentence if refusal and is_news else "",
        since=f"asked for {show_age(row.since, now)}",
        tries=count_tries(row.attempts) if row.attempts else "not tried yet",
        next_at=None if has_failed else row.not_before,
        holder=row.owner[:8] if row.owner and is_held else None,
        held_until=row.lease_until if is_held else None,
    )
