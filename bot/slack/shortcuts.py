"""Shortcuts on messages, and `/incident` alone: what opens a form."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.services.incidents import of_place
from bot.slack import entry_acts
from bot.slack.blocks import modals
from bot.slack.blocks.forms import Choice
from bot.slack.blocks.kit import one_line
from bot.slack.payloads import Whose, said_of, team_of
from bot.store import incidents, timeline
from bot.store.session import Database, DatabaseUnavailable
from bot.store.sight import sight_in

ADD_TO_TIMELINE, OPEN_INCIDENT, AMEND_ENTRY = "add_to_timeline", "open_incident", "amend_entry"
SHORTCUTS = (ADD_TO_TIMELINE, OPEN_INCIDENT, AMEND_ENTRY)
LOOK_SECONDS = 1.0
"""How long a form may wait for the database before it opens without what the database knows: a trigger lives 3 s."""
TITLE = 150


@dataclass(frozen=True, slots=True)
class Offer:
    """The incidents that a message can be put on; `here` is the one in whose channel it stands."""

    incidents: tuple[Choice, ...] = ()
    here: str | None = None


async def form_for(database: Database, settings: Settings, body: Mapping[str, Any]) -> dict[str, Any] | None:
    """
    The form of a message shortcut, from its payload alone if the database is slow. None for one that is not ours.

    Raises UserError where only the database could say what to show.
    """
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
    if body.get("callback_id") == AMEND_ENTRY and (form := await _amending(database, team_of(body), channel, said.ts)):
        return form
    if body.get("callback_id") in {ADD_TO_TIMELINE, AMEND_ENTRY}:  # what is on no timeline yet can be added
        offer = await _within_time(database, team_of(body), channel)
        return modals.mark(offer.incidents, carried, chosen=offer.here)
    return None


async def _amending(database: Database, team_id: str, channel: str, ts: str) -> dict[str, Any] | None:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await database.read(_amending_form, team_id, channel, ts)
    except (TimeoutError, DatabaseUnavailable) as problem:
        raise UserError("The database does not answer, so nothing was changed. Try again in a moment.") from problem


def _amending_form(session: Session, team_id: str, channel: str, ts: str) -> dict[str, Any] | None:
    """
    The form of the entry that quotes this message, or that this message of the bot tells of. None if there is none.

    Outside an incident's channel its private incidents do not exist.
    """
    here = incidents.of_channel(session, team_id, channel)
    found = timeline.of_any_incident(session, channel, ts)
    found += [told] if here is not None and (told := timeline.told_by(session, here.key, ts)) else []
    of_here = [entry for entry in found if here is not None and entry.incident_id == here.key]
    sight = sight_in(session, team_id, channel)
    seen = [entry for entry in found if sight.sees(incidents.get(session, entry.incident_id))]
    chosen = next(iter(of_here), None) or (seen[-1] if seen else None)
    return entry_acts.opened(session, "amend", chosen.key, {}) if chosen else None


async def _within_time(database: Database, team_id: str, channel: str) -> Offer:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await database.read(_offer, team_id, channel)
    except (TimeoutError, DatabaseUnavailable):
        return Offer()


def _offer(session: Session, team_id: str, channel: str) -> Offer:
    here = incidents.of_channel(session, team_id, channel)
    shown = sight_in(session, team_id, channel).of(incidents.open_ones(session, team_id))
    if here is not None:
        shown = [here, *(each for each in shown if each.id != here.id)]
    choices = tuple(Choice(each.reference, f"{each.reference} {one_line(each.title, 60)}") for each in shown)
    return Offer(choices, here.reference if here else None)


async def is_inside(database: Database, team_id: str, channel: str, name: str) -> bool:
    """Whether a channel is an incident's. Raises DatabaseUnavailable if nobody says so in time: it may be one."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await database.read(of_place, team_id, channel, name) is not None
    except TimeoutError as problem:
        raise DatabaseUnavailable(f"no answer within {LOOK_SECONDS:g} s") from problem
