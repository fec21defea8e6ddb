"""What the figures by month are made of. Reads only; who is counted is decided in `bot.store.incidents.visibility`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, exists, select
from sqlmodel import Session, col

from bot.domain.escalation import Answer, Called, first_silence
from bot.domain.terms import TargetKind
from bot.store.escalation.escalations import LEFT_BEHIND, Escalation, Page, have_paged_people
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Sight, counted_for_people
from bot.store.shared.people import Person


class PageFact(NamedTuple):
    """
    A page that reached somebody. `out_of_hours` is what was kept with it, None also for those of the release before;
    `hours` are the working hours kept with its escalation, `own_zone` the person's.
    """

    escalation_id: int
    user_id: str
    level: int | None
    round: int | None
    ordinal: int
    sent_at: datetime
    out_of_hours: bool | None
    hours: dict[str, Any] | None
    incident_zone: str
    own_zone: str | None


class AnswerFact(NamedTuple):
    services: list[str]
    zone: str
    paged_at: datetime
    acknowledged_at: datetime | None


def pages(session: Session, team_id: str, since: datetime, until: datetime) -> Sequence[PageFact]:
    """Pages that reached somebody between the two. Private incidents count, and nothing of them is told."""
    statement = (
        select(
            col(Page.escalation_id),
            col(Page.user_id),
            col(Page.level),
            col(Page.round),
            col(Page.ordinal),
            col(Page.sent_at),
            col(Page.out_of_hours),
            col(Escalation.working_hours),
            col(Incident.zone),
            col(Person.zone),
        )
        .join(Escalation, col(Escalation.id) == Page.escalation_id)
        .join(Incident, col(Incident.id) == Escalation.incident_id)
        .outerjoin(Person, and_(col(Person.team_id) == Incident.team_id, col(Person.user_id) == Page.user_id))
        .where(
            counted_for_people(team_id),
            col(Page.sent_at) >= since,
            col(Page.sent_at) < until,
            col(Page.user_id) != "",
            col(Page.means) != LEFT_BEHIND,
        )
        .order_by(col(Page.id))
    )
    return [PageFact(*row) for row in session.execute(statement)]


def answers(session: Session, team_id: str, since: datetime, until: datetime) -> Sequence[AnswerFact]:
    """
    Escalations that paged somebody and began between the two, and that nobody called off; by the services of their
    incidents, so private incidents stay out, as do drills, vendors, and calls that were only recorded.

    One that found nobody to page, or nobody who is not muted, or whose pages all failed, asked nobody for an answer.
    """
    was_sent = exists().where(
        col(Page.escalation_id) == Escalation.id, col(Page.sent_at).is_not(None), col(Page.means) != LEFT_BEHIND
    )
    statement = (
        select(
            col(Incident.services),
            col(Incident.zone),
            col(Escalation.paged_at),
            col(Escalation.acknowledged_at),
            col(Escalation.answers),
            col(Escalation.steps),
            col(Escalation.target_kind),
            was_sent,
        )
        .join(Incident, col(Incident.id) == Escalation.incident_id)
        .outerjoin(TimelineEntry, col(Escalation.entry_id) == TimelineEntry.id)
        .where(
            Sight(team_id).condition,
            col(Incident.is_drill).is_(False),
            have_paged_people(),
            col(Escalation.paged_at) >= since,
            col(Escalation.paged_at) < until,
            col(TimelineEntry.withdrawn_at).is_(None),
        )
        .order_by(col(Escalation.id))
    )
    return [
        AnswerFact(services, zone, paged_at, _first(acknowledged_at, answers))
        for services, zone, paged_at, acknowledged_at, answers, steps, kind, sent in session.execute(statement)
        if sent or _mentioned_a_group(steps, kind)
    ]


def _mentioned_a_group(steps: list[dict[str, Any]] | None, target_kind: str) -> bool:
    """A user group is called by its mention in the channel. The release before kept no steps."""
    if steps is None:
        return target_kind == TargetKind.GROUP
    return any(Called.from_json(each).groups for each in steps)


def _first(acknowledged_at: datetime | None, answers: list[dict[str, Any]] | None) -> datetime | None:
    """Somebody who fell silent afterwards had acknowledged all the same."""
    silent = first_silence([Answer.from_json(each) for each in answers or ()])
    return silent.at if silent else acknowledged_at
