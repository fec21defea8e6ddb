"""After the resolve: what a postmortem needs and nobody has said."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session

from bot.domain.terms import Kind
from bot.store.incidents import incidents, timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

Says = Callable[[Incident, list[TimelineEntry]], bool]


def _has(*kinds: Kind) -> Says:
    def says(_incident: Incident, standing: list[TimelineEntry]) -> bool:
        return any(entry.has(kind) and (entry.text or entry.details) for entry in standing for kind in kinds)

    return says


def _is_told(time: str, *defaults: str) -> Says:
    """Whether somebody or a monitor told a time that otherwise follows from the declaration."""

    def says(incident: Incident, _standing: list[TimelineEntry]) -> bool:
        return incident.time_sources.get(time, {}).get("because") not in defaults

    return says


def _is_fix_told(_incident: Incident, standing: list[TimelineEntry]) -> bool:
    return any(
        (entry.has(Kind.RESOLVED) and entry.text) or entry.has(Kind.FIXED) or entry.has(Kind.ROLLBACK)
        for entry in standing
    )


NEEDED: dict[str, Says] = {
    "impact": _has(Kind.IMPACT),
    "start": _is_told("started_at", "declared"),
    "cause": _has(Kind.CAUSE),
    "detection": _is_told("detected_at", "declared"),
    "fix": _is_fix_told,
}
"""What is asked for, in the order of asking, and what counts as an answer."""


@dataclass(frozen=True, slots=True)
class MissingView:
    """What is missing from an incident's record, by the names of `NEEDED`."""

    incident_id: int
    missing: tuple[str, ...]


def missing(session: Session, incident_id: int) -> MissingView:
    incident = incidents.get(session, incident_id)
    standing = timeline.in_order(session, incident_id, with_withdrawn=False)
    absent = tuple(name for name, says in NEEDED.items() if not says(incident, standing))
    return MissingView(incident_id, absent)
