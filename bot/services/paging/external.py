"""Pages that leave by something else than Slack: what is to be sent, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.paging.channels import rings_on
from bot.services import outbox as tell
from bot.services.paging import addresses
from bot.services.paging import content as page_text
from bot.services.paging import pages as paging
from bot.services.paging.content import PageText
from bot.services.workspace.actor import Actor, Origin
from bot.store.escalation import escalations
from bot.store.escalation import pages as store_pages
from bot.store.escalation.contacts import Contact
from bot.store.escalation.escalations import NOT_NEEDED, SENT, Page
from bot.store.escalation.pages import of_bundle
from bot.store.incidents import incidents


@dataclass(frozen=True, slots=True)
class Asked:
    """What a row of the outbox asks for."""

    means: str
    user_id: str
    page_ids: Sequence[int]
    bundle_key: str | None

    @classmethod
    def of(cls, details: Mapping[str, Any]) -> "Asked":
        return cls(details["means"], details["user_id"], details.get("page_ids") or (), details.get("bundle_key"))


@dataclass(frozen=True, slots=True)
class ToSend:
    """`address` is empty where the means needs none; `page_ids` are those that the text tells of."""

    text: PageText
    address: str
    page_ids: Sequence[int]


def begin(session: Session, settings: Settings, asked: Asked, at: datetime) -> ToSend | None:
    """
    What is to be sent now; None if nobody is needed any more, and then that is kept.

    A service that rings on gets its key before it is called: whoever answers meanwhile stops it, whatever came of the
    call. Raises CannotOpen for an address that another key sealed.
    """
    pages = _without_superseded(session, asked, _pages(session, asked), at)
    text = page_text.load(session, settings, [page.id or 0 for page in pages])
    told = {call.page_id for call in text.calls} if text else set()
    for page in pages:
        if page.id not in told and page.sent_at is None:
            _came_of(session, page, NOT_NEEDED, at)
    if text is None:
        return None
    if rings_on(asked.means):
        for page in pages:
            if page.id in told:
                page.external_ref = text.key
                session.add(page)
    return ToSend(text, _address(session, settings, pages), sorted(told))


def _without_superseded(session: Session, asked: Asked, pages: Sequence[Page], at: datetime) -> Sequence[Page]:
    """A service that rings on knows a call by its first page, and takes a repetition for what it is."""
    if rings_on(asked.means):
        return pages
    superseded = store_pages.superseded(session, [page for page in pages if page.sent_at is None], at)
    for page in pages:
        if page.id in superseded and not page.outcome:
            _came_of(session, page, NOT_NEEDED, at)
    return [page for page in pages if page.id not in superseded]


def _pages(session: Session, asked: Asked) -> list[Page]:
    """Those of the row; of a bundle all that are in it by now."""
    if asked.bundle_key is not None:
        return of_bundle(session, asked.bundle_key)
    return [page for page in (session.get(Page, each) for each in asked.page_ids) if page is not None]


def _address(session: Session, settings: Settings, pages: Sequence[Page]) -> str:
    for page in pages:
        contact = session.get(Contact, page.contact_id) if page.contact_id else None
        if contact is not None:
            return addresses.opened(settings, contact)
    return ""


def sent(session: Session, page_ids: Sequence[int], ref: str | None, at: datetime) -> None:
    """It went out."""
    for page_id in page_ids:
        page = session.get(Page, page_id)
        if page is not None:
            page.external_ref = ref
            _came_of(session, page, SENT, at)


def failed(session: Session, asked: Asked, outcome: str, at: datetime) -> None:
    """It did not: the person's next means goes at once. Told again, as each try is, it changes nothing."""
    for page in _pages(session, asked):
        if page.outcome in {SENT, NOT_NEEDED}:
            continue
        if page.outcome:
            page.outcome = outcome
            session.add(page)
        else:
            _came_of(session, page, outcome, at)


def _came_of(session: Session, page: Page, outcome: str, at: datetime) -> None:
    actor = Actor("", None, at, Origin.TIMER)
    paging.page_came_of(session, page.id or 0, sent=outcome == SENT, outcome=outcome, actor=actor)
    row = escalations.get(session, page.escalation_id)
    if row is not None and outcome != NOT_NEEDED:
        tell.show_escalation(session, incidents.get(session, row.incident_id), row.key, at)


def standing(session: Session, ref: str) -> str | None:
    """How a service that rings on is to take a call: `acknowledged`, `over`, or None while somebody is still needed."""
    states = {_state(session, each) for each in {page.escalation_id for page in page_text.pages_of_key(session, ref)}}
    if None in states or not states:
        return None
    return ACKNOWLEDGED if ACKNOWLEDGED in states else OVER


ACKNOWLEDGED, OVER = "acknowledged", "over"


def _state(session: Session, escalation_id: int) -> str | None:
    row = escalations.get(session, escalation_id)
    if row is None or escalations.is_called_off(session, row) or not incidents.get(session, row.incident_id).is_open:
        return OVER
    return ACKNOWLEDGED if row.acknowledged_at is not None else None
