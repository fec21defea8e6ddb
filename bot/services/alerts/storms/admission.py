"""Decide whether an alert that would open an incident joins, begins or resumes a storm."""

from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.alerts.storms import JoinStorm, LastStorm, OpenSeparately, StormDecision, choose_storm_action, is_recent
from bot.services.workspace.actor import Actor
from bot.store.alerts import storms
from bot.store.alerts.storms import StormWatch
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident


def decide_storm(session: Session, settings: Settings, actor: Actor) -> tuple[StormDecision, StormWatch | None]:
    """
    Decide on an alert that would open an incident; returns the watch if it was locked.

    During a storm nothing is locked. Otherwise the workspace's watch is: concurrent alerts wait here, and then see the
    effect of this one.
    """
    limits = settings.storm_limits
    if limits.incidents == 0:
        return OpenSeparately(), None
    quick = current_storm(session, settings, actor)
    if quick is not None:
        return quick, None
    watch = storms.lock_watch(session, actor.team_id)
    openings = [datetime.fromisoformat(at) for _, at in watch.openings]
    _reload_storm(session, watch.storm_id)
    return choose_storm_action(actor.at, openings, _last_storm(session, watch), limits), watch


def foresee_storm(session: Session, settings: Settings, actor: Actor) -> StormDecision:
    """The decision on an alert that would open an incident now, without a lock."""
    watch = storms.get_watch(session, actor.team_id)
    if watch is None:
        return OpenSeparately()
    openings = [datetime.fromisoformat(at) for _, at in watch.openings]
    return choose_storm_action(actor.at, openings, _last_storm(session, watch), settings.storm_limits)


def current_storm(session: Session, settings: Settings, actor: Actor) -> JoinStorm | None:
    """The storm that takes alerts that would open incidents now. Locks nothing."""
    limits = settings.storm_limits
    seen = storms.get_watch(session, actor.team_id) if limits.incidents else None
    if seen is None or seen.storm_id is None:
        return None
    decision = choose_storm_action(actor.at, (), _last_storm(session, seen), limits)
    return decision if isinstance(decision, JoinStorm) else None


def _reload_storm(session: Session, storm_id: int | None) -> None:
    """Reload after waiting for the lock: the previous holder may have changed the storm."""
    if storm_id is not None and (storm := storms.get(session, storm_id)) is not None:
        session.refresh(storm)
        session.refresh(incidents.get(session, storm.incident_id))


def _last_storm(session: Session, watch: StormWatch) -> LastStorm | None:
    storm = storms.get(session, watch.storm_id) if watch.storm_id is not None else None
    if storm is None:
        return None
    incident = incidents.get(session, storm.incident_id)
    return LastStorm(incident.key, storm.last_at, incident.is_open, incident.resolved_at)


def count_opening(
    session: Session, settings: Settings, watch: StormWatch | None, incident: Incident, at: datetime
) -> None:
    """Count an incident that an alert opened towards a storm."""
    if watch is not None:
        window = settings.storm_limits.window
        recent = [(key, then) for key, then in watch.openings if is_recent(datetime.fromisoformat(then), at, window)]
        watch.openings = [*recent, (incident.key, at.isoformat())]
        session.add(watch)
