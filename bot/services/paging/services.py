"""Services that page by themselves, as targets of a policy: a team that stays with PagerDuty, say."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.services import outbox as tell
from bot.services.paging import pages as paging
from bot.store.escalation.escalations import Escalation, Page
from bot.store.incidents.incidents import Incident


def page(
    session: Session,
    incident: Incident,
    escalation: Escalation,
    services: Sequence[str],
    at: datetime,
    level: int,
    round: int,  # noqa: A002  it is one of the words of an escalation, and nothing here rounds
    late: timedelta | None,
) -> None:
    """Call each, once for a level and round. Nobody is called in a drill that replays something."""
    if incident.drill_of is not None:
        return
    late_seconds = _whole(late)
    pages = [
        Page(
            escalation_id=escalation.key,
            user_id="",
            means=means,
            ordinal=escalation.reminders,
            queued_at=at,
            due_at=at,
            level=level,
            round=round,
            late_seconds=late_seconds,
        )
        for means in services
    ]
    if not pages:
        return
    session.add_all(pages)
    session.flush()
    for each in pages:
        tell.page_by_means(session, incident, at, each.means, "", page_ids=[each.id or 0])
    paging.watch(session, [(each, at) for each in pages])


def _whole(length: timedelta | None) -> int | None:
    return round(length.total_seconds()) if length else None
