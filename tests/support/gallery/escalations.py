"""Examples of the gallery: escalations and pages."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.terms import TargetKind
from bot.services.escalation.view import (
    AcknowledgementView,
    Attempt,
    EscalatedIncident,
    EscalationProgress,
    EscalationView,
    LevelProgress,
    NextStep,
    PagedLevelView,
    PagedPersonView,
    ResponseView,
    TargetView,
)

PAGED_AT = datetime(2026, 3, 2, 14, 7, tzinfo=UTC)
NAMES = {"U0ONCALL": "On-call engineer", "U0DBA": "Database administrator", "U0ENGINEER": "Engineer"}


def _after(minutes: int) -> datetime:
    return PAGED_AT + timedelta(minutes=minutes)


def _by_slack(user_id: str, minutes: int = 0) -> PagedPersonView:
    return PagedPersonView(user_id, (Attempt("Slack", _after(minutes), "sent"),))


PAGED = EscalationView(
    escalation_id=1,
    incident=EscalatedIncident("INC-7", "Checkout is down", "SEV2", channel_id="C0INC7"),
    target=TargetView("<@U0DBA>", "U0DBA", TargetKind.PERSON),
    reason="The database answers slowly since the deployment",
    asked_by="U0ONCALL",
    paged_at=PAGED_AT,
    message_ts=None,
    progress=LevelProgress(level=1, rounds=4, next=NextStep(_after(5), 1, is_again=True)),
    responses=ResponseView(members=("U0DBA",)),
    paged=(PagedLevelView(1, 0, PAGED_AT, (_by_slack("U0DBA"),)),),
    names=NAMES,
)


def change_escalation(view: EscalationView, **changes: Any) -> EscalationView:
    """Replace fields of a view and of its parts, by their names."""
    parts = {}
    for part in ("incident", "target", "progress", "responses", "handover"):
        before = getattr(view, part)
        own = {each.name: changes.pop(each.name) for each in fields(before) if each.name in changes}
        parts[part] = replace(before, **own)
    return replace(view, **parts, **changes)


REMINDED = change_escalation(
    PAGED,
    reminders=2,
    round=2,
    next=NextStep(_after(15), 1, is_again=True),
    paged=tuple(PagedLevelView(1, each, _after(each * 5), (_by_slack("U0DBA", each * 5),)) for each in range(3)),
)
BY_DBA = AcknowledgementView("U0DBA", _after(2))
ANSWERED = change_escalation(PAGED, acknowledged_at=_after(2), acknowledged_by="U0DBA", next=None, answers=(BY_DBA,))
HANDED_BACK = change_escalation(
    PAGED, answers=(replace(BY_DBA, withdrawn_at=_after(9), why="I have to catch a plane"),)
)
NOT_HEARD_OF = change_escalation(ANSWERED, activity_asked_at=_after(19))
FELL_SILENT = change_escalation(PAGED, answers=(replace(BY_DBA, withdrawn_at=_after(24), is_timed_out=True),))
SILENT = change_escalation(REMINDED, reminders=3, is_exhausted=True, next=None, unreached=("U0DBA",))
DECLINED = change_escalation(PAGED, declined_by=("U0DBA",), next=None)
TEAM = change_escalation(
    PAGED, mention="payments", name="payments", kind=TargetKind.TEAM, members=("U0DBA", "U0ENGINEER")
)
VENDOR = change_escalation(
    PAGED,
    mention="payment-gateway",
    name="payment-gateway",
    kind=TargetKind.VENDOR,
    is_external=True,
    members=(),
    next=None,
    paged=(),
    level=0,
)
RECORDED = change_escalation(PAGED, was_only_recorded=True, paged_at=None, next=None, paged=())
UNHEARD = change_escalation(PAGED, is_open=False, next=None)

FIRST = PagedLevelView(
    1,
    0,
    PAGED_AT,
    (
        PagedPersonView(
            "U0ONCALL", (Attempt("Slack", PAGED_AT, "sent"), Attempt("e-mail", _after(2), "sent")), None, True
        ),
        PagedPersonView("U0ENGINEER", (Attempt("Slack", PAGED_AT, "", "muted until 09:00"),)),
    ),
)
SECOND = PagedLevelView(
    2,
    0,
    _after(5),
    (
        PagedPersonView(
            "U0DBA",
            (
                Attempt("Slack", _after(5), "sent"),
                Attempt("e-mail", _after(6), "the mail server refused it"),
                Attempt("SMS", _after(8), "", is_due_later=True),
            ),
        ),
    ),
)
POLICY = change_escalation(
    PAGED,
    policy="payments",
    mention="payments",
    name="payments",
    kind=TargetKind.POLICY,
    asked_by=None,
    level=2,
    levels=3,
    rounds=3,
    paged=(FIRST, SECOND),
    next=NextStep(_after(10), 3, targets=("Database administrator", "team managers")),
)
AROUND = change_escalation(POLICY, round=1, next=NextStep(_after(40), None), more_time_until=_after(40))
ALL = change_escalation(
    POLICY,
    needs_all=True,
    still_needed=("U0ENGINEER",),
    members=("U0DBA", "U0ENGINEER"),
    answers=(BY_DBA,),
    next=NextStep(_after(10), 1, is_again=True),
)
BY_BOTH = change_escalation(
    ALL,
    acknowledged_at=_after(7),
    acknowledged_by="U0ENGINEER",
    still_needed=(),
    next=None,
    answers=(BY_DBA, AcknowledgementView("U0ENGINEER", _after(7))),
)
TAKEN = change_escalation(
    POLICY,
    acknowledged_at=_after(7),
    acknowledged_by="U0DBA",
    next=None,
    answers=(
        replace(BY_DBA, user_id="U0ONCALL", withdrawn_at=_after(6)),
        AcknowledgementView("U0DBA", _after(7), "e-mail"),
    ),
)
CROWD = tuple(f"U0PERSON{number:02}" for number in range(30))
CROWDED = change_escalation(
    POLICY,
    level=10,
    levels=10,
    rounds=5,
    round=4,
    members=CROWD,
    declined_by=CROWD[:20],
    unreached=CROWD[10:],
    reason="It is slow. " * 300,
    paged=tuple(
        PagedLevelView(
            level,
            around,
            _after(level + around * 10),
            tuple(
                PagedPersonView(each, (Attempt("Slack", PAGED_AT, "sent"), *[Attempt("SMS", PAGED_AT, "no " * 99)] * 6))
                for each in CROWD
            ),
        )
        for around in range(5)
        for level in range(1, 11)
    ),
    next=NextStep(_after(99), 1, is_again=True, targets=tuple(f"schedule number-{number}" for number in range(30))),
)

LATE = change_escalation(
    POLICY,
    level=3,
    levels=4,
    next=None,
    is_exhausted=True,
    paged=(
        FIRST,
        PagedLevelView(
            3,
            0,
            _after(130),
            (_by_slack("U0ENGINEER", 130),),
            groups=("S0DATABASE",),
            vendors=("payment-gateway",),
            missing=("schedule:payments",),
            late=timedelta(minutes=14),
            passed_over=1,
        ),
    ),
)

HANDED_ON = change_escalation(ANSWERED, recipient="<@U0ENGINEER>")
HANDED = change_escalation(PAGED, mention="<@U0ENGINEER>", members=("U0ENGINEER",), asked_by="U0DBA", giver="U0DBA")

AT_ONE = EscalationProgress("", 1, 1, PAGED.progress.next)
SECOND_OF_THREE = EscalationProgress("payments", 2, 3, POLICY.progress.next)

ESCALATIONS = {
    "paged": PAGED,
    "reminded": REMINDED,
    "acknowledged": ANSWERED,
    "handed back": HANDED_BACK,
    "not heard of": NOT_HEARD_OF,
    "fell silent": FELL_SILENT,
    "nobody answers": SILENT,
    "declined": DECLINED,
    "team": TEAM,
    "vendor": VENDOR,
    "recorded": RECORDED,
    "unanswered at the end": UNHEARD,
    "handed over": HANDED_ON,
    "goes on from another": HANDED,
    "policy": POLICY,
    "policy: the last level": AROUND,
    "policy: all have to answer": ALL,
    "policy: acknowledged": TAKEN,
    "policy: late, and nobody answered": LATE,
    "policy: very many": CROWDED,
}
PAGES = {
    "first": PAGED,
    "reminder": REMINDED,
    "of a policy": POLICY,
    "all have to answer": ALL,
    "declined": change_escalation(POLICY, declined_by=("U0DBA",)),
    "yours": ANSWERED,
    "handed over": HANDED,
    "you handed it over": HANDED_ON,
    "told quietly": change_escalation(
        ANSWERED, acknowledged_by="U0ENGINEER", answers=(replace(BY_DBA, user_id="U0ENGINEER"),)
    ),
    "all have answered": BY_BOTH,
    "one of them handed it over": change_escalation(BY_BOTH, recipient="<@U0ONCALL>"),
    "no longer needed": UNHEARD,
}
