"""Timers of pages: the next contact method, unsent pages, unreachable people."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.services import outbox
from bot.services.escalation.responses.decline import record_unreachable
from bot.services.outbox.timer_payloads import PageTimer
from bot.services.paging.page_outcomes import is_page_needed, try_next_method
from bot.services.paging.pages import SKIPPED, PageBatch, skip_reason, skipped_people
from bot.services.workspace.actor import Actor, Origin
from bot.store.escalation import escalations, pages
from bot.store.escalation.escalations import Escalation
from bot.store.escalation.pages import NOT_NEEDED, Page
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared.timers import Timer


def send_due_pages(session: Session, settings: Settings, due: Sequence[Timer], at: datetime) -> None:
    """Send pages by the next contact method, unless they are not needed or people are muted."""
    found = [(row, *_lock_subject(session, row)) for row in _pages(session, due) if row.outcome == ""]
    wanted = []
    for row, escalation, incident in found:
        if is_page_needed(session, escalation, incident, row):
            wanted.append((row, incident))
        else:
            row.outcome = NOT_NEEDED
            session.add(row)
    if not wanted:
        return
    team_id, people = wanted[0][1].team_id, {row.user_id for row, _ in wanted}
    pages.lock_people(session, team_id, people)
    skipped = skipped_people(session, team_id, people, at)
    sending = PageBatch(session, settings, at, {row.id or 0 for row, _ in wanted})
    for row, incident in wanted:
        if row.user_id in skipped:
            row.skipped, row.outcome = skip_reason(incident, skipped[row.user_id]), SKIPPED
            session.add(row)
        else:
            sending.go(incident, row)
        outbox.refresh_escalation(session, incident, row.escalation_id, at)
    sending.watch()


def check_unsent_page(session: Session, _settings: Settings, timer: Timer, at: datetime) -> None:
    """Try the next contact method if a page has not gone out for a while."""
    row = pages.get(session, PageTimer.from_json(timer.details).page_id)
    if row is None or row.outcome != "":
        return
    escalation, incident = _lock_subject(session, row)
    if is_page_needed(session, escalation, incident, row):
        try_next_method(session, row, at)


def handle_unreachable(session: Session, settings: Settings, timer: Timer, at: datetime) -> None:
    """Continue without a person that no contact method reached."""
    row = pages.get(session, PageTimer.from_json(timer.details).page_id)
    if row is None:
        return
    escalation, incident = _lock_subject(session, row)
    if is_page_needed(session, escalation, incident, row):
        record_unreachable(session, settings, row, Actor(incident.team_id, None, at, Origin.TIMER))


def _pages(session: Session, due: Sequence[Timer]) -> list[Page]:
    found = [pages.get(session, PageTimer.from_json(timer.details).page_id) for timer in due]
    return [row for row in found if row is not None]


def _lock_subject(session: Session, row: Page) -> tuple[Escalation, Incident]:
    escalation = escalations.lock(session, row.escalation_id)
    if escalation is None:
        raise ValueError(f"page {row.id} has no escalation")
    return escalation, incidents.lock(session, escalation.incident_id)
