"""Alerts that still fire after their incident was resolved: a repetition is announced once."""

from collections.abc import Collection, Iterable

from sqlmodel import Session

from bot.domain.alerts.announcements import is_repetition_news, list_alert_names
from bot.domain.record.facts import AlertsStillFire
from bot.domain.terms import AlertStatus, Kind
from bot.services import outbox
from bot.services.incidents.alerts import find_firing
from bot.services.timeline.entries import record_entry
from bot.services.workspace.actor import Actor
from bot.store.alerts import counters
from bot.store.alerts.alerts import Alert
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident


def find_overdue(session: Session, rows: Iterable[Alert], in_maintenance: Collection[str], actor: Actor) -> set[int]:
    """
    Resolved incidents whose alerts, by these rows, still fire and have to be announced.

    Alerts of services under maintenance do not count. Nothing is locked: `announce_repetition` looks again.
    """
    firing = [row for row in rows if row.status == AlertStatus.FIRING.value and row.service not in in_maintenance]
    keys = {row.incident_id for row in firing if row.incident_id is not None}
    return {key for key in keys if _is_due(session, incidents.get(session, key), actor)}


def _is_due(session: Session, incident: Incident, actor: Actor) -> bool:
    if not incident.is_resolved:
        return False
    tally = counters.get(session, incident.key)
    return is_repetition_news(incident.resolved_at, tally.repetition_at if tally else None, actor.at)


def announce_repetition(session: Session, incident_id: int, actor: Actor) -> None:
    """Record and post, in the channel and the incidents channel, that alerts still fire."""
    incident = incidents.lock(session, incident_id)
    tally = counters.lock(session, incident_id)
    firing = find_firing(session, incident_id)
    if not firing.count or not _is_due(session, incident, actor):
        return
    tally.repetition_at = actor.at
    session.add(tally)
    fact = AlertsStillFire(firing.count, list_alert_names(firing.names, firing.count))
    entry = record_entry(session, incident, [Kind.NOTE], fact, actor)
    if incident.archived_at is None:
        outbox.post_event(session, incident, "alerts repeated", actor.at, entry_id=entry.key, **firing.event_values())
    outbox.announce_event(session, incident, "alerts repeated", actor.at, **firing.event_values())
    outbox.refresh_card(session, incident, actor.at)
