"""What App Home shows one person: what is open, what waits for them, what they have to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.terms import Severity, UpdateState
from bot.services import outbox as tell
from bot.services.escalation import view as ledger
from bot.services.oncall import on_call_view as duty
from bot.services.oncall.on_call_view import Mine
from bot.services.paging import contacts
from bot.services.paging.contacts import PagesView
from bot.services.reminders import view as nudge_views
from bot.services.reminders.view import Reminder
from bot.services.workspace import people as knowing
from bot.services.workspace.people import MENTION
from bot.store.escalation import escalations
from bot.store.incidents import action_items as actions
from bot.store.incidents import incidents, timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Sight
from bot.store.shared import people

DRAFTS_FOR = timedelta(days=30)
"""How long the draft of an incident is asked for after it was resolved."""
MOST_DRAFTS = 10


@dataclass(frozen=True, slots=True)
class Open:
    """An incident that is open. `severity_rank` 1 is the worst."""

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
class Paged:
    """A page that waits for this person's answer, and how far its escalation is."""

    escalation_id: int
    reference: str
    title: str
    reason: str
    channel_id: str | None
    since: datetime
    standing: ledger.Standing | None = None


@dataclass(frozen=True, slots=True)
class ToDo:
    """A task or an improvement of theirs. `due` is a day as ISO 8601 text."""

    item_id: int
    kind: str
    number: int
    reference: str
    text: str
    due: str | None
    is_overdue: bool
    channel_id: str | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A resolved incident that they led, whose postmortem nobody has said to be published."""

    incident_id: int
    reference: str
    title: str
    resolved_at: datetime
    channel_id: str | None


@dataclass(frozen=True, slots=True)
class HomeView:
    """All of it, as of `at`. Nothing in it that its reader may not see."""

    at: datetime
    open: Sequence[Open]
    pages: Sequence[Paged]
    todo: Sequence[ToDo]
    drafts: Sequence[Draft]
    names: Mapping[str, str]
    paged: PagesView | None = None
    """By what they are paged."""
    shifts: Sequence[Mine] = ()
    has_schedules: bool = False
    reminders: Sequence[Reminder] = ()


def opened(session: Session, team_id: str, user_id: str, at: datetime) -> None:
    """Somebody opened App Home: it is shown, and follows what changes for a while."""
    knowing.meet(session, team_id, [user_id], at)
    person = people.get(session, team_id, user_id)
    if person is not None:
        person.home_opened_at = at
        session.add(person)
    tell.show_home(session, team_id, user_id, at)


def left(session: Session, team_id: str, user_id: str) -> None:
    """It does not follow what changes any more, until they open it again."""
    person = people.get(session, team_id, user_id)
    if person is not None:
        person.home_opened_at = None
        session.add(person)


def view(session: Session, settings: Settings, sight: Sight, user_id: str, at: datetime) -> HomeView:
    """`sight` says which private incidents its reader is in."""
    open_ones = sight.of(incidents.open_ones(session, sight.team_id))
    pages = [
        Paged(
            row.key,
            incident.reference,
            incident.title,
            row.reason,
            incident.channel_id,
            row.paged_at or row.asked_at,
            ledger.standing_of(session, row),
        )
        for row, incident in escalations.waiting_in(session, sight)
        if user_id in row.members and user_id not in row.declined_by
    ]
    todo = [
        ToDo(
            item.key,
            item.kind,
            item.number,
            incident.reference,
            item.text,
            item.due,
            item.due is not None and item.due < at.astimezone(ZoneInfo(incident.zone)).date().isoformat(),
            incident.channel_id,
        )
        for item, incident in actions.owned_by(session, sight, user_id)
    ]
    drafts = _drafts(session, sight, user_id, at)
    reminders = nudge_views.waiting_for(session, sight, user_id)
    shown: Sequence[Reminder | Incident | Paged | Draft] = (*reminders, *open_ones, *pages, *drafts)
    titles = [each.title for each in shown]
    quoted = [*titles, *(each.reason for each in pages), *(each.text for each in todo)]
    return HomeView(
        at=at,
        open=[_open(settings, each) for each in open_ones],
        pages=pages,
        todo=todo,
        drafts=drafts,
        shifts=duty.of_person(session, settings, sight.team_id, user_id, at),
        has_schedules=bool(settings.schedules),
        names=people.names(session, sight.team_id, MENTION.findall(" ".join(quoted))),
        reminders=reminders,
        paged=contacts.view(session, settings, sight.team_id, user_id, at),
    )


def _open(settings: Settings, incident: Incident) -> Open:
    severity = Severity(incident.severity)
    return Open(
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


def _drafts(session: Session, sight: Sight, user_id: str, at: datetime) -> list[Draft]:
    led = incidents.led_by(session, sight.team_id, user_id, at - DRAFTS_FOR, MOST_DRAFTS)
    return [
        Draft(each.key, each.reference, each.title, each.resolved_at, each.channel_id)
        for each in sight.of(led)
        if each.resolved_at is not None and not _is_published(session, each)
    ]


def _is_published(session: Session, incident: Incident) -> bool:
    standing = timeline.in_order(session, incident.key, with_withdrawn=False)
    return any(entry.details.get("public") == UpdateState.POSTMORTEM for entry in standing)
