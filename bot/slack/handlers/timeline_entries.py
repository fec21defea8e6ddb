"""The menu beside a timeline entry, and the forms that it opens."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.command.forms.parser import list_candidates
from bot.config import Settings
from bot.domain.errors import Ambiguous, ErrorCollector, InvalidField, UserError, errors_at
from bot.domain.terms import LANGUAGES, MARKS, Kind
from bot.domain.text.mentions import resolve_mentions
from bot.domain.timeline.amendments import parse_amended_time
from bot.domain.times import ParsedTime
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.entries import amend
from bot.services.entries.form_view import (
    EntryView,
    changed_translations,
    entry_names,
    load_entry_view,
    restore_mentions,
)
from bot.services.entries.merge import MergedText, merge_entries
from bot.services.entries.redact import redact_entry
from bot.services.entries.remove import put_back_entry, removal_objection, remove_entry
from bot.services.entries.translate import translate_entry
from bot.services.entries.undo import undo_change
from bot.services.workspace.actor import Actor
from bot.slack.api.payloads import is_row_id
from bot.slack.blocks import menu
from bot.slack.blocks.inputs import MAX_INPUT
from bot.slack.blocks.limits import View
from bot.slack.blocks.message import Message
from bot.slack.blocks.postmortem import entry_forms
from bot.slack.handlers.interactions import OLD_FORM, ButtonClick, ViewSubmission
from bot.slack.handlers.registry import About, Button, Form
from bot.slack.replies.timeline import TimelinePage, render_timeline_page
from bot.store.incidents import incidents, timeline
from bot.store.incidents.timeline import TimelineEntry

PAGE = "page"
"""The name under which a form carries the page of the timeline that it was opened from."""


@dataclass(frozen=True, slots=True)
class EntryOption:
    """A chosen option of an entry's menu. `form`: a key of `entry_forms.FORMS`."""

    form: str
    entry_id: int
    page: str
    response_url: str


def _read_option(click: ButtonClick) -> EntryOption:
    form, _, rest = click.value.partition(":")
    entry_id, _, page = rest.partition(":")
    if form not in entry_forms.FORMS or not is_row_id(entry_id):
        raise UserError("This menu is from another version of Dogwatch. Type `/incident timeline` again.")
    return EntryOption(form, int(entry_id), TimelinePage.from_value(page).value, click.response_url)


def _read_incident_id(_session: Session, click: ButtonClick) -> int:
    return TimelinePage.from_value(click.value.partition(":")[2].partition(":")[2]).incident_id


ENTRY = About(_read_option, incident=_read_incident_id)


def _fill_form(session: Session, _settings: Settings, option: EntryOption) -> View:
    return open_entry_form(session, option.form, option.entry_id, {PAGE: option.page, menu.URL: option.response_url})


def open_entry_form(session: Session, form: str, entry_id: int, metadata: Mapping[str, object]) -> View:
    """
    Build a form about an entry; one that was taken off can only be put back or redacted.

    Raises UserError if the form has nothing to offer.
    """
    view = load_entry_view(session, entry_id)
    if view.is_withdrawn and form in {"amend", "move", "merge"}:
        form = "remove"
    if form == "move" and not view.places:
        raise UserError(
            f"No other entry has the time of {view.ref}, and entries are sorted by time. Amend its time, or enter `?` "
            "if it is unknown."
        )
    if form == "merge" and not view.neighbours:
        raise UserError("There is no other entry to merge it with.")
    if form == "remove":
        return _build_removal_form(session, view, metadata)
    return entry_forms.FORMS[form](view, metadata)


def _build_removal_form(session: Session, view: EntryView, metadata: Mapping[str, object]) -> View:
    is_over = not incidents.get(session, view.incident_id).is_open
    objection = removal_objection(view.kinds, is_over=is_over, of_vendor=view.of_vendor)
    if objection and not view.is_withdrawn and not view.has_words:
        raise UserError(objection)
    return entry_forms.remove_form(view, metadata, may_go=objection is None)


def _refresh_page(session: Session, settings: Settings, submission: ViewSubmission) -> Message | None:
    page = submission.metadata.get(PAGE)
    return render_timeline_page(session, settings, TimelinePage.from_value(str(page))) if page else None


def _find_entry(session: Session, submission: ViewSubmission) -> tuple[TimelineEntry, str]:
    """Return the form's entry, and its version when the form was opened."""
    found, seen = submission.metadata.get("entry"), submission.metadata.get("seen")
    entry = timeline.get(session, found) if isinstance(found, int) else None
    if entry is None:
        raise UserError(OLD_FORM)
    return entry, str(seen)


