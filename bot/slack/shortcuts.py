"""Shortcuts on messages, and `/incident` alone: what opens a form."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.slack.blocks import modals
from bot.slack.blocks.forms import Choice
from bot.slack.blocks.kit import one_line
from bot.slack.payloads import Whose, said_of, team_of
from bot.store import incidents
from bot.store.session import Database, DatabaseUnavailable

ADD_TO_TIMELINE, OPEN_INCIDENT = "add_to_timeline", "open_incident"
LOOK_SECONDS = 1.0
"""How long a form may wait for the database before it opens without what the database knows: a trigger lives 3 s."""
TITLE = 150


@dataclass(frozen=True, slots=True)
class Offer:
    """The incidents that a message can be put on; `here` is the one in whose channel it stands."""

    incidents: tuple[Choice, ...] = ()
    here: str | None = None


async def form_for(database: Database, settings: Settings, body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The form of a message shortcut, from its payload alone if the database is slow. None for one that is not ours."""
    message, channel = body.get("message") or {}, str((body.get("channel") or {}).get("id") or "")
    said = said_of(message, channel, Whose("", ""))
    carried = {
        "channel": channel,
        "ts": said.ts,
        "thread_ts": said.thread_ts,
        "author": said.author,
        "author_name": said.author_name,
        "text": said.text,
    }
    if body.get("callback_id") == OPEN_INCIDENT:
        return modals.declare(settings, title=one_line(said.text, TITLE), carried=carried)
    if body.get("callback_id") == ADD_TO_TIMELINE:
        offer = await _within_time(database, team_of(body), channel)
        return modals.mark(offer.incidents, carried, chosen=offer.here)
    return None


async def _within_time(database: Database, team_id: str, channel: str) -> Offer:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await database.read(_offer, team_id, channel)
    except (TimeoutError, DatabaseUnavailable):
        return Offer()


def _offer(session: Session, team_id: str, channel: str) -> Offer:
    here = incidents.of_channel(session, team_id, channel)
    shown = [each for each in incidents.open_ones(session, team_id) if not each.is_private]
    if here is not None:
        shown = [here, *(each for each in shown if each.id != here.id)]
    choices = tuple(Choice(each.reference, f"{each.reference} {one_line(each.title, 60)}") for each in shown)
    return Offer(choices, here.reference if here else None)


async def is_inside(database: Database, team_id: str, channel: str) -> bool:
    """Whether a channel is an incident's. A database that does not answer in time counts as no."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await database.read(incidents.of_channel, team_id, channel) is not None
    except (TimeoutError, DatabaseUnavailable):
        return False
