"""Buttons, from their payload to what they do, in one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.command.table import Command
from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.escalation.vendors import VendorAct
from bot.domain.incidents.roles import LEAD
from bot.domain.terms import Status
from bot.services import outbox as tell
from bot.services.escalation import page_bundles as bundles
from bot.services.escalation import responses as answering
from bot.services.escalation import silence_check as quiet
from bot.services.escalation import view as ledger
from bot.services.incidents import lifecycle as incidents
from bot.services.incidents import role_briefing as briefing
from bot.services.incidents import roles
from bot.services.paging import addresses, contacts
from bot.services.paging import test_pages as page_tests
from bot.services.postmortem import catchup
from bot.services.reminders import reminders as nudges
from bot.services.timeline import action_items as actions
from bot.services.vendors import calls as vendors
from bot.services.views import outbox_operations as outboxing
from bot.services.workspace import access, people
from bot.services.workspace.actor import Actor, Origin
from bot.slack.api.payloads import carried_in, is_row, team_of
from bot.slack.blocks import app_home as homes
from bot.slack.blocks import menu as more
from bot.slack.blocks import modals
from bot.slack.blocks.command_forms import VENDOR, is_form
from bot.slack.blocks.command_forms import form as command_form
from bot.slack.blocks.escalation import contact_settings as page_forms
from bot.slack.blocks.escalation import forms as escalation_forms
from bot.slack.blocks.escalation import message as escalations
from bot.slack.blocks.escalation import oncall, oncall_form, reminders
from bot.slack.blocks.escalation import page as pages
from bot.slack.blocks.escalation import page_bundle as bundle_blocks
from bot.slack.blocks.escalation import silence_check as quiet_words
from bot.slack.blocks.escalation import vendors as vendor_blocks
from bot.slack.blocks.incidents import archiving
from bot.slack.blocks.incidents import card as cards
from bot.slack.blocks.incidents import declare_form as declaring
from bot.slack.blocks.incidents import details_form as details
from bot.slack.blocks.incidents import merge as combined
from bot.slack.blocks.incidents import role_briefing as briefings
from bot.slack.blocks.incidents import roles_form as role_forms
from bot.slack.blocks.message import Message
from bot.slack.blocks.postmortem import catchup as catchup_blocks
from bot.slack.blocks.postmortem import missing_facts as questions
from bot.slack.handlers import command_forms as form_acts
from bot.slack.handlers import merge as combining
from bot.slack.handlers import oncall as oncall_acts
from bot.slack.replies import entry_points as ways
from bot.slack.replies.render import answer_of, ephemeral, markup
from bot.store.database.savepoint import undone_if_it_fails
from bot.store.escalation import escalations as store_escalations
from bot.store.incidents import action_items as store_actions
from bot.store.incidents import incidents as store_incidents
from bot.store.incidents.visibility import sight_in
from bot.store.shared import idempotency as deliveries
from commands import vendor

OTHER_VERSION = "This button is from another version of Dogwatch. Use `/incident` instead."


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button, or a choice of a menu. `value` is what it carries: the id of an incident or escalation, for example."""

    team_id: str
    user_id: str
    home_team_id: str | None
    action_id: str
    value: str
    trigger_id: str
    channel_id: str = ""
    response_url: str = ""
    channel_name: str = ""
    view_id: str = ""
    """The window, or the Home, that the button is in; empty for one in a message."""
    is_in_home: bool = False

    @classmethod
    def from_payload(cls, body: Mapping[str, Any]) -> "Pressed":
        """Source: docs.slack.dev/reference/interaction-payloads/block_actions-payload."""
        action, user, view = body["actions"][0], body["user"], body.get("view") or {}
        return cls(
            team_id=team_of(body),
            user_id=str(user["id"]),
            home_team_id=user.get("team_id"),
            action_id=str(action["action_id"]),
            value=str(action.get("value") or (action.get("selected_option") or {}).get("value") or ""),
            trigger_id=str(body.get("trigger_id") or ""),
            channel_id=str((body.get("channel") or {}).get("id") or ""),
            response_url=str(body.get("response_url") or carried_in(view).get(more.URL) or ""),
            channel_name=str((body.get("channel") or {}).get("name") or ""),
            view_id=str(view.get("id") or ""),
            is_in_home=view.get("type") == "home",
        )

    @property
    def number(self) -> int:
        """Raises UserError for a button that carries no number: it is not one of ours, or from another version."""
        if not is_row(self.value):
            raise UserError(OTHER_VERSION)
        return int(self.value)


