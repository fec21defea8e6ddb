"""What a view shows, read from the present state when it is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.incidents.requirements import Asked
from bot.domain.incidents.roles import LEAD
from bot.domain.terms import ActionKind, AlertStatus, Precision, Severity, Status
from bot.domain.text.durations import between
from bot.domain.text.links import channel_link
from bot.services.escalation import view as ledger
from bot.services.escalation.view import EscalationView, Standing, target_of
from bot.services.incidents import requirements as demands
from bot.services.incidents import roles
from bot.services.views import outbox_operations as outboxing
from bot.services.workspace.people import MENTION
from bot.store.alerts import alerts, storms
from bot.store.alerts.alerts import Alert
from bot.store.escalation import escalations
from bot.store.incidents import action_items as actions
from bot.store.incidents import incidents
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Sight
from bot.store.shared import people

LISTED = 10
"""How many lines of one kind a message shows before it only counts the rest."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An escalation that nobody answered. `target` may be a mention; the name of a policy is its `policy`."""

    target: str
    since: datetime
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """Another incident, and its channel once it has one."""

    reference: str
    channel_id: str | None


@dataclass(frozen=True, slots=True)
class CardView:
    """The incident in one message."""

    incident_id: int
    reference: str
    title: str
    severity: str
    severity_rank: int
    """1 is worst."""
    status: Status
    lead: str | None
    services: tuple[str, ...]
    started_at: datetime
    declared_at: datetime
    ended_at: datetime | None
    is_drill: bool
    is_private: bool
    is_open: bool
    channel_id: str | None
    channel_url: str | None
    previous: str | None
    impact: str | None
    waiting: tuple[Waiting, ...]
    firing: int
    alerts: int
    problems: tuple[str, ...]
    """What could not be done, in sentences. People are mentions in them."""
    names: Mapping[str, str]
    closure_reason: str | None = None
    lead_label: str = "Lead"
    own_status: str = ""
    """The workspace's own word for the status; empty where it has none."""
    demands: tuple[Asked, ...] = ()
    """What severity and status ask for, met or not."""
    roles: tuple[tuple[str, str], ...] = ()
    """Who has which other role: its label, and the user id."""
    is_storm: bool = False
    """It takes what alerts would open further incidents for."""
    is_retro: bool = False
    merged_into: Beside | None = None
    took_in: tuple[Beside, ...] = ()
    """The incidents that were merged into this one."""
    beside: tuple[Beside, ...] = ()
    """A storm's: those that alerts had opened before. Any other's: the storm that came up beside it."""

    @property
    def status_label(self) -> str:
        return self.own_status or self.status.value

    @property
    def duration(self) -> timedelta | None:
        return between(self.started_at, self.ended_at) if self.ended_at else None


def card(session: Session, settings: Settings, incident_id: int) -> CardView:
    row = incidents.get(session, incident_id)
    installation = incidents.installation(session)
    told = alerts.count(session, incident_id)
    severity = Severity(row.severity)
    waiting = [
        Waiting(target_of(each), each.paged_at or each.asked_at, ledger.standing_of(session, each))
        for each in escalations.unanswered(session, incident_id)
        if not each.is_external and row.is_open
    ]
    problems = tuple(each.sentence for each in outboxing.problems(session, incident_id))
    before = incidents.get(session, row.previous_id) if row.previous_id else None
    previous = before.reference if before and Sight(row.team_id, incident_id).sees(before) else None
    url = channel_link(installation.url, row.channel_id) if installation and row.channel_id else None
    return CardView(
        incident_id=incident_id,
        reference=row.reference,
        title=row.title,
        severity=settings.severity_label(severity),
        severity_rank=list(Severity).index(severity) + 1,
        status=Status(row.status),
        lead=row.lead,
        services=tuple(row.services),
        started_at=row.started_at,
        declared_at=row.declared_at,
        ended_at=row.ended_at,
        is_drill=row.is_drill,
        is_private=row.is_private,
        is_open=row.is_open,
        channel_id=row.channel_id,
        channel_url=url,
        previous=previous,
        impact=None,
        waiting=tuple(waiting),
        firing=told.firing,
        alerts=told.alerts,
        problems=problems,
        names=people.names(
            session, row.team_id, MENTION.findall(f"{row.title} {row.closure_reason or ''} {' '.join(problems)}")
        ),
        closure_reason=row.closure_reason,
        lead_label=settings.role_named(LEAD).label,
        own_status=_own_status(settings, Status(row.status)),
        demands=(*demands.of_severity(session, settings, row), *demands.of_status(session, settings, row)),
        roles=_roles(session, settings, row),
        is_retro=bool(row.is_retro),
        merged_into=_beside_of(session, row.merged_into_id),
        took_in=tuple(Beside(each.reference, each.channel_id) for each in incidents.merged_into(session, incident_id)),
        is_storm=row.storm_id == incident_id,
        beside=_beside(session, row),
    )


