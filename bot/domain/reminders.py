"""Reminders of an incident: which are due, which are obsolete, and when to check again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.terms import Status
from bot.lazy_dataclass import dataclass


class ReminderKind(StrEnum):
    """The first group concerns open incidents, the second what comes after."""

    NOBODY_LEADS = "nobody leads"
    UPDATE_DUE = "update due"
    NOTHING_RECORDED = "nothing recorded"
    TRIAGE = "triage"
    APPROVAL_DUE = "approval due"

    TASK_OVERDUE = "task overdue"
    POSTMORTEM_DUE = "postmortem due"

    @property
    def is_afterwards(self) -> bool:
        return self in {ReminderKind.TASK_OVERDUE, ReminderKind.POSTMORTEM_DUE}


ReminderKey = tuple[ReminderKind, str]
"""Kind, and its subject where there can be several (a task and its owner); else an empty text."""
LONGEST = timedelta(days=1)
"""Longest pause between two reminders during an incident."""
WEEKLY = timedelta(days=7)
"""Pause between two reminders after an incident."""


@dataclass(frozen=True, slots=True)
class ReminderRules:
    """
    Delays by kind for an incident of this severity, and the pause before a repeat.

    None: never.
    """

    nobody_leads: timedelta | None = None
    update_due: timedelta | None = None
    nothing_recorded: timedelta | None = None
    triage: timedelta | None = None
    again: timedelta = timedelta(minutes=30)
    approval_due: timedelta | None = None


@dataclass(frozen=True, slots=True)
class ReminderFacts:
    """
    The facts of an incident's record that reminders depend on. Times are aware.

    `status_since` is when it entered or left triage. `told_at` is the last update, and `recorded_at` the last entry by
    a person; each is the declaration if there is none. `due_tasks` and `postmortem_from` are the earliest moments,
    within working hours, for a reminder. `approvals`: since when public updates wait, by request.
    """

    status: Status
    is_led: bool
    status_since: datetime
    unled_since: datetime
    told_at: datetime
    recorded_at: datetime
    due_tasks: Mapping[str, datetime]
    postmortem_from: datetime | None = None
    approvals: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReminderState:
    """
    State of a reminder. It was sent `count` times since it became due, last at `asked_at`.

    `is_over`: its condition ended. `is_off`: it was switched off for this incident.
    """

    asked_at: datetime
    count: int
    is_over: bool = False
    snoozed_until: datetime | None = None
    is_off: bool = False


@dataclass(frozen=True, slots=True)
class DueReminder:
    """
    A reminder to send now, for the `count`th time since it became due.

    `is_anew`: as a new message at the end of the channel; else the present message is edited.
    """

    key: ReminderKey
    count: int
    is_anew: bool


@dataclass(frozen=True, slots=True)
class ReminderPlan:
    """
    Reminders to send and to strike, and the next check.

    None: no check before something changes.
    """

    ask: tuple[DueReminder, ...]
    strike: tuple[ReminderKey, ...]
    next_at: datetime | None


def plan_reminders(
    facts: ReminderFacts, rules: ReminderRules, asked: Mapping[ReminderKey, ReminderState], now: datetime
) -> ReminderPlan:
    """
    Decide what to send and strike at `now`. A late check sends each reminder once.

    A snoozed reminder is sent as a new message. An unheeded one is only edited, at growing intervals.
    """
    ask: list[DueReminder] = []
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
            ask.append(DueReminder(key, count, is_anew))
            later.append(now + _pause(key, count, rules.again))
    standing = (key for key, one in asked.items() if not one.is_over and not one.is_off)
    strike = tuple(key for key in standing if key not in holds or holds[key] > now)
    return ReminderPlan(tuple(ask), strike, min(later, default=None))


def _when(key: ReminderKey, from_at: datetime, before: ReminderState | None, again: timedelta) -> tuple[datetime, bool]:
    """The next time of a reminder, and whether it is a new message then."""
    if before is None:
        return from_at, True
    if before.snoozed_until is not None and before.snoozed_until > before.asked_at:
        return max(from_at, before.snoozed_until), True
    if before.is_over:
        return from_at, True
    return max(from_at, before.asked_at + _pause(key, before.count, again)), False


def _pause(key: ReminderKey, count: int, again: timedelta) -> timedelta:
    """Pause after `count` reminders: doubled each time up to a day; weekly after the incident."""
    if key[0].is_afterwards:
        return WEEKLY
    return min(again * (1 << min(count - 1, 20)), max(LONGEST, again))


def _from(facts: ReminderFacts, rules: ReminderRules) -> Iterator[tuple[ReminderKey, datetime]]:
    """Reminders that apply, each with the time from which it is due."""
    for request, since in facts.approvals.items():
        yield from _after((ReminderKind.APPROVAL_DUE, request), since, rules.approval_due)
    if facts.status is Status.TRIAGE:
        yield from _after((ReminderKind.TRIAGE, ""), facts.status_since, rules.triage)
    elif facts.status.is_open:
        if not facts.is_led:
            yield from _after((ReminderKind.NOBODY_LEADS, ""), facts.unled_since, rules.nobody_leads)
        yield from _after((ReminderKind.UPDATE_DUE, ""), facts.told_at, rules.update_due)
        yield from _after((ReminderKind.NOTHING_RECORDED, ""), facts.recorded_at, rules.nothing_recorded)
    else:
        yield from (((ReminderKind.TASK_OVERDUE, number), at) for number, at in facts.due_tasks.items())
        if facts.postmortem_from is not None:
            yield (ReminderKind.POSTMORTEM_DUE, ""), facts.postmortem_from


def _after(key: ReminderKey, since: datetime, length: timedelta | None) -> Sequence[tuple[ReminderKey, datetime]]:
    return [] if length is None else [(key, since + length)]
