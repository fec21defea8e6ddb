"""Read model of an incident's card."""

from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement
from sqlmodel import Session

from bot.config import Settings
from bot.domain.changes.change import SHOWN_CHANGES, Change
from bot.domain.incidents.next_step import NextStep, Situation, find_next_step
from bot.domain.incidents.requirements import RequirementStatus
from bot.domain.incidents.roles import LEAD
from bot.domain.reminders import ReminderKind
from bot.domain.terms import Kind, Severity, Status
from bot.domain.text.durations import duration_between
from bot.lazy_dataclass import dataclass
from bot.services.changes import find_recent_changes
from bot.services.escalation.view import EscalationProgress
from bot.services.escalation.view_loader import load_progress
from bot.services.incidents.requirements import severity_requirements, status_requirements
from bot.services.incidents.roles import list_role_holders
from bot.services.oncall.policies import configured_policy
from bot.services.oncall.targets import target_mention
from bot.services.views.alert_lines import AlertLine, build_alert_line
from bot.services.views.outbox_operations import list_failed_steps
from bot.services.workspace.people import MENTION
from bot.store import changes, outbox
from bot.store.alerts import alerts, storms
from bot.store.database.tables import check_rows
from bot.store.database.transaction_state import transaction_state
from bot.store.escalation import escalations, reminders
from bot.store.incidents import incidents, roles, timeline
from bot.store.incidents.visibility import Visibility
from bot.store.shared import people

ALERTS_SHOWN = 3
"""Alerts of which the card shows more than a number."""


@dataclass(frozen=True, slots=True)
class WaitingEscalation:
    """An unanswered escalation. `target` may be a mention, or the name of a policy."""

    target: str
    since: datetime
    progress: EscalationProgress | None = None


@dataclass(frozen=True, slots=True)
class RelatedIncident:
    """Another incident, and its channel once it has one."""

    reference: str
    channel_id: str | None


@dataclass(frozen=True, slots=True)
class CardState:
    """
    Severity and status.

    `severity_rank` 1 is the worst. `custom_status` is the workspace's own word, empty if there is none.
    """

    severity: str
    severity_rank: int
    status: Status
    is_open: bool
    custom_status: str = ""
    closure_reason: str | None = None

    @property
    def status_label(self) -> str:
        return self.custom_status or self.status.value


@dataclass(frozen=True, slots=True)
class CardTimes:
    """Declaration, and the impact's start and end."""

    declared_at: datetime
    started_at: datetime
    ended_at: datetime | None = None

    @property
    def duration(self) -> timedelta | None:
        return duration_between(self.started_at, self.ended_at) if self.ended_at else None


@dataclass(frozen=True, slots=True)
class CardPeople:
    """The lead, and the holders of the `other_roles`: label and user id."""

    lead: str | None = None
    lead_label: str = "Lead"
    other_roles: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CardAlerts:
    """
    Counts, and the alerts whose help the card shows.

    `shown` are the first that fire, or else the first of all; none of a storm. `unmapped_severity` is the alerts' label
    that means no severity, until somebody sets one.
    """

    firing: int = 0
    total: int = 0
    shown: tuple[AlertLine, ...] = ()
    unmapped_severity: str | None = None
    flapping: int = 0


@dataclass(frozen=True, slots=True)
class CardRelations:
    """
    Related incidents.

    `previous` is the reference of the one that this follows; `took_in` were merged into this. `beside` a storm
    (`is_storm`) are the incidents that alerts had opened before; beside any other incident its storm.
    """

    previous: str | None = None
    merged_into: RelatedIncident | None = None
    took_in: tuple[RelatedIncident, ...] = ()
    is_storm: bool = False
    beside: tuple[RelatedIncident, ...] = ()


@dataclass(frozen=True, slots=True)
class CardOpenWork:
    """
    Unanswered escalations, requirements (met or not), failed steps, and what comes next.

    `problems` are sentences; people are mentions in them.
    """

    waiting: tuple[WaitingEscalation, ...] = ()
    requirements: tuple[RequirementStatus, ...] = ()
    problems: tuple[str, ...] = ()
    next_step: NextStep | None = None