def _own_status(settings: Settings, status: Status) -> str:
    label = settings.status_label(status)
    return label if label != status.value else ""


def _roles(session: Session, settings: Settings, row: incidents.Incident) -> tuple[tuple[str, str], ...]:
    held = roles.held(session, settings, row)
    return tuple((each.role.label, each.user_id) for each in held if each.user_id and each.role.name != LEAD)


def _beside_of(session: Session, incident_id: int | None) -> Beside | None:
    row = incidents.get(session, incident_id) if incident_id is not None else None
    return Beside(row.reference, row.channel_id) if row else None


def _beside(session: Session, row: incidents.Incident) -> tuple[Beside, ...]:
    if row.storm_id is None:
        return ()
    storm = storms.get(session, row.storm_id)
    keys = storm.beside if storm and row.storm_id == row.id else [row.storm_id]
    return tuple(Beside(each.reference, each.channel_id) for each in (incidents.get(session, key) for key in keys))


@dataclass(frozen=True, slots=True)
class FollowUp:
    number: int
    text: str
    owner: str | None
    due: str | None
    is_done: bool


@dataclass(frozen=True, slots=True)
class FollowUpsView:
    """Improvements and tasks, each in the order they came."""

    improvements: tuple[FollowUp, ...]
    tasks: tuple[FollowUp, ...]
    names: Mapping[str, str]


def followups(session: Session, incident_id: int) -> FollowUpsView:
    incident = incidents.get(session, incident_id)
    items = [
        item
        for item in actions.of_incident(session, incident_id)
        if (entry := session.get(TimelineEntry, item.entry_id)) is None or entry.withdrawn_at is None
    ]

    def of(kind: ActionKind) -> tuple[FollowUp, ...]:
        chosen = [item for item in items if item.kind == kind]
        return tuple(FollowUp(item.number, item.text, item.owner, item.due, item.is_done) for item in chosen)

    mentioned: Sequence[str] = [each for item in items for each in MENTION.findall(item.text)]
    return FollowUpsView(
        improvements=of(ActionKind.IMPROVEMENT),
        tasks=of(ActionKind.TASK),
        names=people.names(session, incident.team_id, mentioned),
    )


@dataclass(frozen=True, slots=True)
class AlertLine:
    name: str
    summary: str
    link: str | None
    starts_at: datetime
    ended_at: datetime | None
    count: int
    service: str | None = None
    """Named where one incident has the alerts of many services."""
    is_old: bool = False
    """It had begun on another day, or nearly, when it was first heard of: the time alone would mislead."""


@dataclass(frozen=True, slots=True)
class AlertsView:
    """
    How an incident's alerts stand: all of them counted, the first of those that fire and of those that ended named.

    `last_end` is None while none has ended.
    """

    incident_id: int
    is_open: bool
    alerts: int
    firing: int
    named: tuple[AlertLine, ...]
    ended: tuple[AlertLine, ...]
    last_end: datetime | None
    moved_to: Beside | None = None
    """The incident that has them now."""


OLD = timedelta(hours=12)


