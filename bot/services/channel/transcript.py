"""What is said in incidents' channels, and the reactions that make messages entries of the timeline."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.terms import Kind, Precision, SourceKind
from bot.domain.timeline.marks import emoji_with_tone, normalise_emoji
from bot.services import outbox as tell
from bot.services.channel import archiving as channels
from bot.services.channel import bookmarks_and_canvas as documents
from bot.services.channel import clear_text as forgetting
from bot.services.escalation import reactions as reacting
from bot.services.timeline import entries as timeline
from bot.services.timeline import milestones
from bot.services.timeline.entries import BY_HAND, DROPPED
from bot.services.workspace import people
from bot.services.workspace.actor import Actor, Origin
from bot.store.escalation import activity as signs
from bot.store.incidents import incidents, transcript
from bot.store.incidents import timeline as store_timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.transcript import Message, Reaction
from bot.store.shared import audit

NO_MARK_LEFT = "its last mark was taken away"


@dataclass(frozen=True, slots=True)
class Said:
    """A message as Slack told it. `text` is plain; `author` a user id, or a bot's with `author_name`."""

    channel_id: str
    ts: str
    text: str
    author: str | None
    author_name: str | None = None
    is_own: bool = False
    thread_ts: str | None = None
    files: tuple[str, ...] = ()
    edited_ts: str | None = None


def written_at(ts: str) -> datetime:
    """
    When a message was written: Slack's `ts` is seconds since 1970 with six digits behind the point.

    Integer arithmetic, because a float has not digits enough for the last of them.
    """
    seconds, _, fraction = ts.partition(".")
    return datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=int((fraction + "000000")[:6]))


def is_before_history(incident: Incident, ts: str) -> bool:
    """Whether a message that is not known stays so: it is older than the last erasure of a person."""
    return incident.history_from is not None and written_at(ts) < incident.history_from


def is_forgotten(incident: Incident, ts: str) -> bool:
    """Whether retention has cleared the transcript up to here: what is not known and has no mark stays away."""
    return incident.forgotten_to is not None and ts <= incident.forgotten_to


def _stays_unknown(session: Session, settings: Settings, incident: Incident, said: Said, *, is_entry: bool) -> bool:
    """
    Whether a message that is not known is not taken in.

    One that is on a timeline, or is marked after all, is: it belongs to the record.
    """
    if is_before_history(incident, said.ts):
        return True
    if is_entry or not is_forgotten(incident, said.ts):
        return False
    return not _kinds_of(settings, transcript.marks_on(session, incident.team_id, said.channel_id, said.ts))


def heard(session: Session, settings: Settings, team_id: str, said: Said, at: datetime) -> None:
    """
    A message was written or edited in a channel.

    Kept only in an incident's channel. What was deleted stays deleted, and an older edit does not undo a newer one.
    """
    incident = _locked(session, team_id, said.channel_id)
    entries = store_timeline.of_any_incident(session, said.channel_id, said.ts)
    if incident is None and not entries:
        return
    known = transcript.message(session, team_id, said.channel_id, said.ts)
    if known is not None and (known.sealed_at is not None or known.deleted_at is not None):
        return
    if known is not None and (said.edited_ts or "") < (known.edited_ts or ""):
        return
    if known is None:
        if incident is not None and _stays_unknown(session, settings, incident, said, is_entry=bool(entries)):
            return
        known = Message(team_id=team_id, channel_id=said.channel_id, ts=said.ts, stored_at=at)
    known.thread_ts, known.author, known.author_name = said.thread_ts, said.author, said.author_name
    known.is_own, known.text, known.files = said.is_own, said.text, list(said.files)
    known.edited_ts = said.edited_ts
    session.add(known)
    if not said.is_own:
        people.meet(session, team_id, [said.author], at, text=said.text)
        if said.author and said.author_name:
            people.learned(session, team_id, people.Known(said.author, said.author_name, is_bot=True), at)
    for entry in entries:
        timeline.reword(session, entry, said.text, list(said.files), at)
        tell.check_again(session, incidents.get(session, entry.incident_id), at)
    if incident is not None and incident.archived_at is not None and not said.is_own:
        channels.opened_again(session, team_id, said.channel_id, at)  # who writes there could not before
    if incident is not None and not entries and not said.is_own:
        keep_marks(session, settings, incident, said.channel_id, said.ts, at)


def _locked(session: Session, team_id: str, channel_id: str) -> Incident | None:
    """
    The incident of a channel, held: events of one channel are taken in one after the other.

    A message and its marks come side by side, and each has to see what the other left.
    """
    return incidents.lock_of_channel(session, team_id, channel_id)


