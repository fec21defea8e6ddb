"""
Resolve incidents whose alerts stay ended, where routes or services say so.

The end of an alert sets a timer; a later end moves it. It decides by what is true when it is due, so a new firing or a
person's work needs no cancellation.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.alerts.resolution import (
    QuietIncident,
    Resolve,
    ResolveRule,
    SuggestResolution,
    WaitLonger,
    choose_resolution,
)
from bot.domain.alerts.routing import Routing
from bot.domain.record.facts import ResolvedByRule
from bot.domain.times import ParsedTime
from bot.services import outbox
from bot.services.alerts.event_routing import route_row
from bot.services.incidents.lifecycle import lock_unanswered_escalations, resolve_incident
from bot.services.outbox.timer_payloads import ResolutionTimer
from bot.services.workspace.actor import Actor, Origin
from bot.store.alerts import alerts
from bot.store.alerts.alerts import Alert
from bot.store.escalation import escalations
from bot.store.incidents import incidents, timeline, transcript
from bot.store.incidents.incidents import Incident
from bot.store.shared import timers
from bot.store.shared.timers import Timer

RESOLUTION_TIMER = "resolve after alerts"


def plan_resolutions(session: Session, ended: Iterable[tuple[Alert, Routing]], at: datetime) -> None:
    """
    Set the timers of the incidents whose alerts end now and have a rule.

    Before the incidents are locked: the timer's own work locks in that order.
    """
    due: dict[int, timedelta] = {}
    for row, routing in ended:
        if row.incident_id is not None and (rule := routing.resolve_rule) is not None:
            due[row.incident_id] = max(rule.after, due.get(row.incident_id, rule.after))
    for incident_id, after in sorted(due.items()):
        _set_timer(session, at + after, ResolutionTimer(incident_id, at.isoformat()))


def lock_resolutions(session: Session, due: Sequence[Timer]) -> None:
    """Lock escalations before incidents, as a resolve does."""
    keys = sorted({ResolutionTimer.from_json(timer.details).incident_id for timer in due})
    escalations.lock_all(session, [each.key for key in keys for each in escalations.find_unanswered(session, key)])
    incidents.lock_all(session, keys)


def run_resolution_timer(session: Session, settings: Settings, timer: Timer, at: datetime) -> None:
    """Timer: resolve the incident, suggest it where people work on it, or wait longer."""
    payload = ResolutionTimer.from_json(timer.details)
    lock_unanswered_escalations(session, payload.incident_id)
    incident = incidents.lock(session, payload.incident_id)
    if not _may_resolve(incident):
        return
    match choose_resolution(_load_quiet(session, settings, incident, payload), at):
        case WaitLonger(until):
            _set_timer(session, until, payload)
        case Resolve(rule):
            _resolve(session, settings, incident, rule, Actor(incident.team_id, None, at, Origin.TIMER))
        case SuggestResolution(rule):
            outbox.post_event(session, incident, "alerts over", at, minutes=_minutes(rule.after))


def foresee_resolution(session: Session, settings: Settings, incident: Incident) -> datetime | None:
    """
    When the incident will be resolved if nothing happens until then.

    None if it will not.
    """
    if not settings.resolves_incidents or not _may_resolve(incident):
        return None
    timer = timers.find(session, _timer_key(incident.key))
    if timer is None:
        return None
    quiet = _load_quiet(session, settings, incident, ResolutionTimer.from_json(timer.details))
    match choose_resolution(quiet, timer.due_at):
        case WaitLonger(until):
            return None if quiet.is_worked_on else until
        case Resolve():
            return timer.due_at
    return None


def _may_resolve(incident: Incident) -> bool:
    """False for storms, drills, and incidents that were recorded after the fact."""
    return incident.is_open and not incident.is_drill and not incident.is_retro and incident.storm_id != incident.key


def _load_quiet(session: Session, settings: Settings, incident: Incident, payload: ResolutionTimer) -> QuietIncident:
    since = datetime.fromisoformat(payload.since)
    firing = alerts.count(session, incident.key).firing
    if firing:
        return QuietIncident(since, (), firing)
    rules = [route_row(settings, row).resolve_rule for row in alerts.find_by_incident(session, incident.key)]
    return QuietIncident(since, rules, is_worked_on=_is_worked_on(session, incident))


def _is_worked_on(session: Session, incident: Incident) -> bool:
    """
    True if a person works on the incident: declared or leads it, or wrote in its channel.

    So is a person who recorded anything but an acknowledgement.
    """
    if incident.declared_by is not None or incident.lead is not None or timeline.is_worked_on(session, incident.key):
        return True
    channel = incident.channel_id
    return channel is not None and transcript.find_newest_of_people(session, incident.team_id, channel) is not None


def _resolve(session: Session, settings: Settings, incident: Incident, rule: ResolveRule, actor: Actor) -> None:
    """Resolve; the impact ended with the last alert, if that is after its beginning."""
    last = alerts.find_last_end(session, incident.key)
    is_credible = last is not None and incident.started_at <= last <= actor.at
    resolve_incident(
        session,
        settings,
        incident.key,
        actor,
        text=ResolvedByRule(_minutes(rule.after), rule.table),
        ended=ParsedTime(last) if is_credible else None,
    )


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds() // 60)


def _set_timer(session: Session, due_at: datetime, payload: ResolutionTimer) -> None:
    timers.set_timer(session, _timer_key(payload.incident_id), due_at, RESOLUTION_TIMER, payload)


def _timer_key(incident_id: int) -> str:
    return f"resolve:{incident_id}"
