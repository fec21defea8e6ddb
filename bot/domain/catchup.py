"""
Summary of an incident for people who join late.

Built from the record alone, by the same pure code wherever it is shown. Everything in it has its source.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.domain.incidents.roles import LEAD
from bot.domain.record.escalations import Escalation
from bot.domain.record.model import Action, Alert, Entry, Incident, Record, Statement, Update, newest_firings
from bot.domain.record.sources import Source
from bot.domain.terms import ActionKind, AlertStatus, Kind, Status
from bot.domain.timeline.lines import TimelineLine, timeline_lines
from bot.lazy_dataclass import dataclass

RECENT = timedelta(hours=1)
"""Age up to which an entry counts as current work."""
LATEST = 4
"""Number of last entries that are shown, of those that nothing else shows."""

EXCLUSION_KINDS = frozenset({Kind.RULED_OUT, Kind.MISLEADING_PATH})
WORK_KINDS = frozenset({Kind.INVESTIGATION, Kind.ACTION, Kind.ROLLBACK, Kind.FIXED})
STATUS_KINDS = frozenset({Kind.STATUS, Kind.RESOLVED, Kind.REOPENED, Kind.CANCELLED})
VOID_STATUSES = frozenset({Status.CANCELLED, Status.MERGED})
"""Statuses in which the record needs no more facts."""
STATE_KINDS = frozenset({Kind.DECLARED, Kind.IMPACT, Kind.CAUSE, Kind.STATUS, Kind.ROLE, Kind.ACKNOWLEDGED})
"""Kinds that are shown as part of the incident's state, not as entries."""


class MissingFact(StrEnum):
    """Missing facts, most important first."""

    LEAD = "lead"
    IMPACT = "impact"
    CAUSE = "cause"
    RESOLUTION = "resolution"


@dataclass(frozen=True, slots=True)
class RoleHolder:
    """Holder of a role other than the lead. `person` is a user id."""

    name: str
    person: str
    source: Source


@dataclass(frozen=True, slots=True)
class RuledOut:
    """
    A hypothesis that was ruled out.

    `by` is the reply in its thread that excluded it; None if the hypothesis itself is marked.
    """

    line: TimelineLine
    by: TimelineLine | None = None


@dataclass(frozen=True, slots=True)
class UnansweredEscalation:
    """
    An escalation that nobody acknowledged.

    `next_reminder_at` is when the next step is due; None without one. It is at `level` of `levels`;
    an escalation with one level is only repeated.
    """

    escalation: Escalation
    next_reminder_at: datetime | None = None
    level: int = 1
    levels: int = 1


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task that is not done. Its day counts in the incident's zone."""

    task: Action
    is_overdue: bool = False