Answer = dict[str, Any]
"""What is sent to the press's response URL."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A message of its own for the one who pressed; the one with the button stays as it is."""

    message: Message


Press = Callable[[Session, Settings, Actor, int], str | Message | Aside | None]
"""
What a button does. Returns words or a message for the one who pressed, or what the message with the button becomes;
None: another message shows it.
"""


def _lead(session: Session, settings: Settings, actor: Actor, incident_id: int) -> None:
    roles.assign(session, settings, incident_id, actor, LEAD, actor.user_id or "")


def _accept(session: Session, settings: Settings, actor: Actor, incident_id: int) -> None:
    incidents.change_status(session, settings, incident_id, actor, Status.INVESTIGATING, "")


def _took(session: Session, settings: Settings, actor: Actor, role_id: int) -> Message:
    roles.took(session, settings, role_id, actor)
    return briefings.briefing(briefing.view(session, settings, role_id, actor.at), is_taken=True)


def _draft(session: Session, _settings: Settings, actor: Actor, incident_id: int) -> str:
    incident = store_incidents.get(session, incident_id)
    tell.post_draft(session, incident, actor.at, template=None, languages=None, asked_by=actor.user_id)
    return "The postmortem draft follows."


def _catch_up(session: Session, settings: Settings, actor: Actor, incident_id: int) -> Aside:
    return Aside(catchup_blocks.catchup(catchup.view(session, settings, incident_id, actor.at)))


def _retry(session: Session, _settings: Settings, actor: Actor, incident_id: int) -> str:
    done = outboxing.retry_incident(session, incident_id, actor)
    what = "It is" if len(done) == 1 else f"{len(done)} steps are"
    return f"{what} tried again. What fails once more is shown here."


def _acknowledge(session: Session, settings: Settings, actor: Actor, escalation_id: int) -> None:
    answering.acknowledge(session, settings, escalation_id, actor)


def _on_it(session: Session, settings: Settings, actor: Actor, escalation_id: int) -> Message:
    """Whoever was paged again meanwhile acknowledges anew by it."""
    row = store_escalations.get(session, escalation_id)
    if row is not None and row.acknowledged_at is None:
        answering.acknowledge(session, settings, escalation_id, actor)
    return quiet_words.thanks(quiet.on_it(session, settings, escalation_id, actor).reference)


def _decline(session: Session, settings: Settings, actor: Actor, escalation_id: int) -> None:
    answering.decline(session, settings, escalation_id, actor)


def _more_time(session: Session, settings: Settings, actor: Actor, pressed: Pressed) -> None:
    escalation_id, _, minutes = pressed.value.partition(".")
    if not is_row(escalation_id) or not minutes.isdecimal():
        raise UserError(OTHER_VERSION)
    answering.more_time(session, settings, int(escalation_id), actor, minutes=int(minutes))


def _fixed(session: Session, settings: Settings, actor: Actor, escalation_id: int) -> None:
    vendors.record(session, settings, escalation_id, actor, vendors.Told(act=VendorAct.FIXED))


def _vendor_form(session: Session, settings: Settings, escalation_id: int) -> modals.View:
    """What a vendor said, of the one who was called."""
    called = store_escalations.get(session, escalation_id)
    if called is None:
        raise UserError("That vendor was not called here.")
    chosen = {VENDOR: called.target_id}
    return command_form(vendor.COMMAND, settings, {modals.INCIDENT: called.incident_id}, initial=chosen)


