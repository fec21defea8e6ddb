"""Reconcile a channel with its record: messages, reactions and states missed while offline."""

from collections.abc import Iterator, Sequence
from dataclasses import field
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.timeline.emoji import emoji_with_tone, normalise_emoji
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.channel.channel_changes import on_channel_made_private
from bot.services.channel.channel_view import (
    ChannelSnapshot,
    MessageSnapshot,
    MissedChange,
    MissedConversion,
    MissedDeletion,
    MissedMessage,
    MissedReaction,
    MissedRename,
)
from bot.services.channel.marks import record_reaction
from bot.services.channel.messages import SlackMessage, is_before_history, is_past_retention, parse_ts
from bot.services.channel.transcript import record_deletion, record_message
from bot.services.outbox.timer_payloads import IncidentTimer
from bot.services.workspace.installation import save_channel_name
from bot.services.workspace.people import refresh_profiles
from bot.store.incidents import incident_lists, incidents, installations, numbering, transcript
from bot.store.incidents.incidents import Incident
from bot.store.incidents.transcript import Message, Reaction
from bot.store.outbox import batch
from bot.store.shared import timers
from bot.store.shared.timers import Timer

RECONCILE_INTERVAL = timedelta(minutes=10)
"""Time between two reads of an open incident's channel."""
RECONCILE_TIMER = "look at a channel again"
RECONCILE_AFTER_END = timedelta(days=3)
"""A channel is still read this long after the incident: people mark for the postmortem."""
SETTLE_TIME = timedelta(seconds=30)
"""A newer event may be missing from what was read, and is not compared."""
CLOCK_TOLERANCE = timedelta(minutes=5)
"""Tolerance between Slack's clock and ours, to compare a message with its incident."""


def reconcile_now_and_later(session: Session, incident: Incident, at: datetime) -> None:
    """Read the incident's channel now, and every ten minutes while it is open."""
    if incident.channel_id is not None and incident.is_open:
        outbox.reconcile_channel(session, incident, at)
        schedule_reconcile(session, incident, at)


def schedule_reconcile(session: Session, incident: Incident, at: datetime) -> None:
    timers.set_timer(
        session, _timer_key(incident), at + RECONCILE_INTERVAL, RECONCILE_TIMER, IncidentTimer(incident.key)
    )


def _timer_key(incident: Incident) -> str:
    return f"look:{incident.key}"


def run_reconcile_timer(session: Session, _settings: Settings, timer: Timer, at: datetime) -> None:
    """Timer: does nothing for an incident that is over."""
    reconcile_now_and_later(session, incidents.get(session, IncidentTimer.from_json(timer.details).incident_id), at)


def reconcile_after_gap(session: Session, at: datetime) -> None:
    """
    After a start or a lost connection: find what was missed.

    Channels of open and recent incidents are read, those of all incidents may have become private, and people guests.
    """
    installation = installations.find_installation(session)
    if installation is None:
        return
    still_open = [
        each for each in incident_lists.find_open(session, installation.team_id) if each.channel_id is not None
    ]
    just_over = incident_lists.find_resolved_since(session, installation.team_id, at - RECONCILE_AFTER_END)
    with batch(session):  # the timers first, then the lanes, as the engine does: no deadlock
        later = {_timer_key(each): IncidentTimer(each.key) for each in sorted(still_open, key=_timer_key)}
        timers.set_timers(session, RECONCILE_TIMER, later, at + RECONCILE_INTERVAL)
        for incident in (*still_open, *just_over):
            outbox.reconcile_channel(session, incident, at, whole=True)
        if numbering.has_numbers(session, installation.team_id):
            outbox.find_private_channels(session, installation.team_id, at)
        refresh_profiles(session, installation.team_id, at)


def find_missed_changes(
    session: Session, settings: Settings, team_id: str, part: ChannelSnapshot
) -> list[MissedChange]:
    """Differences to the record, in the order to apply them. Reads only."""
    incident = incidents.find_by_channel(session, team_id, part.channel_id)
    if incident is None:
        return []
    comparison = _Comparison.load(session, settings, team_id, incident, part)
    found: list[MissedChange] = []
    if part.is_private and not incident.is_private:
        found.append(MissedConversion())
    if part.name is not None and incident.channel_name not in {None, part.name}:  # None: it is made of a redacted title
        found.append(MissedRename(part.name))
    for each in part.seen:
        found += comparison.message_changes(each)
    return found + list(comparison.deletions())


