"""A person's own shifts as an iCalendar feed at a secret address, stored as a digest."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.oncall.overrides import shifts_of
from bot.export.ics import FeedShift, render_calendar
from bot.lazy_dataclass import dataclass
from bot.services.oncall.schedule import load_rota
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.store.escalation import calendars
from bot.store.escalation.calendars import CalendarKey
from bot.store.shared import people

BACK, AHEAD = timedelta(days=60), timedelta(days=180)
MARGIN = timedelta(days=62)
"""Margin on both sides, so that no shift is cut: a shift is identified by its start."""


@dataclass(frozen=True, slots=True)
class FeedAddress:
    """
    Address of a feed. `url`: only set right after creation.

    `made_at`: time of creation, None without a feed. `is_local`: not reachable from outside.
    """

    url: str | None
    created_at: datetime | None
    is_local: bool = False


def ensure_feed(session: Session, settings: Settings, actor: Actor) -> FeedAddress:
    """The person's feed; created on the first request."""
    known = calendars.get_calendar_key(session, actor.team_id, actor.user_id or "")
    return FeedAddress(None, known.created_at) if known else make_feed(session, settings, actor)


def make_feed(session: Session, settings: Settings, actor: Actor) -> FeedAddress:
    """Create a feed with a new address; an older address stops working."""
    secret, user_id = secrets.token_urlsafe(32), actor.user_id or ""
    known = calendars.get_calendar_key(session, actor.team_id, user_id)
    key = known or CalendarKey(team_id=actor.team_id, user_id=user_id, digest="", created_at=actor.at)
    key.digest, key.created_at = feed_digest(secret), actor.at
    session.add(key)
    audit_action(session, actor, "created an address for their shift calendar")
    return FeedAddress(f"{settings.base_url}/oncall/{secret}.ics", actor.at, is_local=settings.public_url is None)


def revoke_feed(session: Session, actor: Actor) -> FeedAddress:
    known = calendars.get_calendar_key(session, actor.team_id, actor.user_id or "")
    if known is not None:
        session.delete(known)
        audit_action(session, actor, "deleted the address of their shift calendar")
    return FeedAddress(None, None)


def feed_digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def load_feed(session: Session, settings: Settings, secret: str, at: datetime) -> bytes | None:
    """The calendar of an address; None if unknown, or its owner's account is closed."""
    key = calendars.find_calendar_key(session, feed_digest(secret))
    if key is None:
        return None
    owner = people.get(session, key.team_id, key.user_id)
    if owner is not None and owner.is_deleted:
        return None
    since, until = at - BACK, at + AHEAD
    found = []
    for name in sorted(settings.schedules):
        rota = load_rota(session, settings, key.team_id, name, since - MARGIN, until + MARGIN)
        shifts = shifts_of(rota.schedule, rota.overrides, key.user_id, since - MARGIN, until + MARGIN)
        found += [
            FeedShift(name, key.user_id, each.starts_at, each.ends_at, len(each.people) > 1)
            for each in shifts
            if each.ends_at > since and each.starts_at < until
        ]
    return render_calendar(found, at)
