"""
Shift handovers: message the leaving and coming people when those on call change, once.

Each schedule has one timer, at its next change. The people of the last message are stored, so that a change during
downtime is posted late, and an override at once.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.oncall.schedule import shift_at, shifts_between
from bot.domain.terms import Severity, TargetKind
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.oncall.schedule import Rota, has_schedule_data, load_rota, next_change_at, services_using
from bot.services.oncall.targets import target_text
from bot.services.outbox.payloads import ShiftHandoverPayload
from bot.services.outbox.timer_payloads import ScheduleTimer
from bot.services.workspace.actor import Origin
from bot.services.workspace.people import MENTION, ensure_known
from bot.store.escalation import escalations, overrides
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incident_lists, installations
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Visibility
from bot.store.shared import audit, people, timers
from bot.store.shared.timers import Timer

SCHEDULE_WATCH = "watch who is on call"
CHECK_INTERVAL = timedelta(days=31)
"""Longest interval between checks of a schedule."""
CALENDAR_CHECK_INTERVAL = timedelta(minutes=5)
"""The same for an external calendar, which may change at any time."""
LATE_AFTER = timedelta(minutes=5)
"""Delay from which on a handover is announced as late."""
MAX_INCIDENTS = 10


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """Open incident in a handover. `waits_for`: targets whose response is pending."""

    reference: str
    title: str
    severity: str
    since: datetime
    lead: str | None
    channel_id: str | None
    waits_for: Sequence[str]


@dataclass(frozen=True, slots=True)
class HandoverView:
    """
    A change of the people on call at `since`. `is_late`: posted with a delay.

    `until`: time of the next change, None beyond CHECK_INTERVAL. `more`: number of incidents not listed.
    """

    schedule: str
    left: Sequence[str]
    came: Sequence[str]
    stay: Sequence[str]
    since: datetime
    is_late: bool
    until: datetime | None
    open: Sequence[OpenIncident]
    more: int
    names: dict[str, str]


def watch_schedules(session: Session, settings: Settings, at: datetime) -> None:
    """Check every schedule and set its timer; run at start and after a configuration reload."""
    known = installations.find_installation(session)
    if known is not None:
        for name in sorted(settings.schedules):
            check_schedule(session, settings, known.team_id, name, at)


def run_schedule_timer(session: Session, settings: Settings, timer: Timer, at: datetime) -> None:
    """Run the timer of a schedule; nothing for a removed one."""
    payload = ScheduleTimer.from_json(timer.details)
    if payload.schedule in settings.schedules:
        team_id, name = payload.team_id, payload.schedule
        check_schedule(session, settings, team_id, name, at, planned=timer.due_at)


def lock_schedules(session: Session, due: Sequence[Timer]) -> None:
    for timer in sorted(due, key=lambda each: each.key):
        payload = ScheduleTimer.from_json(timer.details)
        overrides.lock_watch(session, payload.team_id, payload.schedule)


def check_schedule(
    session: Session, settings: Settings, team_id: str, name: str, at: datetime, *, planned: datetime | None = None
) -> None:
    """
    Post a handover if people changed since the last check, and set the next timer.

    `planned`: due time of the timer that was taken; None if the timer still exists. The first check of a schedule posts
    nothing, and a calendar is not checked before it was read.
    """
    watched = overrides.lock_watch(session, team_id, name)
    rota = load_rota(session, settings, team_id, name, at - CHECK_INTERVAL, at + CHECK_INTERVAL)
    before, now, key = watched.people, rota.people_at(at), f"oncall:{team_id}:{name}"
    if (watched.since is None or set(before) != set(now)) and has_schedule_data(session, settings, name):
        since = _shift_start(rota, at)
        if watched.since is not None:
            since = _change_time(since, planned or timers.find_due_at(session, key), at)
            _post_handover(session, settings, team_id, name, before, now, since, at)
            watched.notified_at = at
        watched.people, watched.since = list(now), since
        session.add(watched)
        outbox.refresh_open_homes(session, team_id, at)
    timers.set_timer(session, key, _next_check(settings, rota, name, at), SCHEDULE_WATCH, ScheduleTimer(team_id, name))


def _shift_start(rota: Rota, at: datetime) -> datetime:
    """Start of the present shift, or of the present gap."""
    running = shift_at(rota.schedule, rota.overrides, at)
    if running is not None:
        return running.starts_at
    ended = [each.ends_at for each in shifts_between(rota.schedule, rota.overrides, at - CHECK_INTERVAL, at)]
    return max([*ended, at - CHECK_INTERVAL])


def _change_time(began: datetime, planned: datetime | None, at: datetime) -> datetime:
    """
    Start of the shift, or now if that is before `planned`, the next change by the last check.

    Then the schedule itself was changed meanwhile.
    """
    return began if planned is not None and began >= planned else at


def _next_check(settings: Settings, rota: Rota, name: str, at: datetime) -> datetime:
    latest = at + (CALENDAR_CHECK_INTERVAL if settings.schedules[name].calendar else CHECK_INTERVAL)
    return min(next_change_at(rota, at, at + CHECK_INTERVAL) or latest, latest)


def _post_handover(
    session: Session,
    settings: Settings,
    team_id: str,
    name: str,
    before: Sequence[str],
    now: Sequence[str],
    since: datetime,
    at: datetime,
) -> None:
    left = [each for each in before if each not in now]
    came = [each for each in now if each not in before]
    ensure_known(session, team_id, [*left, *came], at)
    audit.record(
        session,
        at=at,
        team_id=team_id,
        action="who is on call changed",
        origin=Origin.TIMER,
        schedule=name,
        left=left,
        came=came,
        since=since.isoformat(),
    )
    section = settings.schedules[name]
    handover = ShiftHandoverPayload(
        schedule=name,
        since=since,
        left=tuple(left),
        came=tuple(came),
        stay=tuple(each for each in now if each in before),
        is_late=at - since > LATE_AFTER,
    )
    for person in [*left, *came] if section.handover_direct else ():
        outbox.post_shift_handover(session, team_id, at, replace(handover, user_id=person))
    if section.handover_channel:
        outbox.post_shift_handover(session, team_id, at, replace(handover, channel=section.handover_channel))


def load_handover_view(
    session: Session, settings: Settings, team_id: str, handover: ShiftHandoverPayload, at: datetime
) -> HandoverView:
    """Load the present state for a handover message, without private incidents."""
    name = handover.schedule
    visibility = Visibility(team_id)
    services = services_using(settings, name)
    found = [
        each
        for each in visibility.filter(incident_lists.find_open(session, team_id))
        if not each.is_drill and (services is None or services & set(each.services))
    ]
    waiting: dict[int, list[str]] = {}
    for escalation, incident in escalations.find_waiting(session, visibility):
        waiting.setdefault(incident.key, []).append(_awaited_answer(escalation))
    until = None
    if name in settings.schedules:
        rota = load_rota(session, settings, team_id, name, at, at + CHECK_INTERVAL)
        until = next_change_at(rota, at, at + CHECK_INTERVAL)
    lines = [_open_incident(settings, each, waiting.get(each.key, ())) for each in found[:MAX_INCIDENTS]]
    quoted = " ".join(each.title for each in lines)
    return HandoverView(
        schedule=name,
        left=handover.left,
        came=handover.came,
        stay=handover.stay,
        since=handover.since,
        is_late=handover.is_late,
        until=until,
        open=lines,
        more=max(0, len(found) - MAX_INCIDENTS),
        names=people.find_names(session, team_id, MENTION.findall(quoted)),
    )


def _awaited_answer(escalation: Escalation) -> str:
    is_policy = escalation.target_kind == TargetKind.POLICY
    return f"an answer to the policy {escalation.target_name}" if is_policy else target_text(escalation)


def _open_incident(settings: Settings, incident: Incident, waits_for: Sequence[str]) -> OpenIncident:
    return OpenIncident(
        incident.reference,
        incident.title,
        settings.severity_label(Severity(incident.severity)),
        incident.started_at,
        incident.lead,
        incident.channel_id,
        waits_for,
    )
