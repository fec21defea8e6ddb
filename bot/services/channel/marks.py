"""Reactions that mark messages as timeline entries."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.terms import Kind, Precision, SourceKind
from bot.domain.timeline.emoji import emoji_with_tone, normalise_emoji
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.channel.messages import SlackMessage, parse_ts
from bot.services.escalation.responses.reactions import handle_reaction
from bot.services.timeline.entries import (
    MARKED_BY_HAND,
    refuse_merged,
    restore_entry,
    update_entry_text,
    withdraw_entry,
)
from bot.services.timeline.kept_files import sync_files
from bot.services.timeline.milestones import affects_milestones, refresh_milestones
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.audit_log import audit_action
from bot.services.workspace.people import ensure_known
from bot.store.escalation import activity
from bot.store.incidents import incidents, timeline, transcript
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.transcript import Message, Reaction
from bot.store.outbox import batch
from bot.store.shared.message_marks import MarkedMessage, find_marked

NO_MARK_LEFT = "its last reaction was removed"


def record_reaction(
    session: Session, settings: Settings, reaction: Reaction, at: datetime, *, is_on_own_message: bool = False
) -> None:
    """
    Record an emoji that was added or removed, and sync the message's entry.

    An emoji of the configured table marks the message; its one entry has the kinds of all present marks. The bot's own
    messages cannot be marked, nor those of an incident that was merged: the person gets a message, unless the reaction
    answers an escalation. A sealed message takes no new marks. Removing an emoji that has left the table still removes
    its mark.
    """
    reaction.emoji = emoji_with_tone(reaction.emoji)
    if is_on_own_message and handle_reaction(session, settings, reaction, at):
        return
    is_a_mark = normalise_emoji(reaction.emoji) in settings.reactions
    if not is_a_mark and (reaction.is_present or not transcript.is_known(session, reaction)):
        activity.record_activity(session, reaction.team_id, reaction.channel_id, reaction.user_id, at)
        transcript.count_other_reaction(session, reaction)
        return
    record_marks(session, settings, [reaction], at, are_on_own_messages=is_on_own_message)


def record_marks(
    session: Session, settings: Settings, marks: Sequence[Reaction], at: datetime, *, are_on_own_messages: bool = False
) -> None:
    """
    Record marks of one channel that were added or removed, each on a message of its own.

    Several that come together share the lock of the incident and most statements.
    """
    team_id, channel_id = marks[0].team_id, marks[0].channel_id
    incident = incidents.lock_by_channel(session, team_id, channel_id)
    if incident is None:
        return
    found = find_marked(session, incident.key, marks)
    changed = transcript.save_reactions(
        session, [each for each in marks if not _is_new_on_sealed(session, each, found.get(each.message_ts))]
    )
    changes = []
    with batch(session):
        ensure_known(session, team_id, [each.user_id for each in changed], at)
        for mark in changed:
            marked = found.get(mark.message_ts)
            if are_on_own_messages or (marked is not None and marked.message.is_own):
                if mark.is_present:
                    outbox.post_ephemeral(session, incident, at, mark.user_id, "own message", emoji=mark.emoji)
            elif incident.merged_into_id is not None and mark.is_present:
                _refuse_mark(session, incident, mark, at)
            elif marked is None:
                outbox.fetch_message(session, incident, at, channel_id, mark.message_ts)
            else:
                present = None if marked.has_other_marks else [mark] if mark.is_present else []
                changes.append(_MarkChange(marked.message, marked.entry, mark.user_id, present))
        _sync_all(session, settings, incident, changes, at)


def _refuse_mark(session: Session, incident: Incident, mark: Reaction, at: datetime) -> None:
    """Tell the person that the incident was merged: the record goes on in the other one."""
    into = incidents.get(session, incidents.find_survivor(session, incident.key))
    outbox.post_ephemeral(session, incident, at, mark.user_id, "merged", emoji=mark.emoji, into=into.reference)


def _is_new_on_sealed(session: Session, mark: Reaction, marked: MarkedMessage | None) -> bool:
    """Whether the message was sealed, and this is no mark that it has or had."""
    is_sealed = marked is not None and marked.message.frozen_at is not None
    return is_sealed and not transcript.is_known(session, mark)


@dataclass(slots=True)
class _MarkChange:
    """
    A message whose marks changed.

    `entry`: None if the incident has none of the message. `by`: the person who changed the marks, if known. `present`:
    the marks, where they are known.
    """

    message: Message
    entry: TimelineEntry | None
    by: str | None = None
    present: list[Reaction] | None = None


def sync_entry_marks(
    session: Session,
    settings: Settings,
    incident: Incident,
    message: Message,
    entry: TimelineEntry | None,
    at: datetime,
) -> None:
    """
    Sync a message's entry with the message's present marks.

    `entry`: None if the incident has none of the message.
    """
    _sync_all(session, settings, incident, [_MarkChange(message, entry)], at)


def _sync_all(
    session: Session, settings: Settings, incident: Incident, changes: Sequence[_MarkChange], at: datetime
) -> None:
    """Sync one incident's entries with the marks of their messages, and refresh their views."""
    new: list[_NewEntry] = []
    changed: list[Message] = []
    kinds_concerned: list[str] = []
    for change in changes:
        message, entry = change.message, change.entry
        if message.is_own:
            continue
        present = change.present
        if present is None:
            present = transcript.find_reactions(session, incident.team_id, message.channel_id, message.ts)
        kinds = kinds_of_reactions(settings, present) if entry is None else _entry_kinds(settings, entry, present)
        if entry is None:
            if not kinds or message.deleted_at is not None or message.frozen_at is not None:
                continue
            new.append(_NewEntry(message, kinds, present[0]))
        else:
            before = list(entry.kinds) if entry.withdrawn_at is None else []
            actor = Actor(incident.team_id, change.by, at, Origin.REACTION)
            if not _change_marks(session, incident, entry, kinds, present, actor):
                continue
            kinds_concerned += before
            changed.append(message)
        kinds_concerned += kinds
    _create_entries(session, incident, new, at)
    with nullcontext() if changed else outbox.only_new_entry(session, incident):
        if affects_milestones(kinds_concerned):
            incidents.lock(session, incident.key)
            refresh_milestones(session, incident)
            outbox.refresh_card(session, incident, at)
        for message in (*changed, *(each.message for each in new)):
            _refresh_mark_views(session, incident, at, message.channel_id, message.ts)


