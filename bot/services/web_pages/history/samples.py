"""Load the cases of the figures: what the page counts, and what a number's link lists."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_
from sqlmodel import Session, col

from bot.domain.findings.word_groups import cause_groups
from bot.domain.incidents.statistics import NO_VALUE, Axis, Figure, IncidentTimes, Sample, age_group, incident_samples
from bot.domain.paging.statistics import EscalationOutcome, PersonPage, month_of, night_of
from bot.services.paging.statistics import load_outcomes, load_pages, month_span
from bot.store.incidents import action_items, incident_lists
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.incidents import Incident
from bot.store.incidents.search.statements import find_causes, find_first_updates

OTHER_CAUSE = "other"
"""Group of causes whose words are in no group."""
PAGE_FIGURES = (Figure.PAGES, Figure.OUT_OF_HOURS, Figure.NIGHTS)


def load_samples(session: Session, team_id: str, figure: Figure, months: Sequence[str], at: datetime) -> list[Sample]:
    """Cases of one figure in these months; of follow-ups all that are open."""
    if figure is Figure.FOLLOW_UPS:
        return load_follow_ups(session, team_id, at)
    if figure is Figure.ACKNOWLEDGE:
        return acknowledgement_samples(load_outcomes(session, team_id, months), months)
    if figure in PAGE_FIGURES:
        return page_samples(load_pages(session, team_id, months, with_private=False), figure, months)
    return incident_samples(load_incident_times(session, team_id, months), figure)


def load_incident_times(session: Session, team_id: str, months: Sequence[str]) -> list[IncidentTimes]:
    """Incidents that figures count, declared in these months."""
    since, until = month_span(months)
    facts = incident_lists.find_facts(session, team_id, since, until)
    condition = and_(incident_lists.counts_for_figures(team_id), _declared_between(since, until))
    causes = _load_cause_groups(session, condition)
    updates = find_first_updates(session, condition)
    found = [
        IncidentTimes(
            incident_id=each.incident_id,
            values={
                Axis.MONTH: (month_of(each.declared_at, ZoneInfo(each.zone)),),
                Axis.SEVERITY: (each.severity,),
                Axis.SERVICE: tuple(each.services) or (NO_VALUE,),
                Axis.CATEGORY: (each.category or NO_VALUE,),
                Axis.CAUSE: causes.get(each.incident_id, (NO_VALUE,)),
            },
            is_retro=each.is_retro,
            is_start_stated=each.start_ref is not None and each.start_ref != each.detection_ref,
            started_at=each.started_at,
            detected_at=each.detected_at,
            identified_at=each.identified_at,
            mitigated_at=each.mitigated_at,
            resolved_at=each.resolved_at,
            first_update_at=updates.get(each.incident_id),
        )
        for each in facts
    ]
    wanted = set(months)
    return [each for each in found if each.month in wanted]


def _declared_between(since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(col(Incident.declared_at) >= since, col(Incident.declared_at) < until)


def _load_cause_groups(session: Session, condition: ColumnElement[bool]) -> dict[int, tuple[str, ...]]:
    texts: dict[int, list[str]] = defaultdict(list)
    for incident_id, text in find_causes(session, condition):
        texts[incident_id].append(text)
    return {key: tuple(sorted(cause_groups("\n".join(found)))) or (OTHER_CAUSE,) for key, found in texts.items()}


def acknowledgement_samples(outcomes: Sequence[EscalationOutcome], months: Sequence[str]) -> list[Sample]:
    return [
        Sample(
            each.incident_id,
            {Axis.MONTH: (each.month,), Axis.SEVERITY: (each.severity,), Axis.SERVICE: each.services or (NO_VALUE,)},
            each.length,
        )
        for each in outcomes
        if each.month in months and each.incident_id is not None
    ]


def page_samples(pages: Sequence[PersonPage], figure: Figure, months: Sequence[str]) -> list[Sample]:
    return [
        Sample(each.incident_id, {Axis.MONTH: (month,), Axis.PERSON: (each.user_id,)})
        for each in pages
        if each.incident_id is not None and _counts(each, figure) and (month := month_of(each.at, each.zone)) in months
    ]


def _counts(page: PersonPage, figure: Figure) -> bool:
    if figure is Figure.NIGHTS:
        return night_of(page.at, page.zone) is not None
    return figure is Figure.PAGES or page.out_of_hours is True


def load_follow_ups(session: Session, team_id: str, at: datetime) -> list[Sample]:
    """
    Open tasks and improvements, by age and owner; `length` is the age.

    The owner is a person's id, or `@` and a group's name.
    """
    return [
        Sample(
            each.incident_id,
            {Axis.AGE: (age_group(at - each.created_at),), Axis.PERSON: (_owner(each),)},
            at - each.created_at,
        )
        for each in action_items.find_open(session, incident_lists.counts_for_figures(team_id))
    ]


def _owner(item: ActionItem) -> str:
    return f"@{item.owner_group}" if item.owner_group else item.owner or NO_VALUE
