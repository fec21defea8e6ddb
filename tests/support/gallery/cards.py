"""Incident cards and alert messages of the gallery, in each state of an incident."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.alerts.links import AlertLink, LinkKind
from bot.domain.changes.change import Change
from bot.domain.changes.events import ChangeKind, ChangeStatus
from bot.domain.incidents.next_step import NextStep
from bot.domain.incidents.requirements import RequirementStatus
from bot.domain.terms import Status
from bot.domain.timeline.emoji import DEFAULT_REACTIONS
from bot.services.views.alert_lines import AlertHelp, AlertLine
from bot.services.views.card import (
    CardAlerts,
    CardOpenWork,
    CardPeople,
    CardRelations,
    CardState,
    CardTimes,
    CardView,
    RelatedIncident,
    WaitingEscalation,
)
from bot.store.incidents.incidents import Incident
from tests.support.gallery.escalations import AT_ONE, NAMES, SECOND_OF_THREE

BEGAN = datetime(2026, 3, 2, 13, 58, tzinfo=UTC)
FIRED = AlertLine(
    "CheckoutHTTP500Spike",
    "Spike in 500 failures on the checkout page",
    "https://prometheus.example/graph",
    BEGAN,
    None,
    1,
    help=AlertHelp(
        description="8.1% of all requests to the checkout page fail. More than 1% for 5 minutes raises this alert.",
        value="A=8.1, C=1",
        labels=(("cluster", "eu1"), ("service", "checkout"), ("severity", "disaster")),
        links=(
            AlertLink(LinkKind.RUNBOOK, "https://runbooks.example/checkout-500"),
            AlertLink(LinkKind.DASHBOARD, "https://grafana.example/d/checkout"),
            AlertLink(LinkKind.PANEL, "https://grafana.example/d/checkout?viewPanel=2"),
            AlertLink(LinkKind.SOURCE, "https://prometheus.example/graph"),
        ),
    ),
)
NOT_LINKED = replace(
    FIRED,
    name="PaymentQueueFull",
    link="http://prometheus:9090/graph",
    help=AlertHelp(value="1,950", links=(AlertLink(LinkKind.RUNBOOK, "http://wiki/payment-queue"),)),
)
ENDED = replace(FIRED, ended_at=BEGAN + timedelta(hours=2))
OPEN = CardView(
    incident_id=7,
    reference="INC-7",
    title="Checkout is down",
    title_without_count="Checkout is down",
    services=("checkout", "payments"),
    channel_id="C0INC7",
    state=CardState("SEV2", 2, Status.INVESTIGATING, is_open=True),
    times=CardTimes(BEGAN + timedelta(minutes=2), BEGAN),
    names=NAMES,
    reactions=DEFAULT_REACTIONS,
)
OPEN_WORK = CardOpenWork(
    waiting=(
        WaitingEscalation("<@U0DBA>", BEGAN + timedelta(minutes=9), AT_ONE),
        WaitingEscalation("payments", BEGAN + timedelta(minutes=9), SECOND_OF_THREE),
    ),
    requirements=(
        RequirementStatus("SEV1", "Lead", "lead", is_met=True),
        RequirementStatus("SEV1", "impact", "impact TEXT", is_met=False),
        RequirementStatus("Cause known", "cause", "cause TEXT", is_met=False),
    ),
    problems=(
        "Pin the card: The channel has the maximum number of pins (too_many_pins). Remove one.",
        "Invite people (<@U0MANAGER>): A guest cannot be invited by an app (user_is_restricted). Invite them by hand.",
    ),
)
BUSY = replace(
    OPEN,
    state=CardState("SEV1", 1, Status.IDENTIFIED, is_open=True, custom_status="Cause known"),
    people=CardPeople("U0ONCALL", other_roles=(("Communications lead", "U0ENGINEER"), ("Scribe", "U0DBA"))),
    alerts=CardAlerts(firing=2, total=3, shown=(FIRED, NOT_LINKED), unmapped_severity="disaster"),
    related=CardRelations(previous="INC-6"),
    open_work=OPEN_WORK,
)
CHANGED = Change(
    4,
    "github",
    ChangeKind.DEPLOYMENT,
    "Use the new connection pool",
    ("checkout",),
    ChangeStatus.SUCCEEDED,
    BEGAN - timedelta(minutes=12),
    environment="production",
    version="v1.42",
    author="ana",
    link="https://code.example.com/harbour/checkout/deployments/4",
)
WITH_CHANGES = replace(
    OPEN,
    recent_changes=(
        CHANGED,
        replace(
            CHANGED,
            change_id=3,
            title="Raise the limit",
            services=("ledger",),
            status=ChangeStatus.STARTED,
            began_at=BEGAN - timedelta(minutes=40),
            link=None,
        ),
    ),
)
WITH_CALL = replace(OPEN, bridge_url="https://meet.jit.si/inc-7-0f6a1c9be2d84735a0cc")
IN_TRIAGE = replace(
    OPEN, state=replace(OPEN.state, status=Status.TRIAGE), open_work=CardOpenWork(next_step=NextStep.ACCEPT)
)
OVER = replace(
    BUSY,
    state=replace(BUSY.state, status=Status.RESOLVED, is_open=False),
    times=replace(BUSY.times, ended_at=BEGAN + timedelta(hours=2)),
    alerts=CardAlerts(firing=0, total=3, shown=(FIRED,)),
    open_work=CardOpenWork(requirements=OPEN_WORK.requirements),
)
OVER_AND_FIRING = replace(OVER, alerts=CardAlerts(firing=1, total=3, shown=(FIRED,)))
CANCELLED = replace(
    OPEN,
    state=replace(
        OPEN.state, status=Status.CANCELLED, is_open=False, closure_reason="False alarm: the monitor was set too low"
    ),
)
MERGED = replace(
    OPEN,
    state=replace(OPEN.state, status=Status.MERGED, is_open=False),
    related=CardRelations(merged_into=RelatedIncident("INC-3", "C0INC3")),
)
TOOK_IN = replace(
    OPEN, related=CardRelations(took_in=(RelatedIncident("INC-8", "C0INC8"), RelatedIncident("INC-9", None)))
)
STORM = replace(
    BUSY,
    title="Alert storm: 1,950 alerts of 12 services",
    title_without_count="Alert storm",
    alerts=CardAlerts(firing=1_900, total=1_950),
    related=CardRelations(
        previous="INC-6", is_storm=True, beside=(RelatedIncident("INC-1", "C0INC1"), RelatedIncident("INC-2", None))
    ),
    open_work=replace(OPEN_WORK, problems=()),
)
BESIDE_A_STORM = replace(OPEN, related=CardRelations(beside=(RelatedIncident("INC-11", "C0INC11"),)))
DRILL = replace(OPEN, is_drill=True, reference="DRILL-3", is_private=True)
WITHOUT_CHANNEL = replace(
    OPEN,
    channel_id=None,
    open_work=CardOpenWork(
        problems=(
            (
                "Open the channel: The workspace does not allow apps to do this (restricted_action). "
                "A workspace admin can allow it in Slack's settings."
            ),
        )
    ),
)

NEXT_STEPS = {
    f"next: {step}": replace(OPEN, open_work=CardOpenWork(next_step=step)) for step in NextStep if step != "accept"
}
CARDS = {
    "open": OPEN,
    **NEXT_STEPS,
    "busy": BUSY,
    "with a call": WITH_CALL,
    "after changes": WITH_CHANGES,
    "in triage": IN_TRIAGE,
    "resolved": OVER,
    "resolved, an alert still fires": OVER_AND_FIRING,
    "cancelled": CANCELLED,
    "merged": MERGED,
    "took another in": TOOK_IN,
    "storm": STORM,
    "beside a storm": BESIDE_A_STORM,
    "drill": DRILL,
    "without a channel": WITHOUT_CHANNEL,
}
EDITED = Incident(
    id=7,
    team_id="T0HARBOUR",
    series="INC",
    number=7,
    titles={"": "Checkout is down", "fr": "Le paiement est en panne"},
    severity="SEV2",
    status="investigating",
    services=["checkout", "payments"],
    zone="Europe/Paris",
    languages=["fr", "en"],
    template="classic",
    declared_at=BEGAN,
    started_at=BEGAN,
    detected_at=BEGAN,
)
OTHER = EDITED.model_copy(update={"id": 3, "number": 3, "titles": {"": "Payments fail"}, "channel_id": "C0INC3"})
