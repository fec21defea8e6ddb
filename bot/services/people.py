"""Getting to know people: their ids are met in payloads, their names are asked for once."""

import re
from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from bot.services import tell
from bot.store import people

MENTION = re.compile(r"<@([UWB][A-Z0-9]+)>")


def meet(session: Session, team_id: str, user_ids: Iterable[str | None], at: datetime, *, text: str = "") -> None:
    """Whoever is new, among these and among those whom `text` mentions, is looked up soon."""
    ids = [user_id for user_id in user_ids if user_id] + MENTION.findall(text)
    for new in people.meet(session, team_id, ids):
        tell.learn_person(session, team_id, new, at)


def learned(
    session: Session,
    team_id: str,
    user_id: str,
    *,
    name: str,
    handle: str,
    at: datetime,
    home_team_id: str | None = None,
    is_bot: bool = False,
    is_guest: bool = False,
    is_deleted: bool = False,
    zone: str | None = None,
) -> None:
    """Keep what Slack says of a person."""
    people.meet(session, team_id, [user_id])
    person = people.get(session, team_id, user_id)
    if person is None:
        return
    person.name, person.handle, person.home_team_id = name or handle or user_id, handle, home_team_id
    person.is_bot, person.is_guest, person.is_deleted, person.zone = is_bot, is_guest, is_deleted, zone
    person.learned_at = at
    session.add(person)