@dataclass(frozen=True, slots=True)
class CardView:
    """
    The incident in one message.

    `names`: the people mentioned in its texts. `reactions`: the kind by emoji.
    """

    incident_id: int
    reference: str
    title: str
    title_without_count: str
    """A storm's title without its alert counts; else the title."""
    services: tuple[str, ...]
    channel_id: str | None
    state: CardState
    times: CardTimes
    names: Mapping[str, str]
    is_drill: bool = False
    is_private: bool = False
    is_retro: bool = False
    bridge_url: str | None = None
    people: CardPeople = field(default_factory=CardPeople)
    alerts: CardAlerts = field(default_factory=CardAlerts)
    related: CardRelations = field(default_factory=CardRelations)
    open_work: CardOpenWork = field(default_factory=CardOpenWork)
    reactions: Mapping[str, Kind] = field(default_factory=dict)
    recent_changes: tuple[Change, ...] = ()
    """The newest before the first error, until a cause is recorded."""


class _Existing(NamedTuple):
    """Kinds of records that an incident has. Most have few, and only those are loaded."""

    alerts: bool
    escalations: bool
    roles: bool
    merged: bool
    failures: bool
    impact: bool
    update_reminder: bool
    changes: bool


def _find_existing(session: Session, settings: Settings, row: incidents.Incident) -> _Existing:
    """Queried once for all incidents that are shown at the end of a transaction."""
    state = transaction_state(session)
    known: dict[int, _Existing] = state.card_contents
    if row.key in known:
        return known[row.key]
    if row.key not in state.shown_incidents:  # what exists may change yet
        return _check_existing(session, settings, [row])[row.key]
    known |= _check_existing(session, settings, state.shown_incidents.values())
    return known[row.key]


def _check_existing(session: Session, settings: Settings, rows: Collection[incidents.Incident]) -> dict[int, _Existing]:
    """`changes` may be those of another of these incidents."""
    began = [row.started_at for row in rows]
    window = {"since": min(began) - settings.changes.length, "until": max(began)}
    found = check_rows(session, incidents.Incident, [row.key for row in rows], _conditions, **window)
    return {incident_id: _Existing(*checked) for incident_id, checked in found.items()}


