"""What pages do in time: a later means is due, a page has not gone out, nothing reached somebody."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.services import outbox as tell
from bot.services.escalation import responses as answering
from bot.services.paging import pages as paging
from bot.services.paging.pages import SKIPPED, Sending
from bot.services.workspace.actor import Actor, Origin
from bot.store.escalation import escalations, pages
from bot.store.escalation.escalations import NOT_NEEDED, Escalation, Page
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared.timers import Timer


def later(session: Session, settings: Settings, due: Sequence[Timer], at: datetime) -> None:
    """The next means of people is due: it goes, unless nobody needs it any more or they were muted meanwhile."""
    found = [(row, *_about(session, row)) for row in _pages(session, due) if row.outcome == ""]
    wanted = []
    for row, escalation, incident in found:
        if paging.is_needed(session, escalation, incident, row):
            wanted.append((row, incident))
        else:
            row.outcome = NOT_NEEDED
            session.add(row)
    if not wanted:
        return
    team_id, people = wanted[0][1].team_id, {row.user_id for row, _ in wanted}
    pages.hold_people(session, team_id, people)
    skipped = paging.skipped(session, team_id, people, at)
    sending = Sending(session, settings, at, {row.id or 0 for row, _ in wanted})
    for row, incident in wanted:
        if row.user_id in skipped:
            row.skipped, row.outcome = paging.why_skipped(incident, skipped[row.user_id]), SKIPPED
            session.add(row)
        else:
            sending.go(incident, row)
        tell.show_escalation(session, incident, row.escalation_id, at)
    sending.watch()


def watch(session: Session, _settings: Settings, timer: Timer, at: datetime) -> None:
    """A page that has not gone out for a while: the next means does not wait for it."""
    row = pages.get(session, int(timer.details["page_id"]))
    if row is None or row.outcome != "":
        return
    escalation, incident = _about(session, row)
    if paging.is_needed(session, escalation, incident, row):
        paging.failed(session, row, at)


def unreachable(session: Session, settings: Settings, timer: Timer, at: datetime) -> None:
    """No means reached somebody, or none was to: their level goes on as if they had declined."""
    row = pages.get(session, int(timer.details["page_id"]))
    if row is None:
        return
    escalation, incident = _about(session, row)
    if paging.is_needed(session, escalation, incident, row):
        answering.person_unreachable(session, settings, row, Actor(incident.team_id, None, at, Origin.TIMER))


def _pages(session: Session, due: Sequence[Timer]) -> list[Page]:
    found = [pages.get(session, int(timer.details["page_id"])) for timer in due]
    return [row for row in found if row is not None]


def _about(session: Session, row: Page) -> tuple[Escalation, Incident]:
    escalation = escalations.lock(session, row.escalation_id)
    if escalation is None:
        raise ValueError(f"page {row.id} is of no escalation")
    return escalation, incidents.lock(session, escalation.incident_id)