def deleted(session: Session, team_id: str, channel_id: str, ts: str, at: datetime) -> None:
    """
    A message was deleted in Slack: its text and files are gone here too, from the transcript and every entry.

    A deletion that overtakes its message is remembered, so that the message does not come back.
    """
    incident = _locked(session, team_id, channel_id)
    entries = store_timeline.of_any_incident(session, channel_id, ts)
    if incident is None and not entries:
        return
    known = transcript.message(session, team_id, channel_id, ts)
    if known is None:
        if incident is not None and is_forgotten(incident, ts) and not entries:
            return
        known = Message(team_id=team_id, channel_id=channel_id, ts=ts, stored_at=at)
    known.text, known.files, known.deleted_at = "", [], at
    session.add(known)
    for entry in entries:
        forgetting.forget_entry(session, entry)
        entry.deleted_at = at
        audit.note(
            session,
            at=at,
            team_id=team_id,
            incident_id=entry.incident_id,
            what="its message was deleted",
            origin=Origin.MESSAGE,
            entry=entry.key,
        )
        touched = incidents.get(session, entry.incident_id)
        tell.check_again(session, touched, at)
        documents.words_went(session, touched, at)
        if milestones.touches(entry.kinds):
            milestones.refresh(session, touched)
            tell.show_card(session, touched, at)


def reacted(
    session: Session, settings: Settings, reaction: Reaction, at: datetime, *, is_on_own_message: bool = False
) -> None:
    """
    Somebody put an emoji on a message of an incident's channel, or took it away.

    An emoji that is in the table marks the message; the message has one entry, whose kinds are the marks present. The
    bot's own messages cannot be marked: whoever tries is told, unless it answers an escalation. A sealed message takes
    no new marks. An emoji that has left the table marks nothing any more, but what it marked before follows it when it
    is taken away.
    """
    reaction.emoji = emoji_with_tone(reaction.emoji)
    if is_on_own_message and reacting.reacted(session, settings, reaction, at):
        return
    is_a_mark = normalise_emoji(reaction.emoji) in settings.reactions
    if not is_a_mark and (reaction.is_present or not transcript.is_known(session, reaction)):
        signs.give(session, reaction.team_id, reaction.channel_id, reaction.user_id, at)
        return
    incident = _locked(session, reaction.team_id, reaction.channel_id)
    if incident is None:
        return
    known = transcript.message(session, reaction.team_id, reaction.channel_id, reaction.message_ts)
    if known is not None and known.sealed_at is not None and not transcript.is_known(session, reaction):
        return
    if not transcript.put_reaction(session, reaction):
        return
    people.meet(session, reaction.team_id, [reaction.user_id], at)
    if is_on_own_message or (known is not None and known.is_own):
        if reaction.is_present:
            tell.whisper(session, incident, at, reaction.user_id, "own message", emoji=reaction.emoji)
        return
    if known is None:
        tell.fetch_message(session, incident, at, reaction.channel_id, reaction.message_ts)
        return
    keep_marks(session, settings, incident, reaction.channel_id, reaction.message_ts, at, by=reaction.user_id)


def keep_marks(
    session: Session,
    settings: Settings,
    incident: Incident,
    channel_id: str,
    ts: str,
    at: datetime,
    *,
    by: str | None = None,
) -> None:
    """Bring a message's entry into step with the marks that are on it now. `by`: who changed them, if it is known."""
    known = transcript.message(session, incident.team_id, channel_id, ts)
    if known is None or known.is_own:
        return
    present = transcript.marks_on(session, incident.team_id, channel_id, ts)
    kinds = _kinds_of(settings, present)
    entry = store_timeline.of_message(session, incident.key, channel_id, ts)
    if entry is not None:
        if entry.withdrawn_at is None and not all(
            normalise_emoji(each.emoji) in settings.reactions for each in present
        ):
            kinds = [*entry.kinds, *kinds]  # one of them meant something that the table does not tell any more
        dropped = entry.details.get(DROPPED, [])
        kinds = [*entry.details.get(BY_HAND, []), *(kind for kind in kinds if kind not in dropped)]
        kinds = list(dict.fromkeys(kinds))
    if entry is None and (not kinds or known.deleted_at is not None or known.sealed_at is not None):
        return
    before = list(entry.kinds) if entry and entry.withdrawn_at is None else []
    if entry is None:
        entry = _entry_of(session, incident, known, kinds, present[0], at)
    elif not _change_marks(session, incident, entry, kinds, present, Actor(incident.team_id, by, at, Origin.REACTION)):
        return
    if milestones.touches([*before, *kinds]):
        incidents.lock(session, incident.key)
        milestones.refresh(session, incident)
        tell.show_card(session, incident, at)
    tell.confirm(session, incident, at, channel_id, ts)


def _kinds_of(settings: Settings, present: list[Reaction]) -> list[str]:
    names = (normalise_emoji(each.emoji) for each in present)
    return list(dict.fromkeys(settings.reactions[name].value for name in names if name in settings.reactions))


