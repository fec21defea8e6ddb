"""What people are reminded of: what is due now, what is so no longer, and when to look again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.terms import Status


class Nudge(StrEnum):
    """The reminders there are. The first group is about an incident that is open, the second about what comes after."""

    NOBODY_LEADS = "nobody leads"
    UPDATE_DUE = "update due"
    NOTHING_RECORDED = "nothing recorded"
    TRIAGE = "triage"

    TASK_OVERDUE = "task overdue"
    POSTMORTEM_DUE = "postmortem due"

    @property
    def is_afterwards(self) -> bool:
        return self in {Nudge.TASK_OVERDUE, Nudge.POSTMORTEM_DUE}


Key = tuple[Nudge, str]
"""A reminder, and what it is about where there can be several: a task, and whose it is. Else an empty text."""
LONGEST = timedelta(days=1)
WEEKLY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Rules:
    """After how long each is due in an incident of this severity, and how long until it is asked again. None: never."""

    nobody_leads: timedelta | None = None
    update_due: timedelta | None = None
    nothing_recorded: timedelta | None = None
    triage: timedelta | None = None
    again: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Facts:
    """
    What an incident's record says. Times are aware.

    `status_since` is when it came into triage, or out of it. `told_at` is the last word on where it stands, and
    `recorded_at` the last entry that a person made; each is the declaration where there is none. `due_tasks` and
    `postmortem_from` are the moments, at work of those who are asked, from which they may be asked.
    """

    status: Status
    is_led: bool
    status_since: datetime
    unled_since: datetime
    told_at: datetime
    recorded_at: datetime
    due_tasks: Mapping[str, datetime]
    postmortem_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What became of a reminder so far. `count` is how often it was asked since it came up, the last time at `asked_at`.

    `is_over`: it is so no longer. `is_off`: nobody wants to hear of it in this incident.
    """

    asked_at: datetime
    count: int
    is_over: bool = False
    snoozed_until: datetime | None = None
    is_off: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """
    Ask now, for the `count`th time since it came up.

    `is_anew`: at the end of the channel, where people look; else the message that stands is edited.
    """

    key: Key
    count: int
    is_anew: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask now, what to strike, and when to look again; None: not before something changes."""

    ask: tuple[Ask, ...]
    strike: tuple[Key, ...]
    next_at: datetime | None


def due(facts: Facts, rules: Rules, asked: Mapping[Key, Asked], now: datetime) -> Plan:
    """
    What to do at `now`. However long nobody looked, each is asked once.

    What was put off is asked again at the end of the channel; what stands unheeded is only edited, ever more rarely.
    """
    ask: list[Ask] = []
    later: list[datetime] = []
    holds = dict(_from(facts, rules))
    for key, from_at in holds.items():
        before = asked.get(key)
        if before is not None and before.is_off:
            continue
        if before is not None and from_at > now:
            before = replace(before, is_over=True)  # it is so no longer, and comes up again then
        at, is_anew = _when(key, from_at, before, rules.again)
        if at > now:
            later.append(at)
        else:
            count = 1 if before is None or before.is_over else before.count + 1
            ask.append(Ask(key, count, is_anew))
            later.append(now + _pause(key, count, rules.again))
    standing = (key for key, one in asked.items() if not one.is_over and not one.is_off)
    strike = tuple(key for key in standing if key not in holds or holds[key] > now)
    return Plan(tuple(ask), strike, min(later, default=None))


def _when(key: Key, from_at: datetime, before: Asked | None, again: timedelta) -> tuple[datetime, bool]:
    """When it is asked next, and whether that is a message of its own."""
    if before is None:
        return from_at, True
    if before.snoozed_until is not None and before.snoozed_until > before.asked_at:
        return max(from_at, before.snoozed_until), True
    if before.is_over:
        return from_at, True
    return max(from_at, before.asked_at + _pause(key, before.count, again)), False


def _pause(key: Key, count: int, again: timedelta) -> timedelta:
    """How long after having been asked `count` times: twice as long each time, a day at most; later on weekly."""
    if key[0].is_afterwards:
        return WEEKLY
    return min(again * (1 << min(count - 1, 20)), max(LONGEST, again))


def _from(facts: Facts, rules: Rules) -> Iterator[tuple[Key, datetime]]:
    """Each reminder that can come as things stand, and from when on it is due."""
    if facts.status is Status.TRIAGE:
        yield from _after((Nudge.TRIAGE, ""), facts.status_since, rules.triage)
    elif facts.status.is_open:
        if not facts.is_led:
            yield from _after((Nudge.NOBODY_LEADS, ""), facts.unled_since, rules.nobody_leads)
        yield from _after((Nudge.UPDATE_DUE, ""), facts.told_at, rules.update_due)
        yield from _after((Nudge.NOTHING_RECORDED, ""), facts.recorded_at, rules.nothing_recorded)
    else:
        yield from (((Nudge.TASK_OVERDUE, number), at) for number, at in facts.due_tasks.items())
        if facts.postmortem_from is not None:
            yield (Nudge.POSTMORTEM_DUE, ""), facts.postmortem_from


def _after(key: Key, since: datetime, length: timedelta | None) -> Sequence[tuple[Key, datetime]]:
    return [] if length is None else [(key, since + length)]