def apply_missed_changes(
    session: Session, settings: Settings, team_id: str, channel_id: str, several: Sequence[MissedChange], at: datetime
) -> None:
    """Apply changes as if their events came now. Later events take precedence."""
    for each in several:
        match each:
            case MissedMessage(message):
                record_message(session, settings, team_id, message, at)
            case MissedReaction(reaction, is_own):
                new = Reaction.model_validate(reaction.model_dump())
                record_reaction(session, settings, new, at, is_on_own_message=is_own)
            case MissedDeletion(ts):
                record_deletion(session, team_id, channel_id, ts, at)
            case MissedRename(name):
                save_channel_name(session, team_id, channel_id, name)
            case MissedConversion():
                on_channel_made_private(session, settings, team_id, channel_id, at)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Part of a channel beside its transcript."""

    settings: Settings
    team_id: str
    incident: Incident
    part: ChannelSnapshot
    known: dict[str, Message]
    marks: dict[str, list[Reaction]] = field(default_factory=dict)

    @classmethod
    def load(
        cls, session: Session, settings: Settings, team_id: str, incident: Incident, part: ChannelSnapshot
    ) -> "_Comparison":
        kept = transcript.find_replies(session, team_id, part.channel_id, part.threads)
        if part.oldest != part.before:
            kept += transcript.find_messages_between(session, team_id, part.channel_id, part.oldest, part.before)
        known = {each.ts: each for each in kept}
        marks = transcript.find_reactions_by_message(
            session, team_id, part.channel_id, {each.message.ts for each in part.seen}
        )
        return cls(settings, team_id, incident, part, known, marks)

    def message_changes(self, seen: MessageSnapshot) -> Iterator[MissedChange]:
        known = self.known.get(seen.message.ts)
        if known is not None and (known.frozen_at is not None or known.deleted_at is not None):
            return
        if known is None and not self._is_to_record(seen):
            return
        if known is None or _is_newer(known, seen.message):
            yield MissedMessage(seen.message)
        yield from self._reaction_changes(seen)

    def _is_to_record(self, seen: MessageSnapshot) -> bool:
        """
        True if an unknown message should have been recorded.

        Older than the incident: only if it was edited since, or marked. Cleared by retention: only if it was marked.
        """
        if is_before_history(self.incident, seen.message.ts):
            return False
        since = self.incident.declared_at - CLOCK_TOLERANCE
        is_of_its_time = parse_ts(max(seen.message.ts, seen.message.edited_ts or "")) >= since
        if is_of_its_time and not is_past_retention(self.incident, seen.message.ts):
            return True
        return any(normalise_emoji(mark.emoji) in self.settings.reactions for mark in seen.marks)

    def _reaction_changes(self, seen: MessageSnapshot) -> Iterator[MissedChange]:
        """Missed reactions, in Slack's order, which is the order of adding."""
        present = [
            (mark.user_id, emoji_with_tone(mark.emoji))
            for mark in seen.marks
            if normalise_emoji(mark.emoji) in self.settings.reactions
        ]
        all_marks = {(mark.user_id, emoji_with_tone(mark.emoji)) for mark in seen.marks}
        recorded = {(each.user_id, each.emoji): each for each in self.marks.get(seen.message.ts, [])}
        cut = {emoji_with_tone(emoji) for emoji in seen.cut}
        new = [pair for pair in dict.fromkeys(present) if pair not in recorded]
        for place, pair in enumerate(new):
            yield self._reaction_change(seen, pair, place, is_present=True)
        for pair in sorted(set(recorded) - all_marks):
            if pair[1] not in cut and parse_ts(recorded[pair].event_ts) <= self.part.at - SETTLE_TIME:
                yield self._reaction_change(seen, pair, 0, is_present=False)

    def _reaction_change(
        self, seen: MessageSnapshot, pair: tuple[str, str], place: int, *, is_present: bool
    ) -> MissedReaction:
        moment = self.part.at + timedelta(microseconds=place)
        reaction = Reaction(
            team_id=self.team_id,
            channel_id=self.part.channel_id,
            message_ts=seen.message.ts,
            user_id=pair[0],
            emoji=pair[1],
            is_present=is_present,
            event_ts=f"{moment.timestamp():.6f}",
        )
        return MissedReaction(reaction, seen.message.is_own)

    def deletions(self) -> Iterator[MissedDeletion]:
        """Messages that are stored, were old enough to be read, and were not there."""
        present = self.part.unreadable | {each.message.ts for each in self.part.seen}
        for ts, message in sorted(self.known.items()):
            was_read = message.thread_ts in {None, ts} or message.thread_ts in self.part.threads
            is_settled = max(message.stored_at, parse_ts(ts)) <= self.part.at - SETTLE_TIME
            if was_read and is_settled and ts not in present and message.deleted_at is None:
                yield MissedDeletion(ts)


def _is_newer(known: Message, message: SlackMessage) -> bool:
    edited, known_edited = message.edited_ts or "", known.edited_ts or ""
    return edited > known_edited or (edited == known_edited and known.text != message.text)