def _refresh_mark_views(session: Session, incident: Incident, at: datetime, channel_id: str, ts: str) -> None:
    """Confirm the mark; after the incident also refresh the count of marked messages."""
    outbox.refresh_confirm_reaction(session, incident, at, channel_id, ts)
    if not incident.is_open:
        outbox.refresh_resolution(session, incident, at)


def _entry_kinds(settings: Settings, entry: TimelineEntry, present: list[Reaction]) -> list[str]:
    """Kinds by the present marks, without dropped ones, and with those chosen by hand."""
    kinds = kinds_of_reactions(settings, present)
    are_all_known = all(normalise_emoji(each.emoji) in settings.reactions for each in present)
    if entry.withdrawn_at is None and not are_all_known:
        kinds = [*entry.kinds, *kinds]  # an emoji has left the table: its kind is unknown
    dropped = entry.values.marks_dropped
    by_hand = entry.values.marked_by_hand
    return list(dict.fromkeys([*by_hand, *(kind for kind in kinds if kind not in dropped)]))


def kinds_of_reactions(settings: Settings, present: list[Reaction]) -> list[str]:
    names = (normalise_emoji(each.emoji) for each in present)
    return list(dict.fromkeys(settings.reactions[name].value for name in names if name in settings.reactions))


@dataclass(slots=True)
class _NewEntry:
    """An entry to make of a message; `first`: the mark that it is made for."""

    message: Message
    kinds: list[str]
    first: Reaction


def _create_entries(
    session: Session, incident: Incident, wanted: Sequence[_NewEntry], at: datetime
) -> list[TimelineEntry]:
    """Make entries with the messages' own text, author and time."""
    if not wanted:
        return []
    seqs = incidents.take_seqs(session, incident, len(wanted))
    entries = [_build_entry(incident, new, seq, at) for new, seq in zip(wanted, seqs, strict=True)]
    session.add_all(entries)
    session.flush()
    for new, entry in zip(wanted, entries, strict=True):
        if new.kinds:
            by = Actor(incident.team_id, new.first.user_id, at, Origin.REACTION)
            audit_action(session, by, f"recorded {', '.join(new.kinds)}", incident=incident, entry=entry.key)
        sync_files(session, incident, entry, at)
    return entries


def _build_entry(incident: Incident, new: _NewEntry, seq: int, at: datetime) -> TimelineEntry:
    message, first = new.message, new.first
    return TimelineEntry(
        incident_id=incident.key,
        seq=seq,
        kinds=new.kinds,
        own_text=message.text,
        happened_at=parse_ts(message.ts),
        precision=Precision.EXACT.value,
        sort_at=parse_ts(message.ts),
        recorded_at=at,
        source=SourceKind.MESSAGE.value,
        author=message.author,
        recorded_by=first.user_id,
        details={"recorded_from_team": first.user_team_id} if first.user_team_id else {},
        channel_id=message.channel_id,
        message_ts=message.ts,
        thread_ts=message.thread_ts,
        files=list(message.files),
        earlier=[],
    )


