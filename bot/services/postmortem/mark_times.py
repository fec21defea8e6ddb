"""The times at which messages were marked as misleading paths."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.terms import Kind, SourceKind
from bot.domain.timeline.emoji import normalise_emoji
from bot.services.channel.messages import parse_ts
from bot.store.incidents import transcript
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.transcript import Reaction


def load_misleading_mark_times(
    session: Session, settings: Settings, team_id: str, entries: Iterable[TimelineEntry]
) -> Mapping[int, datetime]:
    """By the key of an entry, when it was first marked as a misleading path, if known."""
    marked = [entry for entry in entries if entry.has(Kind.MISLEADING_PATH)]
    typed = {each.key: each.recorded_at for each in marked if each.source == SourceKind.COMMAND and not each.amended_at}
    return {**typed, **_reaction_times(session, settings, team_id, marked)}


def _reaction_times(
    session: Session, settings: Settings, team_id: str, marked: Iterable[TimelineEntry]
) -> Mapping[int, datetime]:
    by_channel: dict[str, dict[str, int]] = {}
    for entry in marked:
        if entry.channel_id and entry.message_ts:
            by_channel.setdefault(entry.channel_id, {})[entry.message_ts] = entry.key
    found: dict[int, datetime] = {}
    for channel_id, keys in by_channel.items():
        reactions = transcript.find_reactions_by_message(session, team_id, channel_id, keys)
        for ts, given in reactions.items():
            times = [parse_ts(each.event_ts) for each in given if _marks_path(settings, each)]
            if times:
                found[keys[ts]] = min(times)
    return found


def _marks_path(settings: Settings, reaction: Reaction) -> bool:
    return settings.reactions.get(normalise_emoji(reaction.emoji)) is Kind.MISLEADING_PATH
