"""Examples of the gallery: catch-ups of open, resolved and cancelled incidents."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.catchup import build_catchup
from bot.domain.incidents.impact import AffectedUsers
from bot.domain.record.escalations import Escalation
from bot.domain.record.model import Action, Alert, Entry, Incident, Record, Statement, Update
from bot.domain.record.sources import Moment, Source
from bot.domain.terms import (
    ActionKind,
    AlertStatus,
    Kind,
    Precision,
    Severity,
    SourceKind,
    Status,
    TargetKind,
    UpdateState,
)
from bot.services.postmortem.catchup import CatchupView

BEGAN = datetime(2026, 3, 2, 13, 58, tzinfo=UTC)
NOW = BEGAN + timedelta(minutes=52)
NAMES = {"U0ONCALL": "On-call engineer", "U0DBA": "Database administrator", "U0ENGINEER": "Engineer"}
PAGE = "https://dogwatch.example/incidents/INC-7"


def _source(ref: str, kind: SourceKind = SourceKind.MESSAGE) -> Source:
    return Source(kind, ref, f"{PAGE}#{ref}")


def _entry(seq: int, minute: int, who: str | None, text: str, *kinds: Kind, thread: str | None = None) -> Entry:
    at = BEGAN + timedelta(minutes=minute)
    return Entry(
        _source(f"entry-{seq}"),
        seq,
        kinds,
        text,
        at,
        Precision.EXACT,
        at,
        at,
        author=who,
        recorded_by=who,
        thread=thread,
    )


ENTRIES = (
    _entry(1, 2, None, "Checkout is down", Kind.DECLARED),
    _entry(2, 4, "U0ONCALL", "Half of all payments fail, all of them by card", Kind.INVESTIGATION),
    _entry(3, 9, "U0ENGINEER", "The network of the payment gateway?", Kind.HYPOTHESIS, thread="network"),
    _entry(4, 15, "U0ENGINEER", "Their status page is green, and pings arrive", Kind.RULED_OUT, thread="network"),
    _entry(5, 18, "U0DBA", "The database is out of connections since the deployment", Kind.HYPOTHESIS),
    _entry(6, 31, "U0ENGINEER", "Rolling back to 4710", Kind.ROLLBACK),
    _entry(7, 40, "U0ONCALL", "Customer support has a text for callers", Kind.NOTE),
)
CALLS = (
    Escalation(
        _source("escalation-1"),
        "<@U0DBA>",
        TargetKind.PERSON,
        external=False,
        reason="The database answers slowly",
        paged_at=BEGAN + timedelta(minutes=11),
        precision=Precision.EXACT,
        acknowledged_at=BEGAN + timedelta(minutes=14),
        acknowledged_by="U0DBA",
        acknowledgement=_source("entry-8"),
    ),
    Escalation(
        _source("escalation-2"),
        "payment-gateway",
        TargetKind.VENDOR,
        external=True,
        reason="Card payments are declined",
        paged_at=BEGAN + timedelta(minutes=20),
        precision=Precision.EXACT,
        acknowledged_at=None,
        acknowledged_by=None,
        acknowledgement=None,
    ),
)
TASKS = (
    Action(_source("action-1"), 1, ActionKind.TASK, "Tell the partners", owner="U0ONCALL", due="2026-03-02"),
    Action(_source("action-2"), 2, ActionKind.TASK, "Watch the error rate until midnight", owner="U0ENGINEER"),
)
ALERT = Alert(
    _source("alert-1", SourceKind.ALERT),
    "CheckoutHTTP500Spike",
    AlertStatus.FIRING,
    BEGAN,
    Precision.EXACT,
    None,
    BEGAN,
    BEGAN,
    1,
    {},
    {},
    "alertmanager",
)
BEGUN = Moment(BEGAN, "earliest alert", _source("alert-1", SourceKind.ALERT))
OPEN = Record(
    incident=Incident(
        reference="INC-7",
        outside_reference=None,
        titles={"": "Checkout is down"},
        status=Status.IDENTIFIED,
        severity=Severity.SEV2,
        severity_label="SEV2",
        services=("checkout", "payments"),
        zone=ZoneInfo("UTC"),
        languages=("en",),
        declared=Moment(BEGAN + timedelta(minutes=2), "declared", _source("entry-1")),
        declared_by=None,
        started=BEGUN,
        detected=BEGUN,
        lead="U0ONCALL",
    ),
    entries=ENTRIES,
    alerts=(ALERT,),
    escalations=CALLS,
    actions=TASKS,
    impacts=(
        Statement(
            "Half of all card payments fail", "en", _source("entry-9"), BEGAN, "U0ONCALL", AffectedUsers(percent=50.0)
        ),
    ),
    updates=(
        Update(
            UpdateState.IDENTIFIED,
            BEGAN + timedelta(minutes=25),
            {"en": "We know the cause and work on it."},
            ("en",),
            (_source("entry-10"),),
            "U0ONCALL",
        ),
    ),
    people=NAMES,
)
QUIET = replace(OPEN, entries=ENTRIES[:1], escalations=(), actions=(), impacts=(), updates=(), alerts=())
ENDED = Moment(BEGAN + timedelta(hours=2), "resolve was typed", _source("entry-11"))
RESOLVED = replace(
    OPEN,
    incident=replace(OPEN.incident, status=Status.RESOLVED, resolved=ENDED, ended=ENDED),
    causes=(Statement("The deployment halved the pool", "en", _source("entry-12"), BEGAN, "U0DBA"),),
    resolutions=(Statement("Rolled back to 4710", "en", _source("entry-11"), BEGAN, "U0ONCALL"),),
)
CANCELLED = replace(
    QUIET, incident=replace(QUIET.incident, status=Status.CANCELLED, lead=None, closure_reason="A test that got out")
)


def _view(record: Record) -> CatchupView:
    return CatchupView(build_catchup(record, NOW), f"{PAGE}?key=0", NOW, NAMES)


CATCHUPS: Mapping[str, CatchupView] = {
    "open": _view(OPEN),
    "hardly begun": _view(QUIET),
    "resolved": _view(RESOLVED),
    "cancelled": _view(CANCELLED),
}
