"""Outcomes of pages: record them, use the next contact method, cancel pages."""

from datetime import datetime

from sqlmodel import Session

from bot.services.paging.pages import LATER_PAGE, NO_ANSWER, UNREACHABLE_PERSON, page_timer
from bot.services.workspace.actor import Actor
from bot.store.escalation import contacts, escalations, pages, progress
from bot.store.escalation.escalations import Escalation
from bot.store.escalation.pages import NOT_NEEDED, SENT, Page
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared import timers


def record_page_outcome(
    session: Session, page_id: int, *, sent: bool, outcome: str, actor: Actor, message: tuple[str, str] | None = None
) -> None:
    """
    Record the outcome of one page. `message`: channel and ts.

    After a failure the next contact method is used; without one the level continues without the person.
    """
    row = pages.get(session, page_id)
    if row is None or row.outcome in {SENT, outcome}:
        return
    row.sent_at, row.outcome = (actor.at if sent else None), outcome
    row.channel_id, row.message_ts = message or (None, None)
    session.add(row)
    if sent:
        timers.cancel(session, f"watch:{row.id}")
    if outcome == NOT_NEEDED:
        return
    _record_contact_problem(session, row, None if sent else outcome, actor.at)
    if not sent:
        try_next_method(session, row, actor.at)


def _record_contact_problem(session: Session, row: Page, problem: str | None, at: datetime) -> None:
    """Record the problem of the last attempt with the contact method, for its owner."""
    contact = contacts.get(session, row.contact_id) if row.contact_id else None
    if contact is not None and (contact.problem or problem):
        contact.failed_at, contact.problem = (at if problem else None), problem
        session.add(contact)


def try_next_method(session: Session, row: Page, at: datetime) -> None:
    """
    Use the next contact method; without one let the escalation continue.

    A paging service has only one: the level continues without it, while the page is retried.
    """
    same = pages.find_same_person(session, row)
    later = next((each for each in same if is_scheduled(each, at)), None)
    if later is not None:
        timers.set_timer(session, f"page:{later.id}", at, LATER_PAGE, page_timer(later))
        return
    outcomes = {each.outcome for each in same}
    if not row.user_id or (not outcomes & {"", SENT, NOT_NEEDED} and outcomes != {NO_ANSWER}):
        timers.set_timer(session, f"unreachable:{row.id}", at, UNREACHABLE_PERSON, page_timer(row))


def is_scheduled(row: Page, at: datetime) -> bool:
    """True if it waits for its due time."""
    return row.outcome == "" and row.bundle_key is None and row.due_at is not None and row.due_at > at


def is_page_needed(session: Session, escalation: Escalation, incident: Incident, row: Page) -> bool:
    """True if an acknowledgement of the recipient is still needed."""
    if escalations.is_over(session, escalation, incident) or escalation.acknowledged_at is not None:
        return False
    answers = progress.find_responses(session, escalation.key)
    answered = {each.by for each in answers if each.withdrawn_at is None}
    return row.user_id not in {*escalation.declined_by, *answered}


def is_page_wanted(session: Session, page_id: int, at: datetime) -> bool:
    """True if a queued page is still needed, and no newer one to the same person replaces it."""
    row = pages.get(session, page_id)
    escalation = escalations.get(session, row.escalation_id) if row else None
    if row is None or escalation is None:
        return False
    incident = incidents.get(session, escalation.incident_id)
    return is_page_needed(session, escalation, incident, row) and not pages.find_superseded(session, [row], at)


def cancel_pending_pages(session: Session, escalation_id: int, at: datetime, user_id: str | None = None) -> None:
    """Cancel scheduled pages of an escalation; with `user_id` only of that person."""
    for row in pages.find_upcoming(session, escalation_id, at):
        if user_id not in {None, row.user_id}:
            continue
        row.outcome = NOT_NEEDED
        session.add(row)
        timers.cancel(session, f"page:{row.id}")
