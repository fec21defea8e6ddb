"""Sessions of the pages: sign in, stay signed in, sign out."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.lazy_dataclass import dataclass
from bot.services.workspace.access import NotPermitted, check_access
from bot.services.workspace.actor import Actor, Origin
from bot.store.incidents import installations
from bot.store.shared import audit, people, web_sessions
from bot.store.shared.idempotency import register_delivery
from bot.store.shared.web_sessions import WebSession

IDLE_LIMIT = timedelta(hours=12)
SESSION_LIFETIME = timedelta(days=7)
SEEN_RESOLUTION = timedelta(minutes=5)
"""The time of the last request is written at most this often."""
TOKEN_BYTES = 32
USED_LINK = "This link was used before. `dogwatch login-link` prints a new one."


@dataclass(frozen=True, slots=True)
class Viewer:
    """
    The signed-in person. `digest` identifies the session.

    `zone` is that of their Slack profile. `is_due`: `mark_seen` has to be called.
    """

    team_id: str
    user_id: str
    name: str
    digest: str
    is_due: bool = False
    zone: str | None = None


def session_digest(token: str) -> str:
    """The stored form of a cookie's token, which is random: a fast hash suffices."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def sign_in(session: Session, user_id: str, at: datetime, *, way: str, replaced: str | None = None) -> str:
    """
    Start a session and return its new token. The session of the token `replaced` ends.

    `way` says for the audit how the person signed in. Raises UserError for anybody but members of the workspace.
    """
    installation = installations.find_installation(session)
    if installation is None:
        raise UserError("Dogwatch has not reached Slack yet. Try again after its first connection.")
    team_id = installation.team_id
    _check_member(session, team_id, user_id, at)
    web_sessions.delete_ended(session, at - SESSION_LIFETIME, at - IDLE_LIMIT)
    if replaced:
        web_sessions.delete_session(session, session_digest(replaced))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = WebSession(
        digest=session_digest(token), team_id=team_id, user_id=user_id, way=way, signed_in_at=at, seen_at=at
    )
    web_sessions.insert(session, row)
    audit.record(session, at=at, team_id=team_id, user_id=user_id, action="signed in", origin=Origin.WEB, way=way)
    return token


def use_login_link(session: Session, user_id: str, nonce: str, at: datetime, *, replaced: str | None = None) -> str:
    """
    Sign in by a link whose signature was checked; `nonce` is the link's own random part.

    Raises UserError for a link that was used before.
    """
    if not register_delivery(session, f"page:login-link:{nonce}", at):
        raise UserError(USED_LINK)
    return sign_in(session, user_id, at, way="login link", replaced=replaced)


def check_team(session: Session, team_ids: Collection[str]) -> str:
    """Return our workspace if it is among `team_ids`. Raises NotPermitted."""
    installation = installations.find_installation(session)
    if installation is None or installation.team_id not in team_ids:
        raise NotPermitted("You signed in to another Slack workspace. Choose the one that uses Dogwatch.")
    return installation.team_id


def sign_in_with_slack(
    session: Session, user_id: str, team_ids: Collection[str], at: datetime, *, replaced: str | None = None
) -> str:
    """
    Sign in a person whose identity Slack confirmed.

    Raises UserError for another workspace, and while their profile is unknown: they might be a guest.
    """
    team_id = check_team(session, team_ids)
    person = people.get(session, team_id, user_id)
    if person is None or person.profile_fetched_at is None:
        raise NotPermitted("Slack did not send your profile. Try again in a minute.")
    return sign_in(session, user_id, at, way="slack", replaced=replaced)