def _command(command: Command) -> Press:
    """A command that takes nothing, as a button."""

    def press(session: Session, settings: Settings, actor: Actor, incident_id: int) -> str | Aside:
        reply = form_acts.press(session, settings, command, actor, incident_id)
        told = answer_of(session, settings, reply, actor.at)
        return Aside(Message(told["text"], told["blocks"])) if told.get("blocks") else reply.text

    return press


def _finish(session: Session, _settings: Settings, actor: Actor, item_id: int) -> None:
    item = store_actions.get(session, item_id)
    if item is None:
        raise UserError("There is no such task any more.")
    actions.change(session, item.incident_id, item.number, actor, is_done=True)


def _undo(session: Session, settings: Settings, actor: Actor, override_id: int) -> Aside:
    return Aside(oncall_acts.undo(session, settings, actor, override_id))


def _on_call(session: Session, settings: Settings, actor: Actor, _nothing: int) -> Aside:
    return Aside(oncall_acts.everybody(session, settings, actor))


def _schedule(session: Session, settings: Settings, actor: Actor, pressed: Pressed) -> Aside:
    return Aside(oncall_acts.show(session, settings, actor, pressed.value, pressed.response_url))


def _bundle_one(session: Session, settings: Settings, actor: Actor, page_id: int) -> Message:
    bundles.acknowledge(session, settings, page_id, actor)
    return bundle_blocks.bundle(bundles.with_page(session, settings, page_id))


def _bundle_all(session: Session, settings: Settings, actor: Actor, page_id: int) -> Message:
    bundles.acknowledge_all(session, settings, page_id, actor)
    return bundle_blocks.bundle(bundles.with_page(session, settings, page_id))


def _pages_of(session: Session, settings: Settings, actor: Actor) -> Message:
    """What changed is shown in App Home, too."""
    session.flush()
    tell.show_home(session, actor.team_id, actor.user_id or "", actor.at)
    return page_forms.shown(contacts.view(session, settings, actor.team_id, actor.user_id or "", actor.at))


def _pages_menu(session: Session, settings: Settings, actor: Actor, value: str) -> Message:
    contact_id, _, wanted = value.partition(":")
    if not is_row(contact_id):
        raise UserError("This menu is from another version of Dogwatch. Type `/incident pages`.")
    if wanted == page_forms.REMOVE:
        contacts.remove(session, actor, int(contact_id))
    elif wanted.isascii() and wanted.isdecimal() and int(wanted) in page_forms.DELAYS:
        contacts.set_delay(session, actor, int(contact_id), int(wanted))
    return _pages_of(session, settings, actor)


def _pages_test(session: Session, settings: Settings, actor: Actor, _nothing: int) -> str:
    return page_tests.said(page_tests.start(session, settings, actor))


def _page_arrived(session: Session, settings: Settings, actor: Actor, test_id: int) -> Message:
    return page_forms.tested(page_tests.arrived(session, settings, test_id, actor))


PRESSES: Mapping[str, Press] = {
    page_forms.TEST: _pages_test,
    page_forms.CONFIRM: _page_arrived,
    bundle_blocks.ACKNOWLEDGE: _bundle_one,
    bundle_blocks.ACKNOWLEDGE_ALL: _bundle_all,
    homes.DONE: _finish,
    **{name: _command(each) for name, each in ways.IN_MENU.items() if not is_form(each)},
    cards.LEAD: _lead,
    cards.ACCEPT: _accept,
    briefings.TOOK: _took,
    cards.DRAFT: _draft,
    cards.CATCHUP: _catch_up,
    cards.RETRY: _retry,
    escalations.ACKNOWLEDGE: _acknowledge,
    escalations.DECLINE: _decline,
    quiet_words.ON_IT: _on_it,
    oncall.UNDO: _undo,
    oncall.NOW: _on_call,
    vendor_blocks.FIXED: _fixed,
}
"""Buttons that act at once. `OPENS` are those that ask first."""

