"""
Announce alerts in channel and timeline: the first ones named, the rest counted.

Counts wait in the database, with a timer: the card follows within a second, the summary after a minute.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.alerts.announcements import (
    CARD_REFRESH_DELAY,
    SUMMARY_DELAY,
    AnnouncementBudget,
    list_alert_names,
    spend_announcement,
)
from bot.domain.alerts.events import AlertEvent
from bot.domain.alerts.flapping import QUIET_AFTER, TRACKED_ALERTS, AlertChanges, add_change, changes_key, keep_latest
from bot.domain.alerts.routing import Routing
from bot.domain.record.facts import AlertEnded, AlertsEnded, AlertsFired, AlertsFlap, MoreAlerts, count_alerts
from bot.domain.terms import AlertStatus, Kind, Precision
from bot.domain.times import ParsedTime
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.alerts.storms import is_storm_incident, update_storm
from bot.services.outbox.timer_payloads import IncidentTimer
from bot.services.timeline.alert_images import queue_images
from bot.services.timeline.entries import record_entry
from bot.services.timeline.milestones import refresh_milestones, set_initial_milestones
from bot.services.workspace.actor import Actor, Origin
from bot.store.alerts import alert_summaries, alerts, counters
from bot.store.alerts.alerts import Alert
from bot.store.alerts.counters import AlertCounter
from bot.store.database.transaction_state import transaction_state
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.slack_messages import SlackView, is_posted
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import timers
from bot.store.shared.timers import Timer

SUMMARY_TIMER = "tell of alerts"
MAX_NAMED = 5
"""Alerts that an entry names; it counts the rest."""
MAX_LISTED = 20
"""Alerts that a message lists."""


@dataclass(slots=True)
class Arrival:
    """An alert that is new, fires again, or has ended. `row` is as it was before."""

    event: AlertEvent
    routing: Routing
    row: Alert
    is_new: bool
    held_by: int | None = None
    """Id of the service's maintenance window: the alert opens nothing while that lasts."""

    @property
    def fires(self) -> bool:
        return self.event.status == AlertStatus.FIRING


def announce_alerts(
    session: Session,
    settings: Settings,
    incident_id: int,
    arrivals: Sequence[Arrival],
    actor: Actor,
    *,
    truncated: int = 0,
) -> None:
    """
    Record and post an incident's alerts, now or with the next summary.

    `truncated` alerts of the same group exist that the monitor did not name.
    """
    seen = counters.get(session, incident_id)
    if seen is not None and _spend_budget(seen, actor.at) is None:
        _leave_for_summary(session, seen, arrivals, actor.at)
        return
    if is_storm_incident(session, incident_id):
        request_summary(session, incident_id, actor.at)  # the timer is locked before the incident
    incident = incidents.lock(session, incident_id)
    tally = counters.lock(session, incident_id)
    budget = _spend_budget(tally, actor.at)
    if budget is None:
        _leave_for_summary(session, tally, arrivals, actor.at)
        return
    began_to_flap = _track_changes(tally, arrivals, actor.at)
    if began_to_flap or not all(each.row.is_flapping for each in arrivals):
        tally.told, tally.announced_since = budget.count, budget.since
    for arrival in arrivals:
        session.add(arrival.row)
    session.flush()
    is_opened_by_them = seen is None and incidents.is_new(session, incident_id) and incident.storm_id != incident_id
    _announce_now(session, settings, incident, arrivals, actor, truncated, is_opened_by_them=is_opened_by_them)
    if began_to_flap:
        _announce_flapping(session, incident, began_to_flap, actor)
    tally.shown = []  # the card shows newer counts
    session.add(tally)


def waits_for_summary(session: Session, incident_id: int, at: datetime) -> bool:
    """
    True if the incident's alerts wait for its summary, so that it need not be locked.

    Requests that summary where the timer has to be locked before the incident.
    """
    seen = counters.get(session, incident_id)
    counts = seen is not None and _spend_budget(seen, at) is None
    if counts or is_storm_incident(session, incident_id):
        request_summary(session, incident_id, at)
    return counts


