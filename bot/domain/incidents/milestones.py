"""
Milestones of an incident, computed from its record.

Each time comes from the first of its sources that exists; without that source, from the next one. The table is in
`docs/use/times.md`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.domain.alerts.storms import LATE_ALERT_MARGIN
from bot.domain.incidents.roles import LEAD
from bot.domain.terms import Kind, Precision, Status
from bot.lazy_dataclass import dataclass

DECLARED = "declared"
"""The rule of a milestone that only the declaration gives."""
FIRST_LEAD = "first lead"
"""The rule of an acknowledgement that only a lead gives."""


@dataclass(frozen=True, slots=True)
class EntryFact:
    """
    The facts of a timeline entry that milestones depend on.

    `ref` is `entry-12`; `happened_at` is None if unknown. `started` and `ended` are the ends of the impact that its
    text states, `stated_about` names those that are approximate. `status` is the one it set. `is_typed` tells a command
    from a marked message.
    """

    ref: str
    kinds: tuple[Kind, ...]
    happened_at: datetime | None
    precision: Precision
    recorded_at: datetime
    is_typed: bool = False
    started: datetime | None = None
    ended: datetime | None = None
    stated_about: frozenset[str] = frozenset()
    status: Status | None = None
    role: str | None = None
    """The role that it assigned."""


@dataclass(frozen=True, slots=True)
class AlertFact:
    """An alert of the incident. `ref` is `alert-3`."""

    ref: str
    starts_at: datetime
    precision: Precision


@dataclass(frozen=True, slots=True)
class Milestone:
    """A time and the source that set it. `because` names the rule."""

    at: datetime
    because: str
    ref: str
    precision: Precision = Precision.EXACT


@dataclass(frozen=True, slots=True)
class Milestones:
    declared: Milestone
    started: Milestone
    detected: Milestone
    acknowledged: Milestone | None = None
    identified: Milestone | None = None
    mitigated: Milestone | None = None
    resolved: Milestone | None = None
    ended: Milestone | None = None


UNMITIGATED_STATUSES = frozenset({Status.TRIAGE, Status.INVESTIGATING, Status.IDENTIFIED})
"""Statuses that contradict mitigation."""

MILESTONE_KINDS = frozenset(
    {
        Kind.DECLARED,
        Kind.DETECTION,
        Kind.IMPACT,
        Kind.IMPACT_BEGAN,
        Kind.ACKNOWLEDGED,
        Kind.ROLE,
        Kind.CAUSE,
        Kind.FIXED,
        Kind.STATUS,
        Kind.RESOLVED,
        Kind.REOPENED,
    }
)
"""Kinds of entries that milestones depend on."""
FIRST_KINDS = frozenset({Kind.DETECTION, Kind.IMPACT_BEGAN, Kind.ACKNOWLEDGED, Kind.CAUSE})
"""Kinds of which only the earliest entry counts; of causes, once the incident is over, the time of the others too."""


@dataclass(frozen=True, slots=True)
class DecidingKinds:
    """Kinds of which all entries are needed, or only the first or last: many may have those."""

    all: frozenset[Kind]
    first: frozenset[Kind]
    last: frozenset[Kind]


def deciding_kinds(*, is_over: bool) -> DecidingKinds:
    """
    Kinds of the entries that `compute_milestones` needs, beside those that set a status.

    Of an incident that is over it compares causes and fixes with the time of the resolution: it needs all of them.
    """
    first = FIRST_KINDS - {Kind.CAUSE} if is_over else FIRST_KINDS
    last = frozenset() if is_over else frozenset({Kind.FIXED})
    return DecidingKinds(MILESTONE_KINDS - first - last, first, last)


def compute_milestones(
    facts: Sequence[EntryFact], alerts: Sequence[AlertFact], *, is_over: bool, storm_began: datetime | None = None
) -> Milestones:
    """
    Compute the milestones of an incident from its alerts and the entries not withdrawn.

    `facts` come in the order of the timeline and hold the one of kind DECLARED. `is_over` is false while the incident
    is open or reopened: then it has neither an end nor a resolution. `storm_began` is set for the incident of an alert
    storm alone: its alerts that began long before do not count.
    Raises ValueError if nothing declares the incident: then the record is corrupt.
    """
    declaration = next((fact for fact in facts if Kind.DECLARED in fact.kinds), None)
    if declaration is None or declaration.happened_at is None:
        raise ValueError("a record without a declaration")
    declared = Milestone(declaration.happened_at, DECLARED, declaration.ref)
    from_alert = _storm(alerts, storm_began, declaration.ref) if storm_began else _first_alert(alerts, "earliest alert")
    marked = _first_marked(facts, Kind.DETECTION, "message marked as detection")
    resolution = _last(facts, Kind.RESOLVED) if is_over else None
    ended = _impact_end(facts, resolution) if is_over else None
    return Milestones(
        declared=declared,
        started=_impact_start(facts, declaration) or from_alert or declared,
        detected=_detection(from_alert, marked, is_storm=storm_began is not None) or declared,
        acknowledged=_first_marked(facts, Kind.ACKNOWLEDGED, "first acknowledgement")
        or _first_marked([fact for fact in facts if fact.role == LEAD], Kind.ROLE, FIRST_LEAD),
        identified=_identification(facts, resolution, ended),
        mitigated=_monitoring(facts) or _last_fix(facts, resolution),
        resolved=_at(resolution, "resolved"),
        ended=ended,
    )


def _impact_start(facts: Sequence[EntryFact], declaration: EntryFact) -> Milestone | None:
    return (
        _latest_stated(_typed_impact(facts), "started", "impact started:")
        or _stated(declaration, "started", "start at:")
        or _first_marked(facts, Kind.IMPACT_BEGAN, "message marked as impact began")
    )


def _impact_end(facts: Sequence[EntryFact], resolution: EntryFact | None) -> Milestone | None:
    return (
        _latest_stated(_typed_impact(facts), "ended", "impact ended:")
        or _stated(resolution, "ended", "resolve at:")
        or _at(resolution, "resolve was typed")
    )


def _typed_impact(facts: Sequence[EntryFact]) -> list[EntryFact]:
    return [fact for fact in facts if Kind.IMPACT in fact.kinds]


def _first_alert(alerts: Sequence[AlertFact], because: str) -> Milestone | None:
    first = min(alerts, key=lambda alert: alert.starts_at, default=None)
    return Milestone(first.starts_at, because, first.ref, first.precision) if first else None


def _detection(from_alert: Milestone | None, marked: Milestone | None, *, is_storm: bool) -> Milestone | None:
    """The earlier one of alert and mark; a storm's own, because older alerts are marks too."""
    if is_storm or from_alert is None or marked is None:
        return from_alert or marked
    return min(from_alert, marked, key=lambda each: each.at)


