"""Personal contact methods: visible to their owner only, with masked addresses."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import ErrorCollector, InvalidField, UserError, errors_at
from bot.domain.paging.contact_methods import ContactMethodKind
from bot.domain.paging.contact_rules import LONGEST_DELAY, sort_contact_rules
from bot.lazy_dataclass import dataclass
from bot.services.paging.addresses import check_address, find_offer, method_label, store_address
from bot.services.paging.pages import contact_rules_of
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.store.escalation import contacts, mutes
from bot.store.escalation.contacts import Contact
from bot.store.shared import people

MAX_CONTACT_METHODS = 8
"""Limit of contact methods of one person."""
MEANS, ADDRESS, DELAY = "means", "address", "delay"
"""Fields of the form, for InvalidField."""


@dataclass(frozen=True, slots=True)
class ContactLine:
    """One contact method. `contact_id`: None for a default. `problem`: of the last attempt."""

    contact_id: int | None
    label: str
    shown: str
    delay: timedelta
    problem: str | None = None
    failed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ContactSettingsView:
    """Contact methods of one person in their order. `muted_until`: None without a mute."""

    lines: Sequence[ContactLine]
    is_default: bool
    muted_until: datetime | None
    muted_why: str
    can_add: bool
    has_only_slack: bool = False


def load_contact_settings(
    session: Session, settings: Settings, team_id: str, user_id: str, at: datetime
) -> ContactSettingsView:
    own = contacts.find_by_person(session, team_id, user_id)
    by_id = {contact.key: contact for contact in own}
    rules = contact_rules_of(settings, own)
    lines = [
        ContactLine(
            rule.contact_id,
            method_label(settings, rule.method),
            by_id[rule.contact_id].shown if rule.contact_id else "",
            rule.delay,
            by_id[rule.contact_id].problem if rule.contact_id else None,
            by_id[rule.contact_id].failed_at if rule.contact_id else None,
        )
        for rule in rules
    ]
    muted = mutes.find_active(session, team_id, [user_id], at).get(user_id)
    return ContactSettingsView(
        lines,
        not own,
        muted.ends_at if muted else None,
        muted.reason if muted else "",
        len(own) < MAX_CONTACT_METHODS,
        all(rule.method == ContactMethodKind.SLACK for rule in rules),
    )


def add_contact_method(
    session: Session, settings: Settings, actor: Actor, method: str, address: str, delay: str
) -> Contact:
    """
    Add a contact method; defaults stay beside the first own one.

    Raises InvalidField or InvalidFields by field of the form.
    """
    offer = find_offer(settings, method)
    errors = ErrorCollector()
    own = _lock_own(session, settings, actor)
    with errors.collect():
        if len(own) >= MAX_CONTACT_METHODS:
            raise InvalidField(MEANS, f"You have {MAX_CONTACT_METHODS} contact methods, the maximum. Remove one first.")
    with errors.collect(), errors_at(ADDRESS):
        checked = check_address(settings, offer.method, address)
        if checked.value == "" and any(each.method == offer.method for each in own):
            raise InvalidField(MEANS, f"{offer.label} is in your list already. Change its delay there.")
    with errors.collect():
        minutes = _parse_minutes(delay)
    errors.check()
    contact = _new_contact(actor, offer.method, minutes, len(own))
    store_address(settings, contact, checked)
    session.add(contact)
    session.flush()
    _note_audit(session, actor, "added a contact method", offer.method, minutes)
    return contact


def _lock_own(session: Session, settings: Settings, actor: Actor) -> list[Contact]:
    """Lock the person's contact methods; the first change copies the defaults."""
    people.insert_missing(session, actor.team_id, [actor.user_id or ""])
    found = contacts.lock_by_person(session, actor.team_id, actor.user_id or "")
    if found:
        return found
    made = [
        _new_contact(actor, rule.method, int(rule.delay.total_seconds()) // 60, position)
        for position, rule in enumerate(sort_contact_rules(contact_rules_of(settings, ())))
    ]
    session.add_all(made)
    session.flush()
    return made


def _new_contact(actor: Actor, method: str, minutes: int, position: int) -> Contact:
    return Contact(
        team_id=actor.team_id,
        user_id=actor.user_id or "",
        position=position,
        method=method,
        delay_minutes=minutes,
        created_at=actor.at,
    )


def _parse_minutes(text: str) -> int:
    bare = text.strip().casefold().removesuffix("minutes").removesuffix("min").strip()
    if not bare:
        return 0
    if not (bare.isascii() and bare.isdecimal()) or int(bare) > LONGEST_DELAY:
        raise InvalidField(DELAY, f"Enter 0 to {LONGEST_DELAY} minutes. 0 pages at once.")
    return int(bare)


def set_contact_delay(session: Session, actor: Actor, contact_id: int, minutes: int) -> None:
    """Set the delay after the first page. Raises UserError if it is not the actor's."""
    contact = _lock_contact(session, actor, contact_id)
    contact.delay_minutes = minutes
    session.add(contact)
    _note_audit(session, actor, "changed a contact method", contact.method, minutes)


def remove_contact_method(session: Session, actor: Actor, contact_id: int) -> None:
    """Remove a contact method; without any the defaults apply. Raises UserError if not theirs."""
    contact = _lock_contact(session, actor, contact_id)
    session.delete(contact)
    session.flush()
    _note_audit(session, actor, "removed a contact method", contact.method, contact.delay_minutes)


def _lock_contact(session: Session, actor: Actor, contact_id: int) -> Contact:
    own = contacts.lock_by_person(session, actor.team_id, actor.user_id or "")
    found = next((each for each in own if each.key == contact_id), None)
    if found is None:
        raise UserError("That contact method is no longer in your list. `/incident pages` shows the current list.")
    return found


def _note_audit(session: Session, actor: Actor, what: str, method: str, minutes: int) -> None:
    audit_action(session, actor, what, means=method, minutes=minutes)


def delete_contacts(session: Session, team_id: str, user_id: str) -> int:
    """Delete the contact methods of an erased person; return their number."""
    own = contacts.lock_by_person(session, team_id, user_id)
    for contact in own:
        session.delete(contact)
    return len(own)
