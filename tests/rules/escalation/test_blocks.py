"""Wording of escalation messages, pages and channel lines."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.services.escalation.view import (
    AcknowledgementView,
    Attempt,
    EscalationProgress,
    EscalationView,
    NextStep,
    PagedLevelView,
    PagedPersonView,
)
from bot.services.views.card import CardOpenWork, WaitingEscalation
from bot.slack.blocks.app_home import home_view
from bot.slack.blocks.escalation import controls, page
from bot.slack.blocks.escalation.levels import PEOPLE
from bot.slack.blocks.escalation.message import escalation_message, headline
from bot.slack.blocks.incidents import card
from bot.slack.blocks.incidents.channel_lines import channel_line
from tests.support.gallery.cards import BUSY
from tests.support.gallery.channel_lines import LINES
from tests.support.gallery.escalations import (
    ALL,
    ANSWERED,
    BY_BOTH,
    CROWDED,
    HANDED,
    HANDED_ON,
    LATE,
    PAGED,
    PAGED_AT,
    POLICY,
    REMINDED,
    TAKEN,
    TEAM,
    change_escalation,
)
from tests.support.gallery.forms import A_PAGE, HOMES
from tests.support.worlds.world import action_ids, rendered

MINUTE = timedelta(minutes=1)
BY_MANAGER = PagedLevelView(4, 0, PAGED_AT, (PagedPersonView("U0MANAGER"),), because="end")
LAST_RESORT = change_escalation(POLICY, level=4, is_exhausted=True, next=None, paged=(*POLICY.paged, BY_MANAGER))
SLEPT = PagedLevelView(1, 0, PAGED_AT, (PagedPersonView("U0DBA", has_timed_out=True),))
MUTED_DBA = PagedPersonView("U0DBA", (Attempt("Slack", PAGED_AT, "", "muted until 09:00"),))
MUTED = PagedLevelView(
    1, 0, PAGED_AT, (MUTED_DBA, PagedPersonView("U0ENGINEER", (Attempt("Slack", PAGED_AT, "sent"),)))
)
NO_LAST_RESORT = change_escalation(LAST_RESORT, paged=(replace(BY_MANAGER, people=(), missing=("schedule:nobody",)),))
MUTED_LAST_RESORT = change_escalation(LAST_RESORT, paged=(replace(BY_MANAGER, people=(MUTED_DBA,)),))
WOKEN_AGAIN = change_escalation(POLICY, paged=(SLEPT, replace(SLEPT, because="silent")))


def rendered_escalation(view: EscalationView) -> str:
    return rendered({"blocks": escalation_message(view).blocks})


def paged(view: EscalationView, reader: str) -> str:
    return rendered({"blocks": page.page_message(view, reader).blocks})


@pytest.mark.parametrize(
    ("attempt", "says"),
    [
        (Attempt("Slack", PAGED_AT, "sent"), "<@U0DBA> Slack <!date^"),
        (Attempt("Slack", PAGED_AT), "Slack on its way"),
        (Attempt("SMS", PAGED_AT, is_due_later=True), "then SMS <!date^"),
        (Attempt("e-mail", PAGED_AT, "the server refused it"), ":warning: e-mail failed"),
        (Attempt("Slack", PAGED_AT, "skipped", "muted until 09:00"), "not paged: muted until 09:00"),
    ],
)
def test_what_came_of_a_page(attempt: Attempt, says: str) -> None:
    view = change_escalation(PAGED, paged=(PagedLevelView(1, 0, PAGED_AT, (PagedPersonView("U0DBA", (attempt,)),)),))

    assert says in rendered_escalation(view)


@pytest.mark.parametrize(
    ("view", "says"),
    [
        (PAGED, "*Next:* a reminder, due"),
        (POLICY, "*Next:* level 3 (Database administrator, team managers), due"),
        (
            change_escalation(POLICY, next=NextStep(PAGED_AT, None)),
            "*Next:* the end of the policy, nobody else is paged, due",
        ),
        (change_escalation(POLICY, next=NextStep(PAGED_AT, 1, True)), "*Next:* from the beginning, level 1, due"),
        (change_escalation(PAGED, next=NextStep(PAGED_AT, None)), "the caller gets a message that nobody answered"),
        (ALL, "*still needed:* <@U0ENGINEER>"),
        (REMINDED, "Also paged"),
        (TAKEN, "<@U0DBA> <!date^"),
        (TAKEN, "by e-mail"),
        (TAKEN, "handed it back"),
        (HANDED_ON, "handed over to <@U0ENGINEER>"),
        (HANDED, "handed over by <@U0DBA>"),
        (LATE, "14m late, 1 earlier level skipped"),
        (LATE, "nobody answered. Escalate to somebody else."),
        (change_escalation(POLICY, level=4), "at its end, begun <!date^"),
        (
            change_escalation(ALL, is_exhausted=True, next=None),
            ":warning: <@U0ENGINEER> did not answer. Escalate to somebody else.",
        ),
        (LAST_RESORT, "nobody answered. The last resort is paged."),
        (NO_LAST_RESORT, "nobody answered. Nobody of the last resort could be paged. Escalate to somebody else."),
        (MUTED_LAST_RESORT, "nobody answered. Nobody of the last resort could be paged. Escalate to somebody else."),
        (WOKEN_AGAIN, "<@U0DBA> acknowledged, then no response"),
        (change_escalation(POLICY, paged=(MUTED, SLEPT)), "<@U0ENGINEER> no answer; <@U0DBA> not paged"),
        (change_escalation(POLICY, more_time_until=PAGED_AT + 30 * MINUTE), "more time was asked for"),
    ],
)
def test_what_the_message_says(view: EscalationView, says: str) -> None:
    assert says in rendered_escalation(view)


def test_whoever_is_next_is_not_mentioned() -> None:
    step = NextStep(PAGED_AT, 2, targets=("<@U0MANAGER>", "*bold*"))

    assert "<@U0MANAGER>" not in rendered_escalation(change_escalation(POLICY, next=step))


@pytest.mark.parametrize(
    "view", [PAGED, change_escalation(TEAM, policy=""), change_escalation(POLICY, members=("U0DBA",))]
)
def test_whoever_is_muted_is_not_mentioned(view: EscalationView) -> None:
    """Not in the message, whose first post notifies its mentions, nor in reminder lines."""
    left_out = change_escalation(view, paged=(MUTED,))
    lines = [channel_line(replace(said, escalation=left_out)).text for said in LINES if said.event == "reminder"]

    for text in (escalation_message(left_out).text, rendered_escalation(left_out), *lines):
        assert "<@U0DBA>" not in text
    assert all("*Database administrator*" in line for line in lines)
    assert "<@U0DBA>" in rendered_escalation(change_escalation(view, paged=(MUTED, SLEPT))), "paged since"


def test_the_buttons_are_those_that_do_something() -> None:
    last = change_escalation(POLICY, next=NextStep(PAGED_AT, None))

    assert "Can't: next please" in rendered_escalation(POLICY)
    assert "next please" not in rendered_escalation(last)
    assert controls.MORE_TIME in action_ids({"blocks": escalation_message(last).blocks})
    assert controls.MORE_TIME not in action_ids(
        {"blocks": escalation_message(change_escalation(POLICY, next=None)).blocks}
    )
    assert "Hand over" in rendered_escalation(ANSWERED)
    assert "Hand over" not in rendered_escalation(HANDED_ON)
    assert "Acknowledge" not in rendered_escalation(change_escalation(POLICY, is_open=False))


def test_very_many_people_are_counted() -> None:
    shown = rendered_escalation(CROWDED)
    lines = [line for line in shown.splitlines() if line.startswith("• ")]

    assert 1 <= len(lines) <= PEOPLE
    assert f"and {30 - len(lines)} more" in shown.splitlines()
    assert "and 41 before" in shown


@pytest.mark.parametrize(
    ("view", "reader", "says"),
    [
        (PAGED, "U0DBA", "you are paged again"),
        (POLICY, "U0DBA", "the next level is paged"),
        (ALL, "U0ENGINEER", "Everybody who is paged must answer."),
        (ALL, "U0DBA", "You answered. Others still have to."),
        (ANSWERED, "U0DBA", "It is yours"),
        (ANSWERED, "U0ENGINEER", "No action is needed."),
        (BY_BOTH, "U0DBA", "It is yours, together with <@U0ENGINEER>"),
        (BY_BOTH, "U0ENGINEER", "It is yours, together with <@U0DBA>"),
        (
            change_escalation(BY_BOTH, recipient="payments"),
            "U0DBA",
            "handed over to *payments*. No further action is needed.",
        ),
        (HANDED, "U0ENGINEER", "<@U0DBA> hands this over to you"),
        (change_escalation(HANDED, level=2, levels=3), "U0DBA", "Nobody acknowledged your handover"),
        (HANDED_ON, "U0DBA", "You handed it over"),
        (change_escalation(POLICY, declined_by=("U0DBA",)), "U0DBA", "You declined. No further action is needed."),
    ],
)
def test_what_a_page_says_to_its_reader(view: EscalationView, reader: str, says: str) -> None:
    assert says in paged(view, reader)


def test_whoever_answered_where_all_have_to_is_not_asked_again() -> None:
    assert controls.ACKNOWLEDGE in action_ids({"blocks": page.page_message(ALL, "U0ENGINEER").blocks})
    assert action_ids({"blocks": page.page_message(ALL, "U0DBA").blocks}) == {controls.DECLINE}


def test_where_all_have_answered_each_of_them_can_hand_it_over_or_back() -> None:
    for reader in ("U0DBA", "U0ENGINEER"):
        assert {controls.HAND_OVER, controls.HAND_BACK} == action_ids(
            {"blocks": page.page_message(BY_BOTH, reader).blocks}
        )
    assert action_ids({"blocks": page.page_message(BY_BOTH, "U0ONCALL").blocks}) == set()


def test_an_escalation_without_a_reason_ends_without_a_stop() -> None:
    assert escalation_message(change_escalation(POLICY, reason="")).text == headline(POLICY)


@pytest.mark.parametrize(
    ("person", "says"),
    [
        (PagedPersonView("U0DBA", (Attempt("Slack", PAGED_AT, "sent"),)), "<@U0DBA> no answer"),
        (PagedPersonView("U0DBA", (Attempt("Slack", PAGED_AT, "skipped", "muted until 09:00"),)), "<@U0DBA> not paged"),
        (PagedPersonView("U0DBA", (Attempt("Slack", PAGED_AT, "user_disabled"),)), "<@U0DBA> not reached"),
        (PagedPersonView("U0DBA", (Attempt("Slack", PAGED_AT, "x"), Attempt("E-mail", PAGED_AT, "sent"))), "no answer"),
        (PagedPersonView("U0DBA", (Attempt("Slack", PAGED_AT, "x"),), has_declined=True), "<@U0DBA> cannot"),
    ],
)
def test_what_came_of_an_earlier_level(person: PagedPersonView, says: str) -> None:
    before = PagedLevelView(1, 0, PAGED_AT, (person,), vendors=("payplug",))
    shown = rendered_escalation(change_escalation(POLICY, paged=(before, *POLICY.paged[-1:])))

    [line] = [each for each in shown.splitlines() if "Level 1, " in each]
    assert says in line
    assert "vendor *payplug*" in line


def test_a_policy_that_came_to_its_end_has_no_level_after_its_last() -> None:
    gone = EscalationProgress("payments", 4, 3, None)
    waiting = WaitingEscalation("policy payments", PAGED_AT, progress=gone)
    on_card = rendered({"blocks": card.card_message(replace(BUSY, open_work=CardOpenWork(waiting=(waiting,)))).blocks})
    at_home = rendered(
        {"blocks": home_view(replace(HOMES["busy"], pages=(replace(A_PAGE, standing=gone),)), ())["blocks"]}
    )

    for shown in (on_card, at_home):
        assert "its end" in shown
        assert "level 4" not in shown


def test_an_answer_that_was_handed_back_stays_told() -> None:
    gone = AcknowledgementView("U0DBA", PAGED_AT, "slack", PAGED_AT + MINUTE, "<!channel> my train")

    assert "&lt;!channel&gt; my train" in rendered_escalation(change_escalation(PAGED, answers=(gone,)))
