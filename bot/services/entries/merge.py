"""Merge two entries about the same event. The other one stays in the record, withdrawn."""

from enum import StrEnum
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.terms import Kind, Precision
from bot.domain.timeline.amendments import COMMAND_KINDS, FIXED_TIME_KINDS, earlier_time
from bot.services import outbox
from bot.services.channel.marks import resync_entry
from bot.services.entries.amend import has_own_record
from bot.services.entries.versions import (
    entry_snapshot,
    finish_change,
    last_undoable_change,
    lock_active_entry,
    lock_entry,
    revert_change,
    save_earlier_version,
)
from bot.services.timeline.entries import MARKED_BY_HAND, MERGED_PARTS, restore_entry, withdraw_entry
from bot.services.workspace.actor import Actor
from bot.store.incidents import timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

WINDOW_DETAILS = ("started", "ended", "stated_about")
USERS_DETAILS = ("users", "users_percent", "users_about")
"""Detail keys of an impact. The kept entry takes over the ones that are missing in it; the figure is one value."""


class MergedText(StrEnum):
    """Text of the kept entry: both texts, its own, or the other one's."""

    BOTH = "both"
    OWN = "own"
    OTHER = "other"


def merge_entries(
    session: Session,
    entry_id: int,
    other_id: int,
    actor: Actor,
    texts: MergedText = MergedText.BOTH,
    *,
    seen: str | None = None,
) -> TimelineEntry:
    """
    Merge another entry into this one: kinds of both, earlier time, sources of both.

    Raises UserError if the other one has a record of its own and cannot be withdrawn; the merge may work the other way
    round.
    """
    incident, entry = lock_active_entry(session, entry_id, seen)
    other = timeline.get(session, other_id)
    if other is None or other.incident_id != entry.incident_id or other.key == entry.key:
        raise UserError("Choose another entry of this incident.")
    session.refresh(other)
    _check_mergeable(other)
    before = entry_snapshot(session, entry)
    _merge_into(entry, other, texts)
    save_earlier_version(entry, before, "merged", actor)
    entry.earlier = [*entry.earlier[:-1], {**entry.earlier[-1], "other": other.key}]
    other.merged_into_id = entry.key
    withdraw_entry(session, incident, other, actor, f"merged into entry-{entry.key}")
    finish_change(session, incident, entry, actor, f"took in entry-{other.key}", before)
    _refresh_reaction(session, incident, other, actor)
    return entry


def _check_mergeable(other: TimelineEntry) -> None:
    if other.withdrawn_at is not None:
        raise UserError("The other entry was taken off the timeline. Put it back first.")
    if other.redacted_at is not None or other.deleted_at is not None:
        raise UserError("The words of the other entry are gone. Take it off the timeline instead.")
    states = [kind for kind in map(Kind, other.kinds) if kind in COMMAND_KINDS and kind is not Kind.IMPACT]
    if has_own_record(other) or states:
        what = states[0] if states else other.kinds[0]
        raise UserError(
            f"The other entry is a separate record ({what}) and must stay. Open its menu and merge this entry into it."
        )


def _merge_into(entry: TimelineEntry, other: TimelineEntry, texts: MergedText) -> None:
    own = entry.values.parts or [[entry.key, entry.text]]
    others = other.values.parts or [[other.key, other.text]]
    chosen = {MergedText.BOTH: [*own, *others], MergedText.OWN: own, MergedText.OTHER: others}[texts]
    parts = [each for number, each in enumerate(chosen) if each[1] not in [said for _, said in chosen[:number]]]
    kinds = list(dict.fromkeys([*entry.kinds, *other.kinds]))
    taken = WINDOW_DETAILS if entry.values.affected_users else (*WINDOW_DETAILS, *USERS_DETAILS)
    stated = {key: other.details[key] for key in taken if key in other.details and key not in entry.details}
    entry.details = {**entry.details, **stated, MERGED_PARTS: parts, MARKED_BY_HAND: kinds}
    entry.kinds, entry.text = kinds, "\n".join(text for _, text in parts if text)
    entry.files = list(dict.fromkeys([*entry.files, *other.files]))
    entry.language = entry.language or other.language
    entry.translations = _merged_translations(entry, other, texts)
    if not FIXED_TIME_KINDS.intersection(map(Kind, entry.kinds)):
        own_time = entry.happened_at, Precision(entry.precision)
        at, precision = earlier_time(own_time, (other.happened_at, Precision(other.precision)))
        if at != entry.happened_at:
            entry.happened_at, entry.precision, entry.sort_at = at, precision.value, at or entry.sort_at


def _merged_translations(entry: TimelineEntry, other: TimelineEntry, texts: MergedText) -> dict[str, Any] | None:
    """Those of the chosen text; of both texts, the languages that both have."""
    own, others = entry.translations or {}, other.translations or {}
    if texts is not MergedText.BOTH:
        return (own if texts is MergedText.OWN else others) or None
    shared = [code for code in own if code in others]
    return {code: {**own[code], "text": f"{own[code]['text']}\n{others[code]['text']}"} for code in shared} or None


def undo_merge(
    session: Session, settings: Settings, other_id: int, actor: Actor, *, seen: str | None = None
) -> TimelineEntry:
    """
    Undo a merge and return the entry that had been merged.

    Raises UserError if it is not merged, or if the kept one was amended since: undo that first.
    """
    incident, other = lock_entry(session, other_id, seen)
    entry = timeline.get(session, other.merged_into_id) if other.merged_into_id else None
    if entry is None:
        raise UserError("That entry is not merged.")
    session.refresh(entry)
    last = last_undoable_change(entry)
    if last is None or last.get("other") != other.key:
        raise UserError(
            f"entry-{entry.key} was amended after the merge. Undo that first, in the history of entry-{entry.key}."
        )
    before = entry_snapshot(session, entry)
    revert_change(session, entry, last)
    other.merged_into_id = None
    restore_entry(session, incident, other, actor)
    finish_change(session, incident, entry, actor, f"undid: took in entry-{other.key}", before)
    for each in (entry, other):
        if each.amended_at is None:
            resync_entry(session, settings, incident, each, actor.at)
    _refresh_reaction(session, incident, other, actor)
    return other


def _refresh_reaction(session: Session, incident: Incident, other: TimelineEntry, actor: Actor) -> None:
    if other.channel_id and other.message_ts:
        outbox.refresh_confirm_reaction(session, incident, actor.at, other.channel_id, other.message_ts)
