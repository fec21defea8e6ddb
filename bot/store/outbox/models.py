"""
Tables and values of the outbox.

A row is an *event* (keeps its own values, sent once) or a *view* (names what to show; at most one waits per `target`).
Rows are in lanes; lanes are leased, not rows: a worker that leases a lane runs its head, marks it done and continues.
Every write checks the owner, so that a paused worker finds itself fenced. Leases run on real time, all else on the
record's clock. States of a row:

    waiting -> running -> done | waiting (again later) | unknown | failed (refused for good) | dead (given up)
    any of them but running and done -> dropped (by a person)

A row may take several calls, so its worker renews the lease while it runs. `running` under an expired lease means that
a worker died during a call: like `unknown`, check before repeating.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Any
from uuid import uuid4

from sqlmodel import Field, Index, Session

from bot.lazy_dataclass import dataclass
from bot.store.database.tables import JSON_COLUMN, StoredRow, partial_index, table_of


class State(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    UNKNOWN = "unknown"
    DONE = "done"
    FAILED = "failed"
    DEAD = "dead"
    DROPPED = "dropped"


UNFINISHED = (State.WAITING, State.RUNNING, State.UNKNOWN)
IS_WAITING_VIEW = "target IS NOT NULL AND state = 'waiting'"
IS_LEASED = "owner IS NOT NULL"
IS_FAILED = "state IN ('failed', 'dead')"
IS_FINISHED = "state IN ('done', 'dropped')"
IS_UNFINISHED = "state IN ('waiting', 'running', 'unknown')"


class OutboxRow(StoredRow, table=True):
    """One effect. `uuid` is in the message's metadata, to find a post of unknown outcome."""

    __tablename__ = "outbox"
    __table_args__ = (
        partial_index("uq_outbox_waiting_view", "target", where=IS_WAITING_VIEW, is_unique=True),
        partial_index("ix_outbox_unfinished", "lane", "id", where=IS_UNFINISHED),
        Index("ix_outbox_incident", "incident_id", "state"),
        partial_index("ix_outbox_troubled", "state", where=IS_FAILED),
        partial_index("ix_outbox_over", "done_at", where=IS_FINISHED),
    )

    id: int | None = Field(default=None, primary_key=True)
    uuid: str = Field(default_factory=lambda: str(uuid4()))
    team_id: str
    incident_id: int | None = Field(default=None, foreign_key="incident.id")
    lane: str
    kind: str
    target: str | None = None
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)
    progress: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)
    """Results so far of an effect with several calls (a file's id, a name that was taken)."""
    state: str = State.WAITING
    attempts: int = 0
    """Number of starts, whatever their outcome."""
    unanswered_attempts: int = 0
    """Attempts in a row without an answer: the pause before the next one grows by it."""
    defects: int = 0
    """Attempts that failed by a defect of ours."""
    waits_for_slack: bool = False
    """`not_before` is late only because Slack was unreachable."""
    not_before: datetime
    created_at: datetime
    first_attempt_at: datetime | None = None
    done_at: datetime | None = None
    error: str | None = None
    request_id: str | None = None
    """Request that queued it (see `bot.runtime.log`), to follow its log lines to this call."""

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the row was never stored")
        return self.id


class Lane(StoredRow, table=True):
    """
    Rows that must go out one after the other.

    `due_at` None: nothing waits. Closed: its rows may not go yet.
    """

    __tablename__ = "lane"
    __table_args__ = (partial_index("ix_lane_leased", "owner", where=IS_LEASED),)

    key: str = Field(primary_key=True)
    is_open: bool = True
    priority: int
    due_at: datetime | None = Field(default=None, index=True)
    lease_until: datetime | None = None
    owner: str | None = None


class RateLimit(StoredRow, table=True):
    """
    A rate limit of all replicas: a generic cell rate (`arrival_at`), and a block by Slack.

    `recent`: of a rate by the minute, times of the last calls in seconds since 1970, the oldest first.
    """

    __tablename__ = "rate_limit"

    key: str = Field(primary_key=True)
    arrival_at: datetime
    blocked_until: datetime | None = None
    recent: list[float] | None = Field(default=None, sa_type=JSON_COLUMN)


LANES, ROWS, RATE_LIMITS = table_of(Lane), table_of(OutboxRow), table_of(RateLimit)
"""For statements that are built once and run often."""


@dataclass(frozen=True, slots=True)
class Rate:
    """
    `burst` calls at once, then one an `interval`.

    `a_minute` replaces the burst: at most so many in any minute, at any times.
    """

    key: str
    interval: timedelta
    burst: int = 1
    a_minute: int | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A value for the effect, loaded in the transaction that claimed its row."""

    value: Any


@dataclass(frozen=True, slots=True)
class Claim:
    """
    A row that this owner may run now, and its incident's `reference`; None without one.

    `is_unknown`: an earlier attempt may have succeeded. `loaded` None: the effect reads for itself.
    """

    row: OutboxRow
    owner: str
    is_unknown: bool
    reference: str | None = None
    loaded: Loaded | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """Success. `apply` writes results back, in the transaction that marks the row done."""

    apply: Callable[[Session], None] | None = None


class Failure(StrEnum):
    """Reason for a retry, as far as it counts: rate limits and refused tokens do not."""

    SLACK_UNREACHABLE = auto()
    METHOD_UNREACHABLE = auto()
    """Another paging service than Slack is unreachable."""
    DATABASE_UNREACHABLE = auto()
    DEFECT = auto()


@dataclass(frozen=True, slots=True)
class Retry:
    """
    Try again at `at`.

    `is_unknown`: the attempt may have succeeded. `progress` replaces the row's.
    """

    at: datetime
    error: str
    is_unknown: bool = False
    progress: dict[str, Any] | None = None
    blocks: tuple[str, ...] = ()
    """Keys of rate limits that Slack has blocked until `at`."""
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Permanent failure (`failed`), or given up (`is_dead`). The lane continues."""

    error: str
    is_dead: bool = False
    apply: Callable[[Session], None] | None = None


Outcome = Done | Retry | Rejected
RatesOf = Callable[[OutboxRow], Sequence[Rate]]
Load = Callable[[Session, OutboxRow], Loaded | None]
"""Reads what the effect of a row shows; None if the effect has to read it."""


def load_nothing(_session: Session, _row: OutboxRow) -> None:
    """Each effect reads for itself."""


class LostLease(Exception):
    """Another worker has the lane, and checks what this one did."""
