"""Shortcuts, on messages and anywhere, and `/incident` alone: what opens a form."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.services.channel.transcript import Said
from bot.services.incidents.lifecycle import NUMBERED, of_place
from bot.slack.api.payloads import Whose, said_of, team_of
from bot.slack.blocks import menu as more
from bot.slack.blocks import modals
from bot.slack.blocks.command_forms import form as command_form
from bot.slack.blocks.command_forms import incident_field
from bot.slack.blocks.incidents import declare_form as declaring
from bot.slack.blocks.inputs import Choice, plain
from bot.slack.blocks.limits import one_line
from bot.slack.blocks.notices import View
from bot.slack.handlers import timeline_entries as entry_acts
from bot.slack.inbound.slash_commands import Typed
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.incidents import incidents, timeline
from bot.store.incidents.visibility import sight_in
from commands import task

ADD_TO_TIMELINE, OPEN_INCIDENT, AMEND_ENTRY = "add_to_timeline", "open_incident", "amend_entry"
DECLARE_INCIDENT, MAKE_TASK = "declare_incident", "make_it_a_task"
ON_MESSAGES = (ADD_TO_TIMELINE, OPEN_INCIDENT, AMEND_ENTRY, MAKE_TASK)
SHORTCUTS = (*ON_MESSAGES, DECLARE_INCIDENT)
LOOK_SECONDS = 1.0
"""How long it may take to find out what `/incident` alone means here: a trigger lives 3 s."""
TITLE = 150
NOT_TOLD = "privategroup"
"""What Slack calls every private channel in a command."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The incidents that a message can be put on; `here` is the one in whose channel it stands."""

    incidents: tuple[Choice, ...] = ()
    here: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A shortcut that somebody took. `said` is the message that it was taken on, None for one from anywhere."""

    team_id: str
    user_id: str
    home_team_id: str | None
    callback_id: str
    trigger_id: str
    channel_id: str
    said: Said | None
    response_url: str = ""

    @classmethod
    def from_payload(cls, body: Mapping[str, Any]) -> "Taken":
        """Source: docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload."""
        user, channel = body["user"], str((body.get("channel") or {}).get("id") or "")
        callback_id = str(body["callback_id"])
        return cls(
            team_id=team_of(body),
            user_id=str(user["id"]),
            home_team_id=user.get("team_id"),
            callback_id=callback_id,
            trigger_id=str(body.get("trigger_id") or ""),
            channel_id=channel,
            said=said_of(body["message"], channel, Whose("", "")) if callback_id in ON_MESSAGES else None,
            response_url=str(body.get("response_url") or ""),
        )

    @property
    def text(self) -> str:
        return self.said.text if self.said else ""

    @property
    def carried(self) -> dict[str, object]:
        """The message, for the form to carry to its submission."""
        if self.said is None:
            return {}
        return {
            "channel": self.channel_id,
            "ts": self.said.ts,
            "thread_ts": self.said.thread_ts,
            "author": self.said.author,
            "author_name": self.said.author_name,
            "text": self.said.text,
        }


async def form_for(database: Database, settings: Settings, taken: Taken) -> View:
    """The form of a shortcut. Raises DatabaseUnavailable where only the database could say what to show."""
    if taken.callback_id in {OPEN_INCIDENT, DECLARE_INCIDENT}:
        return _declare(settings, taken)
    return await database.read(_form_of_message, settings, taken)


def plain_form(settings: Settings, taken: Taken) -> View | None:
    """What can be shown without the database. None where an entry was to be amended that nobody can look up."""
    if taken.callback_id == AMEND_ENTRY:
        return None
    if taken.callback_id == MAKE_TASK:
        return task_form(settings, taken, Offer())
    return _declare(settings, taken) if taken.callback_id != ADD_TO_TIMELINE else modals.mark((), taken.carried)


def _declare(settings: Settings, taken: Taken) -> View:
    return declaring.declare(settings, title=one_line(taken.text, TITLE), carried=taken.carried)


def task_form(settings: Settings, taken: Taken, offer: Offer) -> View:
    """The form of `/incident task` with the message's words in it, and the incident to choose."""
    carried = {**taken.carried, more.URL: taken.response_url}
    view = command_form(task.COMMAND, settings, carried, initial={modals.TEXT: taken.text})
    blocks = [incident_field(offer.incidents, offer.here), *view["blocks"]]
    return {**view, "callback_id": modals.TASK_OF_MESSAGE, "title": plain("Make it a task"), "blocks": blocks}


def _form_of_message(session: Session, settings: Settings, taken: Taken) -> View:
    if taken.callback_id == AMEND_ENTRY and taken.said is not None:
        form = _amending_form(session, taken.team_id, taken.channel_id, taken.said.ts)
        if form is not None:  # what is on no timeline yet can be added
            return form
    offer = _offer(session, taken.team_id, taken.channel_id)
    if taken.callback_id == MAKE_TASK:
        return task_form(settings, taken, offer)
    return modals.mark(offer.incidents, taken.carried, chosen=offer.here)


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


def _offer(session: Session, team_id: str, channel: str) -> Offer:
    here = incidents.of_channel(session, team_id, channel)
    shown = sight_in(session, team_id, channel).of(incidents.open_ones(session, team_id))
    if here is not None:
        shown = [here, *(each for each in shown if each.id != here.id)]
    choices = tuple(Choice(each.reference, f"{each.reference} {one_line(each.title, 60)}") for each in shown)
    return Offer(choices, here.reference if here else None)


async def is_inside(database: Database, typed: Typed) -> bool:
    """
    Whether a command was typed in an incident's channel. If the database does not say so in time, its name does.

    Raises DatabaseUnavailable where it bears an incident's name, or none that is told: then it may be one.
    """
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await database.read(of_place, typed.team_id, typed.channel_id, typed.channel_name) is not None
    except (TimeoutError, DatabaseUnavailable) as problem:
        if NUMBERED.match(typed.channel_name) or typed.channel_name in {"", NOT_TOLD}:
            raise DatabaseUnavailable(str(problem) or f"no answer within {LOOK_SECONDS:g} s") from problem
        return False
