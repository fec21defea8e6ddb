"""
Handlers of due timers.

A timer and its effect share one transaction, so that it takes effect once.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.lazy_dataclass import dataclass
from bot.services.alerts.announcements import SUMMARY_TIMER, run_summary_timer
from bot.services.alerts.heartbeats import HEARTBEAT_WATCH, run_heartbeat_timer
from bot.services.alerts.maintenance_end import lock_windows, run_window_end_timer
from bot.services.alerts.resolution import RESOLUTION_TIMER, lock_resolutions, run_resolution_timer
from bot.services.channel.archive_timer import ARCHIVE_TIMER, run_archive_timer
from bot.services.channel.backfill import RECONCILE_TIMER, run_reconcile_timer
from bot.services.escalation.ack_timeout import ACK_TIMEOUT_CHECK, check_ack_timeout
from bot.services.escalation.advance import lock_escalations, run_due_steps
from bot.services.escalation.page_timers import check_unsent_page, handle_unreachable, send_due_pages
from bot.services.escalation.state import ESCALATION_STEP
from bot.services.incidents.drills import DRILL_TIMER, play_due_lines
from bot.services.incidents.maintenance_windows import WINDOW_END_TIMER
from bot.services.oncall.handover import SCHEDULE_WATCH, lock_schedules, run_schedule_timer
from bot.services.oncall.schedule_image import IMAGE_CLEANUP, delete_image
from bot.services.outbox import REMINDER_CHECK
from bot.services.outbox.timer_payloads import IncidentTimer
from bot.services.paging.pages import LATER_PAGE, UNREACHABLE_PERSON, UNSENT_CHECK
from bot.services.reminders.check import check_reminders
from bot.services.status_page.maintenance_reminders import MAINTENANCE_REMINDER, run_reminder_timer
from bot.services.vendors import case_questions
from bot.store import outbox
from bot.store.database.connections import is_transient
from bot.store.database.savepoint import savepoint
from bot.store.incidents import incidents
from bot.store.shared import timers
from bot.store.shared.timers import Timer

Handler = Callable[[Session, Settings, Sequence[Timer], datetime], None]
Lock = Callable[[Session, Sequence[Timer]], None]


def _lock_incidents(session: Session, due: Sequence[Timer]) -> None:
    incidents.lock_all(session, [IncidentTimer.from_json(timer.details).incident_id for timer in due])


def _lock_nothing(_session: Session, _due: Sequence[Timer]) -> None:
    """For handlers that lock rows themselves."""


def _for_each(handle: Callable[[Session, Settings, Timer, datetime], None]) -> Handler:
    def handle_each(session: Session, settings: Settings, due: Sequence[Timer], now: datetime) -> None:
        for timer in due:
            if not timers.is_cancelled(session, timer.key):  # by an earlier one's handler
                handle(session, settings, timer, now)

    return handle_each


HANDLERS: Mapping[str, tuple[Handler, Lock]] = {
    ESCALATION_STEP: (run_due_steps, lock_escalations),
    case_questions.CASE_QUESTION: (_for_each(case_questions.ask_for_case), lock_escalations),
    RECONCILE_TIMER: (_for_each(run_reconcile_timer), _lock_incidents),
    ARCHIVE_TIMER: (_for_each(run_archive_timer), _lock_incidents),
    DRILL_TIMER: (_for_each(play_due_lines), _lock_incidents),
    LATER_PAGE: (send_due_pages, lock_escalations),
    UNREACHABLE_PERSON: (_for_each(handle_unreachable), lock_escalations),
    UNSENT_CHECK: (_for_each(check_unsent_page), lock_escalations),
    WINDOW_END_TIMER: (_for_each(run_window_end_timer), lock_windows),
    RESOLUTION_TIMER: (_for_each(run_resolution_timer), lock_resolutions),
    MAINTENANCE_REMINDER: (_for_each(run_reminder_timer), lock_windows),
    IMAGE_CLEANUP: (_for_each(delete_image), _lock_nothing),
    SCHEDULE_WATCH: (_for_each(run_schedule_timer), lock_schedules),
    ACK_TIMEOUT_CHECK: (_for_each(check_ack_timeout), lock_escalations),
    REMINDER_CHECK: (check_reminders, _lock_nothing),
    HEARTBEAT_WATCH: (_for_each(run_heartbeat_timer), _lock_nothing),
    SUMMARY_TIMER: (_for_each(run_summary_timer), _lock_incidents),
}
"""Handler of each kind, and the lock that a batch takes first, in one order against deadlocks."""
MAX_TRIES = 5
RETRY_DELAY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class TimerResult:
    """
    Outcome of a timer.

    `problem`: its error; the timer is postponed, or exhausted after MAX_TRIES.
    """

    timer: Timer
    problem: Exception | None = None
    is_exhausted: bool = False


def run_due_timers(session: Session, settings: Settings, now: datetime, most: int) -> list[TimerResult]:
    """
    Run up to `most` due timers of one kind that no other worker has locked.

    They run as one batch; if it fails, each runs alone. A timer that fails alone is rolled back and postponed in this
    same transaction, so that no other worker takes it. Transient database errors are raised.
    """
    due = timers.take_due(session, now, most)
    try:
        _run_batch(session, settings, due, now)
    except Exception as problem:
        if is_transient(problem):
            raise
        if len(due) == 1:
            return [_postpone(session, due[0], problem, now)]
        return [_run_alone(session, settings, timer, now) for timer in due]
    return [TimerResult(timer) for timer in due]


def _run_batch(session: Session, settings: Settings, due: Sequence[Timer], now: datetime) -> None:
    """Raises the error of any handler, after a rollback to the savepoint."""
    if not due:
        return
    with savepoint(session), outbox.batch(session):
        if len(due) > 1:
            HANDLERS[due[0].kind][1](session, due)
        HANDLERS[due[0].kind][0](session, settings, due, now)
        session.flush()


def _run_alone(session: Session, settings: Settings, timer: Timer, now: datetime) -> TimerResult:
    try:
        _run_batch(session, settings, [timer], now)
    except Exception as problem:
        if is_transient(problem):
            raise
        return _postpone(session, timer, problem, now)
    return TimerResult(timer)


def _postpone(session: Session, timer: Timer, problem: Exception, now: datetime) -> TimerResult:
    """Postpone the timer by RETRY_DELAY; after MAX_TRIES it is exhausted, which a metric shows."""
    tries = timer.tries + 1
    is_exhausted = tries >= MAX_TRIES
    timers.restore(
        session,
        timer,
        due_at=now + RETRY_DELAY,
        abandoned_at=now if is_exhausted else None,
        tries=0 if is_exhausted else tries,
    )
    return TimerResult(timer, problem, is_exhausted)
