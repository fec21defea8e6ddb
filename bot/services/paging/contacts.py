"""By what somebody is paged, as they set it themselves: seen by them alone, and their addresses in full by nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError, WrongField
from bot.domain.paging.channels import Kind
from bot.domain.paging.contact_rules import LONGEST_DELAY, in_order
from bot.services.paging import addresses
from bot.services.paging import pages as paging
from bot.services.workspace.actor import Actor
from bot.store.escalation import contacts, mutes
from bot.store.escalation.contacts import Contact
from bot.store.shared import audit, people

MOST = 8
"""Means of one person."""
MEANS, ADDRESS, DELAY = "means", "address", "delay"
"""The fields of the form, by which what is wrong is told."""


@dataclass(frozen=True, slots=True)
class Line:
    """One means. `contact_id` None: of the configuration's defaults. `problem`: what went wrong the last time."""

    contact_id: int | None
    label: str
    shown: str
    delay: timedelta
    problem: str | None = None
    failed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PagesView:
    """How one person is paged, in the order in which it comes. `muted_until` is None while they are not muted."""

    lines: Sequence[Line]
    is_default: bool
    muted_until: datetime | None
    muted_why: str
    can_add: bool
    has_only_slack: bool = False


def view(session: Session, settings: Settings, team_id: str, user_id: str, at: datetime) -> PagesView:
    own = contacts.of_person(session, team_id, user_id)
    by_id = {contact.key: contact for contact in own}
    ways = paging.ways_of(settings, own)
    lines = [
        Line(
            way.contact_id,
            addresses.label_of(settings, way.means),
            by_id[way.contact_id].shown if way.contact_id else "",
            way.delay,
            by_id[way.contact_id].problem if way.contact_id else None,
            by_id[way.contact_id].failed_at if way.contact_id else None,
        )
        for way in ways
    ]
    muted = mutes.standing(session, team_id, [user_id], at).get(user_id)
    return PagesView(
        lines,
        not own,
        muted.ends_at if muted else None,
        muted.reason if muted else "",
        len(own) < MOST,
        all(way.means == Kind.SLACK for way in ways),
    )


def add(session: Session, settings: Settings, actor: Actor, means: str, address: str, delay: str) -> Contact:
    """
    One means more. Whoever had set none keeps the defaults beside it.

    Raises WrongField, by the names of the form, for what cannot be.
    """
    minutes = _minutes(delay)
    offer = addresses.offer_of(settings, means)
    try:
        checked = addresses.checked(settings, offer.means, address)
    except UserError as problem:
        raise WrongField(ADDRESS, problem.message) from problem
    own = _own(session, settings, actor)
    if len(own) >= MOST:
        raise WrongField(MEANS, f"{MOST} means are the most. Remove one first.")
    if checked.value == "" and any(each.means == offer.means for each in own):
        raise WrongField(MEANS, f"{offer.label} is among yours already. Its delay is changed in the list.")
    contact = _new(actor, offer.means, minutes, len(own))
    addresses.keep(settings, contact, checked)
    session.add(contact)
    session.flush()
    _note(session, actor, "added a means of paging", offer.means, minutes)
    return contact


def _own(session: Session, settings: Settings, actor: Actor) -> list[Contact]:
    """Theirs, held; the defaults become theirs with the first change."""
    people.meet(session, actor.team_id, [actor.user_id or ""])
    found = contacts.lock_of_person(session, actor.team_id, actor.user_id or "")
    if found:
        return found
    made = [
        _new(actor, way.means, int(way.delay.total_seconds()) // 60, position)
        for position, way in enumerate(in_order(paging.ways_of(settings, ())))
    ]
    session.add_all(made)
    session.flush()
    return made


def _new(actor: Actor, means: str, minutes: int, position: int) -> Contact:
    return Contact(
        team_id=actor.team_id,
        user_id=actor.user_id or "",
        position=position,
        means=means,
        delay_minutes=minutes,
        created_at=actor.at,
    )


def _minutes(text: str) -> int:
    bare = text.strip().casefold().removesuffix("minutes").removesuffix("min").strip()
    if not bare:
        return 0
    if not (bare.isascii() and bare.isdecimal()) or int(bare) > LONGEST_DELAY:
        raise WrongField(DELAY, f"Write minutes, 0 to {LONGEST_DELAY}: 0 is at once.")
    return int(bare)


def set_delay(session: Session, actor: Actor, contact_id: int, minutes: int) -> None:
    """Let a means come so many minutes after the first page. Raises UserError for one that is not theirs."""
    contact = _theirs(session, actor, contact_id)
    contact.delay_minutes = minutes
    session.add(contact)
    _note(session, actor, "changed a means of paging", contact.means, minutes)


def remove(session: Session, actor: Actor, contact_id: int) -> None:
    """Without any of their own the defaults hold again. Raises UserError for one that is not theirs."""
    contact = _theirs(session, actor, contact_id)
    session.delete(contact)
    session.flush()
    _note(session, actor, "removed a means of paging", contact.means, contact.delay_minutes)


def _theirs(session: Session, actor: Actor, contact_id: int) -> Contact:
    own = contacts.lock_of_person(session, actor.team_id, actor.user_id or "")
    found = next((each for each in own if each.key == contact_id), None)
    if found is None:
        raise UserError("That means is not among yours any more. `/incident pages` shows them as they are.")
    return found


def _note(session: Session, actor: Actor, what: str, means: str, minutes: int) -> None:
    audit.note(
        session,
        at=actor.at,
        team_id=actor.team_id,
        who=actor.user_id,
        what=what,
        origin=actor.origin,
        means=means,
        minutes=minutes,
    )


def defaults_of(session: Session, settings: Settings, actor: Actor) -> list[Contact]:
    """Their means as rows of their own, so that the defaults can be changed, too."""
    return _own(session, settings, actor)


def forget(session: Session, team_id: str, user_id: str) -> int:
    """A person is erased: nobody keeps how they were reached. How many means that were."""
    own = contacts.lock_of_person(session, team_id, user_id)
    for contact in own:
        session.delete(contact)
    return len(own)