OF_ESCALATIONS = frozenset(
    {escalations.ACKNOWLEDGE, escalations.DECLINE, escalations.MORE_TIME, escalations.HAND_OVER, escalations.HAND_BACK}
)
DIRECT = "D"
"""How the ids of direct messages begin."""
NAMED: Mapping[str, Callable[[Session, Settings, Actor, Pressed], Aside | None]] = {
    oncall.SHOW: _schedule,
    escalations.MORE_TIME: _more_time,
}
"""Buttons and choices that carry a name, or more than a number."""

ON_CALL = frozenset({oncall.UNDO, oncall.NOW, oncall.CHANGE})
OF_BUNDLES = frozenset({bundle_blocks.ACKNOWLEDGE, bundle_blocks.ACKNOWLEDGE_ALL})
ABOUT_OTHER_ROWS = frozenset(
    {
        homes.DONE,
        briefings.TOOK,
        page_forms.CONFIRM,
        quiet_words.ON_IT,
        *OF_ESCALATIONS,
        *OF_BUNDLES,
        *ON_CALL,
        vendor_blocks.FIXED,
    }
)
"""Those that carry no incident's number: they stand in direct messages too, for the one whom they are about."""


def _put_off(session: Session, settings: Settings, actor: Actor, value: str) -> None:
    nudge_id, _, later = value.partition(".")
    if not is_row(nudge_id) or later not in set(nudges.Later):
        raise UserError("This menu is from another version of Dogwatch. Nothing was changed.")
    nudges.put_off(session, settings, int(nudge_id), actor, nudges.Later(later))


CONFIRMS: Mapping[str, Callable[[Session, Settings, Actor, str], Message | None]] = {
    combined.CONFIRM: combining.confirmed,
    archiving.GO_ON: combining.gone_on,
    reminders.PUT_OFF: _put_off,
    page_forms.MENU: _pages_menu,
}
"""Buttons and menus that carry more than a number. A question that was asked first becomes the message, if any."""


def _form(command: Command) -> modals.Opening:
    """A command's form, about the incident whose number the button carries; 0 for a command that is about none."""

    def opening(settings: Settings, incident_id: int) -> modals.View:
        return command_form(command, settings, {modals.INCIDENT: incident_id})

    return opening


OPENS: Mapping[str, modals.Opening] = {
    cards.RESOLVE: modals.resolve,
    cards.NOTE: modals.note,
    cards.SEVERITY: modals.severity,
    cards.STATUS: modals.status,
    cards.ESCALATE: modals.escalate,
    f"{questions.ASK}_impact": modals.ask_impact,
    f"{questions.ASK}_start": modals.ask_start,
    f"{questions.ASK}_cause": modals.ask_cause,
    f"{questions.ASK}_detection": modals.ask_detection,
    f"{questions.ASK}_fix": modals.ask_fix,
    cards.CANCEL: modals.cancel,
    oncall.CHANGE: oncall_form.change,
    page_forms.ADD: lambda settings, _nothing: page_forms.add_form(addresses.offered(settings)),
    escalations.HAND_OVER: escalation_forms.hand_over,
    escalations.HAND_BACK: escalation_forms.hand_back,
    homes.DECLARE: lambda settings, _nothing: declaring.declare(settings),
    cards.MORE: lambda _settings, incident_id: more.menu(ways.IN_MENU.values(), incident_id),
    **{name: _form(each) for name, each in ways.FORMS.items()},
}

FILLED: Mapping[str, Callable[[Session, Settings, int], modals.View]] = {
    cards.EDIT: details.edit,
    cards.ROLES: role_forms.roles,
    cards.MERGE: combining.form,
    vendor_blocks.FORM: _vendor_form,
}
"""Buttons that open a form with what the record holds now."""

ABOUT_ESCALATIONS = frozenset({vendor_blocks.FORM})
"""Those of them that carry an escalation's number rather than an incident's."""

