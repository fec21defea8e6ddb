"""
Writer thread of a SQLite file, with group commit.

Waiting jobs are committed together, because the fsync is what costs. Jobs that people wait for go before those of low
priority, which do not wait forever.

The first transaction of a group is the group's own, so if it fails, the group ends with it. Each further one runs in a
savepoint, so a failed one undoes nothing of the others. Success is reported only after the group's commit.
"""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import field
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.session import JoinTransactionMode
from sqlmodel import Session

from bot.lazy_dataclass import dataclass
from bot.store.database.session import LOW_PRIORITY_WAIT
from bot.store.database.transaction_state import DueWork, TrackedSession, due_work

T = TypeVar("T")

GROUP_SECONDS = 0.01
"""Time in which a group accepts further jobs, in seconds. It delays the first job's answer."""


@dataclass(slots=True)
class Job(Generic[T]):
    """One transaction. Its future gets the result and the work that it left."""

    name: str
    work: Callable[[Session], T]
    future: Future[tuple[T, DueWork]] = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)
    context: Context = field(default_factory=copy_context)
    """Context of the caller, for its log fields."""
    outcome: tuple[T, DueWork] | None = None
    problem: Exception | None = None

    def run(self, connection: Connection, *, in_savepoint: bool) -> None:
        """
        Run the work. Without a savepoint, a failure rolls the connection's transaction back.

        Raises OperationalError, which concerns the whole group: it may be rolled back.
        """
        self.outcome = self.problem = None
        mode: JoinTransactionMode = "create_savepoint" if in_savepoint else "rollback_only"
        with TrackedSession(connection, expire_on_commit=False, join_transaction_mode=mode) as session:
            try:
                result = self.context.run(self.work, session)
                session.commit()
                self.outcome = result, due_work(session)
            except OperationalError:
                raise
            except Exception as problem:  # noqa: BLE001  it belongs to the caller of this job
                session.rollback()
                self.problem = problem

    def resolve(self) -> None:
        if self.outcome is None:
            self.future.set_exception(self.problem or RuntimeError(f"{self.name} was never run"))
        else:
            self.future.set_result(self.outcome)


class Writer:
    """A thread with its queue. `probe` is called before and after each commit."""

    def __init__(self, engine: Engine, probe: Callable[[str], None]) -> None:
        self._engine = engine
        self._probe = probe
        self._waiting: deque[Job[Any]] = deque()
        self._low_priority: deque[Job[Any]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="db-write")

    def submit(
        self, name: str, work: Callable[[Session], T], *, is_low_priority: bool = False
    ) -> Future[tuple[T, DueWork]]:
        """
        Queue `work` as a transaction.

        The future fails with what `work` raises; an outage is an OperationalError.
        """
        job = Job(name, work)
        (self._low_priority if is_low_priority else self._waiting).append(job)
        self._thread.submit(self._write)
        return job.future

    def close(self) -> None:
        """Finish the queue."""
        self._thread.shutdown()

    def _write(self) -> None:
        """Run once for each job; a job that an earlier group took leaves nothing to do."""
        first = self._next()
        if first is not None:
            self._commit([first], until=time.monotonic() + GROUP_SECONDS)

    def _next(self) -> Job[Any] | None:
        """The next job that was not cancelled."""
        while self._waiting or self._low_priority:
            job = (self._low_priority if self._is_low_priority_next() else self._waiting).popleft()
            if job.future.set_running_or_notify_cancel():
                return job
        return None

    def _is_low_priority_next(self) -> bool:
        if not (self._waiting and self._low_priority):
            return not self._waiting
        return time.monotonic() - self._low_priority[0].since > LOW_PRIORITY_WAIT

    def _commit(self, group: list[Job[Any]], *, until: float) -> None:
        """Commit the group, which grows by waiting jobs `until` then (monotonic)."""
        try:
            with self._engine.begin() as connection:
                for job in group:  # it grows meanwhile
                    job.run(connection, in_savepoint=job is not group[0])
                    if group[0].outcome is None:
                        break
                    if time.monotonic() < until and (another := self._next()) is not None:
                        group.append(another)
                self._call_probe("before", group)
            self._call_probe("after", group)
        except OperationalError as problem:
            self._retry_each(group, problem)
        except Exception as problem:  # noqa: BLE001  nobody may wait for ever
            for job in group:
                job.future.set_exception(problem)
        else:
            for job in group:
                job.resolve()

    def _call_probe(self, when: str, group: list[Job[Any]]) -> None:
        for job in group:
            if job.outcome is not None:
                self._probe(f"{when} commit of {job.name}")

    def _retry_each(self, group: list[Job[Any]], problem: OperationalError) -> None:
        """Retry each job of a rolled back group alone, to find the one at fault."""
        if len(group) == 1:
            group[0].future.set_exception(problem)
        else:
            for job in group:
                self._commit([job], until=0)
