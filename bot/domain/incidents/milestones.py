"""
When things happened: the incident's times, computed from its record.

Each time is set by the first of its sources that exists, and keeps that source; take the source away and the next one
speaks. The table is written out in `docs/times.md`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.alerts.storms import TOLD_LATE
from bot.domain.incidents.roles import LEAD
from bot.domain.terms import Kind, Precision, Status


@dataclass(frozen=True, slots=True)
class Fact:
    """
    A standing entry as the times see it. `ref` is `entry-12`, `happened_at` None if nobody knows.

    `started` and `ended` are what its text states of the impact, `stated_about` names the ones that it states as about
    then; `status` is the one it set; `is_typed` tells a command from a marked message.
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
    """Which role it gave to somebody."""


@dataclass(frozen=True, slots=True)
class AlertFact:
    """An alert of the incident, as `alert-3`."""

    ref: str
    starts_at: datetime
    precision: Precision


@dataclass(frozen=True, slots=True)
class Milestone:
    """A time and the source that set it."""

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


BACK = frozenset({Status.TRIAGE, Status.INVESTIGATING, Status.IDENTIFIED})
"""Statuses in which nothing is mitigated."""

KINDS = frozenset(
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
"""Entries of other kinds say nothing of the incident's times."""


def milestones(
    facts: Sequence[Fact], alerts: Sequence[AlertFact], *, is_over: bool, storm_began: datetime | None = None
) -> Milestones:
    """
    The times of an incident from its standing entries and its alerts.

    `facts` come in the order of the timeline and hold the one of kind DECLARED. `is_over` is false while the incident
    is open (or was reopened): then it has neither an end nor a resolution. `storm_began` is set for the incident of an
    alert storm alone: of its alerts those that began long before say nothing of when the storm did.
    Raises ValueError if nothing declares the incident: then the record is corrupt.
    """
    declaration = next((fact for fact in facts if Kind.DECLARED in fact.kinds), None)
    if declaration is None or declaration.happened_at is None:
        raise ValueError("a record without a declaration")
    declared = Milestone(declaration.happened_at, "declared", declaration.ref)
    from_alert = _storm(alerts, storm_began, declaration.ref) if storm_began else _first_alert(alerts, "earliest alert")
    typed_impact = [fact for fact in facts if Kind.IMPACT in fact.kinds]
    resolution = _last(facts, Kind.RESOLVED) if is_over else None
    started = (
        _latest_stated(typed_impact, "started", "impact started:")
        or _stated(declaration, "started", "start at:")
        or _first_marked(facts, Kind.IMPACT_BEGAN, "message marked as impact began")
        or from_alert
        or declared
    )
    return Milestones(
        declared=declared,
        started=started,
        detected=from_alert or _first_marked(facts, Kind.DETECTION, "message marked as detection") or declared,
        acknowledged=_first_known(
            [
                _first_marked(facts, Kind.ACKNOWLEDGED, "first acknowledgement"),
                _first_marked([fact for fact in facts if fact.role == LEAD], Kind.ROLE, "first lead"),
            ]
        ),
        identified=_first_status(facts, Status.IDENTIFIED, "status identified")
        or _first_marked(facts, Kind.CAUSE, "first cause"),
        mitigated=_monitoring(facts) or _last_fix(facts, resolution),
        resolved=_at(resolution, "resolved"),
        ended=(
            (_latest_stated(typed_impact, "ended", "impact ended:") if is_over else None)
            or _stated(resolution, "ended", "resolve at:")
            or _at(resolution, "resolve was typed")
        ),
    )


def _first_alert(alerts: Sequence[AlertFact], because: str) -> Milestone | None:
    first = min(alerts, key=lambda alert: alert.starts_at, default=None)
    return Milestone(first.starts_at, because, first.ref, first.precision) if first else None


def _storm(alerts: Sequence[AlertFact], began: datetime, ref: str) -> Milestone:
    new = [alert for alert in alerts if is_of_storm(alert.starts_at, began)]
    return _first_alert(new, "earliest alert of the storm") or Milestone(began, "alert storm began", ref)


def is_of_storm(starts_at: datetime, began: datetime) -> bool:
    """Whether an alert that began then may be what the storm began with."""
    return starts_at >= began - TOLD_LATE


def _at(fact: Fact | None, because: str) -> Milestone | None:
    if fact is None or fact.happened_at is None:
        return None
    return Milestone(fact.happened_at, because, fact.ref, fact.precision)


def _stated(fact: Fact | None, what: str, because: str) -> Milestone | None:
    """`what` is `started` or `ended`."""
    at: datetime | None = getattr(fact, what, None)
    if fact is None or at is None:
        return None
    return Milestone(at, because, fact.ref, Precision.APPROXIMATE if what in fact.stated_about else Precision.EXACT)


def _last(facts: Sequence[Fact], kind: Kind) -> Fact | None:
    """The one recorded last: a resolution before a reopening does not count any more."""
    return _newest(fact for fact in facts if kind in fact.kinds)


def _newest(facts: Iterable[Fact]) -> Fact | None:
    """The one recorded last; of several at one moment the last in the order."""
    return max(reversed(list(facts)), key=lambda fact: fact.recorded_at, default=None)


def _latest_stated(facts: Iterable[Fact], what: str, because: str) -> Milestone | None:
    """Who states a time again corrects the one stated before."""
    newest = _newest(fact for fact in facts if getattr(fact, what) is not None)
    return _stated(newest, what, because)


def _first_marked(facts: Sequence[Fact], kind: Kind, because: str) -> Milestone | None:
    timed = [fact for fact in facts if kind in fact.kinds and fact.happened_at is not None]
    first = min(timed, key=lambda fact: (fact.happened_at is None, fact.happened_at), default=None)
    return _at(first, because)


def _first_status(facts: Sequence[Fact], status: Status, because: str) -> Milestone | None:
    return _at(next((fact for fact in facts if fact.status == status and fact.happened_at is not None), None), because)


def _monitoring(facts: Sequence[Fact]) -> Milestone | None:
    """When the status became monitoring for good: what had to be investigated again was not mitigated."""
    moved = sorted((fact for fact in facts if fact.status is not None), key=lambda fact: fact.recorded_at)
    held: Fact | None = None
    for fact in moved:
        if fact.status == Status.MONITORING:
            held = held or fact
        elif fact.status in BACK:
            held = None
    return _at(held, "status monitoring")


def _first_known(found: Sequence[Milestone | None]) -> Milestone | None:
    return next((milestone for milestone in found if milestone is not None), None)


def _last_fix(facts: Sequence[Fact], resolution: Fact | None) -> Milestone | None:
    """The last message marked as fixed before the resolution."""
    before = resolution.happened_at if resolution else None
    fixes = [
        fact
        for fact in facts
        if Kind.FIXED in fact.kinds and fact.happened_at is not None and (before is None or fact.happened_at <= before)
    ]
    return _at(fixes[-1], "last message marked as fixed before the resolution") if fixes else None
