"""Acknowledgements by paging services. `page_link` has those by the link in a page."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.paging.contact_methods import parse_contact_method
from bot.services.escalation.responses.acknowledge import acknowledge
from bot.services.escalation.state import acknowledgements_of
from bot.services.paging.content import pages_by_key
from bot.services.workspace.actor import Actor, Origin
from bot.store.escalation import escalations
from bot.store.escalation.pages import Page
from bot.store.incidents import incidents


def acknowledge_by_service(session: Session, settings: Settings, kind: str, key: str, name: str, at: datetime) -> int:
    """
    Acknowledge the escalations that a paging service knows as `key`; return their number.

    0 if they were acknowledged before, or the key is unknown. `name`: the person's name at the service, unknown in
    Slack.
    """
    found = pages_by_key(session, key)
    newest = {page.escalation_id: page for page in found if _is_of_service(page, kind)}  # repeated pages come later
    answered = 0
    for _, page in sorted(newest.items()):
        if _is_stale(session, page):
            continue
        try:
            _acknowledge(session, settings, page, Actor("", None, at, Origin.WEBHOOK), method=kind, name=name)
        except UserError:  # acknowledged before, or over
            continue
        answered += 1
    return answered


def _is_stale(session: Session, page: Page) -> bool:
    """
    True if an acknowledgement was withdrawn after the page.

    The service's report is then late, or an echo of ours; its next page has a new key.
    """
    row = escalations.get(session, page.escalation_id)
    answers = acknowledgements_of(session, row) if row else []
    return any(each.withdrawn_at is not None and each.withdrawn_at > page.queued_at for each in answers)


def _is_of_service(page: Page, kind: str) -> bool:
    method = parse_contact_method(page.method)
    return method is not None and method.kind == kind


def _acknowledge(
    session: Session, settings: Settings, page: Page, actor: Actor, *, method: str, name: str = ""
) -> None:
    row = escalations.get(session, page.escalation_id)
    team_id = incidents.get(session, row.incident_id).team_id if row else ""
    acknowledge(session, settings, page.escalation_id, replace(actor, team_id=team_id), method=method, name=name)
