"""Buttons, forms and shortcuts of the timeline: pages, notes, messages as entries."""

from sqlmodel import Session

from bot.command.forms.choices import Choice
from bot.command.forms.parser import parse_form
from bot.command.mark_help import mark_help
from bot.config import Settings
from bot.domain.errors import ErrorCollector, UserError, errors_at
from bot.domain.terms import MARKS, ActionKind, Kind, Precision
from bot.domain.times import ParsedTime
from bot.lazy_dataclass import dataclass
from bot.services.channel.candidates import load_candidates, record_candidates
from bot.services.channel.marks import mark_message
from bot.services.entries.amend import Amendment, amend_entry
from bot.services.timeline.action_items import add_action_item
from bot.services.timeline.notes import record_note
from bot.services.workspace.actor import Actor
from bot.slack.api.payloads import is_row_id, read_moment
from bot.slack.blocks import menu, modals
from bot.slack.blocks.command_forms import command_form
from bot.slack.blocks.commands.note_time import SET_TIME, time_set_message
from bot.slack.blocks.incidents import card
from bot.slack.blocks.limits import View, one_line, plain_text
from bot.slack.blocks.message import Message
from bot.slack.blocks.modals import AT, INCIDENT, KIND, TEXT, incident_field
from bot.slack.blocks.postmortem.candidates import (
    CHOOSE,
    CHOOSE_FORM,
    FIELD,
    choose_messages_form,
    parse_message_values,
)
from bot.slack.handlers import registry
from bot.slack.handlers.fields import parse_time_field
from bot.slack.handlers.interactions import OLD_BUTTON, ButtonClick, ShortcutUse, ViewSubmission
from bot.slack.handlers.registry import CLICK, About, Answer, Button, ButtonReply, Form, Shortcut, check_visible
from bot.slack.handlers.timeline_entries import open_entry_form
from bot.slack.replies.render import render_text
from bot.slack.replies.timeline import NEWER, OLDER, SHOW_REMOVED, TimelinePage, render_timeline_page
from bot.store.incidents import incident_lists, incidents, timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import visibility_in_channel
from commands import task
from commands.execution import build_form_context

ADD_TO_TIMELINE, AMEND_ENTRY, MAKE_TASK = "add_to_timeline", "amend_entry", "make_it_a_task"
MAX_CHOICE = 60
"""Characters of an incident's title in a menu."""


@dataclass(frozen=True, slots=True)
class IncidentChoices:
    """The incidents that a message can be added to; `here`: the reference of the channel's own."""

    choices: tuple[Choice, ...] = ()
    here: str | None = None


def _turn_page(session: Session, settings: Settings, click: ButtonClick) -> ButtonReply:
    try:
        page = TimelinePage.from_value(click.value)
        check_visible(session, click, page.incident_id)
        return render_timeline_page(session, settings, page)
    except UserError as problem:
        return problem.message


def _load_choices(session: Session, use: ShortcutUse) -> IncidentChoices:
    here = incidents.find_by_channel(session, use.team_id, use.channel_id)
    if here is not None and here.merged_into_id is not None:
        here = None
    visibility = visibility_in_channel(session, use.team_id, use.channel_id, viewer=use.user_id)
    visible = visibility.filter(incident_lists.find_open(session, use.team_id))
    if here is not None:
        visible = [here, *(each for each in visible if each.id != here.id)]
    choices = tuple(Choice(each.reference, f"{each.reference} {one_line(each.title, MAX_CHOICE)}") for each in visible)
    return IncidentChoices(choices, here.reference if here else None)


def _open_add_form(_settings: Settings, use: ShortcutUse) -> View:
    return modals.add_to_timeline_form((), use.metadata)


def _fill_add_form(session: Session, _settings: Settings, use: ShortcutUse) -> View:
    found = _load_choices(session, use)
    return modals.add_to_timeline_form(found.choices, use.metadata, chosen=found.here)


def _fill_amend_form(session: Session, settings: Settings, use: ShortcutUse) -> View:
    """Build the form for the entry of a message; a message without an entry can be added."""
    entry_id = _find_entry(session, use.team_id, use.channel_id, use.message.ts if use.message else "")
    return (
        _fill_add_form(session, settings, use) if entry_id is None else open_entry_form(session, "amend", entry_id, {})
    )


def _find_entry(session: Session, team_id: str, channel_id: str, ts: str) -> int | None:
    """
    Find the entry that quotes a message, or that a message of the bot reports.

    The channel's incident comes first. Entries of private incidents are found in their channel only.
    """
    here = incidents.find_by_channel(session, team_id, channel_id)
    found = timeline.find_quotes(session, channel_id, ts)
    found += (
        [reported] if here is not None and (reported := timeline.find_by_posted_message(session, here.key, ts)) else []
    )
    for entry in found:
        if here is not None and entry.incident_id == here.key:
            return entry.key
    visibility = visibility_in_channel(session, team_id, channel_id)
    visible = [entry for entry in found if visibility.sees(incidents.get(session, entry.incident_id))]
    return visible[-1].key if visible else None


def _open_task_form(settings: Settings, use: ShortcutUse) -> View:
    return task_form(settings, use, IncidentChoices())


def _fill_task_form(session: Session, settings: Settings, use: ShortcutUse) -> View:
    return task_form(settings, use, _load_choices(session, use))


