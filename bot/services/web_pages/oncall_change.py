"""A change of who is on call, as the forms of the page send it."""

import re
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import InvalidField, UserError, errors_at
from bot.domain.text.mentions import MENTION, resolve_mentions
from bot.domain.text.normalize import parse_id
from bot.domain.times import read_time
from bot.lazy_dataclass import dataclass
from bot.services.oncall import overrides
from bot.services.oncall.override_change import OverrideChange
from bot.services.oncall.overrides import TimeRange
from bot.services.oncall.schedule import check_schedule_exists
from bot.services.workspace.access import check_access
from bot.services.workspace.actor import Actor
from bot.store.shared import people

MAX_REASON = 300
WITH_ID = re.compile(r"\(([UW][A-Z0-9]{2,})\)$", re.ASCII)
"""The end of a name that several people have."""
NO_PERSON = "Nobody is known as {typed}, or several people are. Choose a name from the list."


@dataclass(frozen=True, slots=True)
class ShiftForm:
    """
    The fields as they were typed; empty where the form has none.

    `act`: `take`, `give`, `swap`, `override` or `cancel`. Times are in the zone of the schedule; in a swap `starts` is
    the viewer's shift and `theirs` the other person's. `number` is that of an override to cancel.
    """

    act: str = ""
    schedule: str = ""
    person: str = ""
    instead: str = ""
    starts: str = ""
    ends: str = ""
    theirs: str = ""
    reason: str = ""
    number: str = ""


def change_shift(session: Session, settings: Settings, actor: Actor, form: ShiftForm) -> OverrideChange:
    """Do what the form asks for. Raises UserError, with the field's name where one is wrong."""
    check_access(session, actor, home_team_id=None)
    if form.act == "cancel":
        number = parse_id(form.number)
        if number is None:
            raise UserError("There is no such change. Open the page again.")
        return overrides.cancel_override(session, settings, actor, number)
    check_schedule_exists(settings, form.schedule)
    name, reason = form.schedule, " ".join(form.reason.split())[:MAX_REASON]
    times = TimeRange(
        _read_field(settings, actor, form, "starts", form.starts), _read_field(settings, actor, form, "ends", form.ends)
    )
    person = _find_person(session, actor, "person", form.person)
    instead = _find_person(session, actor, "instead", form.instead)
    match form.act:
        case "take":
            return overrides.take_shift(session, settings, actor, name, times, instead=instead, reason=reason)
        case "give":
            to = _require_person(person)
            return overrides.give_shift(session, settings, actor, name, to, times, reason=reason)
        case "swap":
            theirs = _read_field(settings, actor, form, "theirs", form.theirs)
            other = _require_person(person)
            return overrides.swap_shifts(
                session, settings, actor, name, other, mine=times.starts, theirs=theirs, reason=reason
            )
        case "override":
            to = _require_person(person)
            return overrides.set_override(session, settings, actor, name, to, times, instead=instead, reason=reason)
        case _:
            raise UserError("The form asks for an unknown change. Open the page again.")


def name_people(session: Session, team_id: str, text: str) -> str:
    """The text of a refusal with names in place of Slack's mentions."""
    return resolve_mentions(text, people.find_names(session, team_id, MENTION.findall(text)))


def _read_field(settings: Settings, actor: Actor, form: ShiftForm, field: str, typed: str) -> datetime | None:
    """A time as a browser's date field sends it, or as in commands; None if the field is empty."""
    if not typed.strip():
        return None
    zone = settings.schedule_table[form.schedule].zone
    with errors_at(field):
        when = read_time(typed.strip().replace("T", " ", 1), now=actor.at, zone=zone, prefer_past=False)
        if when.at is None:
            raise UserError("An on-call change needs an exact time.")
    return when.at


def _find_person(session: Session, actor: Actor, field: str, typed: str) -> str | None:
    """The user id of a name, handle or id; None if the field is empty."""
    wanted = typed.strip().removeprefix("@")
    if not wanted:
        return None
    with_id = WITH_ID.search(wanted)
    found = people.get(session, actor.team_id, with_id[1] if with_id else wanted)
    found = found or people.find_by_handle(session, actor.team_id, wanted)
    if found is None:
        raise InvalidField(field, NO_PERSON.format(typed=typed.strip()[:80]))
    return found.user_id


def _require_person(found: str | None) -> str:
    if found is None:
        raise InvalidField("person", "Name a person.")
    return found
