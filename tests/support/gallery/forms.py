"""Modals and App Homes of the gallery."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.command.forms.choices import Choice
from bot.config import Settings
from bot.domain.drafting.document.blocks import BlockId
from bot.domain.reminders import ReminderKind
from bot.domain.terms import Kind
from bot.domain.timeline.candidates import ChannelMessage
from bot.domain.timeline.emoji import DEFAULT_REACTIONS
from bot.services.channel.candidates import CandidatesView
from bot.services.channel.messages import SlackMessage
from bot.services.entries.form_view import EntryView, Neighbour
from bot.services.incidents.alerts import FiringAlerts
from bot.services.postmortem.document.block_form import BlockField, BlockForm, FieldConflict
from bot.services.reminders.view import WaitingReminder
from bot.services.status_page.subscriptions import Audience
from bot.services.vendors.page_status import UnreadablePage, VendorPages, VendorTrouble
from bot.services.views.app_home import HomeActionItem, HomeDraft, HomeIncident, HomePage, HomeView
from bot.services.workspace.access import REFUSAL
from bot.slack.blocks import command_forms, modals
from bot.slack.blocks.app_home import home_view, refusal_view
from bot.slack.blocks.escalation.contact_settings import contact_method_form
from bot.slack.blocks.escalation.controls import hand_back_form, hand_over_form
from bot.slack.blocks.incidents.forms.declare_form import declare_form
from bot.slack.blocks.incidents.forms.details_form import details_form, empty_details_form
from bot.slack.blocks.incidents.forms.end_forms import with_firing_alerts
from bot.slack.blocks.incidents.forms.roles_form import roles_form
from bot.slack.blocks.incidents.merge import merge_form
from bot.slack.blocks.menu import incident_menu
from bot.slack.blocks.notices import loading_modal, notice_modal, with_database_warning
from bot.slack.blocks.postmortem.block_form import blocks_form, conflict_form
from bot.slack.blocks.postmortem.candidates import choose_messages_form
from bot.slack.blocks.postmortem.entry_forms import FORMS
from bot.slack.blocks.status_page.approval import decline_form
from bot.slack.handlers.interactions import ShortcutUse
from bot.slack.handlers.timeline import IncidentChoices, task_form
from bot.slack.replies.entry_points import GENERATED_FORMS, IN_HOME, IN_MENU
from tests.support.gallery import oncall
from tests.support.gallery.cards import BEGAN, EDITED
from tests.support.gallery.escalations import NAMES, SECOND_OF_THREE
from tests.support.gallery.paging import OFFERS, OWN
from tests.support.gallery.roles import ROLE_HOLDERS

INCIDENT_FORMS: Sequence[Callable[[Settings, int], dict[str, Any]]] = (
    modals.resolve_form,
    modals.note_form,
    modals.severity_form,
    modals.status_form,
    modals.escalate_form,
    modals.impact_form,
    modals.start_form,
    modals.cause_form,
    modals.detection_form,
    modals.fix_form,
    modals.cancel_form,
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
AN_OPEN = HomeIncident(7, "INC-7", "Checkout is down", "SEV2", 2, "investigating", BEGAN, None, "C0INC7", False, False)
A_PAGE = HomePage(1, "INC-7", "Checkout is down", "The database answers slowly", "C0INC7", BEGAN, SECOND_OF_THREE)
A_TODO = HomeActionItem(2, "task", 2, "INC-7", "Review the integration code", "2026-03-01", True, "C0INC7")
A_DRAFT = HomeDraft(6, "INC-6", "Search is slow", BEGAN - timedelta(days=3), "C0INC6")
A_REMINDER = WaitingReminder("INC-7", "Checkout is down", ReminderKind.UPDATE_DUE, "C0INC7")
A_VENDOR = VendorTrouble(
    "Payment gateway", "EU payments fail", "monitoring", BEGAN, "https://status.payments.example", ("checkout",)
)
VENDORS = VendorPages([A_VENDOR] * 40, [UnreadablePage("Host", "the server answered 503", BEGAN)])
HOMES = {
    "busy": HomeView(
        BEGAN,
        [AN_OPEN, replace(AN_OPEN, is_private=True)],
        [A_PAGE],
        [A_TODO],
        [A_DRAFT],
        NAMES,
        reminders=[A_REMINDER],
        reactions=DEFAULT_REACTIONS,
    ),
    "nothing": HomeView(BEGAN, [], [], [], [], {}),
    "vendors": HomeView(BEGAN, [], [], [], [], {}, vendors=VENDORS),
    "subscribers": HomeView(BEGAN, [], [], [], [], {}, audience=Audience(12_040, 1)),
    "late notices": HomeView(BEGAN, [], [], [], [], {}, audience=Audience(1, 0, BEGAN)),
    "on call": HomeView(BEGAN, [], [], [], [], {}, shifts=oncall.MINE, has_schedules=True),
    "too much": HomeView(
        BEGAN,
        [AN_OPEN] * 90,
        [A_PAGE] * 40,
        [A_TODO] * 60,
        [A_DRAFT] * 20,
        NAMES,
        reminders=[A_REMINDER] * 20,
        reactions=DEFAULT_REACTIONS,
    ),
}


SAID = ChannelMessage("C0INC7", "1772460000.000100", BEGAN, "U0ENGINEER", "<@U0DBA> the pool is exhausted since 13:58")
CANDIDATES = CandidatesView(
    7,
    "INC-7",
    ZoneInfo("Europe/Paris"),
    total=306,
    recorded=2,
    candidates=tuple(
        replace(each, ts=f"1772460{number:03}.000100")
        for number, each in enumerate(
            [SAID, replace(SAID, text="long words " * 40), replace(SAID, text="", has_files=True)] * 10
        )
    ),
    names=NAMES,
)

BLOCKS = BlockForm(
    7,
    "INC-7",
    "https://dogwatch.example/incidents/INC-7/postmortem",
    (
        BlockField(BlockId("cause", "cause", "en"), "Cause", "The deploy halved the pool", "0123456789abcdef"),
        BlockField(BlockId("went_well", "", "en"), "Went well", ""),
    ),
    left_out=2,
)


def modal_exhibits(settings: Settings) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "form: declare", declare_form(settings)
    yield "form: declare from a message", declare_form(settings, title="Customers cannot pay", metadata={})
    known = [Choice("INC-7", "INC-7 Checkout is down"), Choice("INC-8", "INC-8 Search is slow")]
    yield "form: add to a timeline", modals.add_to_timeline_form(known, {"channel": "C0OPS", "ts": "1.2"})
    yield "form: add to a timeline, typed", modals.add_to_timeline_form([], {"channel": "C0OPS", "ts": "1.2"})
    yield "form: choose messages", choose_messages_form(CANDIDATES)
    yield "form: roles", roles_form(ROLE_HOLDERS, 7)
    yield "form: edit details", details_form(settings, EDITED)
    without = with_database_warning(empty_details_form(settings, 7))
    yield "form: edit details, without the database", without
    for callback_id, command in GENERATED_FORMS.items():
        form_made = command_forms.command_form(command, settings, {modals.INCIDENT: 7})
        yield f"form: {callback_id.removeprefix('do_')}, of the menu", form_made
    yield "window: what to do", incident_menu([each.name for each in IN_MENU.values()], 7)
    yield from oncall.oncall_forms()
    yield "form: add a means of being paged", contact_method_form(OFFERS)
    yield "form: make it a task", _task_of_message(settings)
    yield "window: one moment", loading_modal()
    yield "window: words", notice_modal(":warning: There is no INC-70.")
    yield "form: postmortem", blocks_form(BLOCKS)
    yield "form: postmortem, changed meanwhile", conflict_form(7, [FieldConflict(BLOCKS.fields[0], "Half of all")])
    yield "form: merge", merge_form(7, "INC-7", known)
    yield "form: merge, typed", merge_form(7, "INC-7", [])
    firing = FiringAlerts(2, ("CheckoutHTTP500Spike", "PaymentQueueFull"), (1, 2))
    yield "form: resolve while alerts fire", with_firing_alerts(modals.resolve_form(settings, 7), firing)
    for opening in (*INCIDENT_FORMS, hand_over_form, hand_back_form, decline_form):
        yield f"form: {opening.__name__.replace('_', ' ')}", opening(settings, 7)

    for name, form in FORMS.items():
        for state, view in ENTRIES.items():
            if name != "remove" or view.has_words or view.is_withdrawn or state == "":
                yield f"form: {name} an entry{state}", form(view, {"page": "7.0.0.0"})


def home_exhibits() -> Iterator[tuple[str, dict[str, Any]]]:
    for state, view in HOMES.items():
        yield f"home: {state}", home_view(view, IN_HOME.values())
    own_methods = replace(HOMES["nothing"], paged=OWN)
    yield "home: own means", home_view(own_methods, IN_HOME.values())
    yield "home: of a guest", refusal_view(REFUSAL)


def _task_of_message(settings: Settings) -> dict[str, Any]:
    said = SlackMessage("C0OPS", "1772460000.000200", "Customers cannot pay", author="U0SUPPORT")
    use = ShortcutUse("T0HARBOUR", "U0ONCALL", None, "1.2", "C0OPS", said)
    known = (Choice("INC-7", "INC-7 Checkout is down"), Choice("INC-8", "INC-8 Search is slow"))
    return task_form(settings, use, IncidentChoices(known, "INC-7"))
