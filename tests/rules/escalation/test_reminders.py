"""Reminder rules: subjects and times."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.sections.reminders import RemindersSection
from bot.domain.reminders import (
    DueReminder,
    ReminderFacts,
    ReminderKind,
    ReminderPlan,
    ReminderRules,
    ReminderState,
    plan_reminders,
)
from bot.domain.terms import Severity, Status

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
LEAD, UPDATE = (ReminderKind.NOBODY_LEADS, ""), (ReminderKind.UPDATE_DUE, "")
RECORD, TRIAGE = (ReminderKind.NOTHING_RECORDED, ""), (ReminderKind.TRIAGE, "")
TASK, DRAFT = (ReminderKind.TASK_OVERDUE, "1"), (ReminderKind.POSTMORTEM_DUE, "")
RULES = ReminderRules(
    nobody_leads=timedelta(minutes=10),
    update_due=timedelta(minutes=30),
    nothing_recorded=timedelta(minutes=20),
    triage=timedelta(minutes=30),
)


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def facts(**more: object) -> ReminderFacts:
    """An incident that was declared at minute 0, which somebody leads."""
    fresh = ReminderFacts(
        status=Status.INVESTIGATING,
        is_led=True,
        status_since=START,
        unled_since=START,
        told_at=START,
        recorded_at=START,
        due_tasks={},
    )
    return replace(fresh, **more)  # type: ignore[arg-type]


def reminder_state(minute: float, count: int = 1, **more: object) -> ReminderState:
    return ReminderState(after(minute), count, **more)  # type: ignore[arg-type]


def names(plan: ReminderPlan) -> list[str]:
    return [each.key[0].value for each in plan.ask]


@pytest.mark.parametrize(
    ("standing", "minute", "expected", "next_at"),
    [
        (facts(is_led=False), 0, [], 10),
        (facts(is_led=False), 9.9, [], 10),
        (facts(is_led=False), 10, ["nobody leads"], 20),
        (facts(is_led=False, unled_since=after(50), told_at=after(50), recorded_at=after(50)), 55, [], 60),
        (facts(), 19, [], 20),
        (facts(), 20, ["nothing recorded"], 30),
        (facts(), 30, ["update due", "nothing recorded"], 60),
        (facts(told_at=after(25), recorded_at=after(25)), 30, [], 45),
        (facts(status=Status.MONITORING), 30, ["update due", "nothing recorded"], 60),
        (facts(status=Status.TRIAGE, is_led=False), 29, [], 30),
        (facts(status=Status.TRIAGE, is_led=False), 30, ["triage"], 60),
        (facts(is_led=False), 600, ["nobody leads", "update due", "nothing recorded"], 630),
        (facts(status=Status.RESOLVED, is_led=False), 600, [], None),
        (facts(status=Status.RESOLVED, due_tasks={"1": after(100)}), 90, [], 100),
        (facts(status=Status.RESOLVED, due_tasks={"1": after(100)}), 100, ["task overdue"], 100 + 7 * 24 * 60),
        (facts(status=Status.CLOSED, postmortem_from=after(100)), 100, ["postmortem due"], 100 + 7 * 24 * 60),
        (facts(due_tasks={"1": after(5)}, postmortem_from=after(5)), 15, [], 20),  # it is not over yet
    ],
)
def test_what_is_due(standing, minute, expected, next_at):
    plan = plan_reminders(standing, RULES, {}, after(minute))

    assert names(plan) == expected
    assert all(each.is_anew and each.count == 1 for each in plan.ask)
    assert plan.next_at == (None if next_at is None else after(next_at))


UNLED = facts(is_led=False, told_at=after(6000), recorded_at=after(6000))


@pytest.mark.parametrize(
    ("before", "minute", "ask", "next_at"),
    [
        (reminder_state(10), 15, None, 40),
        (reminder_state(10), 40, DueReminder(LEAD, 2, is_anew=False), 100),  # twice as long as the first time
        (reminder_state(40, 2), 99, None, 100),
        (reminder_state(40, 2), 100, DueReminder(LEAD, 3, is_anew=False), 220),
        (reminder_state(40, 2), 5000, DueReminder(LEAD, 3, is_anew=False), 5120),  # once, however many were missed
        (reminder_state(40, 9), 1000, None, 40 + 24 * 60),  # once a day in the end
        (reminder_state(10, is_over=True), 15, DueReminder(LEAD, 1, is_anew=True), 45),  # it came up again
        (reminder_state(10, snoozed_until=after(70)), 60, None, 70),
        (reminder_state(10, snoozed_until=after(70)), 70, DueReminder(LEAD, 2, is_anew=True), 130),
        (reminder_state(70, 2, snoozed_until=after(70)), 100, None, 130),  # asked since
        (reminder_state(10, is_over=True, snoozed_until=after(70)), 60, None, 70),
        (reminder_state(10, is_off=True), 5000, None, None),
        (reminder_state(70), 15, None, 100),  # the clock was set back by an hour
    ],
)
def test_asking_again(before, minute, ask, next_at):
    plan = plan_reminders(UNLED, replace(RULES, update_due=None, nothing_recorded=None), {LEAD: before}, after(minute))

    assert plan == ReminderPlan((ask,) if ask else (), (), None if next_at is None else after(next_at))


@pytest.mark.parametrize(
    ("standing", "struck"),
    [
        (facts(told_at=after(50), recorded_at=after(50)), {LEAD, UPDATE, RECORD}),
        (facts(is_led=False, told_at=after(50)), {UPDATE}),
        (facts(status=Status.RESOLVED), {LEAD, UPDATE, RECORD}),
        (facts(status=Status.CANCELLED), {LEAD, UPDATE, RECORD}),
        (facts(status=Status.TRIAGE, status_since=after(50)), {LEAD, UPDATE, RECORD}),
    ],
)
def test_what_is_so_no_longer_is_struck(standing, struck):
    before = {
        LEAD: reminder_state(45),
        UPDATE: reminder_state(45),
        RECORD: reminder_state(45),
        TRIAGE: reminder_state(45, is_over=True),
    }

    assert set(plan_reminders(standing, RULES, before, after(51)).strike) == struck


def test_what_nobody_wants_to_hear_of_is_left_as_it_stands():
    plan = plan_reminders(facts(status=Status.RESOLVED), RULES, {LEAD: reminder_state(10, is_off=True)}, after(60))

    assert plan == ReminderPlan((), (), None)


def test_each_is_switched_off_by_itself():
    standing = facts(is_led=False)
    for name, nudge in (
        ("nobody_leads", ReminderKind.NOBODY_LEADS),
        ("update_due", ReminderKind.UPDATE_DUE),
        ("nothing_recorded", ReminderKind.NOTHING_RECORDED),
    ):
        without = names(plan_reminders(standing, replace(RULES, **{name: None}), {}, after(600)))
        assert set(without) == {"nobody leads", "update due", "nothing recorded"} - {nudge.value}
    assert plan_reminders(
        replace(standing, status=Status.TRIAGE), replace(RULES, triage=None), {}, after(600)
    ) == ReminderPlan((), (), None)


def test_a_worse_incident_is_asked_for_a_lead_sooner():
    lengths = [RemindersSection().rules(severity).nobody_leads for severity in Severity]

    assert lengths == [timedelta(minutes=minutes) for minutes in (3, 5, 10, 10)]


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 600), st.sampled_from(["lead", "unlead", "told", "recorded", "triage", "open", "resolve"])
    ),
    max_size=12,
)


def at_minute(events: list[tuple[int, str]], minute: int) -> ReminderFacts:
    standing = facts(is_led=False)
    for when, what in sorted(events):
        if when > minute:
            break
        changes = {
            "lead": {"is_led": True},
            "unlead": {"is_led": False, "unled_since": after(when)},
            "told": {"told_at": after(when), "recorded_at": after(when)},
            "recorded": {"recorded_at": after(when)},
            "triage": {"status": Status.TRIAGE, "status_since": after(when)},
            "open": {"status": Status.INVESTIGATING, "status_since": after(when)},
            "resolve": {"status": Status.RESOLVED, "status_since": after(when)},
        }[what]
        standing = replace(standing, **changes)  # type: ignore[arg-type]
    return standing


def play(events: list[tuple[int, str]], looks: list[int]) -> list[tuple[int, DueReminder]]:
    asked_so_far: dict = {}
    said = []
    for minute in looks:
        plan = plan_reminders(at_minute(events, minute), RULES, asked_so_far, after(minute))
        for key in plan.strike:
            asked_so_far[key] = replace(asked_so_far[key], is_over=True)
        for each in plan.ask:
            asked_so_far[each.key] = ReminderState(after(minute), each.count)
            said.append((minute, each))
        assert plan.next_at is None or plan.next_at > after(minute)
    return said


@given(EVENTS)
def test_looking_at_changes_and_when_told_to_is_as_good_as_looking_every_minute(events):
    every_minute = play(events, list(range(700)))

    seen, minute, asked_so_far, said = set(), 0, {}, []
    while minute is not None and minute < 700:
        seen.add(minute)
        plan = plan_reminders(at_minute(events, minute), RULES, asked_so_far, after(minute))
        for key in plan.strike:
            asked_so_far[key] = replace(asked_so_far[key], is_over=True)
        for each in plan.ask:
            asked_so_far[each.key] = ReminderState(after(minute), each.count)
            said.append((minute, each))
        told = None if plan.next_at is None else round((plan.next_at - START) / timedelta(minutes=1))
        coming = [when for when, _ in events if when > minute]
        minute = min([each for each in (told, *coming) if each is not None], default=None)

    assert said == every_minute


@given(EVENTS, st.lists(st.integers(0, 700), min_size=1, max_size=30))
def test_nothing_is_asked_twice_of_one_look_and_a_message_of_its_own_only_where_it_came_up(events, looks):
    said = play(events, sorted(set(looks)))

    standing: set = set()
    for _, each in said:
        assert each.is_anew == (each.count == 1)
        assert each.is_anew or each.key in standing
        standing.add(each.key)