def _conditions(incident: Any, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    """The queries for the fields of `_Existing`, in their order."""
    return (
        alerts.alerts_exist(incident.id),
        escalations.escalations_exist(incident.id),
        roles.roles_exist(incident.id),
        incidents.merged_exist(incident.id),
        outbox.failures_exist(incident.id),
        timeline.statement_exists(incident.id, Kind.IMPACT),
        reminders.standing_exists(incident.id, ReminderKind.UPDATE_DUE),
        changes.changes_exist(incident.team_id, since, until),
    )


def load_card_view(session: Session, settings: Settings, incident_id: int) -> CardView:
    row = incidents.get(session, incident_id)
    existing = _find_existing(session, settings, row)
    counts, lines = _load_alerts(session, row) if existing.alerts else (alerts.NO_ALERTS, ())
    open_work = _load_open_work(session, settings, row, counts, existing)
    texts = f"{row.title} {row.closure_reason or ''} {' '.join(open_work.problems)}"
    return CardView(
        incident_id=incident_id,
        reference=row.reference,
        title=row.title,
        title_without_count=row.title_without_count,
        services=tuple(row.services),
        channel_id=row.channel_id,
        state=_build_state(settings, row),
        times=CardTimes(row.declared_at, row.started_at, row.ended_at),
        names=people.find_names(session, row.team_id, MENTION.findall(texts)),
        is_drill=row.is_drill,
        is_private=row.is_private,
        is_retro=row.is_retro,
        bridge_url=row.bridge_url,
        people=_load_people(session, settings, row, existing),
        alerts=CardAlerts(counts.firing, counts.alerts, lines, row.unmapped_severity, counts.flapping),
        related=_load_relations(session, row, existing),
        open_work=open_work,
        reactions=settings.reactions,
        recent_changes=_load_changes(session, settings, row) if existing.changes else (),
    )


def _load_changes(session: Session, settings: Settings, row: incidents.Incident) -> tuple[Change, ...]:
    if not row.is_open or timeline.find_last_statement(session, row.key, Kind.CAUSE) is not None:
        return ()
    return tuple(find_recent_changes(session, settings, row)[:SHOWN_CHANGES])


def _build_state(settings: Settings, row: incidents.Incident) -> CardState:
    severity, status = Severity(row.severity), Status(row.status)
    label = settings.status_label(status)
    return CardState(
        severity=settings.severity_label(severity),
        severity_rank=list(Severity).index(severity) + 1,
        status=status,
        is_open=row.is_open,
        custom_status=label if label != status.value else "",
        closure_reason=row.closure_reason,
    )


def _load_people(session: Session, settings: Settings, row: incidents.Incident, existing: _Existing) -> CardPeople:
    holders = list_role_holders(session, settings, row) if existing.roles else ()
    others = [(each.role.label, each.user_id) for each in holders if each.user_id and each.role.name != LEAD]
    return CardPeople(row.lead, settings.role_named(LEAD).label, tuple(others))


def _load_alerts(session: Session, row: incidents.Incident) -> tuple[alerts.Counts, tuple[AlertLine, ...]]:
    """A storm's card shows counts only."""
    if row.storm_id == row.key:
        return alerts.count(session, row.key), ()
    counts, shown = alerts.summarize(session, row.key, ALERTS_SHOWN)
    return counts, tuple(build_alert_line(each, row) for each in shown)


def _load_relations(session: Session, row: incidents.Incident, existing: _Existing) -> CardRelations:
    merged = incidents.find_merged(session, row.key) if existing.merged else []
    before = incidents.get(session, row.previous_id) if row.previous_id else None
    return CardRelations(
        previous=before.reference if before and Visibility(row.team_id, row.key).sees(before) else None,
        merged_into=load_related_incident(session, row.merged_into_id),
        took_in=tuple(RelatedIncident(each.reference, each.channel_id) for each in merged),
        is_storm=row.storm_id == row.key,
        beside=_load_storm_incidents(session, row),
    )


def load_related_incident(session: Session, incident_id: int | None) -> RelatedIncident | None:
    row = incidents.get(session, incident_id) if incident_id is not None else None
    return RelatedIncident(row.reference, row.channel_id) if row else None


def _load_storm_incidents(session: Session, row: incidents.Incident) -> tuple[RelatedIncident, ...]:
    if row.storm_id is None:
        return ()
    storm = storms.get(session, row.storm_id)
    keys = storm.beside if storm and row.storm_id == row.id else [row.storm_id]
    return tuple(
        RelatedIncident(each.reference, each.channel_id) for each in (incidents.get(session, key) for key in keys)
    )


def _load_open_work(
    session: Session, settings: Settings, row: incidents.Incident, counts: alerts.Counts, existing: _Existing
) -> CardOpenWork:
    unanswered = escalations.find_unanswered(session, row.key) if existing.escalations and row.is_open else []
    waiting = [
        WaitingEscalation(target_mention(each), each.paged_at or each.asked_at, load_progress(each))
        for each in unanswered
        if not each.is_external
    ]
    return CardOpenWork(
        waiting=tuple(waiting),
        requirements=(*severity_requirements(session, settings, row), *status_requirements(session, settings, row)),
        problems=tuple(each.sentence for each in list_failed_steps(session, row.key)) if existing.failures else (),
        next_step=find_next_step(_situation(settings, row, counts, existing)) if row.is_open else None,
    )


def load_next_step(session: Session, settings: Settings, row: incidents.Incident) -> NextStep | None:
    """The most urgent step of an open incident; None if nothing is missing."""
    existing = _find_existing(session, settings, row)
    counts = alerts.count(session, row.key) if existing.alerts else alerts.NO_ALERTS
    return find_next_step(_situation(settings, row, counts, existing))


def _situation(settings: Settings, row: incidents.Incident, counts: alerts.Counts, existing: _Existing) -> Situation:
    return Situation(
        status=Status(row.status),
        is_retro=row.is_retro,
        is_led=row.lead is not None,
        is_anybody_called=existing.escalations,
        is_anybody_on_call=_is_anybody_on_call(settings, row),
        is_impact_stated=existing.impact,
        is_update_due=existing.update_reminder,
        are_alerts_over=bool(counts.alerts) and not counts.firing,
    )


def _is_anybody_on_call(settings: Settings, row: incidents.Incident) -> bool:
    """True if the configuration invites or pages anybody for such an incident."""
    if configured_policy(settings, Severity(row.severity), row.services) is not None:
        return True
    invited = [settings.invitees_for(service) for service in row.services]
    return any(each.users or each.usergroups for each in invited)