def _storm(alerts: Sequence[AlertFact], began: datetime, ref: str) -> Milestone:
    new = [alert for alert in alerts if belongs_to_storm(alert.starts_at, began)]
    return _first_alert(new, "earliest alert of the storm") or Milestone(began, "alert storm began", ref)


def belongs_to_storm(starts_at: datetime, began: datetime) -> bool:
    """True if an alert that started then can be among those that the storm began with."""
    return starts_at >= began - LATE_ALERT_MARGIN


def _at(fact: EntryFact | None, because: str) -> Milestone | None:
    if fact is None or fact.happened_at is None:
        return None
    return Milestone(fact.happened_at, because, fact.ref, fact.precision)


def _stated(fact: EntryFact | None, what: str, because: str) -> Milestone | None:
    """The time that an entry states. `what` is `started` or `ended`."""
    at: datetime | None = getattr(fact, what, None)
    if fact is None or at is None:
        return None
    return Milestone(at, because, fact.ref, Precision.APPROXIMATE if what in fact.stated_about else Precision.EXACT)


def _last(facts: Sequence[EntryFact], kind: Kind) -> EntryFact | None:
    """The fact recorded last: a resolution before a reopening no longer counts."""
    return _newest(fact for fact in facts if kind in fact.kinds)


def _newest(facts: Iterable[EntryFact]) -> EntryFact | None:
    """The fact recorded last; of several at one moment the last in order."""
    return max(reversed(list(facts)), key=lambda fact: fact.recorded_at, default=None)


def _latest_stated(facts: Iterable[EntryFact], what: str, because: str) -> Milestone | None:
    """The time stated last, which corrects earlier ones."""
    newest = _newest(fact for fact in facts if getattr(fact, what) is not None)
    return _stated(newest, what, because)


def _first_marked(facts: Sequence[EntryFact], kind: Kind, because: str) -> Milestone | None:
    timed = [fact for fact in facts if kind in fact.kinds and fact.happened_at is not None]
    first = min(timed, key=lambda fact: (fact.happened_at is None, fact.happened_at), default=None)
    return _at(first, because)


def _first_status(facts: Sequence[EntryFact], status: Status, because: str) -> Milestone | None:
    return _at(next((fact for fact in facts if fact.status == status and fact.happened_at is not None), None), because)


def _identification(
    facts: Sequence[EntryFact], resolution: EntryFact | None, ended: Milestone | None
) -> Milestone | None:
    """
    The status that says the cause is known, else the first cause.

    A cause that was typed after the end of the impact or after the resolution does not count: the command writes it
    down. It was known before, at a time that nobody recorded.
    """
    ends = [each.happened_at for each in (resolution,) if each and each.happened_at] + ([ended.at] if ended else [])
    end = min(ends, default=None)
    causes = [fact for fact in facts if not (fact.is_typed and end and fact.happened_at and fact.happened_at > end)]
    return _first_status(facts, Status.IDENTIFIED, "status identified") or _first_marked(
        causes, Kind.CAUSE, "first cause"
    )


def _monitoring(facts: Sequence[EntryFact]) -> Milestone | None:
    """The time since which the status is monitoring: a return to investigation resets it."""
    moved = sorted((fact for fact in facts if fact.status is not None), key=lambda fact: fact.recorded_at)
    held: EntryFact | None = None
    for fact in moved:
        if fact.status == Status.MONITORING:
            held = held or fact
        elif fact.status in UNMITIGATED_STATUSES:
            held = None
    return _at(held, "status monitoring")


def _last_fix(facts: Sequence[EntryFact], resolution: EntryFact | None) -> Milestone | None:
    """The last message marked as fixed before the resolution."""
    before = resolution.happened_at if resolution else None
    fixes = [
        fact
        for fact in facts
        if Kind.FIXED in fact.kinds and fact.happened_at is not None and (before is None or fact.happened_at <= before)
    ]
    return _at(fixes[-1], "last message marked as fixed before the resolution") if fixes else None