def task_form(settings: Settings, use: ShortcutUse, found: IncidentChoices) -> View:
    """Build the form of `/incident task` with the message's text, and a field for the incident."""
    metadata = {**use.metadata, menu.URL: use.response_url}
    view = command_form(task.COMMAND, settings, metadata, initial={TEXT: use.text})
    blocks = [incident_field(found.choices, found.here), *view["blocks"]]
    return {**view, "callback_id": modals.TASK_OF_MESSAGE, "title": plain_text("Make it a task"), "blocks": blocks}


def _find_incident(session: Session, submission: ViewSubmission) -> Incident:
    """Find the incident that the form names, as visible in the message's channel."""
    channel = str(submission.metadata.get("channel") or "")
    visibility = visibility_in_channel(session, submission.team_id, channel, viewer=submission.user_id)
    with errors_at(INCIDENT):
        return visibility.find(session, submission.text(INCIDENT))


def _mark_message(session: Session, _settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    incident, kind = _find_incident(session, submission), submission.text(KIND)
    mark_message(session, incident, actor, submission.message, Kind(kind) if kind in MARKS else Kind.NOTE)


def _make_task(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> Answer:
    """Add the message to the timeline, and a task whose source is that entry."""
    errors, incident = ErrorCollector(), None
    with errors.collect():
        incident = _find_incident(session, submission)
    context = build_form_context(settings, actor.at, incident)
    invocation = parse_form(task.COMMAND, submission.values, context, errors)
    errors.check()
    assert incident is not None  # noqa: S101  else there is an error
    entry = mark_message(session, incident, actor, submission.message, Kind.TASK)
    item = add_action_item(
        session,
        incident.key,
        actor,
        ActionKind.TASK,
        invocation.text,
        owner=invocation.options.get("owner"),
        due=invocation.options.get("due"),
        symptom=invocation.options.get("symptom"),
        language=invocation.options.get("lang"),
        entry=entry,
    )
    return render_text(f"Task {item.number} of {incident.reference} noted.")


def _add_note(session: Session, _settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    text, word = submission.text(), submission.text(KIND)
    errors, when = ErrorCollector(), None
    if not text:
        errors.by_field[TEXT] = "Write what happened."
    with errors.collect():
        when = parse_time_field(session, submission, actor.at)
    errors.check()
    kind = Kind(word) if word in MARKS else None
    with errors_at(AT):
        record_note(session, submission.incident_id, actor, text, when=when, kind=kind)


def _show_reactions(_session: Session, settings: Settings, _incident_id: int) -> ButtonReply:
    return mark_help(settings.reactions, settings.escalation.acknowledge_emoji)


def _fill_choice(session: Session, _settings: Settings, incident_id: int) -> View:
    view = load_candidates(session, incident_id)
    if not view.candidates:
        raise UserError(f"No message of {view.reference}'s channel is left to choose. React to a message to log it.")
    return choose_messages_form(view)


def _record_chosen(session: Session, _settings: Settings, actor: Actor, submission: ViewSubmission) -> Answer:
    fields = [text for name, text in submission.values.items() if name.startswith(FIELD)]
    chosen = [place for text in fields for place in parse_message_values(text)]
    if not chosen:
        raise UserError("Tick at least one message.")
    done = record_candidates(session, submission.incident_id, actor, chosen)
    count = f"{done.count} message{'s are' if done.count != 1 else ' is'} on the timeline now."
    return render_text(f":white_check_mark: {count}{' A new draft follows.' if done.has_draft else ''}")


@dataclass(frozen=True, slots=True)
class TextTime:
    """The time at which a note's text begins. `entry_id` is the note."""

    incident_id: int
    entry_id: int
    when: ParsedTime


def _read_text_time(click: ButtonClick) -> TextTime:
    try:
        incident_id, entry_id, precision, at = click.value.split(":", maxsplit=3)
        when = ParsedTime(read_moment(at), Precision(precision))
    except ValueError:
        raise UserError(OLD_BUTTON) from None
    if not (is_row_id(incident_id) and is_row_id(entry_id)) or when.precision is Precision.UNKNOWN:
        raise UserError(OLD_BUTTON)
    return TextTime(int(incident_id), int(entry_id), when)


def _set_time(session: Session, _settings: Settings, actor: Actor, chosen: TextTime) -> Message:
    entry = amend_entry(session, chosen.entry_id, actor, Amendment(when=chosen.when))
    return time_set_message(entry.happened_at or entry.sort_at)


TEXT_TIME = About(_read_text_time, incident=lambda _session, click: _read_text_time(click).incident_id)
BUTTONS = (
    Button(SET_TIME, about=TEXT_TIME, run=_set_time),
    Button(card.REACTIONS, about=registry.INCIDENT, show=_show_reactions),
    Button(card.NOTE, about=registry.INCIDENT, modal=modals.note_form),
    Button(CHOOSE, about=registry.INCIDENT, filled_modal=_fill_choice),
    Button(OLDER, about=CLICK, show=_turn_page),
    Button(NEWER, about=CLICK, show=_turn_page),
    Button(SHOW_REMOVED, about=CLICK, show=_turn_page),
)
FORMS = (
    Form(modals.NOTE, run=_add_note),
    Form(modals.MARK, run=_mark_message, first_field=KIND),
    Form(modals.TASK_OF_MESSAGE, run=_make_task),
    Form(CHOOSE_FORM, run=_record_chosen, first_field=f"{FIELD}0"),
)
SHORTCUTS = (
    Shortcut(ADD_TO_TIMELINE, modal=_open_add_form, filled_modal=_fill_add_form),
    Shortcut(AMEND_ENTRY, filled_modal=_fill_amend_form),
    Shortcut(MAKE_TASK, modal=_open_task_form, filled_modal=_fill_task_form),
)