SAME: Mapping[str, str] = {
    name: ways.OWN[each.name] for name, each in ways.IN_MENU.items() if each.name in ways.OWN and is_form(each)
}
"""Lines of the card's menu that do what a button of the card does."""

EMPTY: Mapping[str, modals.Opening] = {
    cards.EDIT: details.empty,
    cards.ROLES: role_forms.empty,
    cards.MERGE: combined.typed,
}
"""The same forms for when nobody says what the record holds: what is left empty stays as it is."""


def carry_out(session: Session, settings: Settings, pressed: Pressed, at: datetime) -> Answer | None:
    """
    Do what a button does. The same press delivered again does nothing.

    Returns what the one who pressed is told; a refusal is told in words, and nothing is changed. None: nothing is told,
    because a message that everybody sees shows it.
    """
    if pressed.trigger_id and not deliveries.is_first(session, f"{pressed.team_id}:press:{pressed.trigger_id}", at):
        return None
    actor = Actor(pressed.team_id, pressed.user_id, at, Origin.BUTTON)
    refused = None
    told: str | Message | Aside | None = None
    try:
        with undone_if_it_fails(session):
            people.meet(session, pressed.team_id, [pressed.user_id], at)
            access.check(session, actor, home_team_id=pressed.home_team_id)
            told = _done(session, settings, actor, pressed)
            session.flush()
            if pressed.is_in_home and pressed.action_id == page_forms.MENU:
                told = None  # App Home shows it itself
    except UserError as problem:
        refused = f":warning: {problem.message}"
    return answer(_page_after(session, settings, pressed, was_refused=refused is not None) or refused or told)


def incident_of_call(session: Session, pressed: Pressed) -> int:
    """Which incident a button is about that carries an escalation's number; 0 if there is none such."""
    called = store_escalations.get(session, pressed.number)
    return called.incident_id if called else 0


def refuse_unseen(session: Session, pressed: Pressed, incident_id: int) -> None:
    """
    What stayed behind in a message elsewhere does nothing about an incident that became private since.

    Raises IncidentNotFound. Windows and App Home are opened from what was looked at already.
    """
    if incident_id and pressed.channel_id and not pressed.view_id:
        sight_in(session, pressed.team_id, pressed.channel_id).get(session, incident_id)


def _done(session: Session, settings: Settings, actor: Actor, pressed: Pressed) -> str | Message | Aside | None:
    if pressed.action_id in CONFIRMS:
        return CONFIRMS[pressed.action_id](session, settings, actor, pressed.value)
    if pressed.action_id in NAMED:
        return NAMED[pressed.action_id](session, settings, actor, pressed)
    if pressed.action_id not in ABOUT_OTHER_ROWS:
        refuse_unseen(session, pressed, pressed.number)
    return PRESSES[pressed.action_id](session, settings, actor, pressed.number)


def answer(told: str | Message | Aside | None) -> Answer | None:
    """Words as a message of their own, that only one person sees; a message instead of the one with the button."""
    if told is None:
        return None
    if isinstance(told, Aside):
        return {**ephemeral(told.message), "replace_original": False}
    if isinstance(told, Message):
        return {"text": told.text, "blocks": told.blocks, "replace_original": True}
    return {"text": markup(told), "response_type": "ephemeral", "replace_original": False}


def _page_after(session: Session, settings: Settings, pressed: Pressed, *, was_refused: bool) -> Message | None:
    """
    What a page becomes once its reader answered anything; None for presses elsewhere.

    A page that still waits after a refusal stays as it is: they are told why.
    """
    escalation_id = pressed.value.partition(".")[0]
    is_page = pressed.action_id in OF_ESCALATIONS and pressed.channel_id.startswith(DIRECT)
    if not is_page or not is_row(escalation_id):
        return None
    view = ledger.view(session, settings, int(escalation_id))
    if view is None or (was_refused and view.is_waiting):
        return None
    return pages.page(view, pressed.user_id)