@dataclass(frozen=True, slots=True)
class Catchup:
    """
    Summary of an incident. Lists are in the record's order, tasks by their dates.

    `since` is when it entered its status. `doing` has the last piece of work of each person within an hour. `latest`
    are the last entries that no other part shows. `entries` counts all that are not withdrawn.
    """

    incident: Incident
    since: datetime
    since_source: Source
    impact: Statement | None
    cause: Statement | None
    resolution: Statement | None
    roles: tuple[RoleHolder, ...] = ()
    open_hypotheses: tuple[TimelineLine, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    waiting: tuple[UnansweredEscalation, ...] = ()
    answered: tuple[Escalation, ...] = ()
    doing: tuple[TimelineLine, ...] = ()
    tasks: tuple[OpenTask, ...] = ()
    firing: tuple[Alert, ...] = ()
    alerts: int = 0
    missing: tuple[MissingFact, ...] = ()
    public: Update | None = None
    announced: TimelineLine | None = None
    """The last message marked as communication; an update by command is in `public`."""
    latest: tuple[TimelineLine, ...] = ()
    entries: int = 0


def build_catchup(
    record: Record,
    now: datetime,
    *,
    reminders: Mapping[str, datetime] | None = None,
    levels: Mapping[str, tuple[int, int]] | None = None,
) -> Catchup:
    """
    Summarize `record` at `now` (aware).

    `reminders` has when the next step of an escalation is due, by its ref; `levels` its level, and the number of
    levels. Of statements in several languages the first is shown.
    """
    incident, is_open = record.incident, record.incident.status.is_open
    standing = [entry for entry in record.entries if entry.withdrawn_at is None]
    move = next((each for each in reversed(standing) if not STATUS_KINDS.isdisjoint(each.kinds)), None)
    suspected, excluded = _hypotheses(standing, has_cause=bool(record.causes)) if is_open else ((), ())
    told = {each.source.ref for each in [*suspected, *(each for pair in excluded for each in pair if each)]}
    doing = [each for each in _last_work(standing, now) if each.source.ref not in told] if is_open else []
    told |= {each.source.ref for each in doing}
    told |= {each.source.ref for each in (*record.impacts, *record.causes, *record.resolutions)}
    announced = [each for each in standing if Kind.COMMUNICATION in each.kinds and each.public is None and each.text]
    latest = [each for each in standing if _is_news(each) and each.source.ref not in told][-LATEST:]
    newest = newest_firings(record.alerts)
    return Catchup(
        incident=incident,
        since=(move.happened_at or move.recorded_at) if move else incident.declared.at,
        since_source=move.source if move else incident.declared.source,
        impact=next(iter(record.impacts), None),
        cause=next(iter(record.causes), None),
        resolution=next(iter(record.resolutions), None),
        roles=_roles(record),
        open_hypotheses=tuple(timeline_lines(record, suspected)),
        ruled_out=_ruled_out(record, excluded),
        waiting=_unanswered(record, reminders or {}, levels or {}),
        answered=tuple(each for each in record.escalations if each.acknowledged_at is not None) if is_open else (),
        doing=tuple(timeline_lines(record, doing)),
        tasks=_owed(record.actions, now.astimezone(incident.zone).date()),
        firing=tuple(each for each in newest if each.status is AlertStatus.FIRING and each.ended_at is None),
        alerts=len(newest),
        missing=_missing(record),
        public=next(reversed(record.updates), None),
        announced=next(iter(timeline_lines(record, announced[-1:])), None),
        latest=tuple(timeline_lines(record, latest)),
        entries=len(standing),
    )


def _unanswered(
    record: Record, reminders: Mapping[str, datetime], levels: Mapping[str, tuple[int, int]]
) -> tuple[UnansweredEscalation, ...]:
    if not record.incident.status.is_open:
        return ()
    waiting = [each for each in record.escalations if each.acknowledged_at is None and each.stopped_at is None]
    return tuple(
        UnansweredEscalation(each, reminders.get(each.source.ref), *levels.get(each.source.ref, (1, 1)))
        for each in waiting
    )


def _hypotheses(
    standing: Sequence[Entry], *, has_cause: bool
) -> tuple[Sequence[Entry], Sequence[tuple[Entry, Entry | None]]]:
    """
    Open hypotheses, and excluded ones with the entry that excluded each.

    A hypothesis is ruled out by its own mark, or by a later entry of its thread that says so; that entry rules out
    the nearest hypothesis before it which is still open, and no other. Once a cause is stated, the hypotheses before it
    are neither: they are settled. A path that was ruled out without having been a hypothesis is listed by itself.
    """
    suspected: list[Entry] = []
    excluded: list[tuple[Entry, Entry | None]] = []
    for entry in standing:
        kinds = frozenset(entry.kinds)
        if has_cause and Kind.CAUSE in kinds:
            suspected.clear()
        elif not EXCLUSION_KINDS.isdisjoint(kinds):
            meant = None if Kind.HYPOTHESIS in kinds else _nearest(suspected, entry.thread)
            if meant is not None:
                suspected.remove(meant)
            excluded.append((meant, entry) if meant is not None else (entry, None))
        elif Kind.HYPOTHESIS in kinds:
            suspected.append(entry)
    return suspected, excluded


def _nearest(suspected: Sequence[Entry], thread: str | None) -> Entry | None:
    return next((each for each in reversed(suspected) if thread is not None and each.thread == thread), None)


def _ruled_out(record: Record, excluded: Sequence[tuple[Entry, Entry | None]]) -> tuple[RuledOut, ...]:
    found = []
    for entry, by in excluded:
        line, *others = timeline_lines(record, [entry, by] if by else [entry])
        found.append(RuledOut(line, others[0] if others else None))
    return tuple(found)


def _last_work(standing: Iterable[Entry], now: datetime) -> Iterable[Entry]:
    """The last piece of work of each person, the earliest first."""
    last: dict[str, Entry] = {}
    for entry in standing:
        at = entry.happened_at or entry.recorded_at
        if entry.author and entry.text and at > now - RECENT and not WORK_KINDS.isdisjoint(entry.kinds):
            last.pop(entry.author, None)
            last[entry.author] = entry
    return last.values()


def _is_news(entry: Entry) -> bool:
    """True if an entry says something that the incident's state does not show."""
    return bool(entry.text) and entry.about is None and entry.public is None and STATE_KINDS.isdisjoint(entry.kinds)


def _roles(record: Record) -> tuple[RoleHolder, ...]:
    """Present holders of roles. The lead is the incident's own."""
    held = [each for each in record.roles if each.until is None and each.role != LEAD]
    return tuple(RoleHolder(each.label, each.person, each.source) for each in held)


def _owed(actions: Iterable[Action], today: date) -> tuple[OpenTask, ...]:
    open_ones = [each for each in actions if each.kind is ActionKind.TASK and not each.done]
    in_order = sorted(open_ones, key=lambda each: (each.due is None, each.due or "", each.number))
    return tuple(OpenTask(each, each.due is not None and _is_before(each.due, today)) for each in in_order)


def _is_before(due: str, today: date) -> bool:
    try:
        return date.fromisoformat(due) < today
    except ValueError:
        return False


def _missing(record: Record) -> tuple[MissingFact, ...]:
    """Missing facts: the lead while open, the resolution once over; none if cancelled."""
    status = record.incident.status
    if status in VOID_STATUSES:
        return ()
    lacks = {
        MissingFact.LEAD: status.is_open and record.incident.lead is None,
        MissingFact.IMPACT: not record.impacts,
        MissingFact.CAUSE: not record.causes,
        MissingFact.RESOLUTION: not status.is_open and not record.resolutions,
    }
    return tuple(each for each, is_lacking in lacks.items() if is_lacking)
