"""People: ids come in payloads, profiles are looked up once."""

import re
from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.workspace.access import find_home_team
from bot.store.escalation import overrides
from bot.store.incidents import incident_lists, installations
from bot.store.shared import people, web_sessions

USER_ID_PREFIXES = ("U", "W")
"""Prefixes of user ids; `B` is a bot, whose messages carry its name."""
SLACKBOT = "USLACKBOT"
"""Slack's own bot, whose profile does not say that it is one."""
MENTION = re.compile(r"<@([UWB][A-Z0-9]+)>")


def ensure_known(
    session: Session, team_id: str, user_ids: Iterable[str | None], at: datetime, *, text: str = ""
) -> None:
    """Queue a lookup for each new person, among these and among the mentions in `text`."""
    ids = [user_id for user_id in user_ids if user_id] + MENTION.findall(text)
    for new in people.insert_missing(session, team_id, ids):
        if new.startswith(USER_ID_PREFIXES):
            outbox.queue_user_lookup(session, team_id, new, at)


def is_bot(session: Session, team_id: str, user_id: str) -> bool:
    """True for Dogwatch itself and for users known as bots; false for users not looked up yet."""
    if user_id == SLACKBOT:
        return True
    installation, person = installations.find_installation(session), people.get(session, team_id, user_id)
    return (installation is not None and installation.bot_user_id == user_id) or (person is not None and person.is_bot)


def refuse_bot(session: Session, team_id: str, user_id: str) -> None:
    """Raise UserError for a bot, which can neither answer a page nor do work."""
    if is_bot(session, team_id, user_id):
        raise UserError(f"<@{user_id}> is a bot. Name a person.")


@dataclass(frozen=True, slots=True)
class SlackProfile:
    """A person's profile in Slack. `name` is the displayed one."""

    user_id: str
    name: str
    handle: str = ""
    home_team_id: str | None = None
    organisation_id: str | None = None
    is_bot: bool = False
    is_guest: bool = False
    is_deleted: bool = False
    zone: str | None = None


def save_profile(session: Session, team_id: str, known: SlackProfile, at: datetime) -> None:
    """Store a person's profile."""
    people.insert_missing(session, team_id, [known.user_id])
    person = people.get(session, team_id, known.user_id)
    if person is None:
        return
    name = known.name or known.handle or known.user_id
    if person.name != name:
        _refresh_titles(session, team_id, known.user_id, at)
    person.name, person.handle = name, known.handle
    person.home_team_id = find_home_team(
        team_id, home_team_id=known.home_team_id, organisation_id=known.organisation_id
    )
    person.zone = known.zone
    person.is_bot, person.is_guest, person.is_deleted = known.is_bot, known.is_guest, known.is_deleted
    person.profile_fetched_at = at
    session.add(person)
    if known.is_deleted:
        web_sessions.delete_of_person(session, team_id, known.user_id)


def update_profile(
    session: Session, team_id: str, known: SlackProfile, at: datetime, *, changed_at: datetime | None = None
) -> None:
    """
    Store a changed profile of somebody on record. An erased person stays erased.

    `changed_at` is Slack's time of the change, if known. A profile that was stored after it may be newer: events come
    in any order, so the person is looked up.
    """
    person = people.get(session, team_id, known.user_id)
    if person is None:
        return
    if changed_at is not None and person.profile_fetched_at is not None and changed_at < person.profile_fetched_at:
        outbox.queue_user_lookup(session, team_id, known.user_id, at)
    else:
        save_profile(session, team_id, known, at)


def refresh_profiles(session: Session, team_id: str, at: datetime) -> None:
    """
    After a gap: look up those who see or get something without an act in Slack.

    They are on call, have App Home open or are signed in to the pages. Everybody else is looked up when they act.
    """
    viewers = people.find_home_viewers(session, team_id, at - outbox.HOME_OPEN, outbox.MAX_OPEN_HOMES)
    wanted = [*overrides.find_on_call(session, team_id), *viewers, *web_sessions.find_people(session, team_id)]
    outdated = people.find_outdated(session, team_id, set(wanted), at)
    outbox.queue_profile_lookups(session, team_id, [each for each in dict.fromkeys(wanted) if each in outdated], at)


def _refresh_titles(session: Session, team_id: str, user_id: str, at: datetime) -> None:
    """Refresh cards and topics whose title mentions the person."""
    for incident in incident_lists.find_open(session, team_id):
        if f"<@{user_id}>" in incident.title:
            outbox.refresh_topic(session, incident, at)
            outbox.refresh_card(session, incident, at)


def ensure_known_caller(session: Session, team_id: str, user_id: str, handle: str, at: datetime) -> None:
    """
    Store a new person, with the handle of their command until the profile is known.

    Slack deprecates the handle; in a record it still says more than an id.
    """
    person = people.get(session, team_id, user_id)
    if person is None:
        ensure_known(session, team_id, [user_id], at)
        person = people.get(session, team_id, user_id)
    if person is not None and not person.name and handle:
        person.name = person.handle = handle
        session.add(person)
