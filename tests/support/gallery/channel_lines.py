"""Lines of the incident channel in the gallery: at least one of each event."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.record.facts import RoleAssigned
from bot.domain.terms import Severity
from bot.services.views.card import RelatedIncident
from bot.services.views.event import EventView
from tests.support.gallery.cards import BEGAN, FIRED
from tests.support.gallery.escalations import NAMES, PAGED


def _said(event: str, **values: object) -> EventView:
    return EventView(
        event=event,
        values=values,
        severity_labels={each.value: each.value for each in Severity},
        title="Checkout is down",
        reference="INC-7",
        text="Half of all payments fail, <@U0ENGINEER> reads the gateway's logs",
        author="U0ONCALL",
        happened_at=BEGAN + timedelta(minutes=4),
        recorded_at=BEGAN + timedelta(minutes=12),
        is_approximate=True,
        kinds=("investigation",),
        details={"users_percent": 20.0},
        alerts=(FIRED, FIRED),
        escalation=PAGED,
        names=NAMES,
    )


def _given(event: str, *, by: str, to: str | None, before: str | None, **values: object) -> EventView:
    fact = RoleAssigned("scribe", "Scribe", to, None, "The logs since 14:00 are not read yet")
    said = _said(event, by=by, person=to, before=before, label="Scribe", role="scribe", **values)
    return replace(said, fact=fact, text=fact.in_english())


SAID = (
    _said("severity", by="U0ONCALL", before="SEV2", to="SEV1"),
    _said(
        "status",
        by="U0ONCALL",
        before="investigating",
        to="identified",
        asks=[["what caused it", "cause TEXT"]],
        asks_by="Identified",
    ),
    _said("reopened", by="U0ONCALL"),
    _said("maintenance", service="payments", until="2026-03-02T20:00:00+00:00"),
    replace(_said("lead", by="U0ONCALL", lead="U0ENGINEER", before="U0DBA"), text=""),
    _given("role", by="U0ONCALL", to="U0ENGINEER", before=None),
    _given(
        "handed over",
        by="U0DBA",
        to="U0ENGINEER",
        before="U0DBA",
        calls=1,
        tasks=2,
        hypotheses=1,
        lacks=["impact", "cause"],
        page="https://dogwatch.example/incidents/INC-7",
    ),
    _given("role given up", by="U0DBA", to=None, before="U0DBA"),
    _given("role passed on", by="U0ONCALL", to="U0ENGINEER", before="U0DBA"),
    _given("role taken", by="U0ENGINEER", to="U0ENGINEER", before="U0DBA"),
    _said("resolved", by="U0ONCALL"),
    _said("cancelled", by="U0ONCALL"),
    _said("drill began", by="U0ONCALL", script="checkout-500s", lines=12),
    _said("practice", what="alert", text="CheckoutHTTP500Spike: Spike in 500 failures", over=False),
    _said("practice", what="alert", text="CheckoutHTTP500Spike", over=True),
    _said("practice", what="message", text="<@U0ENGINEER> reads the gateway's logs"),
    _said("practice", what="vendor", text="gateway (monitoring): a fix is in place"),
    _said("drill told"),
    _said("goes on here", by="U0ONCALL", channel_id="C0INC7"),
    replace(_said("merged", by="U0ONCALL"), other=RelatedIncident("INC-3", "C0INC3")),
    replace(_said("took in", by="U0ONCALL", entries=31, alerts=3), other=RelatedIncident("INC-8", "C0INC8")),
    replace(
        _said("took in", by="U0ONCALL", entries=1, roles=[["Lead", "U0DBA"], ["Scribe", "U0ENGINEER"]]),
        other=RelatedIncident("INC-8", "C0INC8"),
    ),
    replace(
        _said("details", by="U0ONCALL"),
        text="",
        details={"changes": {"title.fr": "Paiements en panne", "category": "Production", "reference": ""}},
    ),
    replace(_said("update"), details={"public": "monitoring"}, language="en", kinds=("communication",)),
    replace(_said("update"), details={"public": "postmortem", "public_languages": ["fr", "en"]}, text=""),
    _said("note"),
    _said("impact"),
    _said("cause"),
    _said("alerts", alerts=271, truncated=11),
    replace(_said("more alerts"), text="61 more alerts of payments in one minute"),
    replace(_said("storm"), text="The alert storm is over: no further alert for 5 min."),
    _said("storm elsewhere", reference="INC-11", channel_id="C0INC11"),
    _said("reminder"),
    _said("unanswered"),
    _said("all declined"),
    _said(
        "level",
        level=2,
        levels=3,
        round=0,
        people=["U0DBA"],
        groups=["S0DATABASE"],
        vendors=[],
        because="due",
        late_seconds=7_200,
        passed_over=[1],
    ),
    _said("level", level=1, levels=3, round=1, people=["U0DBA"], because="nobody left"),
    _said("level", level=4, levels=3, round=1, people=["U0DBA"], vendors=["payplug"], because="end"),
    _said("level empty", level=1, why=['The schedule "payments" has nobody at this time.'], is_somebody=False),
    _said("level empty", level=3, why=["The team dba has nobody."], is_somebody=False, is_last=True),
    _said("level empty", level=4, why=["<@U0DBA> has left the workspace."], is_somebody=False, because="end"),
    _said("unacknowledged", by="U0DBA", before="U0DBA"),
    _said("unacknowledged", by="U0ENGINEER", before="U0DBA"),
    _said("unacknowledged", before="U0DBA"),
    _said("unanswered elsewhere"),
    _said("no channel", error="restricted_action"),
    _said("archived", about=7, channel="inc-7-checkout-is-down"),
    _said("canvas left"),
)
