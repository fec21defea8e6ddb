"""What happened in Slack while nobody listened: the channel as it is, held against the transcript."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.timeline.marks import emoji_with_tone, normalise_emoji
from bot.services import outbox as tell
from bot.services.channel import transcript
from bot.services.channel.transcript import Said, written_at
from bot.services.workspace import installation as workspace
from bot.store import outbox
from bot.store.incidents import incidents
from bot.store.incidents import transcript as stored
from bot.store.incidents.incidents import Incident
from bot.store.incidents.transcript import Message, Reaction
from bot.store.shared import timers
from bot.store.shared.timers import Timer

EVERY = timedelta(minutes=10)
LOOK = "look at a channel again"
STILL_MARKED = timedelta(days=3)
"""How long after its end an incident's channel is read after a gap: people mark messages for the postmortem."""
UNSETTLED = timedelta(seconds=30)
"""What Slack told of so shortly before a channel was read may be absent from what was read."""
EARLIER = timedelta(minutes=5)
"""How far Slack's clock and ours may be apart when a message is called older than its incident."""


@dataclass(frozen=True, slots=True)
class Mark:
    user_id: str
    emoji: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as it stands. `cut`: emoji of which Slack named fewer people than it counted."""

    said: Said
    marks: tuple[Mark, ...] = ()
    cut: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    A part of a channel as it was at `at`; what happened later is not in it, and is left alone.

    It holds all messages of the channel itself that were written from `oldest` on and before `before` (None: to the
    end), and all replies of the `threads` (their parents' ts).
    """

    channel_id: str
    at: datetime
    seen: tuple[Seen, ...] = ()
    oldest: str = ""
    before: str | None = ""
    threads: frozenset[str] = frozenset()
    name: str | None = None
    """The channel's newest name, where it was renamed in this part."""


@dataclass(frozen=True, slots=True)
class Heard:
    said: Said


@dataclass(frozen=True, slots=True)
class Marked:
    reaction: Reaction
    is_on_own_message: bool


@dataclass(frozen=True, slots=True)
class Gone:
    ts: str


@dataclass(frozen=True, slots=True)
class Renamed:
    name: str


Missed = Heard | Marked | Gone | Renamed


def keep_looking(session: Session, incident: Incident, at: datetime) -> None:
    """Look at the incident's channel now, and again every ten minutes while it is open."""
    if incident.channel_id is not None and incident.is_open:
        tell.look(session, incident, at)
        look_later(session, incident, at)


def look_later(session: Session, incident: Incident, at: datetime) -> None:
    timers.set_timer(session, _timer_of(incident), at + EVERY, LOOK, incident_id=incident.key)


def _timer_of(incident: Incident) -> str:
    return f"look:{incident.key}"


def look_again(session: Session, _settings: Settings, timer: Timer, at: datetime) -> None:
    """The timer's work: an incident that is over is looked at no more."""
    keep_looking(session, incidents.get(session, int(timer.details["incident_id"])), at)


def catch_up(session: Session, at: datetime) -> None:
    """After a start, or a gap in the connection: read the channels of open incidents, and of those just over, whole."""
    installation = incidents.installation(session)
    if installation is None:
        return
    still_open = [each for each in incidents.open_ones(session, installation.team_id) if each.channel_id is not None]
    just_over = incidents.over_since(session, installation.team_id, at - STILL_MARKED)
    with outbox.together(session):  # the timers first, then the lanes, as the engine does: nobody waits in a ring
        later = {_timer_of(each): {"incident_id": each.key} for each in sorted(still_open, key=_timer_of)}
        timers.set_several(session, LOOK, later, at + EVERY)
        for incident in (*still_open, *just_over):
            tell.look(session, incident, at, whole=True)


# --- what was missed


def missed(session: Session, settings: Settings, team_id: str, part: Snapshot) -> list[Missed]:
    """In which order to take in what the transcript does not have; reads only."""
    incident = incidents.of_channel(session, team_id, part.channel_id)
    if incident is None:
        return []
    comparing = _Comparing.of(session, settings, team_id, incident, part)
    found: list[Missed] = []
    if part.name is not None and part.name != incident.channel_name:
        found.append(Renamed(part.name))
    for each in part.seen:
        found += comparing.of_message(each)
    return found + list(comparing.gone())


