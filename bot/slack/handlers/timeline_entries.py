"""What the menu beside an entry opens, and what its forms do."""

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.drafting.entries import with_names
from bot.domain.errors import Ambiguous, UserError
from bot.domain.terms import MARKS, Kind
from bot.domain.timeline.amendments import amended_time
from bot.domain.times import When
from bot.services import outbox as tell
from bot.services.entries import amend as amending
from bot.services.entries import form_view as entry_forms
from bot.services.entries import merge as merging
from bot.services.entries import redact as redacting
from bot.services.entries import remove as removing
from bot.services.entries.amend import Amendment
from bot.services.entries.merge import Texts
from bot.services.workspace.actor import Actor
from bot.slack.api.payloads import is_row
from bot.slack.blocks.inputs import INPUT
from bot.slack.blocks.postmortem import entry_forms as blocks
from bot.slack.replies.submission import FieldError, Submitted
from bot.slack.replies.timeline import Page
from bot.store.incidents import incidents, timeline
from bot.store.incidents.timeline import TimelineEntry


def form_of(session: Session, value: str, url: str) -> blocks.View:
    """
    The form that an option of the menu opens. `url` is where the page it stands on can be shown anew.

    Raises UserError in words where there is nothing to be done.
    """
    name, _, rest = value.partition(":")
    entry_id, _, page = rest.partition(":")
    if name not in blocks.FORMS or not is_row(entry_id):
        raise UserError("This menu is from another version of Dogwatch. Type `/incident timeline` again.")
    return opened(session, name, int(entry_id), {"page": Page.of(page).value, "url": url})


def incident_of(value: str) -> int:
    """The incident on whose timeline a menu stands. Raises UserError for a menu that is none of ours."""
    return Page.of(value.partition(":")[2].partition(":")[2]).incident_id


def opened(session: Session, name: str, entry_id: int, more: Mapping[str, object]) -> blocks.View:
    """One of the forms about an entry, as the entry stands. One that was taken off can only be put back or redacted."""
    view = entry_forms.entry_view(session, entry_id)
    if view.is_withdrawn and name in {"amend", "move", "merge"}:
        name = "remove"
    if name == "move" and not view.places:
        raise UserError(
            f"{view.ref} stands alone in its minute, and entries of known time stand in its order. Amend its time "
            "instead, or write `?` there if nobody knows it."
        )
    if name == "merge" and not view.neighbours:
        raise UserError("There is no other entry to merge it with.")
    if name == "remove":
        return _removal(session, view, more)
    return blocks.FORMS[name](view, more)


def _removal(session: Session, view: entry_forms.EntryView, more: Mapping[str, object]) -> blocks.View:
    is_over = not incidents.get(session, view.incident_id).is_open
    reason = removing.why_it_stays(view.kinds, is_over=is_over, of_vendor=view.of_vendor)
    if reason and not view.is_withdrawn and not view.has_words:
        raise UserError(reason)
    return blocks.remove(view, more, may_go=reason is None)


def page_after(submitted: Submitted) -> tuple[Page, str] | None:
    """The page that the form was opened from and where it is shown anew; None for a form from elsewhere."""
    url, page = submitted.carried.get("url"), submitted.carried.get("page")
    return (Page.of(str(page)), str(url)) if url and page else None


def _entry_of(session: Session, submitted: Submitted) -> tuple[TimelineEntry, str]:
    """The entry that the form is about, and how it was when the form was opened."""
    found, seen = submitted.carried.get("entry"), submitted.carried.get("seen")
    entry = timeline.get(session, found) if isinstance(found, int) else None
    if entry is None:
        raise UserError("This window is from another version of Dogwatch. Close it and open it again.")
    return entry, str(seen)


def _amend(session: Session, _settings: Settings, actor: Actor, submitted: Submitted) -> None:
    entry, seen = _entry_of(session, submitted)
    wanted = Amendment(
        text=_text_in(session, submitted, entry),
        when=_time_in(session, submitted, entry, actor),
        marks=_marks_in(submitted, entry),
        language=submitted.text(blocks.LANGUAGE).replace(blocks.NO_LANGUAGE, ""),
    )
    amending.amend(session, entry.key, actor, wanted, seen=seen)


