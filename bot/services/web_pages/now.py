"""Read model of the page Now: open incidents, people on call, alerts without an incident."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.incidents.next_step import NextStep
from bot.domain.terms import Severity
from bot.domain.text.mentions import MENTION, resolve_mentions
from bot.domain.times.zones import known_zone
from bot.lazy_dataclass import dataclass
from bot.services.escalation.view import EscalationProgress
from bot.services.escalation.view_loader import load_progress
from bot.services.oncall.on_call_view import NowLine, load_on_call_now
from bot.services.oncall.targets import target_text
from bot.services.vendors.page_status import NO_VENDORS, VendorPages, load_vendor_pages
from bot.services.views.card import load_next_step
from bot.services.web_pages.sessions import Viewer
from bot.store.alerts import alerts
from bot.store.alerts.alerts import Alert
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incident_lists
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Visibility
from bot.store.shared import people

MAX_INCIDENTS = 100
MAX_ALERTS = 50
ALERT_WINDOW = timedelta(hours=24)
"""An alert that nobody reported for longer is not shown: its end may have been lost."""


@dataclass(frozen=True, slots=True)
class WaitingFor:
    """
    An unacknowledged escalation.

    `people` have not answered; empty before the first page.
    """

    target: str
    people: Sequence[str]
    since: datetime
    progress: EscalationProgress


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """`severity_rank` 1 is the worst. `next_step` None: nothing is missing."""

    reference: str
    title: str
    severity: str
    severity_rank: int
    status: str
    since: datetime
    lead: str | None
    is_private: bool
    is_drill: bool
    next_step: NextStep | None
    waiting: Sequence[WaitingFor]


@dataclass(frozen=True, slots=True)
class OnCallLine:
    """A schedule's people by name. `until`, `then` and `next_gap` as in `NowLine`."""

    schedule: str
    people: Sequence[str]
    until: datetime | None
    then: Sequence[str]
    next_gap: tuple[datetime, datetime] | None


@dataclass(frozen=True, slots=True)
class LooseAlert:
    """A firing alert that opened nothing. `is_held`: a maintenance window holds it back."""

    name: str
    summary: str
    service: str | None
    source: str
    starts_at: datetime
    link: str | None
    is_held: bool


@dataclass(frozen=True, slots=True)
class NowPage:
    """
    All that the viewer may see, as of `at`. `zone` is the viewer's.

    `hidden_incidents` and `has_more_alerts` say what the page leaves out. `version` differs when incidents or alerts
    do.
    """

    at: datetime
    version: str
    zone: tzinfo
    incidents: Sequence[OpenIncident]
    hidden_incidents: int
    on_call: Sequence[OnCallLine]
    alerts: Sequence[LooseAlert]
    has_more_alerts: bool
    vendors: VendorPages = NO_VENDORS


def now_version(revisions: Mapping[str, int], alert_ids: Iterable[int]) -> str:
    """`revisions`: those of the visible open incidents, by reference."""
    text = repr((sorted(revisions.items()), tuple(alert_ids)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def load_now_page(session: Session, settings: Settings, visibility: Visibility, zone: tzinfo, at: datetime) -> NowPage:
    """`zone`: of the times that people read."""
    team_id = visibility.team_id
    open_ones = visibility.filter(incident_lists.find_open(session, team_id))
    shown = open_ones[:MAX_INCIDENTS]
    waiting: dict[int, list[Escalation]] = defaultdict(list)
    for escalation, incident in escalations.find_waiting(session, visibility):
        waiting[incident.key].append(escalation)
    schedules = load_on_call_now(session, settings, team_id, at).lines
    loose = alerts.find_firing_without_incident(session, team_id, at - ALERT_WINDOW, MAX_ALERTS + 1)
    names = _find_names(session, team_id, shown, [each for some in waiting.values() for each in some], schedules)
    return NowPage(
        at=at,
        version=now_version({each.reference: each.revision for each in open_ones}, [each.key for each in loose]),
        zone=zone,
        incidents=[_open_incident(session, settings, each, waiting[each.key], names) for each in shown],
        hidden_incidents=len(open_ones) - len(shown),
        on_call=[_on_call_line(each, names) for each in schedules],
        alerts=[_loose_alert(each) for each in loose[:MAX_ALERTS]],
        has_more_alerts=len(loose) > MAX_ALERTS,
        vendors=load_vendor_pages(session, settings, team_id),
    )


def viewer_zone(settings: Settings, viewer: Viewer) -> tzinfo:
    """The zone of the person's Slack profile; that of the incidents if it is unknown."""
    return known_zone(viewer.zone) or settings.incidents.zone


def _find_names(
    session: Session,
    team_id: str,
    shown: Sequence[Incident],
    waiting: Sequence[Escalation],
    schedules: Sequence[NowLine],
) -> Mapping[str, str]:
    found = {each.lead for each in shown if each.lead}
    found.update(user for each in shown for user in MENTION.findall(each.title))
    found.update(user for each in waiting for user in (*each.members, *MENTION.findall(target_text(each))))
    found.update(user for line in schedules for user in (*line.people, *line.then))
    return people.find_names(session, team_id, found)


def _open_incident(
    session: Session, settings: Settings, row: Incident, waiting: Sequence[Escalation], names: Mapping[str, str]
) -> OpenIncident:
    severity = Severity(row.severity)
    return OpenIncident(
        reference=row.reference,
        title=resolve_mentions(row.title, names),
        severity=settings.severity_label(severity),
        severity_rank=list(Severity).index(severity) + 1,
        status=settings.status_label(row.status),
        since=row.started_at,
        lead=names.get(row.lead, row.lead) if row.lead else None,
        is_private=row.is_private,
        is_drill=row.is_drill,
        next_step=load_next_step(session, settings, row),
        waiting=[_waiting_for(each, names) for each in waiting],
    )


def _waiting_for(row: Escalation, names: Mapping[str, str]) -> WaitingFor:
    silent = [user for user in row.members if user not in row.declined_by]
    return WaitingFor(
        resolve_mentions(target_text(row), names),
        [names.get(user, user) for user in silent],
        row.paged_at or row.asked_at,
        load_progress(row),
    )


def _on_call_line(line: NowLine, names: Mapping[str, str]) -> OnCallLine:
    def by_name(users: Sequence[str]) -> list[str]:
        return [names.get(user, user) for user in users]

    return OnCallLine(line.schedule, by_name(line.people), line.until, by_name(line.then), line.next_gap)


def _loose_alert(row: Alert) -> LooseAlert:
    return LooseAlert(
        row.name,
        row.annotations.get("summary", ""),
        row.service,
        row.source,
        row.starts_at,
        row.link,
        row.maintenance_id is not None,
    )
