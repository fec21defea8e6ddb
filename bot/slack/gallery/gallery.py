"""
Every message and form that the bot can make, from fixtures: the sandbox's gallery shows them, a contract test measures
them.

A new message or form belongs here; a test compares this table with the tables of events, buttons and forms.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.config import Settings
from bot.domain.incidents.requirements import Asked
from bot.domain.record import generated_sentences as own_words
from bot.domain.reminders.rules import Nudge
from bot.domain.slack_app.scopes import BY_SCOPE, PERMISSIONS, Lack
from bot.domain.terms import Kind, Severity, Status
from bot.services.channel.transcript import Said
from bot.services.entries.form_view import EntryView, Neighbour
from bot.services.incidents.merge import Merged, Weighed
from bot.services.postmortem.findings import FindingsView, Found, Place
from bot.services.reminders.view import Reminder
from bot.services.views.app_home import Draft, HomeView, Open, Paged, ToDo
from bot.services.views.messages import (
    AlertLine,
    AlertsView,
    Beside,
    CardView,
    FollowUp,
    FollowUpsView,
    SaidView,
    Waiting,
)
from bot.services.views.missing_facts import NEEDED, MissingView
from bot.services.workspace.access import REFUSAL
from bot.slack.blocks import app_home as home
from bot.slack.blocks import command_forms, modals
from bot.slack.blocks import menu as more
from bot.slack.blocks import missing_permissions as notices
from bot.slack.blocks import notices as windows
from bot.slack.blocks import time_question as times
from bot.slack.blocks.escalation import contact_settings as pages
from bot.slack.blocks.escalation import forms as escalation_forms
from bot.slack.blocks.escalation import message as escalation
from bot.slack.blocks.escalation import page
from bot.slack.blocks.escalation import reminders as nudges
from bot.slack.blocks.escalation import silence_check as quiet
from bot.slack.blocks.incidents import archiving, card
from bot.slack.blocks.incidents import channel_lines as events
from bot.slack.blocks.incidents import declare_form as declaring
from bot.slack.blocks.incidents import details_form as details
from bot.slack.blocks.incidents import merge as combining
from bot.slack.blocks.incidents import role_briefing as briefing
from bot.slack.blocks.incidents import roles_form as role_forms
from bot.slack.blocks.inputs import Choice
from bot.slack.blocks.message import Message
from bot.slack.blocks.postmortem import catchup, findings
from bot.slack.blocks.postmortem import entry_forms as amending
from bot.slack.blocks.postmortem import missing_facts as questions
from bot.slack.gallery import oncall as gallery_oncall
from bot.slack.gallery.catchup import CATCHUPS
from bot.slack.gallery.escalations import ANSWERED, AT_ONE, ESCALATIONS, NAMES, PAGED, PAGES, SECOND_OF_THREE
from bot.slack.gallery.lists import lists_shown
from bot.slack.gallery.paging import OFFERS, OWN
from bot.slack.gallery.paging import messages as paged_messages
from bot.slack.gallery.reminders import NUDGES, QUIET
from bot.slack.gallery.roles import BRIEFINGS, HELD
from bot.slack.gallery.vendors import vendors_shown
from bot.slack.inbound import shortcuts
from bot.slack.replies import entry_points as ways
from bot.store.incidents.incidents import Incident

BEGAN = datetime(2026, 3, 2, 13, 58, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Exhibit:
    """`kind` is `message`, `modal` or `text`; `payload` what Slack would be sent."""

    name: str
    kind: str
    payload: dict[str, Any]


OPEN = CardView(
    incident_id=7,
    reference="INC-7",
    title="Checkout is down",
    severity="SEV2",
    severity_rank=2,
    status=Status.INVESTIGATING,
    lead=None,
    services=("checkout", "payments"),
    started_at=BEGAN,
    declared_at=BEGAN + timedelta(minutes=2),
    ended_at=None,
    is_drill=False,
    is_private=False,
    is_open=True,
    channel_id="C0INC7",
    channel_url=None,
    previous=None,
    impact=None,
    waiting=(),
    firing=0,
    alerts=0,
    problems=(),
    names=NAMES,
)
BUSY = replace(
    OPEN,
    own_status="Cause known",
    demands=(
        Asked("SEV1", "somebody as Lead", "lead", is_met=True),
        Asked("SEV1", "what the impact is", "impact TEXT", is_met=False),
        Asked("Cause known", "what caused it", "cause TEXT", is_met=False),
    ),
    roles=(("Communications lead", "U0ENGINEER"), ("Scribe", "U0DBA")),
    severity="SEV1",
    severity_rank=1,
    status=Status.IDENTIFIED,
    lead="U0ONCALL",
    waiting=(
        Waiting("<@U0DBA>", BEGAN + timedelta(minutes=9), AT_ONE),
        Waiting("payments", BEGAN + timedelta(minutes=9), SECOND_OF_THREE),
    ),
    firing=2,
    alerts=3,
    previous="INC-6",
    problems=(
        "Pin the card: The channel holds as many pins as Slack allows (too_many_pins). Remove one.",
        "Invite people (<@U0MANAGER>): A guest cannot be invited by an app (user_is_restricted). Invite them by hand.",
    ),
)
IN_TRIAGE = replace(OPEN, status=Status.TRIAGE)
OVER = replace(
    BUSY, status=Status.RESOLVED, is_open=False, ended_at=BEGAN + timedelta(hours=2), waiting=(), firing=0, problems=()
)
CANCELLED = replace(
    OPEN, status=Status.CANCELLED, is_open=False, closure_reason="False alarm: the monitor was set too low"
)
MERGED = replace(OPEN, status=Status.MERGED, is_open=False, merged_into=Beside("INC-3", "C0INC3"))
TOOK_IN = replace(OPEN, took_in=(Beside("INC-8", "C0INC8"), Beside("INC-9", None)))
STORM = replace(
    BUSY,
    title="Alert storm: 1,950 alerts of 12 services",
    firing=1_900,
    alerts=1_950,
    problems=(),
    is_storm=True,
    beside=(Beside("INC-1", "C0INC1"), Beside("INC-2", None)),
)
BESIDE_A_STORM = replace(OPEN, beside=(Beside("INC-11", "C0INC11"),))
DRILL = replace(OPEN, is_drill=True, reference="DRILL-3", is_private=True)
WITHOUT_CHANNEL = replace(
    OPEN,
    channel_id=None,
    problems=(
        (
            "Open the channel: The workspace does not allow it to apps (restricted_action). "
            "A workspace admin can allow it in Slack's settings."
        ),
    ),
)

FIRED = AlertLine(
    "CheckoutHTTP500Spike",
    "Spike in 500 failures on the checkout page",
    "https://prometheus.example/graph",
    BEGAN,
    None,
    1,
)
ENDED = replace(FIRED, ended_at=BEGAN + timedelta(hours=2))


def _said(event: str, **values: object) -> SaidView:
    return SaidView(
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


def _given(event: str, *, by: str, to: str | None, before: str | None, **values: object) -> SaidView:
    details = {"role": "scribe", "role_label": "Scribe", "user": to, "user_before": before}
    sentence = own_words.role_given("scribe", "Scribe", to, None)
    said = _said(event, by=by, person=to, before=before, label="Scribe", role="scribe", **values)
    return replace(said, details=details, text=own_words.with_note(sentence, "The logs since 14:00 are not read yet"))


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
    replace(_said("merged", by="U0ONCALL"), other=Beside("INC-3", "C0INC3")),
    replace(_said("took in", by="U0ONCALL", entries=31, alerts=3), other=Beside("INC-8", "C0INC8")),
    replace(
        _said("took in", by="U0ONCALL", entries=1, roles=[["Lead", "U0DBA"], ["Scribe", "U0ENGINEER"]]),
        other=Beside("INC-8", "C0INC8"),
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
LISTED = FollowUpsView(
    improvements=(FollowUp(1, "Test the gateway with every kind of card", None, None, is_done=False),),
    tasks=(
        FollowUp(2, "Review the integration code", "U0ENGINEER", "2026-03-06", is_done=False),
        FollowUp(3, "Add an alert on declined payments", None, None, is_done=True),
    ),
    names=NAMES,
)


ENTRY = EntryView(
    entry_id=12,
    incident_id=7,
    incident="INC-7",
    version="a1b2c3",
    text="Half of all payments fail, @Engineer reads the gateway's logs",
    typed_at="2026-03-02 14:02",
    zone="Europe/Paris",
    kinds=(Kind.INVESTIGATION, Kind.HYPOTHESIS),
    fixed=frozenset(),
    language=None,
    is_withdrawn=False,
    has_words=True,
    neighbours=(Neighbour(11, "14:01 The pool is exhausted"), Neighbour(13, "14:05 Rolled back")),
    places=(Neighbour(11, "14:01 The pool is exhausted"),),
    history=(
        "2026-03-02 14:10 recorded by @On-call engineer",
        "2026-03-02 14:31 amended by @Engineer; before: 2026-03-02 14:03, investigation, “Half of payments fail”",
    ),
    undoable="Undo the last amendment",
)
ENTRIES = {
    "": ENTRY,
    " (taken off)": replace(ENTRY, is_withdrawn=True, undoable="Put it back"),
    " (redacted)": replace(
        ENTRY, text="", has_words=False, typed_at="?", undoable=None, fixed=frozenset({Kind.STATUS})
    ),
    " (long)": replace(ENTRY, text="long words " * 400),
}


TO_CHECK = FindingsView(
    "INC-7",
    (
        Found(
            "By the record the impact ended at 4:24 PM; elsewhere it is said to have ended at 4:23 PM (CET).",
            (Place("4:42 PM", "https://harbour.slack.example/archives/C0INC7/p42"), Place("6:00 PM", None)),
        ),
        Found(
            "2 tasks have neither an owner nor a date.",
            (Place("task 2", "https://harbour.slack.example/archives/C0INC7/p43"), Place("task 3", None)),
        ),
    ),
)


def exhibits(settings: Settings) -> Sequence[Exhibit]:
    """All of them, worded by these settings."""
    return (*_messages(), *_forms(settings), *_texts())


TWO_DAYS = ("2026-02-03 08:45 -06:00", "2026-03-02 08:45 -06:00")
WHICH_TIME = (
    f"`03/02/2026 08:45 CST` can be two days. Do you mean `{TWO_DAYS[0]}` or `{TWO_DAYS[1]}`?",
    [(each, "{}") for each in TWO_DAYS * (times.MOST // 2)],
)


def _messages() -> Iterator[Exhibit]:
    shown: list[tuple[str, Message]] = [
        *((f"card: {name}", card.card(view)) for name, view in CARDS.items()),
        *((f"announcement: {name}", card.announcement(view)) for name, view in CARDS.items()),
        *((f"escalation: {name}", escalation.ledger(view)) for name, view in ESCALATIONS.items()),
        ("escalation: moved", escalation.moved(ANSWERED)),
        *vendors_shown(),
        *((f"notice: {name}", notices.lacking(lacks)) for name, lacks in LACKS.items()),
        *((f"page: {name}", page.page(view, "U0DBA")) for name, view in PAGES.items()),
        *paged_messages(),
        *((f"line: {view.event}", events.said(view)) for view in SAID),
        ("follow-ups", events.followups(LISTED)),
        ("alerts: firing", card.alerts(AlertsView(7, True, 2, 1, (FIRED,), (ENDED,), ENDED.ended_at))),
        ("alerts: moved", card.alerts(AlertsView(7, False, 0, 0, (), (), None, Beside("INC-3", "C0INC3")))),
        ("alerts: all ended", card.alerts(AlertsView(7, True, 2, 0, (), (ENDED, ENDED), ENDED.ended_at))),
        *((f"catch up: {name}", catchup.catchup(view)) for name, view in CATCHUPS.items()),
        *lists_shown(OVER),
        ("reopened: its channel is archived", archiving.archived(7, "INC-7", "inc-7-checkout")),
        ("goes on elsewhere", archiving.goes_on("INC-7")),
        ("merge?", combining.question(Weighed(EDITED, OTHER, 31, 3, 1, 2))),
        ("merged", combining.done(Merged(EDITED, OTHER, 31, 3))),
        *gallery_oncall.messages(),
        ("line: redacted", events.unsaid()),
        ("questions", questions.questions(MissingView(7, tuple(NEEDED)))),
        *((f"briefing: {name}", briefing.briefing(view)) for name, view in BRIEFINGS.items()),
        ("briefing: taken", briefing.briefing(BRIEFINGS["handed over"], is_taken=True)),
        ("still on it?", quiet.asked(QUIET)),
        ("still on it: yes", quiet.thanks("INC-7")),
        *((f"reminder: {name}", nudges.nudge(view)) for name, view in NUDGES.items()),
        ("questions: answered", questions.questions(MissingView(7, ()))),
        ("findings", findings.findings(TO_CHECK)),
        ("question: which time", times.which_time(*WHICH_TIME)),
        ("findings: nothing left", findings.findings(FindingsView("INC-7", ()))),
    ]
    for name, message in shown:
        yield Exhibit(name, "message", dict(message.arguments()))


CARDS = {
    "open": OPEN,
    "busy": BUSY,
    "in triage": IN_TRIAGE,
    "resolved": OVER,
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
LACKS = {
    "a permission": [Lack(BY_SCOPE["pins:write"])],
    "a permission that is needed": [Lack(BY_SCOPE["channels:manage"]), Lack(BY_SCOPE["usergroups:read"])],
    "a plan": [Lack(BY_SCOPE["usergroups:read"], "paid_teams_only")],
    "all": [*map(Lack, PERMISSIONS), *(Lack(each, "plan_upgrade_required") for each in PERMISSIONS)],
}


def _forms(settings: Settings) -> Iterator[Exhibit]:
    yield Exhibit("form: declare", "modal", declaring.declare(settings))
    yield Exhibit(
        "form: declare from a message", "modal", declaring.declare(settings, title="Customers cannot pay", carried={})
    )
    known = [Choice("INC-7", "INC-7 Checkout is down"), Choice("INC-8", "INC-8 Search is slow")]
    yield Exhibit("form: add to a timeline", "modal", modals.mark(known, {"channel": "C0OPS", "ts": "1.2"}))
    yield Exhibit("form: add to a timeline, typed", "modal", modals.mark([], {"channel": "C0OPS", "ts": "1.2"}))
    yield Exhibit("form: roles", "modal", role_forms.form(HELD, 7))
    yield Exhibit("form: edit details", "modal", details.form(settings, EDITED))
    without = windows.without_record(details.empty(settings, 7))
    yield Exhibit("form: edit details, without the database", "modal", without)
    for callback_id, command in ways.FORMS.items():
        form_made = command_forms.form(command, settings, {modals.INCIDENT: 7})
        yield Exhibit(f"form: {callback_id.removeprefix('do_')}, of the menu", "modal", form_made)
    yield Exhibit("window: what to do", "modal", more.menu(ways.IN_MENU.values(), 7))
    for state, shown in HOMES.items():
        yield Exhibit(f"home: {state}", "home", home.home(shown, ways.IN_HOME.values()))
    yield from (Exhibit(name, "modal", view) for name, view in gallery_oncall.forms())
    yield Exhibit("form: add a means of being paged", "modal", pages.add_form(OFFERS))
    yield Exhibit("home: own means", "home", home.home(replace(HOMES["nothing"], paged=OWN), ways.IN_HOME.values()))
    yield Exhibit("home: of a guest", "home", home.refused(REFUSAL))
    yield Exhibit("form: make it a task", "modal", _task_of_message(settings))
    yield Exhibit("window: one moment", "modal", windows.loading())
    yield Exhibit("window: words", "modal", windows.notice(":warning: There is no INC-70."))
    yield Exhibit("form: merge", "modal", combining.form(7, "INC-7", known))
    yield Exhibit("form: merge, typed", "modal", combining.form(7, "INC-7", []))
    for opening in (*modals.OPENINGS, *escalation_forms.OPENINGS):
        yield Exhibit(f"form: {opening.__name__.replace('_', ' ')}", "modal", opening(settings, 7))

    for name, form in amending.FORMS.items():
        for state, view in ENTRIES.items():
            if name != "remove" or view.has_words or view.is_withdrawn or state == "":
                yield Exhibit(f"form: {name} an entry{state}", "modal", form(view, {"page": "7.0.0.0"}))


AN_OPEN = Open(7, "INC-7", "Checkout is down", "SEV2", 2, "investigating", BEGAN, None, "C0INC7", False, False)
A_PAGE = Paged(1, "INC-7", "Checkout is down", "The database answers slowly", "C0INC7", BEGAN, SECOND_OF_THREE)
A_TODO = ToDo(2, "task", 2, "INC-7", "Review the integration code", "2026-03-01", True, "C0INC7")
A_DRAFT = Draft(6, "INC-6", "Search is slow", BEGAN - timedelta(days=3), "C0INC6")
A_REMINDER = Reminder("INC-7", "Checkout is down", Nudge.UPDATE_DUE, "C0INC7")
HOMES = {
    "busy": HomeView(
        BEGAN,
        [AN_OPEN, replace(AN_OPEN, is_private=True)],
        [A_PAGE],
        [A_TODO],
        [A_DRAFT],
        NAMES,
        reminders=[A_REMINDER],
    ),
    "nothing": HomeView(BEGAN, [], [], [], [], {}),
    "on call": HomeView(BEGAN, [], [], [], [], {}, shifts=gallery_oncall.MINE, has_schedules=True),
    "too much": HomeView(
        BEGAN, [AN_OPEN] * 90, [A_PAGE] * 40, [A_TODO] * 60, [A_DRAFT] * 20, NAMES, reminders=[A_REMINDER] * 20
    ),
}


def _task_of_message(settings: Settings) -> dict[str, Any]:
    said = Said("C0OPS", "1772460000.000200", "Customers cannot pay", author="U0SUPPORT")
    taken = shortcuts.Taken("T0HARBOUR", "U0ONCALL", None, shortcuts.MAKE_TASK, "1.2", "C0OPS", said)
    known = (Choice("INC-7", "INC-7 Checkout is down"), Choice("INC-8", "INC-8 Search is slow"))
    return shortcuts.task_form(settings, taken, shortcuts.Offer(known, "INC-7"))


def _texts() -> Iterator[Exhibit]:
    yield Exhibit("topic", "text", {"text": card.topic(BUSY)})
    left = {"still": ["The message itself stays in Slack: its author or an admin deletes it there."]}
    refused = events.whispered("answer refused", {"text": "<@U0DBA> acknowledged it already. Nothing was changed."})
    yield Exhibit("whisper: answer refused", "text", {"text": refused})
    yield Exhibit("whisper: redacted", "text", {"text": events.whispered("redacted", left)})
    yield Exhibit("whisper: own message", "text", {"text": events.whispered("own message", {"emoji": "mag"})})
