"""
What somebody who joins late has to know: where the incident stands, what is suspected, who does what, what is due next.

Made of the record alone, by the same pure code wherever it is shown. Everything in it has its source.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.domain.catchup.timeline_lines import Line, lines_of
from bot.domain.incidents.roles import LEAD
from bot.domain.record.model import (
    Action,
    Alert,
    Entry,
    Escalation,
    Incident,
    Record,
    Source,
    Statement,
    Update,
    newest_firings,
)
from bot.domain.terms import ActionKind, AlertStatus, Kind, Status

RECENT = timedelta(hours=1)
"""How far back an entry still says what somebody is doing."""
LATEST = 4
"""How many of the last entries are told that are told nowhere else."""

RULES_OUT = frozenset({Kind.RULED_OUT, Kind.MISLEADING_PATH})
WORK = frozenset({Kind.INVESTIGATION, Kind.ACTION, Kind.ROLLBACK, Kind.FIXED})
MOVES = frozenset({Kind.STATUS, Kind.RESOLVED, Kind.REOPENED, Kind.CANCELLED})
OVER = frozenset({Status.CANCELLED, Status.MERGED})
"""States in which nothing is expected of the record any more."""
TOLD_APART = frozenset({Kind.DECLARED, Kind.IMPACT, Kind.CAUSE, Kind.STATUS, Kind.ROLE, Kind.ACKNOWLEDGED})
"""Kinds that are told as what they made of the incident, and not again as entries."""


class Missing(StrEnum):
    """What the record still lacks, in the order in which people should see to it."""

    LEAD = "lead"
    IMPACT = "impact"
    CAUSE = "cause"
    RESOLUTION = "resolution"


@dataclass(frozen=True, slots=True)
class Role:
    """Who has a role other than the lead's. `person` is a user id."""

    name: str
    person: str
    source: Source


@dataclass(frozen=True, slots=True)
class RuledOut:
    """What it was not. `by` is the reply in its thread that said so, None where it is marked itself."""

    line: Line
    by: Line | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    A call that nobody answered. `next_reminder_at` is when the next step is due, None where nothing comes by itself.

    It stands at `level` of `levels`; a call with one level is only repeated.
    """

    escalation: Escalation
    next_reminder_at: datetime | None = None
    level: int = 1
    levels: int = 1


@dataclass(frozen=True, slots=True)
class Owed:
    """A task that is not done. Its day counts in the incident's zone."""

    task: Action
    is_overdue: bool = False


