"""The next step that an incident's card shows, by its situation."""

from dataclasses import replace

import pytest

from bot.domain.incidents.next_step import NextStep, Situation, find_next_step
from bot.domain.terms import Status

COMPLETE = Situation(
    Status.INVESTIGATING, is_led=True, is_anybody_called=True, is_anybody_on_call=True, is_impact_stated=True
)
NEW = Situation(Status.INVESTIGATING)


@pytest.mark.parametrize(
    ("situation", "step"),
    [
        (replace(NEW, status=Status.TRIAGE), NextStep.ACCEPT),
        (NEW, NextStep.LEAD),
        (replace(NEW, are_alerts_over=True), NextStep.RESOLVE),
        (replace(NEW, is_led=True), NextStep.ESCALATE),
        (replace(NEW, is_led=True, is_anybody_called=True), NextStep.IMPACT),
        (replace(NEW, is_led=True, is_anybody_on_call=True), NextStep.IMPACT),
        (replace(NEW, is_led=True, is_anybody_on_call=True, is_update_due=True), NextStep.IMPACT),
        (replace(COMPLETE, is_update_due=True), NextStep.UPDATE),
        (replace(COMPLETE, status=Status.MONITORING), None),
        (replace(NEW, is_retro=True), NextStep.IMPACT),
        (replace(NEW, is_retro=True, is_impact_stated=True), None),
        *((replace(NEW, status=each), None) for each in Status if not each.is_open),
    ],
)
def test_the_most_urgent_step_comes_first(situation: Situation, step: NextStep | None) -> None:
    assert find_next_step(situation) is step