def _alert_line(row: Alert, incident: incidents.Incident) -> AlertLine:
    service = row.service if incident.storm_id == incident.key else None
    summary = row.annotations.get("summary", "")
    is_old = row.first_seen_at - row.starts_at > OLD
    return AlertLine(row.name, summary, row.link, row.starts_at, row.ended_at, row.count, service, is_old)


def alerts_view(session: Session, incident_id: int) -> AlertsView:
    incident = incidents.get(session, incident_id)
    told = alerts.count(session, incident_id)

    def lines(status: AlertStatus) -> tuple[AlertLine, ...]:
        return tuple(_alert_line(row, incident) for row in alerts.first_of(session, incident_id, status, LISTED))

    return AlertsView(
        incident_id,
        incident.is_open,
        told.alerts,
        told.firing,
        lines(AlertStatus.FIRING),
        lines(AlertStatus.RESOLVED),
        alerts.last_end(session, incident_id),
        _beside_of(session, incident.merged_into_id),
    )


@dataclass(frozen=True, slots=True)
class SaidView:
    """What a line in the channel says: the row's own values, and the entry or alerts that it tells of."""

    event: str
    values: Mapping[str, object]
    severity_labels: Mapping[str, str]
    title: str
    reference: str
    text: str
    author: str | None
    happened_at: datetime | None
    recorded_at: datetime | None
    is_approximate: bool
    kinds: tuple[str, ...]
    details: Mapping[str, object]
    alerts: tuple[AlertLine, ...]
    escalation: EscalationView | None
    names: Mapping[str, str]
    language: str | None = None
    other: Beside | None = None
    """Another incident that the line tells of, as it is found now."""
    status_labels: Mapping[str, str] = field(default_factory=dict)


def said(session: Session, settings: Settings, incident_id: int, row_details: Mapping[str, object]) -> SaidView:
    """For a `say` row: `event`, `values`, and perhaps `entry_id`, `alert_ids` or `escalation_id` in its values."""
    incident = incidents.get(session, incident_id)
    values = row_details.get("values")
    own: Mapping[str, object] = values if isinstance(values, dict) else {}
    entry_id, escalation_id, other_id = row_details.get("entry_id"), own.get("escalation_id"), own.get("other_id")
    entry = session.get(TimelineEntry, entry_id) if entry_id else None
    told_of = session.get(TimelineEntry, own["told_of"]) if own.get("told_of") else None
    about = told_of or entry
    text = about.text if about else str(own.get("text", ""))
    ids = own.get("alert_ids")
    rows = [alerts.get(session, each) for each in ids] if isinstance(ids, list) else []
    return SaidView(
        event=str(row_details["event"]),
        values=own,
        severity_labels={each.value: settings.severity_label(each) for each in Severity},
        status_labels={each.value: settings.status_label(each) for each in Status},
        title=incident.title,
        reference=incident.reference,
        text=text,
        author=entry.author if entry else None,
        happened_at=entry.happened_at if entry else None,
        recorded_at=entry.recorded_at if entry else None,
        is_approximate=entry is not None and entry.precision == Precision.APPROXIMATE,
        kinds=tuple(entry.kinds) if entry else (),
        details=entry.details if entry else {},
        alerts=tuple(_alert_line(row, incident) for row in rows if row is not None),
        escalation=ledger.view(session, settings, escalation_id) if isinstance(escalation_id, int) else None,
        names=people.names(session, incident.team_id, _named_in(text, own, entry)),
        language=entry.language if entry else None,
        other=_beside_of(session, other_id if isinstance(other_id, int) else None),
    )


def _named_in(text: str, values: Mapping[str, object], entry: TimelineEntry | None) -> list[str]:
    """Everybody whom a line names: who acts is shown by name, because a mention would ping them for their own act."""
    changed = " ".join(entry.details.get("changes", {}).values()) if entry else ""
    ids = [
        *MENTION.findall(f"{text} {changed} {values.get('why', '')}"),
        *(str(values[key]) for key in ("by", "before") if values.get(key)),
    ]
    held = values.get("roles")
    ids += [str(user_id) for _, user_id in held] if isinstance(held, list) else []
    return [*ids, entry.author] if entry and entry.author else ids
