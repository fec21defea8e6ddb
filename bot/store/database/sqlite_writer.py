"""
The one writer of a SQLite file. What waits for it is committed together: waiting for the disk is what costs.

What somebody waits for goes before what nobody sees: fifty commands at once are answered before their channels are
made. What goes behind does not wait for ever.

Each transaction of a group runs in a savepoint of its own, so one that fails undoes nothing of the others; and nobody
is told of success before the group is on disk.
"""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from bot.store.database.wakeups import Due, left_due

T = TypeVar("T")

LONGEST_BEHIND = 0.2
"""Seconds after which a job that goes behind is done in its turn."""
GROUP_SECONDS = 0.01
"""How long a group takes in others. The first of it waits so much longer for its answer, at most."""


@dataclass(slots=True)
class Job(Generic[T]):
    """One transaction, and who waits for it: for its result, and for what it left to do at once."""

    name: str
    work: Callable[[Session], T]
    future: Future[tuple[T, Due]] = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)
    context: Context = field(default_factory=copy_context)
    """Of whoever waits: what is logged meanwhile belongs to the same unit."""
    outcome: tuple[T, Due] | None = None
    problem: Exception | None = None

    def run(self, connection: Connection) -> None:
        """Raises OperationalError, which concerns the whole group: the database may have undone all of it."""
        self.outcome = self.problem = None
        try:
            with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
                result = self.context.run(self.work, session)
                session.commit()
                self.outcome = result, left_due(session)
        except OperationalError:
            raise
        except Exception as problem:  # noqa: BLE001  it belongs to whoever waits for this one
            self.problem = problem

    def tell(self) -> None:
        if self.outcome is None:
            self.future.set_exception(self.problem or RuntimeError(f"{self.name} was never run"))
        else:
            self.future.set_result(self.outcome)


class Writer:
    """A thread, and what waits for it, first come first served. `probe` is called before and after each commit."""

    def __init__(self, engine: Engine, probe: Callable[[str], None]) -> None:
        self._engine = engine
        self._probe = probe
        self._waiting: deque[Job[Any]] = deque()
        self._behind: deque[Job[Any]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="db-write")

    def submit(self, name: str, work: Callable[[Session], T], *, is_behind: bool = False) -> Future[tuple[T, Due]]:
        """Run `work` in a transaction. The future fails with what `work` raises; an outage is an OperationalError."""
        job = Job(name, work)
        (self._behind if is_behind else self._waiting).append(job)
        self._thread.submit(self._write)
        return job.future

    def close(self) -> None:
        """Finish what waits."""
        self._thread.shutdown()

    def _write(self) -> None:
        """Called once for each job: those whose job went with an earlier group find nothing to do."""
        first = self._next()
        if first is not None:
            self._commit([first], until=time.monotonic() + GROUP_SECONDS)

    def _next(self) -> Job[Any] | None:
        """The next that still has somebody who waits for it."""
        while self._waiting or self._behind:
            job = (self._behind if self._is_turn_of_those_behind() else self._waiting).popleft()
            if job.future.set_running_or_notify_cancel():
                return job
        return None

    def _is_turn_of_those_behind(self) -> bool:
        if not (self._waiting and self._behind):
            return not self._waiting
        return time.monotonic() - self._behind[0].since > LONGEST_BEHIND

    def _commit(self, group: list[Job[Any]], *, until: float) -> None:
        """Commit the group, which grows by whatever waits `until` then (monotonic)."""
        try:
            with self._engine.begin() as connection:
                for job in group:  # it grows meanwhile
                    job.run(connection)
                    if time.monotonic() < until and (another := self._next()) is not None:
                        group.append(another)
                self._pass("before", group)
            self._pass("after", group)
        except OperationalError as problem:
            self._each_alone(group, problem)
        except Exception as problem:  # noqa: BLE001  nobody may wait for ever
            for job in group:
                job.future.set_exception(problem)
        else:
            for job in group:
                job.tell()

    def _pass(self, when: str, group: list[Job[Any]]) -> None:
        for job in group:
            if job.outcome is not None:
                self._probe(f"{when} commit of {job.name}")

    def _each_alone(self, group: list[Job[Any]], problem: OperationalError) -> None:
        """The database refused a group, and undid it: who is to blame shows when each is tried alone."""
        if len(group) == 1:
            group[0].future.set_exception(problem)
        else:
            for job in group:
                self._commit([job], until=0)
