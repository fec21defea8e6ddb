"""App Home of one person: open incidents, their pages, shifts and action items."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.terms import Kind, Severity, UpdateState
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.escalation.view import EscalationProgress
from bot.services.escalation.view_loader import load_progress
from bot.services.oncall.on_call_view import OwnShift, load_own_shifts
from bot.services.paging.contacts import ContactSettingsView, load_contact_settings
from bot.services.reminders.view import WaitingReminder, waiting_reminders
from bot.services.status_page.subscriptions import Audience, load_audience
from bot.services.vendors.page_status import NO_VENDORS, VendorPages, load_vendor_pages
from bot.services.workspace.people import MENTION, ensure_known
from bot.store.escalation import escalations
from bot.store.incidents import action_items, incident_lists, timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Visibility
from bot.store.shared import people

DRAFT_WINDOW = timedelta(days=30)
"""After its resolution an incident's unpublished draft is listed this long."""
MAX_DRAFTS = 10


@dataclass(frozen=True, slots=True)
class HomeIncident:
    """An open incident. `severity_rank` 1 is the worst."""

    incident_id: int
    reference: str
    title: str
    severity: str
    severity_rank: int
    status: str
    since: datetime
    lead: str | None
    channel_id: str | None
    is_private: bool
    is_drill: bool


@dataclass(frozen=True, slots=True)
class HomePage:
    """A page that waits for this person's answer, with the escalation's progress."""

    escalation_id: int
    reference: str
    title: str
    reason: str
    channel_id: str | None
    since: datetime
    standing: EscalationProgress | None = None


@dataclass(frozen=True, slots=True)
class HomeActionItem:
    """Their task or improvement. `due` is an ISO 8601 day."""

    item_id: int
    kind: str
    number: int
    reference: str
    text: str
    due: str | None
    is_overdue: bool
    channel_id: str | None


@dataclass(frozen=True, slots=True)
class HomeDraft:
    """A resolved incident that they led, without a published postmortem."""

    incident_id: int
    reference: str
    title: str
    resolved_at: datetime
    channel_id: str | None


@dataclass(frozen=True, slots=True)
class HomeView:
    """App Home as of `at`, without anything that its reader may not see."""

    at: datetime
    open: Sequence[HomeIncident]
    pages: Sequence[HomePage]
    todo: Sequence[HomeActionItem]
    drafts: Sequence[HomeDraft]
    names: Mapping[str, str]
    paged: ContactSettingsView | None = None
    """Their contact methods."""
    shifts: Sequence[OwnShift] = ()
    has_schedules: bool = False
    reminders: Sequence[WaitingReminder] = ()
    reactions: Mapping[str, Kind] = field(default_factory=dict)
    """The kind by emoji."""
    vendors: VendorPages = NO_VENDORS
    audience: Audience | None = None
    """Subscribers of the status page; None if nobody can subscribe."""


def on_home_opened(session: Session, team_id: str, user_id: str, at: datetime) -> None:
    """Show App Home, and keep it up to date for a while."""
    ensure_known(session, team_id, [user_id], at)
    person = people.get(session, team_id, user_id)
    if person is not None:
        person.home_opened_at = at
        session.add(person)
    outbox.refresh_home(session, team_id, user_id, at)


def on_home_left(session: Session, team_id: str, user_id: str) -> None:
    """Stop updating App Home until it is opened again."""
    person = people.get(session, team_id, user_id)
    if person is not None:
        person.home_opened_at = None
        session.add(person)


def load_home_view(
    session: Session, settings: Settings, visibility: Visibility, user_id: str, at: datetime
) -> HomeView:
    """`sight`: the private incidents that its reader is in."""
    open_ones = visibility.filter(incident_lists.find_open(session, visibility.team_id))
    pages, todo = _waiting_pages(session, visibility, user_id), _own_action_items(session, visibility, user_id, at)
    drafts = _pending_drafts(session, visibility, user_id, at)
    reminders = waiting_reminders(session, visibility, user_id)
    shown: Sequence[WaitingReminder | Incident | HomePage | HomeDraft] = (*reminders, *open_ones, *pages, *drafts)
    titles = [each.title for each in shown]
    quoted = [*titles, *(each.reason for each in pages), *(each.text for each in todo)]
    return HomeView(
        at=at,
        open=[_home_incident(settings, each) for each in open_ones],
        pages=pages,
        todo=todo,
        drafts=drafts,
        shifts=load_own_shifts(session, settings, visibility.team_id, user_id, at),
        has_schedules=bool(settings.schedules),
        names=people.find_names(session, visibility.team_id, MENTION.findall(" ".join(quoted))),
        reminders=reminders,
        reactions=settings.reactions,
        vendors=load_vendor_pages(session, settings, visibility.team_id),
        audience=load_audience(session, settings, at),
        paged=load_contact_settings(session, settings, visibility.team_id, user_id, at),
    )


def _waiting_pages(session: Session, visibility: Visibility, user_id: str) -> list[HomePage]:
    return [
        HomePage(
            row.key,
            incident.reference,
            incident.title,
            row.reason,
            incident.channel_id,
            row.paged_at or row.asked_at,
            load_progress(row),
        )
        for row, incident in escalations.find_waiting(session, visibility)
        if user_id in row.members and user_id not in row.declined_by
    ]


def _own_action_items(session: Session, visibility: Visibility, user_id: str, at: datetime) -> list[HomeActionItem]:
    return [
        HomeActionItem(
            item.key,
            item.kind,
            item.number,
            incident.reference,
            item.text,
            item.due,
            item.due is not None and item.due < at.astimezone(ZoneInfo(incident.zone)).date().isoformat(),
            incident.channel_id,
        )
        for item, incident in action_items.find_open_by_owner(session, visibility, user_id)
    ]


def _home_incident(settings: Settings, incident: Incident) -> HomeIncident:
    severity = Severity(incident.severity)
    return HomeIncident(
        incident_id=incident.key,
        reference=incident.reference,
        title=incident.title,
        severity=settings.severity_label(severity),
        severity_rank=list(Severity).index(severity) + 1,
        status=settings.status_label(incident.status),
        since=incident.started_at,
        lead=incident.lead,
        channel_id=incident.channel_id,
        is_private=incident.is_private,
        is_drill=incident.is_drill,
    )


def _pending_drafts(session: Session, visibility: Visibility, user_id: str, at: datetime) -> list[HomeDraft]:
    led = incident_lists.find_led_by(session, visibility.team_id, user_id, at - DRAFT_WINDOW, MAX_DRAFTS)
    return [
        HomeDraft(each.key, each.reference, each.title, each.resolved_at, each.channel_id)
        for each in visibility.filter(led)
        if each.resolved_at is not None and not timeline.has_update(session, each.key, UpdateState.POSTMORTEM)
    ]
