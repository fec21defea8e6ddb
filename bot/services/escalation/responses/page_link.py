"""The link in a page: what it leads to, and the answers of its readers outside Slack."""

from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import InvalidField, UserError
from bot.domain.escalation import Acknowledgement
from bot.domain.text.normalize import to_one_line
from bot.lazy_dataclass import dataclass
from bot.services.escalation.responses.acknowledge import acknowledge, acknowledge_as_well
from bot.services.escalation.responses.common import ENDED_BEFORE_REOPENING
from bot.services.escalation.responses.decline import decline
from bot.services.escalation.state import active_acknowledgements
from bot.services.paging.content import SOMEBODY, build_escalation_text, format_clock, recipient_name
from bot.services.workspace.actor import Actor, Origin
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.escalation.pages import Page
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared import people

METHOD = "link"
"""Method of such an acknowledgement."""
NAME = "name"
"""Field of the page for the name of a reader who is unknown in Slack."""
MAX_NAME = 80
ACCOUNT_CLOSED = "The Slack account that was paged is closed. This link cannot acknowledge: page somebody else."
NOT_NEEDED = "No action is needed."


class LinkAnswer(StrEnum):
    """An answer that a button of the page gives."""

    ACKNOWLEDGE = "acknowledge"
    TAKE_TOO = "take too"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class PageLinkView:
    """
    Content behind an acknowledgement link.

    `name`: the recipient. `is_person`: it is known in Slack; the reader of any other page gives a name. `result`: the
    answer so far, empty while it is unacknowledged. `told`: who is notified of an answer. `answers`: what the reader
    can do.
    """

    reference: str
    title: str
    severity: str
    status: str
    reason: str
    asked: str
    name: str
    is_person: bool
    is_drill: bool
    result: str
    told: str
    answers: tuple[LinkAnswer, ...]
    channel_url: str | None
    page_url: str | None


def load_page_link(
    session: Session, settings: Settings, page_id: int, *, has_answered: bool = False
) -> PageLinkView | None:
    """
    Load what a link leads to, without any change; None if the page is gone.

    `has_answered`: the reader has just pressed a button.
    """
    page = session.get(Page, page_id)
    row = escalations.get(session, page.escalation_id) if page else None
    if page is None or row is None:
        return None
    incident = incidents.get(session, row.incident_id)
    call = build_escalation_text(session, settings, page, row, incident)
    given = _answer_by_link(session, page, row)
    closed = _closed_reason(session, settings, page, row, incident)
    is_theirs = given is not None and (bool(page.user_id) or has_answered)
    return PageLinkView(
        reference=call.reference,
        title=call.title or "A private incident",
        severity=call.severity_label,
        status=call.status_label,
        reason=call.reason,
        asked=call.origin_text,
        name=recipient_name(session, incident.team_id, page),
        is_person=bool(page.user_id),
        is_drill=call.is_drill,
        result=_result_text(session, page, row, incident, given, closed, is_theirs=is_theirs),
        told=_told_text(session, page, row, incident) if is_theirs else "",
        answers=() if given or closed else _possible_answers(page, row),
        channel_url=call.channel_url,
        page_url=call.page_url,
    )


def _answer_by_link(session: Session, page: Page, row: Escalation) -> Acknowledgement | None:
    """The acknowledgement of the person who was paged, or else the one given by this link."""
    active = active_acknowledgements(session, row)
    if page.user_id:
        return next((each for each in active if each.by == page.user_id), None)
    return next((each for each in active if each.method == METHOD and each.at == page.link_used_at), None)


def _possible_answers(page: Page, row: Escalation) -> tuple[LinkAnswer, ...]:
    if row.acknowledged_at is not None:
        return (LinkAnswer.TAKE_TOO,)
    can_decline = bool(page.user_id) and page.user_id not in row.declined_by
    return (LinkAnswer.ACKNOWLEDGE, LinkAnswer.DECLINE) if can_decline else (LinkAnswer.ACKNOWLEDGE,)


def _closed_reason(session: Session, settings: Settings, page: Page, row: Escalation, incident: Incident) -> str:
    """Why the link acknowledges nothing; empty if it does."""
    if escalations.is_called_off(session, row):
        return "The escalation was called off: no action is needed."
    if not incident.is_open:
        return f"{incident.reference} is {settings.status_label(incident.status)}: no action is needed."
    if row.stopped_at is not None:
        return ENDED_BEFORE_REOPENING.format(incident.reference)
    if page.link_used_at is not None:
        at = format_clock(page.link_used_at, ZoneInfo(incident.zone))
        return f"This link was used at {at} and works only once. Use the buttons in Slack."
    return ACCOUNT_CLOSED if _is_account_closed(session, incident.team_id, page) else ""


