"""Count, offer and record the messages of a channel that are not on the timeline."""

from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.domain.errors import StateError
from bot.domain.terms import Kind
from bot.domain.timeline.candidates import ChannelMessage, rank_candidates
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.channel.marks import mark_message
from bot.services.channel.messages import SlackMessage, parse_ts
from bot.services.outbox.payloads import DraftPayload
from bot.services.workspace.actor import Actor
from bot.services.workspace.people import MENTION
from bot.store.incidents import incidents, postmortems, roles, timeline, transcript
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.transcript import Message
from bot.store.shared import people

MAX_CANDIDATES = 30


@dataclass(frozen=True, slots=True)
class CandidatesView:
    """
    Messages of the channel by people and other apps.

    `total` are kept, `recorded` of them are on the timeline. `candidates`: the likeliest of the others, in order.
    """

    incident_id: int
    reference: str
    zone: ZoneInfo
    total: int
    recorded: int
    candidates: tuple[ChannelMessage, ...] = ()
    names: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ChosenMessages:
    """How many chosen messages are on the timeline now, and whether a new draft follows."""

    count: int
    has_draft: bool


def load_candidates(session: Session, incident_id: int, known: Sequence[TimelineEntry] | None = None) -> CandidatesView:
    """`known`: all entries of the incident, if the caller has read them."""
    incident = incidents.get(session, incident_id)
    kept = _load_messages(session, incident)
    entries = timeline.read_entries(session, incident_id) if known is None else known
    has_entry = {(each.channel_id or "", each.message_ts or "") for each in entries}
    standing = {(each.channel_id, each.message_ts) for each in entries if each.withdrawn_at is None}
    found = rank_candidates(
        [_channel_message(each) for each in kept],
        has_entry,
        {each.user_id for each in roles.find_by_incident(session, incident_id)},
        limit=MAX_CANDIDATES,
    )
    texts = " ".join(each.text for each in found)
    return CandidatesView(
        incident_id=incident_id,
        reference=incident.reference,
        zone=ZoneInfo(incident.zone),
        total=len(kept),
        recorded=sum((each.channel_id, each.ts) in standing for each in kept),
        candidates=tuple(found),
        names=_load_names(session, incident, kept, texts),
    )


def _load_messages(session: Session, incident: Incident) -> list[Message]:
    """Kept messages of its channels, without the bot's own, deleted and redacted ones."""
    return [
        each
        for place in _channels(incident)
        for each in transcript.find_messages(session, incident.team_id, place)
        if not each.is_own and each.deleted_at is None and each.frozen_at is None
    ]


def _channels(incident: Incident) -> list[str]:
    former = [str(each["id"]) for each in incident.former_channels]
    return [*former, *([incident.channel_id] if incident.channel_id else [])]


def _channel_message(row: Message) -> ChannelMessage:
    return ChannelMessage(
        channel_id=row.channel_id,
        ts=row.ts,
        at=parse_ts(row.ts),
        author=row.author or row.author_name or "",
        text=row.text,
        has_files=bool(row.files),
        reactions=row.other_reactions,
        thread=row.thread_ts if row.thread_ts != row.ts else None,
    )


def _load_names(session: Session, incident: Incident, kept: Iterable[Message], texts: str) -> dict[str, str]:
    authors = {each.author: each.author_name for each in kept if each.author}
    known = people.find_names(session, incident.team_id, [*authors, *MENTION.findall(texts)])
    return {**known, **{author: name for author, name in authors.items() if name}}


def record_candidates(
    session: Session, incident_id: int, actor: Actor, chosen: Sequence[tuple[str, str]]
) -> ChosenMessages:
    """
    Put messages on the timeline as notes, with their own text, author and time.

    `chosen`: channel and ts of each. What somebody recorded, deleted or redacted meanwhile is left unchanged. A draft
    that was written before is written again. Raises UserError if none of them is left.
    """
    incident = incidents.lock(session, incident_id)
    kept = {(each.channel_id, each.ts): each for each in _load_messages(session, incident)}
    wanted = [kept[place] for place in dict.fromkeys(chosen) if place in kept]
    new = [each for each in wanted if timeline.find_by_message(session, incident_id, each.channel_id, each.ts) is None]
    if not new:
        raise StateError("These messages are on the timeline already, or were deleted. Nothing was changed.")
    for each in new:
        mark_message(session, incident, actor, _slack_message(each), Kind.NOTE)
    has_draft = postmortems.find_latest(session, incident_id) is not None
    if has_draft:
        outbox.post_draft(session, incident, actor.at, DraftPayload(asked_by=actor.user_id))
    return ChosenMessages(len(new), has_draft)


def _slack_message(row: Message) -> SlackMessage:
    return SlackMessage(
        channel_id=row.channel_id,
        ts=row.ts,
        text=row.text,
        author=row.author,
        author_name=row.author_name,
        thread_ts=row.thread_ts,
        files=tuple(row.files),
    )