def take_in(
    session: Session, settings: Settings, team_id: str, channel_id: str, several: Sequence[Missed], at: datetime
) -> None:
    """As if Slack had told of it now. What an event told meanwhile goes before it."""
    for each in several:
        match each:
            case Heard(said):
                transcript.heard(session, settings, team_id, said, at)
            case Marked(reaction, is_own):
                new = Reaction.model_validate(reaction.model_dump())
                transcript.reacted(session, settings, new, at, is_on_own_message=is_own)
            case Gone(ts):
                transcript.deleted(session, team_id, channel_id, ts, at)
            case Renamed(name):
                workspace.channel_renamed(session, team_id, channel_id, name)


@dataclass(frozen=True, slots=True)
class _Comparing:
    """A part of a channel beside what is kept of it."""

    settings: Settings
    team_id: str
    incident: Incident
    part: Snapshot
    known: dict[str, Message]
    marks: dict[str, list[Reaction]] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, settings: Settings, team_id: str, incident: Incident, part: Snapshot) -> "_Comparing":
        kept = stored.replies_to(session, team_id, part.channel_id, part.threads)
        if part.oldest != part.before:
            kept += stored.in_span(session, team_id, part.channel_id, part.oldest, part.before)
        known = {each.ts: each for each in kept}
        marks = stored.marks_in(session, team_id, part.channel_id, {each.said.ts for each in part.seen})
        return cls(settings, team_id, incident, part, known, marks)

    def of_message(self, seen: Seen) -> Iterator[Missed]:
        known = self.known.get(seen.said.ts)
        if known is not None and (known.sealed_at is not None or known.deleted_at is not None):
            return
        if known is None and not self._is_ours(seen):
            return
        if known is None or _is_news(known, seen.said):
            yield Heard(seen.said)
        yield from self._of_marks(seen)

    def _is_ours(self, seen: Seen) -> bool:
        """
        Whether a message that nobody told of would have been told of.

        What was written before the incident counts if it was edited since, or marked; what retention has let go of
        counts if it was marked.
        """
        if transcript.is_before_history(self.incident, seen.said.ts):
            return False
        since = self.incident.declared_at - EARLIER
        is_of_its_time = written_at(max(seen.said.ts, seen.said.edited_ts or "")) >= since
        if is_of_its_time and not transcript.is_forgotten(self.incident, seen.said.ts):
            return True
        return any(normalise_emoji(mark.emoji) in self.settings.reactions for mark in seen.marks)

    def _of_marks(self, seen: Seen) -> Iterator[Missed]:
        """Marks in the order in which Slack names them, which is that in which they were put."""
        present = [
            (mark.user_id, emoji_with_tone(mark.emoji))
            for mark in seen.marks
            if normalise_emoji(mark.emoji) in self.settings.reactions
        ]
        on_it = {(mark.user_id, emoji_with_tone(mark.emoji)) for mark in seen.marks}
        recorded = {(each.user_id, each.emoji): each for each in self.marks.get(seen.said.ts, [])}
        cut = {emoji_with_tone(emoji) for emoji in seen.cut}
        new = [pair for pair in dict.fromkeys(present) if pair not in recorded]
        for place, pair in enumerate(new):
            yield self._marked(seen, pair, place, is_present=True)
        for pair in sorted(set(recorded) - on_it):
            if pair[1] not in cut and written_at(recorded[pair].event_ts) <= self.part.at - UNSETTLED:
                yield self._marked(seen, pair, 0, is_present=False)

    def _marked(self, seen: Seen, pair: tuple[str, str], place: int, *, is_present: bool) -> Marked:
        moment = self.part.at + timedelta(microseconds=place)
        reaction = Reaction(
            team_id=self.team_id,
            channel_id=self.part.channel_id,
            message_ts=seen.said.ts,
            user_id=pair[0],
            emoji=pair[1],
            is_present=is_present,
            event_ts=f"{moment.timestamp():.6f}",
        )
        return Marked(reaction, seen.said.is_own)

    def gone(self) -> Iterator[Gone]:
        """What is kept, was there long enough to be seen, and was not."""
        there = {each.said.ts for each in self.part.seen}
        for ts, message in sorted(self.known.items()):
            was_read = message.thread_ts in {None, ts} or message.thread_ts in self.part.threads
            is_settled = max(message.stored_at, written_at(ts)) <= self.part.at - UNSETTLED
            if was_read and is_settled and ts not in there and message.deleted_at is None:
                yield Gone(ts)


def _is_news(known: Message, said: Said) -> bool:
    edited, known_edited = said.edited_ts or "", known.edited_ts or ""
    return edited > known_edited or (edited == known_edited and known.text != said.text)
