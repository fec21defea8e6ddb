"""Facts and messages that are missing for the postmortem of a resolved incident."""

from collections.abc import Callable, Sequence

from sqlmodel import Session

from bot.domain.terms import Kind
from bot.lazy_dataclass import dataclass
from bot.services.channel.candidates import load_candidates
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

FactCheck = Callable[[Incident, list[TimelineEntry]], bool]


def _has_kind(*kinds: Kind) -> FactCheck:
    def check(_incident: Incident, standing: list[TimelineEntry]) -> bool:
        return any(entry.has(kind) and (entry.text or entry.details) for entry in standing for kind in kinds)

    return check


def _is_time_stated(time: str, *defaults: str) -> FactCheck:
    """Checks that a time was stated, and is not a default."""

    def check(incident: Incident, _standing: list[TimelineEntry]) -> bool:
        return incident.time_sources.get(time, {}).get("because") not in defaults

    return check


def _is_fix_stated(_incident: Incident, standing: list[TimelineEntry]) -> bool:
    return any(
        (entry.has(Kind.RESOLVED) and entry.own_text) or entry.has(Kind.FIXED) or entry.has(Kind.ROLLBACK)
        for entry in standing
    )


NEEDED_FACTS: dict[str, FactCheck] = {
    "impact": _has_kind(Kind.IMPACT),
    "start": _is_time_stated("started_at", "declared"),
    "cause": _has_kind(Kind.CAUSE),
    "detection": _is_time_stated("detected_at", "declared"),
    "fix": _is_fix_stated,
}
"""Facts to ask for, in order, with the check for an answer."""


@dataclass(frozen=True, slots=True)
class MissingFactsView:
    """
    Missing facts of an incident, by the names of NEEDED_FACTS.

    `messages` of its channel are kept, `recorded` of them are on the timeline. `has_candidates`: others look as if they
    belong there.
    """

    incident_id: int
    missing: tuple[str, ...]
    messages: int = 0
    recorded: int = 0
    has_candidates: bool = False


def load_missing_facts(session: Session, incident_id: int, entries: Sequence[TimelineEntry]) -> MissingFactsView:
    """`entries`: all of the incident."""
    incident = incidents.get(session, incident_id)
    standing = [entry for entry in entries if entry.withdrawn_at is None]
    absent = tuple(name for name, check in NEEDED_FACTS.items() if not check(incident, standing))
    kept = load_candidates(session, incident_id, entries)
    return MissingFactsView(incident_id, absent, kept.total, kept.recorded, bool(kept.candidates))