def _spend_budget(tally: AlertCounter, at: datetime) -> AnnouncementBudget | None:
    return spend_announcement(AnnouncementBudget(tally.told, tally.announced_since), at)


def request_summary(session: Session, incident_id: int, at: datetime) -> None:
    """
    Request the incident's summary, once per transaction.

    The timer is locked before the incident, and before any row that refers to it: the timer's own work locks in that
    order, and a row with a foreign key locks the incident, too.
    """
    scheduled = transaction_state(session).alert_summaries
    if incident_id in scheduled:
        return
    scheduled.add(incident_id)
    timers.set_or_advance(
        session, f"alerts:{incident_id}", at + CARD_REFRESH_DELAY, SUMMARY_TIMER, IncidentTimer(incident_id)
    )


def _track_changes(tally: AlertCounter, arrivals: Sequence[Arrival], at: datetime) -> list[Alert]:
    """
    Count the changes of each alert; returns those that begin to flap.

    Notifications with more than `TRACKED_ALERTS` are not tracked.
    """
    if len(arrivals) > TRACKED_ALERTS:
        return []
    known, began = tally.read_changes(), []
    for row in (arrival.row for arrival in arrivals):
        key = changes_key(row.source, row.fingerprint)
        before = known.get(key, AlertChanges())
        after = known[key] = add_change(before, at)
        row.is_flapping = after.is_flapping
        if after.is_flapping and (not before.is_flapping or at - before.at[-1] >= QUIET_AFTER):
            began.append(row)
    tally.store_changes(keep_latest(known))
    return began


