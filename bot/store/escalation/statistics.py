"""
Facts for monthly statistics.

`bot.store.incidents.visibility` decides which incidents count.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Exists, Text, and_, cast, exists, or_, select
from sqlmodel import Session, col

from bot.domain.escalation import Acknowledgement, first_timed_out_ack
from bot.store.escalation import progress
from bot.store.escalation.escalations import Escalation, pages_people_condition
from bot.store.escalation.pages import LEFT_BEHIND, Page
from bot.store.escalation.progress import EscalationStep
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Visibility, counts_for_people
from bot.store.shared.people import Person


class PageFacts(NamedTuple):
    """
    A page that reached a person. `out_of_hours` is None if their working hours are unknown.

    `hours` are the working hours kept with its escalation, `own_zone` the person's.
    """

    escalation_id: int
    user_id: str
    level: int
    round: int
    ordinal: int
    sent_at: datetime
    out_of_hours: bool | None
    hours: dict[str, Any] | None
    incident_zone: str
    own_zone: str | None
    incident_id: int


class AcknowledgementFacts(NamedTuple):
    incident_id: int
    severity: str
    services: list[str]
    zone: str
    paged_at: datetime
    acknowledged_at: datetime | None


def find_pages(
    session: Session, team_id: str, since: datetime, until: datetime, *, with_private: bool = True
) -> Sequence[PageFacts]:
    """Pages that reached a person between the two. Private incidents count without any detail."""
    condition = counts_for_people(team_id)
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
            col(Escalation.incident_id),
        )
        .join(Escalation, col(Escalation.id) == Page.escalation_id)
        .join(Incident, col(Incident.id) == Escalation.incident_id)
        .outerjoin(Person, and_(col(Person.team_id) == Incident.team_id, col(Person.user_id) == Page.user_id))
        .where(
            condition if with_private else and_(condition, Visibility(team_id).condition),
            col(Page.sent_at) >= since,
            col(Page.sent_at) < until,
            col(Page.user_id) != "",
            col(Page.method) != LEFT_BEHIND,
        )
        .order_by(col(Page.id))
    )
    return [PageFacts(*row) for row in session.execute(statement)]


def find_acknowledgements(
    session: Session, team_id: str, since: datetime, until: datetime
) -> Sequence[AcknowledgementFacts]:
    """
    Escalations that paged somebody and began between the two, without withdrawn ones.

    By the services of their incidents, so private incidents are left out, as are drills, vendors, and escalations that
    were only recorded. One without a page that was sent (nobody on call, everybody muted, every page failed) does not
    count.
    """
    counted = (
        select(col(Escalation.id))
        .join(Incident, col(Incident.id) == Escalation.incident_id)
        .outerjoin(TimelineEntry, col(Escalation.entry_id) == TimelineEntry.id)
        .where(
            Visibility(team_id).condition,
            col(Incident.is_drill).is_(False),
            pages_people_condition(),
            col(Escalation.paged_at) >= since,
            col(Escalation.paged_at) < until,
            col(TimelineEntry.withdrawn_at).is_(None),
            or_(_was_sent(), _mentioned_a_group()),
        )
    )
    timed_out = progress.find_timed_out(session, counted)
    statement = counted.with_only_columns(
        col(Escalation.id),
        col(Incident.id),
        col(Incident.severity),
        col(Incident.services),
        col(Incident.zone),
        col(Escalation.paged_at),
        col(Escalation.acknowledged_at),
        maintain_column_froms=True,
    ).order_by(col(Escalation.id))
    return [
        AcknowledgementFacts(incident, severity, services, zone, paged_at, _first(answered_at, timed_out.get(key, ())))
        for key, incident, severity, services, zone, paged_at, answered_at in session.execute(statement)
    ]


def _was_sent() -> Exists:
    return exists().where(
        col(Page.escalation_id) == Escalation.id, col(Page.sent_at).is_not(None), col(Page.method) != LEFT_BEHIND
    )


def _mentioned_a_group() -> Exists:
    """Condition: a user group was paged, by its mention in the channel."""
    return exists().where(
        col(EscalationStep.escalation_id) == Escalation.id, cast(col(EscalationStep.groups), Text) != "[]"
    )


def _first(acknowledged_at: datetime | None, timed_out: Sequence[Acknowledgement]) -> datetime | None:
    """An acknowledgement that timed out later counts."""
    silent = first_timed_out_ack(timed_out)
    return silent.at if silent else acknowledged_at
