"""Recompute the incident's milestones from its record."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.domain.alerts.storms import LATE_ALERT_MARGIN
from bot.domain.incidents.milestones import (
    MILESTONE_KINDS,
    AlertFact,
    EntryFact,
    Milestone,
    Milestones,
    compute_milestones,
    deciding_kinds,
)
from bot.domain.terms import Kind, Precision, SourceKind, Status
from bot.domain.times import ParsedTime
from bot.store.alerts import alerts, storms
from bot.store.alerts.alerts import Alert
from bot.store.incidents import incidents, timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

MILESTONE_NAMES = ("declared", "started", "detected", "acknowledged", "identified", "mitigated", "resolved", "ended")


def affects_milestones(kinds: list[str]) -> bool:
    """True if entries of these kinds can move one of the incident's times."""
    return any(kind in MILESTONE_KINDS for kind in kinds)


def refresh_milestones(session: Session, incident: Incident) -> None:
    """Recompute the times, after a change of an entry or alert that can move them."""
    session.flush()
    standing = timeline.find_deciding_entries(session, incident.key, deciding_kinds(is_over=incident.is_resolved))
    storm = storms.get(session, incident.key) if incident.storm_id == incident.key else None
    began = storm.began_at if storm else None
    first = alerts.find_earliest(session, incident.key, since=began - LATE_ALERT_MARGIN if began else None)
    detected = [_alert_fact(first)] if first else []
    facts = [milestone_fact(entry) for entry in standing]
    _save_milestones(
        session, incident, compute_milestones(facts, detected, is_over=incident.is_resolved, storm_began=began)
    )


def set_initial_milestones(session: Session, incident: Incident, its_alerts: Sequence[Alert] = ()) -> None:
    """
    Set the times of an incident that this transaction opened, of which these are all alerts.

    The same as `refresh_milestones`, without reading anything.
    """
    facts = [milestone_fact(entry) for entry in incidents.find_new_entries(session, incident.key)]
    detected = [_alert_fact(each) for each in sorted(its_alerts, key=lambda each: each.key)]
    _save_milestones(session, incident, compute_milestones(facts, detected, is_over=False))


def _alert_fact(alert: Alert) -> AlertFact:
    return AlertFact(f"alert-{alert.key}", alert.starts_at, Precision(alert.starts_at_precision))


def is_end_stated(session: Session, incident: Incident) -> bool:
    """True if somebody stated the end of the impact with `impact ended:`."""
    return any(entry.values.ended for entry in timeline.find_of_kind(session, incident.key, Kind.IMPACT))


def _save_milestones(session: Session, incident: Incident, found: Milestones) -> None:
    sources = {}
    for name in MILESTONE_NAMES:
        milestone: Milestone | None = getattr(found, name)
        if milestone is None:
            setattr(incident, f"{name}_at", None)
            continue
        setattr(incident, f"{name}_at", milestone.at)
        sources[f"{name}_at"] = {
            "because": milestone.because,
            "ref": milestone.ref,
            "precision": milestone.precision.value,
        }
    incident.time_sources = sources
    session.add(incident)


def approximate_times(**ends: ParsedTime | None) -> list[str] | None:
    """Names of the approximate ones among `started` and `ended`; None if there are none."""
    return [name for name, when in ends.items() if when and when.precision is Precision.APPROXIMATE] or None


def milestone_fact(entry: TimelineEntry) -> EntryFact:
    values = entry.values
    return EntryFact(
        ref=f"entry-{entry.key}",
        kinds=tuple(Kind(kind) for kind in entry.kinds if not (values.vendor and kind == Kind.ACKNOWLEDGED)),
        happened_at=entry.happened_at,
        precision=Precision(entry.precision),
        recorded_at=entry.recorded_at,
        is_typed=entry.source == SourceKind.COMMAND,
        started=datetime.fromisoformat(values.started) if values.started else None,
        ended=datetime.fromisoformat(values.ended) if values.ended else None,
        stated_about=frozenset(values.stated_about),
        status=Status(values.status) if values.status else None,
        role=values.role,
    )