def _change_marks(
    session: Session, incident: Incident, entry: TimelineEntry, kinds: list[str], present: list[Reaction], actor: Actor
) -> bool:
    """
    Set an entry's kinds to the present marks; without any it is withdrawn, unless amended.

    False if nothing changed. A new mark restores only an entry that lost its last mark, not one that a person withdrew.
    """
    if not kinds:
        if entry.withdrawn_at is not None or entry.amended_at is not None:
            return False
        withdraw_entry(session, incident, entry, actor, NO_MARK_LEFT)
        return True
    if entry.withdrawn_at is not None:
        if entry.withdrawal_reason != NO_MARK_LEFT:
            return False
        entry.recorded_by = present[0].user_id
        restore_entry(session, incident, entry, replace(actor, user_id=actor.user_id or entry.recorded_by))
    elif entry.kinds == kinds:
        return False
    else:
        audit_action(session, actor, f"marks are now {', '.join(kinds)}", incident=incident, entry=entry.key)
    entry.kinds = [kind.value for kind in map(Kind, kinds)]
    session.add(entry)
    return True


def resync_entry(session: Session, settings: Settings, incident: Incident, entry: TimelineEntry, at: datetime) -> None:
    """Let an entry without amendments follow its message and marks again."""
    if entry.channel_id is None or entry.message_ts is None:
        return
    known = transcript.get_message(session, incident.team_id, entry.channel_id, entry.message_ts)
    if known is None or known.frozen_at is not None or known.deleted_at is not None:
        return
    update_entry_text(session, entry, known.text, list(known.files), at)
    sync_entry_marks(session, settings, incident, known, entry, at)


def mark_message(
    session: Session, incident: Incident, actor: Actor, message: SlackMessage, kind: Kind
) -> TimelineEntry:
    """
    Put a message of any channel on a timeline, with its own text, author and time.

    In the incident's own channel it equals a reaction. A message has one entry per incident: marking it again adds the
    kind. `message` is as the form was opened on it; a kept message goes by its present text. Raises UserError for a
    redacted or deleted one, and for an incident that was merged.
    """
    refuse_merged(session, incident)
    if message.channel_id == incident.channel_id:  # its edits and its deletion lock the incident of the channel
        incidents.lock(session, incident.key)
    else:
        incidents.lock_by_channel(session, incident.team_id, message.channel_id)
    entry = timeline.find_by_message(session, incident.key, message.channel_id, message.ts)
    known = transcript.get_message(session, incident.team_id, message.channel_id, message.ts)
    if known is not None and known.frozen_at is not None:
        raise UserError("This message was redacted, or a person in it was erased. It cannot be logged again.")
    if known is not None and known.deleted_at is not None:
        raise UserError("This message was deleted, so its words are not logged.")
    if entry is None:
        entry = _create_entry_of(session, incident, actor, message, known)
    by_hand = list(dict.fromkeys([*entry.values.marked_by_hand, kind.value]))
    entry.details = {**entry.details, MARKED_BY_HAND: by_hand}
    entry.kinds = list(dict.fromkeys([*entry.kinds, kind.value]))
    if entry.withdrawn_at is not None:
        sync_files(session, incident, entry, actor.at)
    entry.withdrawn_at = entry.withdrawn_by = entry.withdrawal_reason = None
    session.add(entry)
    audit_action(session, actor, f"recorded {kind}", incident=incident, entry=entry.key)
    if affects_milestones(entry.kinds):
        incidents.lock(session, incident.key)
        refresh_milestones(session, incident)
        outbox.refresh_card(session, incident, actor.at)
    if message.channel_id == incident.channel_id:
        _refresh_mark_views(session, incident, actor.at, message.channel_id, message.ts)
    return entry


def _create_entry_of(
    session: Session, incident: Incident, actor: Actor, message: SlackMessage, known: Message | None
) -> TimelineEntry:
    written = known or Message(
        team_id=incident.team_id,
        channel_id=message.channel_id,
        ts=message.ts,
        thread_ts=message.thread_ts,
        author=message.author,
        text=message.text,
        files=list(message.files),
        stored_at=actor.at,
    )
    by = Reaction(
        team_id=incident.team_id,
        channel_id=message.channel_id,
        message_ts=message.ts,
        user_id=actor.user_id or "",
        emoji="",
        is_present=True,
        event_ts="",
    )
    (entry,) = _create_entries(session, incident, [_NewEntry(written, [], by)], actor.at)
    ensure_known(session, incident.team_id, [message.author, actor.user_id], actor.at, text=message.text)
    return entry