@dataclass(frozen=True, slots=True)
class Catchup:
    """
    An incident for somebody who joins late. Lists are in the record's order, but for `tasks`: the next due comes first.

    `since` is when it came into its state. `doing` has the last piece of work of each person within an hour.
    `latest` are the last entries that are told nowhere else. `entries` counts all that stand.
    """

    incident: Incident
    since: datetime
    since_source: Source
    impact: Statement | None
    cause: Statement | None
    resolution: Statement | None
    roles: tuple[Role, ...] = ()
    open_hypotheses: tuple[Line, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    answered: tuple[Escalation, ...] = ()
    doing: tuple[Line, ...] = ()
    tasks: tuple[Owed, ...] = ()
    firing: tuple[Alert, ...] = ()
    alerts: int = 0
    missing: tuple[Missing, ...] = ()
    public: Update | None = None
    announced: Line | None = None
    """The last message that was marked as communication; an update by command is in `public`."""
    latest: tuple[Line, ...] = ()
    entries: int = 0


def catch_up(
    record: Record,
    now: datetime,
    *,
    reminders: Mapping[str, datetime] | None = None,
    levels: Mapping[str, tuple[int, int]] | None = None,
) -> Catchup:
    """
    What `record` says at `now` (aware). `reminders` has when the next step of an escalation is due, by its ref;
    `levels` the level that it stands at, and how many there are.

    Of statements in several languages the first is told.
    """
    incident, is_open = record.incident, record.incident.status.is_open
    standing = [entry for entry in record.entries if entry.withdrawn_at is None]
    move = next((each for each in reversed(standing) if not MOVES.isdisjoint(each.kinds)), None)
    suspected, excluded = _hypotheses(standing, has_cause=bool(record.causes)) if is_open else ((), ())
    told = {each.source.ref for each in [*suspected, *(each for pair in excluded for each in pair if each)]}
    doing = [each for each in _last_work(standing, now) if each.source.ref not in told] if is_open else []
    told |= {each.source.ref for each in doing}
    told |= {each.source.ref for each in (*record.impacts, *record.causes, *record.resolutions)}
    announced = [each for each in standing if Kind.COMMUNICATION in each.kinds and each.public is None and each.text]
    latest = [each for each in standing if _is_news(each) and each.source.ref not in told][-LATEST:]
    waiting = [each for each in record.escalations if each.acknowledged_at is None and is_open]
    newest = newest_firings(record.alerts)
    return Catchup(
        incident=incident,
        since=(move.happened_at or move.recorded_at) if move else incident.declared.at,
        since_source=move.source if move else incident.declared.source,
        impact=next(iter(record.impacts), None),
        cause=next(iter(record.causes), None),
        resolution=next(iter(record.resolutions), None),
        roles=_roles(record),
        open_hypotheses=tuple(lines_of(record, suspected)),
        ruled_out=_ruled_out(record, excluded),
        waiting=tuple(
            Waiting(each, (reminders or {}).get(each.source.ref), *(levels or {}).get(each.source.ref, (1, 1)))
            for each in waiting
        ),
        answered=tuple(each for each in record.escalations if each.acknowledged_at is not None) if is_open else (),
        doing=tuple(lines_of(record, doing)),
        tasks=_owed(record.actions, now.astimezone(incident.zone).date()),
        firing=tuple(each for each in newest if each.status is AlertStatus.FIRING and each.ended_at is None),
        alerts=len(newest),
        missing=_missing(record),
        public=next(reversed(record.updates), None),
        announced=next(iter(lines_of(record, announced[-1:])), None),
        latest=tuple(lines_of(record, latest)),
        entries=len(standing),
    )


def _hypotheses(
    standing: Sequence[Entry], *, has_cause: bool
) -> tuple[Sequence[Entry], Sequence[tuple[Entry, Entry | None]]]:
    """
    Those that are open, and those that are ruled out with what did it.

    A hypothesis is ruled out by a mark of its own, or by a later entry of its thread that says so; that entry rules out
    the nearest hypothesis before it which is still open, and no other. Once a cause is stated, the hypotheses before it
    are neither: they are settled. A path that was ruled out without having been a hypothesis is told by itself.
    """
    suspected: list[Entry] = []
    excluded: list[tuple[Entry, Entry | None]] = []
    for entry in standing:
        kinds = frozenset(entry.kinds)
        if has_cause and Kind.CAUSE in kinds:
            suspected.clear()
        elif not RULES_OUT.isdisjoint(kinds):
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
        line, *others = lines_of(record, [entry, by] if by else [entry])
        found.append(RuledOut(line, others[0] if others else None))
    return tuple(found)


def _last_work(standing: Iterable[Entry], now: datetime) -> Iterable[Entry]:
    """The last that each person was doing, the earliest first."""
    last: dict[str, Entry] = {}
    for entry in standing:
        at = entry.happened_at or entry.recorded_at
        if entry.author and entry.text and at > now - RECENT and not WORK.isdisjoint(entry.kinds):
            last.pop(entry.author, None)
            last[entry.author] = entry
    return last.values()


def _is_news(entry: Entry) -> bool:
    """Whether an entry says something of its own, and not only what is told as a part of the incident."""
    return bool(entry.text) and entry.about is None and entry.public is None and TOLD_APART.isdisjoint(entry.kinds)


def _roles(record: Record) -> tuple[Role, ...]:
    """Who has which role now. The lead is the incident's own."""
    held = [each for each in record.roles if each.until is None and each.role != LEAD]
    return tuple(Role(each.label, each.person, each.source) for each in held)


def _owed(actions: Iterable[Action], today: date) -> tuple[Owed, ...]:
    open_ones = [each for each in actions if each.kind is ActionKind.TASK and not each.done]
    in_order = sorted(open_ones, key=lambda each: (each.due is None, each.due or "", each.number))
    return tuple(Owed(each, each.due is not None and _is_before(each.due, today)) for each in in_order)


def _is_before(due: str, today: date) -> bool:
    try:
        return date.fromisoformat(due) < today
    except ValueError:
        return False


def _missing(record: Record) -> tuple[Missing, ...]:
    """Who leads matters while it is open, how it was resolved once it is; a cancelled incident lacks nothing."""
    status = record.incident.status
    if status in OVER:
        return ()
    lacks = {
        Missing.LEAD: status.is_open and record.incident.lead is None,
        Missing.IMPACT: not record.impacts,
        Missing.CAUSE: not record.causes,
        Missing.RESOLUTION: not status.is_open and not record.resolutions,
    }
    return tuple(each for each, is_lacking in lacks.items() if is_lacking)
