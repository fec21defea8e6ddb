"""Somebody's own turns on call as a calendar, at an address that only they are told. Kept of it is a digest."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.oncall.overrides import turns
from bot.export.ics import Turn, calendar
from bot.services.oncall import schedule as oncall
from bot.services.workspace.actor import Actor
from bot.store.escalation import overrides as store
from bot.store.escalation.overrides import CalendarKey
from bot.store.shared import audit, people

BACK, AHEAD = timedelta(days=60), timedelta(days=180)
WHOLE = timedelta(days=62)
"""So much more is looked at on both sides, so that no turn is cut: a turn is known by when it begins."""


@dataclass(frozen=True, slots=True)
class Address:
    """
    `url`: the address that was made, told this once. Without it, `made_at` says since when there is one, None: there
    is none any more. `is_local`: nobody outside can reach it.
    """

    url: str | None
    made_at: datetime | None
    is_local: bool = False


def standing(session: Session, settings: Settings, actor: Actor) -> Address:
    """The address that somebody has; the first time that they ask, it is made."""
    known = store.key_of(session, actor.team_id, actor.user_id or "")
    return Address(None, known.made_at) if known else make(session, settings, actor)


def make(session: Session, settings: Settings, actor: Actor) -> Address:
    """A new address; an older one leads nowhere from now on."""
    secret, user_id = secrets.token_urlsafe(32), actor.user_id or ""
    known = store.key_of(session, actor.team_id, user_id)
    key = known or CalendarKey(team_id=actor.team_id, user_id=user_id, digest="", made_at=actor.at)
    key.digest, key.made_at = digest_of(secret), actor.at
    session.add(key)
    _note(session, actor, "made an address for their turns on call")
    return Address(f"{settings.base_url}/oncall/{secret}.ics", actor.at, is_local=settings.public_url is None)


def revoke(session: Session, actor: Actor) -> Address:
    known = store.key_of(session, actor.team_id, actor.user_id or "")
    if known is not None:
        session.delete(known)
        _note(session, actor, "ended the address of their turns on call")
    return Address(None, None)


def _note(session: Session, actor: Actor, what: str) -> None:
    audit.note(session, at=actor.at, team_id=actor.team_id, who=actor.user_id, what=what, origin=actor.origin)


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def found(session: Session, settings: Settings, secret: str, at: datetime) -> bytes | None:
    """The calendar behind an address; None where it leads nowhere, or its owner left the workspace."""
    key = store.owner_of(session, digest_of(secret))
    if key is None:
        return None
    owner = people.get(session, key.team_id, key.user_id)
    if owner is not None and owner.is_deleted:
        return None
    since, until = at - BACK, at + AHEAD
    found = []
    for name in sorted(settings.schedules):
        rota = oncall.rota(session, settings, key.team_id, name, since - WHOLE, until + WHOLE)
        shifts = turns(rota.schedule, rota.overrides, key.user_id, since - WHOLE, until + WHOLE)
        found += [
            Turn(name, key.user_id, each.starts_at, each.ends_at, len(each.people) > 1)
            for each in shifts
            if each.ends_at > since and each.starts_at < until
        ]
    return calendar(found, at)
