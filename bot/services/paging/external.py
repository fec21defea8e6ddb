"""Pages outside Slack: content and outcome."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.paging.contact_methods import rings_until_answered
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.outbox.payloads import ContactMethodPagePayload
from bot.services.paging.addresses import decrypt_address
from bot.services.paging.content import PageText, load_page_text, pages_by_key
from bot.services.paging.page_outcomes import record_page_outcome
from bot.services.workspace.actor import Actor, Origin
from bot.store.escalation import escalations
from bot.store.escalation.contacts import Contact
from bot.store.escalation.pages import NOT_NEEDED, SENT, Page, find_by_bundle, find_superseded
from bot.store.incidents import incidents


@dataclass(frozen=True, slots=True)
class PageToSend:
    """`address`: empty if the contact method needs none. `page_ids`: pages in the text."""

    text: PageText
    address: str
    page_ids: Sequence[int]


def prepare_page(
    session: Session, settings: Settings, asked: ContactMethodPagePayload, at: datetime
) -> PageToSend | None:
    """
    Prepare what to send; None, which is recorded, if the page is not needed.

    A service that repeats its alarm gets its key before the request, so that an acknowledgement meanwhile stops it.
    Raises CannotOpen for an address that another key encrypted.
    """
    pages = _drop_superseded(session, asked, _pages(session, asked), at)
    text = load_page_text(session, settings, [page.id or 0 for page in pages])
    included = {call.page_id for call in text.calls} if text else set()
    for page in pages:
        if page.id not in included and page.sent_at is None:
            _record_outcome(session, page, NOT_NEEDED, at)
    if text is None:
        return None
    if rings_until_answered(asked.method):
        for page in pages:
            if page.id in included:
                page.external_ref = text.key
                session.add(page)
    return PageToSend(text, _address(session, settings, pages), sorted(included))


def _drop_superseded(
    session: Session, asked: ContactMethodPagePayload, pages: Sequence[Page], at: datetime
) -> Sequence[Page]:
    """Drop superseded pages; a service with deduplication keys gets all."""
    if rings_until_answered(asked.method):
        return pages
    superseded = find_superseded(session, [page for page in pages if page.sent_at is None], at)
    for page in pages:
        if page.id in superseded and not page.outcome:
            _record_outcome(session, page, NOT_NEEDED, at)
    return [page for page in pages if page.id not in superseded]


def _pages(session: Session, asked: ContactMethodPagePayload) -> list[Page]:
    """Pages of the request; of a bundle all that it has by now."""
    if asked.bundle_key is not None:
        return find_by_bundle(session, asked.bundle_key)
    return [page for page in (session.get(Page, each) for each in asked.page_ids) if page is not None]


def _address(session: Session, settings: Settings, pages: Sequence[Page]) -> str:
    for page in pages:
        contact = session.get(Contact, page.contact_id) if page.contact_id else None
        if contact is not None:
            return decrypt_address(settings, contact)
    return ""


def record_sent(session: Session, page_ids: Sequence[int], ref: str | None, at: datetime) -> None:
    for page_id in page_ids:
        page = session.get(Page, page_id)
        if page is not None:
            page.external_ref = ref
            _record_outcome(session, page, SENT, at)


def record_failed(session: Session, asked: ContactMethodPagePayload, outcome: str, at: datetime) -> None:
    """Record a failure, and page by the next contact method; repeated failures change nothing."""
    for page in _pages(session, asked):
        if page.outcome in {SENT, NOT_NEEDED}:
            continue
        if page.outcome:
            page.outcome = outcome
            session.add(page)
        else:
            _record_outcome(session, page, outcome, at)


def _record_outcome(session: Session, page: Page, outcome: str, at: datetime) -> None:
    actor = Actor("", None, at, Origin.TIMER)
    record_page_outcome(session, page.id or 0, sent=outcome == SENT, outcome=outcome, actor=actor)
    row = escalations.get(session, page.escalation_id)
    if row is not None and outcome != NOT_NEEDED:
        outbox.refresh_escalation(session, incidents.get(session, row.incident_id), row.key, at)


def external_state(session: Session, ref: str) -> str | None:
    """State to report to a service: ACKNOWLEDGED, OVER, or None while somebody is needed."""
    states = {_state(session, each) for each in {page.escalation_id for page in pages_by_key(session, ref)}}
    if None in states or not states:
        return None
    return ACKNOWLEDGED if ACKNOWLEDGED in states else OVER


ACKNOWLEDGED, OVER = "acknowledged", "over"


def _state(session: Session, escalation_id: int) -> str | None:
    row = escalations.get(session, escalation_id)
    if row is None or escalations.is_over(session, row, incidents.get(session, row.incident_id)):
        return OVER
    return ACKNOWLEDGED if row.acknowledged_at is not None else None
