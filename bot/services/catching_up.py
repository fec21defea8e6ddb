"""What happened in Slack while nobody listened: the channel as it is, held against the transcript."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.timeline_marks import emoji_with_tone, normalise_emoji
from bot.services import tell, transcript
from bot.services.transcript import Said, written_at
from bot.store import incidents, timers
from bot.store import transcript as stored
from bot.store.incidents import Incident
from bot.store.timers import Timer
from bot.store.transcript import Reaction

EVERY = timedelta(minutes=10)
LOOK = "look at a channel again"


@dataclass(frozen=True, slots=True)
class Mark:
    user_id: str
    emoji: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as it stands. `is_whole`: `marks` are all of them (Slack may name fewer people than there are)."""

    said: Said
    marks: tuple[Mark, ...] = ()
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    A channel as it was at `at`, from the message `oldest` on, with the threads of `threads` (their parents' ts).

    What happened later than `at` is not in it, and is left alone.
    """

    channel_id: str
    at: datetime
    oldest: str
    seen: tuple[Seen, ...]
    threads: frozenset[str]


def keep_looking(session: Session, incident: Incident, at: datetime) -> None:
    """Look at the incident's channel now, and again every ten minutes while it is open."""
    if incident.channel_id is not None and incident.is_open:
        tell.look(session, incident, at)
        look_later(session, incident, at)


def look_later(session: Session, incident: Incident, at: datetime) -> None:
    timers.set_timer(session, f"look:{incident.key}", at + EVERY, LOOK, incident_id=incident.key)


def look_again(session: Session, _settings: Settings, timer: Timer, at: datetime) -> None:
    """The timer's work: an incident that is over is looked at no more."""
    keep_looking(session, incidents.get(session, int(timer.details["incident_id"])), at)


def catch_up(session: Session, at: datetime) -> None:
    """After a start, or a gap in the connection: look at every open incident's channel."""
    installation = incidents.installation(session)
    if installation is not None:
        for incident in incidents.open_ones(session, installation.team_id):
            keep_looking(session, incident, at)


def reconcile(session: Session, settings: Settings, team_id: str, snapshot: Snapshot, at: datetime) -> None:
    """Bring transcript and timeline into step with a channel as it was."""
    moment = f"{snapshot.at.timestamp():.6f}"
    incident = incidents.of_channel(session, team_id, snapshot.channel_id)
    known = {message.ts: message for message in stored.of_channel(session, team_id, snapshot.channel_id)}
    for each in snapshot.seen:
        message = known.get(each.said.ts)
        if message is not None and message.sealed_at is not None:
            continue
        if message is None and incident is not None and transcript.is_before_history(incident, each.said.ts):
            continue
        if (
            message is None
            or (message.edited_ts or "") != (each.said.edited_ts or "")
            or (message.text != each.said.text and message.deleted_at is None)
        ):
            transcript.heard(session, settings, team_id, each.said, at)
        _reconcile_marks(session, settings, team_id, each, moment, at)
    there = {each.said.ts for each in snapshot.seen}
    for ts, message in known.items():
        was_read = ts >= snapshot.oldest and (message.thread_ts in {None, ts} or message.thread_ts in snapshot.threads)
        if was_read and ts not in there and message.deleted_at is None and written_at(ts) < snapshot.at:
            transcript.deleted(session, team_id, snapshot.channel_id, ts, at)


def _reconcile_marks(session: Session, settings: Settings, team_id: str, seen: Seen, moment: str, at: datetime) -> None:
    channel_id, ts = seen.said.channel_id, seen.said.ts
    present = {
        (mark.user_id, emoji_with_tone(mark.emoji))
        for mark in seen.marks
        if normalise_emoji(mark.emoji) in settings.reactions
    }
    recorded = {(each.user_id, each.emoji) for each in stored.marks_on(session, team_id, channel_id, ts)}
    gone = recorded - present if seen.is_whole else set()
    for user_id, emoji in sorted((present - recorded) | gone):
        reaction = Reaction(
            team_id=team_id, channel_id=channel_id, message_ts=ts, user_id=user_id, emoji=emoji,
            is_present=(user_id, emoji) in present, event_ts=moment,
        )  # fmt: skip
        transcript.reacted(session, settings, reaction, at, is_on_own_message=seen.said.is_own)
