"""Keeps the incident's times in step with the record they follow from."""

from datetime import datetime

from sqlmodel import Session

from bot.domain.alerts.storms import TOLD_LATE
from bot.domain.incidents.milestones import KINDS, AlertFact, Fact, Milestone, Milestones, milestones
from bot.domain.terms import Kind, Precision, SourceKind, Status
from bot.domain.times import When
from bot.store.alerts import alerts, storms
from bot.store.incidents import timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

NAMES = ("declared", "started", "detected", "acknowledged", "identified", "mitigated", "resolved", "ended")


def touches(kinds: list[str]) -> bool:
    """Whether entries of these kinds can move one of the incident's times."""
    return any(kind in KINDS for kind in kinds)


def refresh(session: Session, incident: Incident) -> None:
    """Compute the times anew. Called whenever an entry or alert that can move them comes, changes or goes."""
    session.flush()
    standing = timeline.standing(session, incident.key, besides=[kind.value for kind in KINDS])
    storm = storms.get(session, incident.key) if incident.storm_id == incident.key else None
    began = storm.began_at if storm else None
    first = alerts.earliest(session, incident.key, since=began - TOLD_LATE if began else None)
    told = [AlertFact(f"alert-{first.key}", first.starts_at, Precision(first.starts_at_precision))] if first else []
    facts = [fact_of(entry) for entry in standing]
    _keep(session, incident, milestones(facts, told, is_over=incident.is_resolved, storm_began=began))


def begin(session: Session, incident: Incident, entry: TimelineEntry) -> None:
    """`refresh` for an incident that has this one entry and no alerts: there is nothing to read."""
    _keep(session, incident, milestones([fact_of(entry)], [], is_over=False))


def is_end_stated(session: Session, incident: Incident) -> bool:
    """Whether somebody said when the impact ended, with `impact ended:`."""
    standing = timeline.standing(session, incident.key, besides=[kind.value for kind in KINDS])
    return any(Kind.IMPACT in entry.kinds and entry.details.get("ended") for entry in standing)


def _keep(session: Session, incident: Incident, found: Milestones) -> None:
    sources = {}
    for name in NAMES:
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


def stated_about(**ends: When | None) -> list[str] | None:
    """Which of `started` and `ended` an entry states as about then, for its details; None if it is sure of both."""
    return [name for name, when in ends.items() if when and when.precision is Precision.APPROXIMATE] or None


def fact_of(entry: TimelineEntry) -> Fact:
    def stated(key: str) -> datetime | None:
        value = entry.details.get(key)
        return datetime.fromisoformat(value) if value else None

    status = entry.details.get("status")
    return Fact(
        ref=f"entry-{entry.key}",
        kinds=tuple(Kind(kind) for kind in entry.kinds),
        happened_at=entry.happened_at,
        precision=Precision(entry.precision),
        recorded_at=entry.recorded_at,
        is_typed=entry.source == SourceKind.COMMAND,
        started=stated("started"),
        ended=stated("ended"),
        stated_about=frozenset(entry.details.get("stated_about") or ()),
        status=Status(status) if status else None,
        role=entry.details.get("role"),
    )
