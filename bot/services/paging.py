"""People are paged: a row for each page, and what came of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.working_hours import is_outside
from bot.services import tell
from bot.services.actor import Actor
from bot.store.escalations import Escalation, Page
from bot.store.incidents import Incident


@dataclass(frozen=True, slots=True)
class Call:
    """Who is to be paged for one level of an escalation. `late_seconds`: how late that is, where it is late."""

    incident: Incident
    escalation: Escalation
    people: Collection[str]
    level: int
    round: int
    late_seconds: int | None = None


def page(
    session: Session,
    settings: Settings,
    incident: Incident,
    escalation: Escalation,
    people: Collection[str],
    at: datetime,
    *,
    level: int,
    round: int,  # noqa: A002  it is one of the words of an escalation, and nothing here rounds
    late_seconds: int | None = None,
) -> list[Page]:
    """Page people for a level, each by their own means. Who declined is not asked again."""
    return page_all(session, settings, [Call(incident, escalation, people, level, round, late_seconds)], at)


def page_all(session: Session, settings: Settings, calls: Sequence[Call], at: datetime) -> list[Page]:
    """
    `page`, of many levels at once: in a bad hour many are due together.

    Nobody is written to in a drill that replays something: it is practised in its channel.
    """
    paged = [
        (call.incident, _new_page(settings, call, person, at))
        for call in calls
        if call.incident.drill_of is None
        for person in dict.fromkeys(call.people)
        if person not in call.escalation.declined_by
    ]
    session.add_all(page for _, page in paged)
    session.flush()
    for incident, row in paged:
        tell.page(session, incident, at, row.user_id, row.id or 0, row.escalation_id)
    return [row for _, row in paged]


def _new_page(settings: Settings, call: Call, person: str, at: datetime) -> Page:
    hours = settings.hours_of(None, [person], call.incident.services, ZoneInfo(call.incident.zone))
    return Page(
        escalation_id=call.escalation.key, user_id=person, means="slack", ordinal=call.escalation.reminders,
        queued_at=at, due_at=at, level=call.level, round=call.round, late_seconds=call.late_seconds,
        out_of_hours=is_outside(hours, at),
    )  # fmt: skip


def page_came_of(
    session: Session, page_id: int, *, sent: bool, outcome: str, actor: Actor, place: tuple[str, str] | None = None
) -> None:
    """Keep what came of one page; `place` is the channel and ts of its message."""
    page = session.get(Page, page_id)
    if page is None:
        return
    page.sent_at, page.outcome = (actor.at if sent else None), outcome
    page.channel_id, page.message_ts = place or (None, None)
    session.add(page)
