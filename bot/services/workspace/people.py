"""Getting to know people: their ids are met in payloads, their names are asked for once."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.services import outbox as tell
from bot.store.incidents import incidents
from bot.store.shared import people

PEOPLE = ("U", "W")
"""How ids of people begin; `B` is a bot, whose messages carry its name."""
MENTION = re.compile(r"<@([UWB][A-Z0-9]+)>")


def meet(session: Session, team_id: str, user_ids: Iterable[str | None], at: datetime, *, text: str = "") -> None:
    """Whoever is new, among these and among those whom `text` mentions, is looked up soon."""
    ids = [user_id for user_id in user_ids if user_id] + MENTION.findall(text)
    for new in people.meet(session, team_id, ids):
        if new.startswith(PEOPLE):
            tell.learn_person(session, team_id, new, at)


@dataclass(frozen=True, slots=True)
class Known:
    """What Slack says of a person. `name` is the one people see."""

    user_id: str
    name: str
    handle: str = ""
    home_team_id: str | None = None
    is_bot: bool = False
    is_guest: bool = False
    is_deleted: bool = False
    zone: str | None = None


def learned(session: Session, team_id: str, known: Known, at: datetime) -> None:
    """Keep what Slack says of a person."""
    people.meet(session, team_id, [known.user_id])
    person = people.get(session, team_id, known.user_id)
    if person is None:
        return
    name = known.name or known.handle or known.user_id
    if person.name != name:
        _show_name(session, team_id, known.user_id, at)
    person.name, person.handle = name, known.handle
    person.home_team_id, person.zone = known.home_team_id, known.zone
    person.is_bot, person.is_guest, person.is_deleted = known.is_bot, known.is_guest, known.is_deleted
    person.learned_at = at
    session.add(person)


def changed(session: Session, team_id: str, known: Known, at: datetime) -> None:
    """Slack says that somebody changed: kept for those who are on record. Who was erased does not come back by it."""
    if people.get(session, team_id, known.user_id) is not None:
        learned(session, team_id, known, at)


def _show_name(session: Session, team_id: str, user_id: str, at: datetime) -> None:
    """Titles that mention somebody show their name: where it stands in a card or topic it is shown anew."""
    for incident in incidents.open_ones(session, team_id):
        if f"<@{user_id}>" in incident.title:
            tell.show_topic(session, incident, at)
            tell.show_card(session, incident, at)


def called(session: Session, team_id: str, user_id: str, handle: str, at: datetime) -> None:
    """
    Meet somebody, and keep the handle that came with a command, as long as Slack has not told the name.

    Slack says not to rely on it; in a record it still says more than an id.
    """
    person = people.get(session, team_id, user_id)
    if person is None:
        meet(session, team_id, [user_id], at)
        person = people.get(session, team_id, user_id)
    if person is not None and not person.name and handle:
        person.name = person.handle = handle
        session.add(person)
