"""Calls for help that are answered outside Slack: by the link in a page, or by a paging service's webhook."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.paging.channels import read
from bot.services import escalation as escalating
from bot.services.escalation.responses import acknowledge
from bot.services.paging import content as page_text
from bot.services.workspace.actor import Actor, Origin
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation, Page
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared import people


@dataclass(frozen=True, slots=True)
class Answerable:
    """
    What the link of a page leads to. `name` is who was paged: in their name it is answered.

    `answered` says who has answered already, and when; `why_not` why nobody is needed any more. At most one of them is
    there; with neither it waits for an answer.
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


def look(session: Session, settings: Settings, page_id: int) -> Answerable | None:
    """What a link leads to; None if the page is gone. It changes nothing."""
    page = session.get(Page, page_id)
    row = escalations.get(session, page.escalation_id) if page else None
    if page is None or row is None:
        return None
    incident = incidents.get(session, row.incident_id)
    call = page_text.call_of(session, settings, page, row, incident)
    return Answerable(
        reference=call.reference,
        title=call.title or "A private incident",
        severity=call.severity_label,
        status=call.status_label,
        reason=call.reason,
        asked=call.asked,
        name=page_text.name_of(session, incident.team_id, page),
        is_drill=call.is_drill,
        answered=_answered(session, page, row, incident) if row.acknowledged_at else None,
        why_not=None if row.acknowledged_at else _why_not(session, settings, page, row, incident),
        channel_url=call.channel_url,
        page_url=call.page_url,
    )


def _why_not(session: Session, settings: Settings, page: Page, row: Escalation, incident: Incident) -> str | None:
    if escalations.is_called_off(session, row):
        return "The call was taken back: nobody is needed any more."
    if not incident.is_open:
        return f"{incident.reference} is {settings.status_label(incident.status)}: nobody is needed any more."
    if page.link_used_at is not None:
        at = page_text.clock_of(page.link_used_at, ZoneInfo(incident.zone))
        return f"You acknowledged by this link at {at}. It works once: from now on use the buttons in Slack."
    return LEFT if _has_left(session, incident.team_id, page) else None


LEFT = "The account in Slack that was paged is closed, so this link acknowledges nothing. Somebody else is needed."


def _has_left(session: Session, team_id: str, page: Page) -> bool:
    """Who has left the workspace can still read their mail: that they have it would keep others from being paged."""
    person = people.get(session, team_id, page.user_id) if page.user_id else None
    return person is not None and person.is_deleted


def _answered(session: Session, page: Page, row: Escalation, incident: Incident) -> str:
    """`You have it, since 16:12 CET.`"""
    if row.acknowledged_at is None:
        raise ValueError("nobody answered")
    since = page_text.clock_of(row.acknowledged_at, ZoneInfo(incident.zone))
    if page.user_id and page.user_id in {each.by for each in escalating.standing(row)}:
        return f"You have it, since {since}."
    who = row.acknowledged_by
    outsider = next((each.name for each in reversed(escalating.standing(row)) if each.name), page_text.SOMEBODY)
    name = people.names(session, incident.team_id, [who]).get(who, page_text.SOMEBODY) if who else outsider
    return f"{name} has it, since {since}. You are not needed for it now."


def by_link(session: Session, settings: Settings, page_id: int, at: datetime) -> None:
    """
    Whoever was paged has it. The link works once; whoever is first counts, and nothing is changed after that.

    Raises UserError where there is nothing to answer any more: `look` says why.
    """
    page = session.get(Page, page_id)
    if page is None:
        raise UserError("That page is gone.")
    _lock(session, page)
    session.refresh(page)
    if page.link_used_at is not None:
        raise UserError("This link was used already.")
    row = escalations.get(session, page.escalation_id)
    if row is not None and _has_left(session, incidents.get(session, row.incident_id).team_id, page):
        raise UserError(LEFT)
    _answer(session, settings, page, Actor("", page.user_id or None, at, Origin.PAGE), means="link")
    page.link_used_at = at
    session.add(page)


def by_service(session: Session, settings: Settings, kind: str, key: str, name: str, at: datetime) -> int:
    """
    Somebody acknowledged at a paging service what it knows as `key`. How many calls that answered: what was answered
    before, or is none of ours, is no call.

    `name` is theirs over there; who that is in Slack nobody knows here, and it need not be whom the service was called
    for.
    """
    found = page_text.pages_of_key(session, key)
    newest = {page.escalation_id: page for page in found if _is_by(page, kind)}  # a reminder comes after its page
    answered = 0
    for _, page in sorted(newest.items()):
        if _is_stale(session, page):
            continue
        try:
            _answer(session, settings, page, Actor("", None, at, Origin.WEBHOOK), means=kind, name=name)
        except UserError:  # somebody was first, or nobody is needed any more: it comes to the same
            continue
        answered += 1
    return answered


def _is_stale(session: Session, page: Page) -> bool:
    """
    Whether an acknowledgement was taken back since the page went out: what a service tells of it now is late, or the
    echo of what it was told itself. Its next page has a key of its own.
    """
    row = escalations.get(session, page.escalation_id)
    answers = escalating.answers_of(row) if row else []
    return any(each.withdrawn_at is not None and each.withdrawn_at > page.queued_at for each in answers)


def _is_by(page: Page, kind: str) -> bool:
    means = read(page.means)
    return means is not None and means.kind == kind


def _lock(session: Session, page: Page) -> None:
    escalations.lock(session, page.escalation_id)


def _answer(session: Session, settings: Settings, page: Page, actor: Actor, *, means: str, name: str = "") -> None:
    row = escalations.get(session, page.escalation_id)
    team_id = incidents.get(session, row.incident_id).team_id if row else ""
    acknowledge(session, settings, page.escalation_id, replace(actor, team_id=team_id), means=means, name=name)