def _amend(session: Session, _settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    entry, seen = _find_entry(session, submission)
    errors, when, marks = ErrorCollector(), None, None
    with errors.collect():
        when = _parse_time(session, submission, entry, actor)
    with errors.collect():
        marks = _read_marks(submission, entry)
    errors.check()
    wanted = amend.Amendment(
        text=_read_text(session, submission, entry),
        when=when,
        marks=marks,
        language=submission.text(entry_forms.LANGUAGE).replace(entry_forms.NO_LANGUAGE, ""),
    )
    fields = {code: entry_forms.translation_field(code) for code in LANGUAGES}
    given = {code: submission.text(field) for code, field in fields.items() if field in submission.values}
    translations = changed_translations(session, entry, given)
    amend.amend_entry(session, entry.key, actor, wanted, seen=seen)
    for code, text in translations.items():
        translate_entry(session, entry.key, actor, code, text)


def _read_text(session: Session, submission: ViewSubmission, entry: TimelineEntry) -> str | None:
    """Return the new text; None if it is unchanged, or the form had no field for it."""
    names = entry_names(session, entry)
    initial = resolve_mentions(entry.text, names)
    text = submission.text(entry_forms.TEXT)
    is_kept = text == initial.strip() or (not text and len(initial) > MAX_INPUT)
    if entry_forms.TEXT not in submission.values or is_kept:
        return None
    return restore_mentions(text, initial, entry, names)


def _parse_time(session: Session, submission: ViewSubmission, entry: TimelineEntry, actor: Actor) -> ParsedTime | None:
    """Parse the new time; None if it is unchanged, so that the old one keeps its seconds."""
    text = submission.text(entry_forms.AT)
    if text == submission.metadata.get("at"):
        return None
    zone = ZoneInfo(incidents.get(session, entry.incident_id).zone)
    with errors_at(entry_forms.AT):
        try:
            return parse_amended_time(text, near=entry.sort_at, now=actor.at, zone=zone)
        except Ambiguous as question:
            raise UserError(list_candidates(question, "Type")) from question


def _read_marks(submission: ViewSubmission, entry: TimelineEntry) -> tuple[Kind, ...] | None:
    """Return the new kinds; None if they are unchanged, or the form had no field for them."""
    chosen = {Kind(word) for word in submission.text(entry_forms.KINDS).split(",") if word in MARKS}
    present = {Kind(kind) for kind in entry.kinds}.intersection(MARKS)
    if entry_forms.KINDS not in submission.values or chosen == present:
        return None
    if not chosen and present == set(map(Kind, entry.kinds)) and not amend.has_own_record(entry):
        raise InvalidField(entry_forms.KINDS, "Choose at least one kind: without any, take the entry off the timeline.")
    return tuple(kind for kind in MARKS if kind in chosen)


def _move(session: Session, _settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    entry, seen = _find_entry(session, submission)
    beside, is_before = submission.text(entry_forms.BESIDE), submission.text(entry_forms.PLACE) == "before"
    if not is_row_id(beside):
        raise InvalidField(entry_forms.BESIDE, "Choose the other entry.")
    amend.move_entry(session, entry.key, int(beside), actor, before=is_before, seen=seen)


def _merge(session: Session, _settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    entry, seen = _find_entry(session, submission)
    other, text = submission.text(entry_forms.OTHER), submission.choice(entry_forms.TEXTS, MergedText)
    if not is_row_id(other):
        raise InvalidField(entry_forms.OTHER, "Choose the other entry.")
    merge_entries(session, entry.key, int(other), actor, text, seen=seen)


def _remove(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    entry, seen = _find_entry(session, submission)
    why = submission.text(entry_forms.TEXT)
    match submission.text(entry_forms.ACT):
        case entry_forms.TAKE_OFF:
            remove_entry(session, settings, entry.key, actor, why, seen=seen)
        case entry_forms.PUT_BACK:
            put_back_entry(session, settings, entry.key, actor, seen=seen)
        case entry_forms.REDACT:
            if not why:
                raise InvalidField(entry_forms.TEXT, "Enter a reason. It replaces the words.")
            done = redact_entry(session, entry.key, actor, why)
            incident = incidents.get(session, entry.incident_id)
            if actor.user_id and done.still:
                outbox.post_ephemeral(session, incident, actor.at, actor.user_id, "redacted", still=list(done.still))
        case _:
            raise InvalidField(entry_forms.ACT, "Choose an action.")


def _undo(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> None:
    """Undo the last change of the entry, which the history form offers."""
    if submission.text(entry_forms.ACT) != "undo":
        return
    entry, seen = _find_entry(session, submission)
    undo_change(session, settings, entry.key, actor, seen=seen)


BUTTONS = (Button(entry_forms.MENU, about=ENTRY, filled_modal=_fill_form),)
FORMS = (
    Form(entry_forms.AMEND, run=_amend, first_field=entry_forms.TEXT, refresh=_refresh_page),
    Form(entry_forms.MOVE, run=_move, first_field=entry_forms.BESIDE, refresh=_refresh_page),
    Form(entry_forms.MERGE, run=_merge, first_field=entry_forms.OTHER, refresh=_refresh_page),
    Form(entry_forms.REMOVE, run=_remove, first_field=entry_forms.ACT, refresh=_refresh_page),
    Form(entry_forms.HISTORY, run=_undo, first_field=entry_forms.ACT, refresh=_refresh_page),
)