def _text_in(session: Session, submitted: Submitted, entry: TimelineEntry) -> str | None:
    """The words that were written; None where none were asked for, or where those of a long text stay."""
    names = entry_forms.names_of(session, entry)
    shown = with_names(entry.text, names)
    written = submitted.text(blocks.TEXT)
    is_kept = written == shown.strip() or (not written and len(shown) > INPUT)
    if blocks.TEXT not in submitted.values or is_kept:
        return None
    return entry_forms.with_ids(written, shown, entry, names)


def _time_in(session: Session, submitted: Submitted, entry: TimelineEntry, actor: Actor) -> When | None:
    """The time that was written; None if it is the one that stood there, whose seconds are then kept."""
    text = submitted.text(blocks.AT)
    if text == submitted.carried.get("at"):
        return None
    zone = ZoneInfo(incidents.get(session, entry.incident_id).zone)
    try:
        return amended_time(text, near=entry.sort_at, now=actor.at, zone=zone)
    except Ambiguous as question:
        missing = [each for each in question.candidates if each not in question.message]
        ways = f" Type one of: {', '.join(missing)}." if missing else ""
        raise FieldError(blocks.AT, question.message + ways) from question
    except UserError as problem:
        raise FieldError(blocks.AT, problem.message) from problem


def _marks_in(submitted: Submitted, entry: TimelineEntry) -> tuple[Kind, ...] | None:
    chosen = {Kind(word) for word in submitted.text(blocks.KINDS).split(",") if word in MARKS}
    present = {Kind(kind) for kind in entry.kinds}.intersection(MARKS)
    if blocks.KINDS not in submitted.values or chosen == present:
        return None
    if not chosen and present == set(map(Kind, entry.kinds)) and not amending.carries(entry):
        raise FieldError(blocks.KINDS, "Choose at least one kind: without any, take the entry off the timeline.")
    return tuple(kind for kind in MARKS if kind in chosen)


def _move(session: Session, _settings: Settings, actor: Actor, submitted: Submitted) -> None:
    entry, seen = _entry_of(session, submitted)
    beside, is_before = submitted.text(blocks.BESIDE), submitted.text(blocks.PLACE) == "before"
    if not is_row(beside):
        raise FieldError(blocks.BESIDE, "Choose the entry to put it beside.")
    amending.move(session, entry.key, int(beside), actor, before=is_before, seen=seen)


def _merge(session: Session, _settings: Settings, actor: Actor, submitted: Submitted) -> None:
    entry, seen = _entry_of(session, submitted)
    other = submitted.text(blocks.OTHER)
    if not is_row(other):
        raise FieldError(blocks.OTHER, "Choose the other entry.")
    merging.merge(session, entry.key, int(other), actor, Texts(submitted.text(blocks.TEXTS)), seen=seen)


def _remove(session: Session, settings: Settings, actor: Actor, submitted: Submitted) -> None:
    entry, seen = _entry_of(session, submitted)
    why = submitted.text(blocks.TEXT)
    match submitted.text(blocks.ACT):
        case blocks.TAKE_OFF:
            removing.remove(session, settings, entry.key, actor, why, seen=seen)
        case blocks.PUT_BACK:
            removing.put_back(session, settings, entry.key, actor, seen=seen)
        case blocks.REDACT:
            if not why:
                raise FieldError(blocks.TEXT, "Say why: it stands in the words' place.")
            done = redacting.redact_entry(session, entry.key, actor, why)
            incident = incidents.get(session, entry.incident_id)
            if actor.user_id and done.still:
                tell.whisper(session, incident, actor.at, actor.user_id, "redacted", still=list(done.still))
        case _:
            raise FieldError(blocks.ACT, "Choose what is to be done.")


def _take_back(session: Session, settings: Settings, actor: Actor, submitted: Submitted) -> None:
    """What the history's form offers: the last thing that was done to the entry is undone."""
    if submitted.text(blocks.ACT) != "undo":
        return
    entry, seen = _entry_of(session, submitted)
    if entry.withdrawn_at is not None:
        removing.put_back(session, settings, entry.key, actor, seen=seen)
        return
    last = amending.last_act(entry)
    if last is not None and last["act"] == "merged":
        amending.held(session, entry.key, seen)
        merging.undo(session, settings, int(last["other"]), actor)
    else:
        amending.undo(session, settings, entry.key, actor, seen=seen)


SUBMISSIONS: Mapping[str, Callable[[Session, Settings, Actor, Submitted], None]] = {
    blocks.AMEND: _amend,
    blocks.MOVE: _move,
    blocks.MERGE: _merge,
    blocks.REMOVE: _remove,
    blocks.HISTORY: _take_back,
}
