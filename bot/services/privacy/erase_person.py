"""A person is erased: their id and name are replaced everywhere, by an id that leads nowhere and by "former member"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.domain.errors import UserError, did_you_mean
from bot.services.paging import contacts
from bot.store.escalation import overrides as oncall
from bot.store.incidents import incidents
from bot.store.shared import audit, people
from bot.store.shared.people import Person
from bot.store.upkeep import text_locations as copies

FORMER = "former member"
USER_ID = re.compile(r"[UW][A-Z0-9]{2,}")
LONG = 6
"""Letters of a single word that is replaced wherever it stands; a shorter name only behind an @."""


@dataclass(frozen=True, slots=True)
class Erased:
    """
    What was replaced. `rows` counts by table; `name` is how people knew them; `former_id` stands in the id's place.

    `unsent` is how many messages to them were dropped, `drafts` the incidents whose posted drafts name them,
    `channels` the names of channels that do.
    """

    name: str
    former_id: str
    rows: dict[str, int]
    unsent: int
    drafts: tuple[str, ...]
    channels: tuple[str, ...]


def erase(session: Session, user_id: str, *, former_id: str, at: datetime, also: Sequence[str] = ()) -> Erased:
    """
    Replace a person everywhere. `former_id` is made by chance, so that one person's entries still belong together and
    nobody can tell whose they are; `also` are other ways in which texts name them.

    Raises UserError for an id that no table knows.
    """
    if not USER_ID.fullmatch(user_id):
        raise UserError(f"{user_id!r} is not a user id of Slack. It looks like U012ABCDEF; Slack's profile has it.")
    installation = incidents.installation(session)
    team_id = installation.team_id if installation else ""
    person = people.get(session, team_id, user_id)
    name, handle = (person.name, person.handle) if person else ("", "")
    if installation is not None and user_id == installation.bot_user_id:
        raise UserError("That is Dogwatch itself.")
    words = tuple(dict.fromkeys(word for word in (user_id, name, handle, *also) if word))
    drafts, channels = copies.drafts_naming(session, words), copies.channels_naming(session, words)
    unsent = copies.forget_unsent(session, user_id)
    contacts.forget(session, team_id, user_id)
    oncall.forget_key(session, team_id, user_id)
    copies.seal_messages_of(session, team_id, user_id, at)
    incidents.begin_history(session, team_id, at)
    rows = copies.change_everywhere(session, words, _ids(user_id, former_id), _names(name, handle, also))
    if not rows:
        known = did_you_mean(user_id, people.ids(session, team_id))
        raise UserError(f"Nobody with the id {user_id} is on record.{known} Nothing was changed.")
    _make_former(session, team_id, former_id)
    audit.note(session, at=at, team_id=team_id, what="erased a person", origin="cli", former=former_id)
    return Erased(name or user_id, former_id, rows, unsent, tuple(drafts), tuple(channels))


def _make_former(session: Session, team_id: str, former_id: str) -> None:
    """What is left of them among the people: a name that is none."""
    person = people.get(session, team_id, former_id) or Person(team_id=team_id, user_id=former_id)
    person.name, person.handle, person.is_deleted = FORMER, "", True
    person.home_team_id = person.zone = person.dm_channel_id = person.learned_at = None
    person.is_guest = person.is_bot = False
    session.add(person)


def _ids(user_id: str, former_id: str) -> copies.Change:
    """Channels are named in small letters."""
    whole = re.compile(rf"(?<![A-Za-z0-9]){re.escape(user_id)}(?![A-Za-z0-9])", re.IGNORECASE)
    return lambda text: whole.sub(lambda found: former_id.lower() if found[0].islower() else former_id, text)


def _names(name: str, handle: str, also: Sequence[str]) -> copies.Change:
    """
    What replaces a name in people's words: behind an @ always, by itself if it is no short word that may be another.

    What the operator adds in `also` is replaced wherever it stands as a word.
    """
    called = [f"@{each}" for each in dict.fromkeys([name, handle]) if each]
    alone = [each for each in dict.fromkeys([name, handle]) if " " in each or len(each) >= LONG]
    wanted = sorted({*called, *alone, *also}, key=len, reverse=True)
    if not wanted:
        return lambda text: text
    found = re.compile("|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in wanted), re.IGNORECASE)
    return lambda text: found.sub(lambda match: f"@{FORMER}" if match[0].startswith("@") else FORMER, text)