def _announce_flapping(session: Session, incident: Incident, rows: Sequence[Alert], actor: Actor) -> None:
    """Record and post it once. The timer looks when they are quiet."""
    names = list_alert_names([row.name for row in rows], len(rows))
    fact = AlertsFlap(names, int(QUIET_AFTER.total_seconds() // 60))
    entry = record_entry(session, incident, [Kind.NOTE], fact, actor)
    outbox.post_event(session, incident, "alerts flap", actor.at, entry_id=entry.key)
    due_at, payload = actor.at + QUIET_AFTER, IncidentTimer(incident.key)
    timers.set_or_advance(session, f"alerts:{incident.key}", due_at, SUMMARY_TIMER, payload)


def _leave_for_summary(session: Session, seen: AlertCounter, arrivals: Sequence[Arrival], at: datetime) -> None:
    request_summary(session, seen.incident_id, at)
    known = seen.read_changes()
    for arrival in arrivals:
        changes = known.get(changes_key(arrival.row.source, arrival.row.fingerprint))
        arrival.row.is_flapping = changes is not None and changes.is_flapping
        if arrival.is_new and arrival.fires:
            arrival.row.is_start_recorded = False
        session.add(arrival.row)


def _announce_now(
    session: Session,
    settings: Settings,
    incident: Incident,
    arrivals: Sequence[Arrival],
    actor: Actor,
    truncated: int,
    *,
    is_opened_by_them: bool,
) -> None:
    fired = [each.row for each in arrivals if each.is_new and each.fires]
    if fired:
        _announce_started(session, settings, incident, fired, actor, truncated)
    ended = [each.row for each in arrivals if not each.fires]
    _record_ended(session, incident, [row for row in ended if row.ended_at and not row.is_end_recorded], actor)
    if is_opened_by_them:
        set_initial_milestones(session, incident, [each.row for each in arrivals])
    else:
        refresh_milestones(session, incident)
    outbox.refresh_card(session, incident, actor.at)
    if ended or is_posted(session, incident, SlackView.ALERTS) or any(not each.is_new for each in arrivals):
        outbox.refresh_alerts(session, incident, actor.at)


def _announce_started(
    session: Session, settings: Settings, incident: Incident, rows: Sequence[Alert], actor: Actor, truncated: int = 0
) -> None:
    """Record the alerts, and post those that do not flap."""
    if flapping := [row for row in rows if row.is_flapping]:
        entry = _record_started(session, incident, flapping, actor)
        queue_images(session, settings, incident, entry, flapping, actor.at)
    if not (steady := [row for row in rows if not row.is_flapping]):
        return
    entry = _record_started(session, incident, steady, actor, truncated)
    queue_images(session, settings, incident, entry, steady, actor.at)
    ids = [row.key for row in steady]
    outbox.post_event(
        session,
        incident,
        "alerts",
        actor.at,
        entry_id=entry.key,
        alert_ids=ids[:MAX_LISTED],
        alerts=len(ids),
        truncated=truncated,
    )


def _record_started(
    session: Session, incident: Incident, rows: Sequence[Alert], actor: Actor, truncated: int = 0
) -> TimelineEntry:
    first = min(rows, key=lambda row: row.starts_at)
    line = alert_line_with_service if incident.storm_id == incident.key else alert_line
    lines = list(dict.fromkeys(line(row) for row in rows))
    named, more = "\n".join(lines[:MAX_NAMED]), max(len(lines) - MAX_NAMED, 0) + truncated
    return record_entry(
        session,
        incident,
        [Kind.DETECTION],
        AlertsFired(named, more) if more else named,
        actor,
        when=ParsedTime(first.starts_at, Precision(first.starts_at_precision)),
        alert_id=first.key,
        alert_ids=[row.key for row in rows],
    )


def _record_ended(session: Session, incident: Incident, rows: Sequence[Alert], actor: Actor) -> None:
    for row in rows:
        row.is_end_recorded = True
        session.add(row)
    if len(rows) > MAX_NAMED:
        last = max(row.ended_at or actor.at for row in rows)
        _record_counted_ends(session, incident, Counter(row.service for row in rows), last, actor)
        return
    for row in rows:
        record_entry(
            session,
            incident,
            [Kind.ALERT_RESOLVED],
            _ended_fact(row, with_service=incident.storm_id == incident.key),
            actor,
            when=ParsedTime(row.ended_at),
            alert_id=row.key,
        )


def _ended_fact(row: Alert, *, with_service: bool) -> AlertEnded:
    """The end of an alert, in its own words where it has any."""
    if row.end_summary:
        return AlertEnded(_with_service(row.name, row) if with_service else row.name, row.end_summary)
    return AlertEnded(alert_line_with_service(row) if with_service else alert_line(row))


def _record_counted_ends(
    session: Session, incident: Incident, services: Mapping[str | None, int], last: datetime, actor: Actor
) -> None:
    counted = count_alerts(services, AlertsEnded)
    record_entry(session, incident, [Kind.ALERT_RESOLVED], counted, actor, when=ParsedTime(last), alerts=counted.count)


def _record_counted_starts(
    session: Session, incident: Incident, services: Mapping[str | None, int], first: datetime, actor: Actor
) -> None:
    """An entry without an alert's name: its link is the bot's own message with the counts."""
    counted = count_alerts(services, MoreAlerts)
    entry = record_entry(
        session, incident, [Kind.DETECTION], counted, actor, when=ParsedTime(first), alerts=counted.count
    )
    outbox.post_event(session, incident, "more alerts", actor.at, entry_id=entry.key)


def alert_line(row: Alert) -> str:
    """An alert in one line: its name and summary."""
    summary = row.annotations.get("summary") or row.name
    return row.name if summary == row.name else f"{row.name}: {summary}"


def alert_line_with_service(row: Alert) -> str:
    """`alert_line` with the service, where alerts of many services are listed."""
    return _with_service(alert_line(row), row)


def _with_service(text: str, row: Alert) -> str:
    return f"{text} ({row.service})" if row.service else text


def run_summary_timer(session: Session, settings: Settings, timer: Timer, now: datetime) -> None:
    """Timer: update card and record with new alerts. Runs again until there are none."""
    incident = incidents.lock(session, IncidentTimer.from_json(timer.details).incident_id)
    actor = Actor(incident.team_id, None, now, Origin.ALERT)
    waits_since = _record_summary(session, settings, incident, actor)
    counts = alerts.count(session, incident.key)
    tally = counters.lock(session, incident.key)
    quiet_at = _end_flapping(session, incident, tally, actor)
    has_changed = tally.shown != [counts.alerts, counts.firing]
    ends_at = update_storm(session, settings, incident, counts, actor)
    if has_changed:
        tally.shown = [counts.alerts, counts.firing]
        session.add(tally)
        refresh_milestones(session, incident)
        outbox.refresh_card(session, incident, now)
    # The end of alerts is shown only after their start.
    is_announced = is_posted(session, incident, SlackView.ALERTS) or (
        waits_since is None and counts.firing < counts.alerts
    )
    if is_announced and (has_changed or not is_posted(session, incident, SlackView.ALERTS)):
        outbox.refresh_alerts(session, incident, now)
    due = [now + CARD_REFRESH_DELAY] if has_changed else []
    due += [waits_since + SUMMARY_DELAY] if waits_since else []
    due += [each for each in (ends_at, quiet_at) if each]
    if due:
        timers.set_timer(
            session, timer.key, max(min(due), now + CARD_REFRESH_DELAY), SUMMARY_TIMER, IncidentTimer(incident.key)
        )


def _end_flapping(session: Session, incident: Incident, tally: AlertCounter, actor: Actor) -> datetime | None:
    """
    Announce flapping alerts that are quiet, with their state.

    Returns when to look at the others; None if there are none.
    """
    known = tally.read_changes()
    if not any(each.is_flapping for each in known.values()):
        return None
    quiet, next_at = list[Alert](), list[datetime]()
    for row in alerts.find_flapping(session, incident.key):
        key = changes_key(row.source, row.fingerprint)
        changed_at = max([*known.get(key, AlertChanges()).at, row.first_seen_at, row.ended_at or row.first_seen_at])
        if actor.at - changed_at < QUIET_AFTER:
            next_at.append(changed_at + QUIET_AFTER)
            continue
        row.is_flapping = False
        known.pop(key, None)
        session.add(row)
        quiet.append(row)
    if quiet:
        tally.store_changes(known)
        tally.shown = []  # the card shows that it is over
        ids = [row.key for row in quiet]
        outbox.post_event(session, incident, "alerts quiet", actor.at, alert_ids=ids[:MAX_LISTED], alerts=len(ids))
    return min(next_at, default=None)


def _record_summary(session: Session, settings: Settings, incident: Incident, actor: Actor) -> datetime | None:
    """Record what has waited long enough. Returns since when alerts wait otherwise, or None."""
    waiting = alert_summaries.find_unannounced_counts(session, incident.key)
    if waiting.since is None or actor.at - waiting.since < SUMMARY_DELAY:
        return waiting.since
    if (
        waiting.starts > MAX_NAMED
        and (more := alert_summaries.mark_starts_announced(session, incident.key)) is not None
    ):
        _record_counted_starts(session, incident, more.services, more.first_seen_at, actor)
    elif started := alert_summaries.find_unannounced(session, incident.key, ends=False):
        for row in started:
            row.is_start_recorded = True
            session.add(row)
        _announce_started(session, settings, incident, started, actor)
    if waiting.ends > MAX_NAMED and (over := alert_summaries.mark_ends_announced(session, incident.key)) is not None:
        _record_counted_ends(session, incident, over.services, over.last_end or actor.at, actor)
    else:
        _record_ended(session, incident, alert_summaries.find_unannounced(session, incident.key, ends=True), actor)
    refresh_milestones(session, incident)
    return None