def _is_account_closed(session: Session, team_id: str, page: Page) -> bool:
    """True for a closed account, which still gets mail; its acknowledgement must not count."""
    person = people.get(session, team_id, page.user_id) if page.user_id else None
    return person is not None and person.is_deleted


def _result_text(
    session: Session,
    page: Page,
    row: Escalation,
    incident: Incident,
    given: Acknowledgement | None,
    closed: str,
    *,
    is_theirs: bool,
) -> str:
    """`You acknowledged at 16:12 CET. It is yours.`"""
    zone = ZoneInfo(incident.zone)
    if given is not None and is_theirs:
        stands = "It is yours." if row.acknowledged_at else "Others must acknowledge as well."
        return f"You acknowledged at {format_clock(given.at, zone)}. {stands}"
    if given is not None:
        return f"{given.name} acknowledged by this link at {format_clock(given.at, zone)}. {NOT_NEEDED}"
    if row.acknowledged_at is not None:
        who = _acknowledger_name(session, row, incident)
        return f"{who} acknowledged at {format_clock(row.acknowledged_at, zone)}. {NOT_NEEDED}"
    if not closed and page.user_id and page.user_id in row.declined_by:
        return "You declined. No further action is needed."
    return closed


def _acknowledger_name(session: Session, row: Escalation, incident: Incident) -> str:
    if row.acknowledged_by:
        return people.find_names(session, incident.team_id, [row.acknowledged_by]).get(row.acknowledged_by, SOMEBODY)
    active = active_acknowledgements(session, row)
    return next((each.name for each in active if each.at == row.acknowledged_at and each.name), SOMEBODY)


def _told_text(session: Session, page: Page, row: Escalation, incident: Incident) -> str:
    """People who are notified. A service's page of a private incident names nobody."""
    shown = "the incident's channel shows it."
    concerned = [each for each in (row.asked_by, *row.members) if each and each != page.user_id]
    concerned = [each for each in dict.fromkeys(concerned) if each not in row.declined_by]
    if not concerned or (incident.is_private and not page.user_id):
        return shown.capitalize()
    names = people.find_names(session, incident.team_id, concerned)
    named = list(dict.fromkeys(names.get(each, SOMEBODY) for each in concerned))
    listed = f"{', '.join(named[:-1])} and {named[-1]}" if len(named) > 1 else named[0]
    return f"{listed} {'are' if len(named) > 1 else 'is'} notified, and {shown}"


def answer_by_link(
    session: Session, settings: Settings, page_id: int, answer: LinkAnswer, at: datetime, *, name: str = ""
) -> None:
    """
    Answer in the name of the person who was paged, or of `name`. The link acknowledges once.

    Raises InvalidField (`name`) if a reader who is unknown in Slack gives no name, and UserError where nothing waits
    any more; `load_page_link` has the reason.
    """
    page = session.get(Page, page_id)
    row = escalations.lock(session, page.escalation_id) if page else None
    if page is None or row is None:
        raise UserError("That page no longer exists.")
    session.refresh(page)
    if page.link_used_at is not None:
        raise UserError("This link was used already.")
    team_id = incidents.get(session, row.incident_id).team_id
    if _is_account_closed(session, team_id, page):
        raise UserError(ACCOUNT_CLOSED)
    actor, name = Actor(team_id, page.user_id or None, at, Origin.PAGE), "" if page.user_id else _check_name(name)
    if answer is LinkAnswer.DECLINE:
        if actor.user_id is None:
            raise UserError("Nobody in Slack was paged by this link. Nothing was changed.")
        decline(session, settings, row.key, actor)
        return
    if answer is LinkAnswer.TAKE_TOO:
        acknowledge_as_well(session, settings, row.key, actor, method=METHOD, name=name)
    else:
        acknowledge(session, settings, row.key, actor, method=METHOD, name=name)
    page.link_used_at = at
    session.add(page)


def _check_name(typed: str) -> str:
    """The name in one line. Raises InvalidField for none, or a long one."""
    name = to_one_line(typed, MAX_NAME + 1)
    if not name:
        raise InvalidField(NAME, "Enter your name. It shows the others who works on it.")
    if len(name) > MAX_NAME:
        raise InvalidField(NAME, f"Enter a name of at most {MAX_NAME} characters.")
    return name
