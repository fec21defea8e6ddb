"""Page services that are targets of a policy, such as PagerDuty."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.services import outbox
from bot.services.paging.pages import schedule_unsent_checks
from bot.store.escalation.escalations import Escalation
from bot.store.escalation.pages import Page
from bot.store.incidents.incidents import Incident


def page_services(
    session: Session,
    incident: Incident,
    escalation: Escalation,
    services: Sequence[str],
    at: datetime,
    level: int,
    round: int,  # noqa: A002  the term of the policy
    late: timedelta | None,
) -> None:
    """Page each service once for a level and round; none in a replay."""
    if incident.drill_of is not None:
        return
    late_seconds = _whole_seconds(late)
    pages = [
        Page(
            escalation_id=escalation.key,
            user_id="",
            method=method,
            ordinal=escalation.reminders,
            queued_at=at,
            due_at=at,
            level=level,
            round=round,
            late_seconds=late_seconds,
        )
        for method in services
    ]
    if not pages:
        return
    session.add_all(pages)
    session.flush()
    for each in pages:
        outbox.page_contact_method(session, incident, at, each.method, "", page_ids=[each.id or 0])
    schedule_unsent_checks(session, [(each, at) for each in pages])


def _whole_seconds(length: timedelta | None) -> int | None:
    return round(length.total_seconds()) if length else None
