"""Lines of the incident channel in the gallery: at least one of each event."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.record.facts import AlertsFlap, RoleAssigned
from bot.domain.terms import Severity
from bot.domain.timeline.details import EntryDetails
from bot.services.views.card import RelatedIncident
from bot.services.views.event import EventView
from tests.support.gallery.cards import BEGAN, FIRED
from tests.support.gallery.escalations import NAMES, PAGED


def _event_view(event: str, **values: object) -> EventView:
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
        details=EntryDetails(users_percent=20.0),
        alerts=(FIRED, FIRED),
        escalation=PAGED,
        names=NAMES,
    )


def _role_view(event: str, *, by: str, to: str | None, before: str | None, **values: object) -> EventView:
    fact = RoleAssigned("scribe", "Scribe", to, None, "The logs since 14:00 are not read yet")
    said = _event_view(event, by=by, person=to, before=before, label="Scribe", role="scribe", **values)
    return replace(said, fact=fact, text=fact.in_english())


LINES = (
    _event_view("severity", by="U0ONCALL", before="SEV2", to="SEV1"),
    _event_view(
        "status",
        by="U0ONCALL",
        before="investigating",
        to="identified",
        asks=[["cause", "cause TEXT"]],
        asks_by="Identified",
    ),
    _event_view("reopened", by="U0ONCALL"),
    _event_view("maintenance", service="payments", until="2026-03-02T20:00:00+00:00"),
    replace(_event_view("lead", by="U0ONCALL", lead="U0ENGINEER", before="U0DBA"), text=""),
    _role_view("role", by="U0ONCALL", to="U0ENGINEER", before=None),
    _role_view(
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
    _role_view("role given up", by="U0DBA", to=None, before="U0DBA"),
    _role_view("role passed on", by="U0ONCALL", to="U0ENGINEER", before="U0DBA"),
    _role_view("role taken", by="U0ENGINEER", to="U0ENGINEER", before="U0DBA"),
    _event_view("cancelled", by="U0ONCALL"),
    _event_view("drill began", by="U0ONCALL", script="checkout-500s", lines=12),
    _event_view("practice", what="alert", text="CheckoutHTTP500Spike: Spike in 500 failures", over=False),
    _event_view("practice", what="alert", text="CheckoutHTTP500Spike", over=True),
    _event_view("practice", what="message", text="<@U0ENGINEER> reads the gateway's logs"),
    _event_view("practice", what="vendor", text="gateway (monitoring): a fix is in place"),
    _event_view("drill told"),
    _event_view("archive soon", archive_at="2026-04-01T08:00:00+00:00"),
    _event_view("goes on here", by="U0ONCALL", channel_id="C0INC7"),
    replace(_event_view("merged", by="U0ONCALL"), other=RelatedIncident("INC-3", "C0INC3")),
    replace(_event_view("took in", by="U0ONCALL", entries=31, alerts=3), other=RelatedIncident("INC-8", "C0INC8")),
    replace(
        _event_view("took in", by="U0ONCALL", entries=1, roles=[["Lead", "U0DBA"], ["Scribe", "U0ENGINEER"]]),
        other=RelatedIncident("INC-8", "C0INC8"),
    ),
    replace(
        _event_view("details", by="U0ONCALL"),
        text="",
        details=EntryDetails(changes={"title.fr": "Paiements en panne", "category": "Production", "reference": ""}),
    ),
    replace(_event_view("update"), details=EntryDetails(public="monitoring"), language="en", kinds=("communication",)),
    replace(_event_view("update"), details=EntryDetails(public="postmortem", public_languages=("fr", "en")), text=""),
    replace(
        _event_view("note"), text="Log of `pg`, *all* of it:\n```\nFATAL: too many <clients>\n```\n_The pool is full_"
    ),
    _event_view("impact"),
    _event_view("cause"),
    _event_view(
        "change",
        change_kind="deployment",
        title="Use the new connection pool",
        details=["checkout", "v1.42", "production", "ana"],
        status="started",
        began_at="2026-03-02T13:48:00+00:00",
        link="https://code.example.com/7",
    ),
    _event_view("alerts", alerts=271, truncated=11),
    replace(_event_view("alerts", alerts=1), alerts=(FIRED,)),
    replace(_event_view("alerts repeated", firing=7), incident_id=7),
    replace(_event_view("more alerts"), text="61 more alerts of payments in one minute"),
    replace(_event_view("alerts flap"), text=AlertsFlap("HighCPU", 30).in_english()),
    replace(_event_view("alerts quiet", alerts=1), alerts=(FIRED,)),
    replace(_event_view("alerts over", minutes=10), incident_id=7),
    replace(_event_view("storm"), text="The alert storm is over: no further alert for 5 min."),
    _event_view("storm elsewhere", reference="INC-11", channel_id="C0INC11"),
    _event_view("reminder"),
    _event_view("unanswered"),
    _event_view("all declined"),
    _event_view(
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
    _event_view("level", level=1, levels=3, round=1, people=["U0DBA"], because="nobody left"),
    _event_view("level", level=4, levels=3, round=1, people=["U0DBA"], vendors=["payplug"], because="end"),
    _event_view("level empty", level=1, why=['The schedule "payments" has nobody at this time.'], is_somebody=False),
    _event_view("level empty", level=3, why=["The team dba has nobody."], is_somebody=False, is_last=True),
    _event_view("level empty", level=4, why=["<@U0DBA> has left the workspace."], is_somebody=False, because="end"),
    _event_view("answered", to="U0ONCALL", by="U0DBA", name="", waited_seconds=120),
    _event_view("answered", to="U0ONCALL", by=None, name="Sam at the data centre", waited_seconds=None),
    _event_view("unacknowledged", by="U0DBA", before="U0DBA"),
    _event_view("unacknowledged", by="U0ENGINEER", before="U0DBA"),
    _event_view("unacknowledged", before="U0DBA"),
    _event_view("unanswered elsewhere"),
    _event_view("only looking"),
    _event_view("no channel", error="restricted_action"),
    _event_view("archived", about=7, channel="inc-7-checkout-is-down"),
    _event_view("canvas left", page="https://dogwatch.example/incidents/INC-7/postmortem"),
    _event_view("canvas left", is_published=True, page="https://dogwatch.example/incidents/INC-7/postmortem"),
    replace(
        _event_view(
            "postmortem published",
            by="U0ONCALL",
            version=1,
            digest="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            page="https://dogwatch.example/incidents/INC-7/postmortem",
            public_form="https://dogwatch.example/incidents/INC-7/publish?state=postmortem",
        ),
        text="20 % of payments failed for 31 min.\nThe deploy of 13:48 halved the connection pool.",
    ),
    _event_view("postmortem approved", by="U0ENGINEER"),
    _event_view("postmortem reopened", by="U0ONCALL"),
    _event_view("update approved", by="U0ENGINEER", author="U0ONCALL"),
    _event_view("update declined", by="U0ENGINEER", author="U0ONCALL", why="Say which cards fail"),
    _event_view("update unapproved", by="U0ONCALL"),
)