def _entry_of(
    session: Session, incident: Incident, said: Message, kinds: list[str], first: Reaction, at: datetime
) -> TimelineEntry:
    """An entry with the message's own text, author and time."""
    entry = TimelineEntry(
        incident_id=incident.key,
        seq=incidents.take_seq(session, incident),
        kinds=kinds,
        text=said.text,
        happened_at=written_at(said.ts),
        precision=Precision.EXACT.value,
        sort_at=written_at(said.ts),
        recorded_at=at,
        source=SourceKind.MESSAGE.value,
        author=said.author,
        recorded_by=first.user_id,
        details={"recorded_from_team": first.user_team_id} if first.user_team_id else {},
        channel_id=said.channel_id,
        message_ts=said.ts,
        thread_ts=said.thread_ts,
        files=list(said.files),
        earlier=[],
    )
    session.add(entry)
    session.flush()
    if kinds:
        by = Actor(incident.team_id, first.user_id, at, Origin.REACTION)
        _noted(session, incident, entry, by, f"recorded {', '.join(kinds)}")
    return entry


def _noted(session: Session, incident: Incident, entry: TimelineEntry, actor: Actor, what: str) -> None:
    audit.note(
        session,
        at=actor.at,
        team_id=incident.team_id,
        incident_id=incident.key,
        who=actor.user_id,
        what=what,
        origin=actor.origin,
        entry=entry.key,
    )


def _change_marks(
    session: Session, incident: Incident, entry: TimelineEntry, kinds: list[str], present: list[Reaction], actor: Actor
) -> bool:
    """
    Give an entry the marks that are there now; without any it is withdrawn, unless somebody amended it.

    False if nothing changed. Only the loss of the last mark is undone by a new one: what a person withdrew stays so.
    """
    if not kinds:
        if entry.withdrawn_at is not None or entry.amended_at is not None:
            return False
        timeline.withdraw(session, incident, entry, actor, NO_MARK_LEFT)
        return True
    if entry.withdrawn_at is not None:
        if entry.withdrawn_why != NO_MARK_LEFT:
            return False
        entry.recorded_by = present[0].user_id
        timeline.restore(session, incident, entry, replace(actor, user_id=actor.user_id or entry.recorded_by))
    elif entry.kinds == kinds:
        return False
    else:
        _noted(session, incident, entry, actor, f"marks are now {', '.join(kinds)}")
    entry.kinds = [kind.value for kind in map(Kind, kinds)]
    session.add(entry)
    return True


def follow_again(session: Session, settings: Settings, incident: Incident, entry: TimelineEntry, at: datetime) -> None:
    """An entry that is amended no more says again what its message says now, and bears the marks that are on it."""
    if entry.channel_id is None or entry.message_ts is None:
        return
    known = transcript.message(session, incident.team_id, entry.channel_id, entry.message_ts)
    if known is None or known.sealed_at is not None or known.deleted_at is not None:
        return
    timeline.reword(session, entry, known.text, list(known.files), at)
    keep_marks(session, settings, incident, entry.channel_id, entry.message_ts, at)


def mark_elsewhere(session: Session, incident: Incident, actor: Actor, said: Said, kind: Kind) -> TimelineEntry:
    """
    Put a message of any channel on an incident's timeline, with its own text, author and time.

    In the incident's own channel it is the entry that a reaction would make. A message has one entry per incident:
    marking it again adds the kind. Raises UserError for one that was redacted.
    """
    entry = store_timeline.of_message(session, incident.key, said.channel_id, said.ts)
    known = transcript.message(session, incident.team_id, said.channel_id, said.ts)
    if entry is None and known is not None and known.sealed_at is not None:
        raise UserError("The words of this message were redacted, or somebody in it erased: it is not taken in again.")
    if entry is None:
        written = Message(
            team_id=incident.team_id,
            channel_id=said.channel_id,
            ts=said.ts,
            thread_ts=said.thread_ts,
            author=said.author,
            text=said.text,
            files=list(said.files),
            stored_at=actor.at,
        )
        by = Reaction(
            team_id=incident.team_id,
            channel_id=said.channel_id,
            message_ts=said.ts,
            user_id=actor.user_id or "",
            emoji="",
            is_present=True,
            event_ts="",
        )
        entry = _entry_of(session, incident, written, [], by, actor.at)
        people.meet(session, incident.team_id, [said.author, actor.user_id], actor.at, text=said.text)
    by_hand = list(dict.fromkeys([*entry.details.get(BY_HAND, []), kind.value]))
    entry.details = {**entry.details, BY_HAND: by_hand}
    entry.kinds = list(dict.fromkeys([*entry.kinds, kind.value]))
    entry.withdrawn_at = entry.withdrawn_by = entry.withdrawn_why = None
    session.add(entry)
    _noted(session, incident, entry, actor, f"recorded {kind}")
    if milestones.touches(entry.kinds):
        incidents.lock(session, incident.key)
        milestones.refresh(session, incident)
        tell.show_card(session, incident, actor.at)
    if said.channel_id == incident.channel_id:
        tell.confirm(session, incident, actor.at, said.channel_id, said.ts)
    return entry