def find_viewer(session: Session, token: str, at: datetime) -> Viewer | None:
    """The person behind a cookie's token; None if the session ended or access did."""
    row = web_sessions.get(session, session_digest(token))
    if row is None or at - row.seen_at > IDLE_LIMIT or at - row.signed_in_at > SESSION_LIFETIME:
        return None
    try:
        person = _check_member(session, row.team_id, row.user_id, at)
    except NotPermitted:
        return None
    name = person.name or row.user_id
    is_due = at - row.seen_at > SEEN_RESOLUTION
    return Viewer(row.team_id, row.user_id, name, row.digest, is_due, person.zone)


def find_ended(session: Session, tokens: Collection[str], at: datetime) -> set[str]:
    """The tokens behind which nobody is signed in any longer."""
    return {each for each in tokens if find_viewer(session, each, at) is None}


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A session of the viewer. `handle` names it on the page, and is of no other use."""

    handle: str
    way: str
    signed_in_at: datetime
    seen_at: datetime
    ends_at: datetime
    is_current: bool


def list_own_sessions(session: Session, viewer: Viewer, at: datetime) -> list[OwnSession]:
    """The viewer's sessions that are not over, the latest request first."""
    rows = web_sessions.find_of_person(session, viewer.team_id, viewer.user_id)
    return [
        OwnSession(
            _handle(each),
            each.way,
            each.signed_in_at,
            each.seen_at,
            min(each.seen_at + IDLE_LIMIT, each.signed_in_at + SESSION_LIFETIME),
            _handle(each) == _handle(viewer),
        )
        for each in rows
        if at - each.seen_at <= IDLE_LIMIT and at - each.signed_in_at <= SESSION_LIFETIME
    ]


def end_own_sessions(session: Session, viewer: Viewer, at: datetime, handle: str | None) -> int:
    """End the viewer's session of that handle, None: all but the present one. Return the count."""
    current = _handle(viewer)
    ended = [
        each
        for each in web_sessions.find_of_person(session, viewer.team_id, viewer.user_id)
        if (_handle(each) != current if handle is None else _handle(each) == handle)
    ]
    for each in ended:
        web_sessions.delete_session(session, each.digest)
    if ended:
        audit.record(
            session,
            at=at,
            team_id=viewer.team_id,
            user_id=viewer.user_id,
            action="ended sessions",
            origin=Origin.WEB,
            sessions=len(ended),
        )
    return len(ended)


def _handle(one: WebSession | Viewer) -> str:
    return hashlib.sha256(f"handle of {one.digest}".encode()).hexdigest()[:16]


def find_link_user(session: Session, person: str, at: datetime) -> str:
    """
    The user id of `@handle`, a name or an id, for a login link.

    Raises UserError if nobody has it, several people do, or the person may not sign in.
    """
    installation = installations.find_installation(session)
    if installation is None:
        raise UserError("Dogwatch has not reached Slack yet, so it knows nobody. Start it with Slack in reach once.")
    wanted, team_id = person.strip().removeprefix("@"), installation.team_id
    found = people.find_by_handle(session, team_id, wanted) or people.get(session, team_id, wanted)
    if found is None:
        raise UserError(
            f"Nobody is known as {person}, or several people are. "
            "Use the user id from the person's Slack profile, like U012ABCDEF."
        )
    _check_member(session, team_id, found.user_id, at)
    return found.user_id


def find_link_name(session: Session, user_id: str, at: datetime) -> str:
    """
    The name of the person whom a login link signs in.

    Raises UserError if they may not sign in.
    """
    installation = installations.find_installation(session)
    if installation is None:
        raise UserError("Dogwatch has not reached Slack yet.")
    return _check_member(session, installation.team_id, user_id, at).name or user_id


def _check_member(session: Session, team_id: str, user_id: str, at: datetime) -> people.Person:
    """Raises NotPermitted, also for a person without a profile here: they might be a guest."""
    check_access(session, Actor(team_id, user_id, at, Origin.WEB), home_team_id=None)
    person = people.get(session, team_id, user_id)
    if person is None:
        raise NotPermitted("Dogwatch does not know you yet. Type `/incident` in Slack once, then sign in.")
    return person
