"""
What has to reach Slack, in the transaction that decided it.

A row is an *event* (keeps its own values, sent once) or a *view* (names what to show; at most one waits per `target`).
Rows stand in lanes; lanes are leased, not rows: a worker that holds a lane runs its head, marks it done and goes on.
Every write checks the owner, so that a worker which was paused and wakes finds itself fenced. Leases run on real time,
all else on the record's clock. The states of a row:

    waiting -> running -> done | waiting (again later) | unknown | failed (refused for good) | dead (given up)
    any of them but running and done -> dropped (by a person)

A row may take several calls, so its worker renews the lease while it runs. `running` under a lease that ran out means
that a worker died in mid-call: like `unknown`, look before repeating.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlmodel import Field, Index, Session, SQLModel

from bot.store.database.tables import JSON_COLUMN


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
IS_TROUBLED = "state IN ('failed', 'dead')"
IS_OVER = "state IN ('done', 'dropped')"
IS_UNFINISHED = "state IN ('waiting', 'running', 'unknown')"


class OutboxRow(SQLModel, table=True):
    """One effect. `uuid` travels in the message's metadata, so that a post whose answer was lost can be found."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "uq_outbox_waiting_view",
            "target",
            unique=True,
            postgresql_where=text(IS_WAITING_VIEW),
            sqlite_where=text(IS_WAITING_VIEW),
        ),
        Index(
            "ix_outbox_unfinished", "lane", "id", postgresql_where=text(IS_UNFINISHED), sqlite_where=text(IS_UNFINISHED)
        ),
        Index("ix_outbox_incident", "incident_id", "state"),
        Index("ix_outbox_troubled", "state", postgresql_where=text(IS_TROUBLED), sqlite_where=text(IS_TROUBLED)),
        Index("ix_outbox_over", "done_at", postgresql_where=text(IS_OVER), sqlite_where=text(IS_OVER)),
    )

    id: int | None = Field(default=None, primary_key=True)
    uuid: str = Field(default_factory=lambda: str(uuid4()))
    team_id: str
    incident_id: int | None = Field(default=None, foreign_key="incident.id")
    lane: str
    what: str
    target: str | None = None
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)
    progress: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)
    """What an effect of several calls has achieved so far (a file's id, a name that was taken)."""
    state: str = State.WAITING
    attempts: int = 0
    """How often it was begun, whatever came of it."""
    silences: int | None = None
    """How often in a row nobody answered, since it last got on: what the pause before the next attempt grows by."""
    defects: int | None = None
    """How often it failed by a defect of ours."""
    waits_for_slack: bool | None = None
    """Whether `not_before` is only so late because Slack was away."""
    not_before: datetime
    created_at: datetime
    first_attempt_at: datetime | None = None
    done_at: datetime | None = None
    error: str | None = None
    request_id: str | None = None
    """The unit of work that asked for it (see `bot.runtime.log`), so that its lines can be followed to this call."""

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the row was never stored")
        return self.id


class Lane(SQLModel, table=True):
    """Rows that must go out one after the other. `due_at` None: nothing waits. Closed: what waits may not go yet."""

    __tablename__ = "lane"
    __table_args__ = (Index("ix_lane_leased", "owner", postgresql_where=text(IS_LEASED), sqlite_where=text(IS_LEASED)),)

    key: str = Field(primary_key=True)
    is_open: bool = True
    priority: int
    due_at: datetime | None = Field(default=None, index=True)
    lease_until: datetime | None = None
    owner: str | None = None


class Gate(SQLModel, table=True):
    """
    A rate limit, shared by all replicas: a generic cell rate (`arrival_at`) and a stop that Slack asked for.

    `recent`: of a rate that counts by the minute, when the last calls went, in seconds since 1970, the oldest first.
    """

    __tablename__ = "gate"

    key: str = Field(primary_key=True)
    arrival_at: datetime
    blocked_until: datetime | None = None
    recent: list[float] | None = Field(default=None, sa_type=JSON_COLUMN)


@dataclass(frozen=True, slots=True)
class Rate:
    """
    `burst` calls at once, then one an `interval`.

    With `a_minute` there is another bound instead of the burst: at most so many in any minute, however they fall.
    """

    key: str
    interval: timedelta
    burst: int = 1
    a_minute: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that this owner may run now. `is_unknown`: an earlier attempt may have had its effect, so look first."""

    row: OutboxRow
    owner: str
    is_unknown: bool


@dataclass(frozen=True, slots=True)
class Done:
    """It reached Slack. `apply` writes back what came of it, in the transaction that marks the row done."""

    apply: Callable[[Session], None] | None = None


class Failure(StrEnum):
    """Why a row has to be begun again, as far as it counts: a limit or a refused token are nobody's failure."""

    SLACK_AWAY = auto()
    MEANS_AWAY = auto()
    """Something else than Slack by which people are paged."""
    DATABASE_AWAY = auto()
    DEFECT = auto()


@dataclass(frozen=True, slots=True)
class Again:
    """Not now. `at` is when; `is_unknown` if the attempt may have had its effect; `progress` replaces the row's."""

    at: datetime
    error: str
    is_unknown: bool = False
    progress: dict[str, Any] | None = None
    blocks: tuple[str, ...] = ()
    """Gates that Slack has closed until `at`."""
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never work (`failed`), or was given up (`is_dead`). The lane goes on."""

    error: str
    is_dead: bool = False
    apply: Callable[[Session], None] | None = None


Outcome = Done | Again | Refused
RatesOf = Callable[[OutboxRow], Sequence[Rate]]


class LostLease(Exception):
    """The lane belongs to another worker by now. Whatever this one did is looked up by that one."""
