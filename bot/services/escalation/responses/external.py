"""Acknowledgements from outside Slack: by the link in a page, or by a paging service."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.paging.contact_methods import parse_contact_method
from bot.services.escalation.responses.acknowledge import acknowledge
from bot.services.escalation.state import acknowledgements_of, active_acknowledgements
from bot.services.paging.content import SOMEBODY, build_escalation_text, format_clock, pages_by_key, recipient_name
from bot.services.workspace.actor import Actor, Origin
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation, Page
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared import people


@dataclass(frozen=True, slots=True)
class PageLinkView:
    """
    Content behind an acknowledgement link. `name`: the person who was paged.

    `answered`: who acknowledged, and when; `why_not`: why nobody is needed. At most one is set; without both the
    escalation waits.
    """

    reference: str
    title: str
    severity: str
    status: str
    reason: str
    asked: str
    name: str
    is_drill: bool
    answered: str | None
    why_not: str | None
    channel_url: str | None
    page_url: str | None

    @property
    def is_waiting(self) -> bool:
        return self.answered is None and self.why_not is None


def load_page_link(session: Session, settings: Settings, page_id: int) -> PageLinkView | None:
    """Load what a link leads to, without any change; None if the page is gone."""
    page = session.get(Page, page_id)
    row = escalations.get(session, page.escalation_id) if page else None
    if page is None or row is None:
        return None
    incident = incidents.get(session, row.incident_id)
    call = build_escalation_text(session, settings, page, row, incident)
    return PageLinkView(
        reference=call.reference,
        title=call.title or "A private incident",
        severity=call.severity_label,
        status=call.status_label,
        reason=call.reason,
        asked=call.origin_text,
        name=recipient_name(session, incident.team_id, page),
        is_drill=call.is_drill,
        answered=_acknowledgement_text(session, page, row, incident) if row.acknowledged_at else None,
        why_not=None if row.acknowledged_at else _closed_reason(session, settings, page, row, incident),
        channel_url=call.channel_url,
        page_url=call.page_url,
    )


def _closed_reason(session: Session, settings: Settings, page: Page, row: Escalation, incident: Incident) -> str | None:
    if escalations.is_called_off(session, row):
        return "The call was taken back: nobody is needed any more."
    if not incident.is_open:
        return f"{incident.reference} is {settings.status_label(incident.status)}: nobody is needed any more."
    if page.link_used_at is not None:
        at = format_clock(page.link_used_at, ZoneInfo(incident.zone))
        return f"You acknowledged by this link at {at}. It works once: from now on use the buttons in Slack."
    return ACCOUNT_CLOSED if _is_account_closed(session, incident.team_id, page) else None


ACCOUNT_CLOSED = (
    "The account in Slack that was paged is closed, so this link acknowledges nothing. Somebody else is needed."
)


def _is_account_closed(session: Session, team_id: str, page: Page) -> bool:
    """True for a closed account, which still gets mail; its acknowledgement must not count."""
    person = people.get(session, team_id, page.user_id) if page.user_id else None
    return person is not None and person.is_deleted


def _acknowledgement_text(session: Session, page: Page, row: Escalation, incident: Incident) -> str:
    """`You have it, since 16:12 CET.`"""
    if row.acknowledged_at is None:
        raise ValueError("nobody answered")
    since = format_clock(row.acknowledged_at, ZoneInfo(incident.zone))
    if page.user_id and page.user_id in {each.by for each in active_acknowledgements(session, row)}:
        return f"You have it, since {since}."
    who = row.acknowledged_by
    outsider = next((each.name for each in reversed(active_acknowledgements(session, row)) if each.name), SOMEBODY)
    name = people.find_names(session, incident.team_id, [who]).get(who, SOMEBODY) if who else outsider
    return f"{name} has it, since {since}. You are not needed for it now."


def acknowledge_by_link(session: Session, settings: Settings, page_id: int, at: datetime) -> None:
    """
    Acknowledge in the name of the person who was paged. The link works once.

    Raises UserError where nothing waits any more; `load_page_link` has the reason.
    """
    page = session.get(Page, page_id)
    if page is None:
        raise UserError("That page is gone.")
    escalations.lock(session, page.escalation_id)
    session.refresh(page)
    if page.link_used_at is not None:
        raise UserError("This link was used already.")
    row = escalations.get(session, page.escalation_id)
    if row is not None and _is_account_closed(session, incidents.get(session, row.incident_id).team_id, page):
        raise UserError(ACCOUNT_CLOSED)
    _acknowledge(session, settings, page, Actor("", page.user_id or None, at, Origin.PAGE), method="link")
    page.link_used_at = at
    session.add(page)


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
