"""View of a reminder for its message."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from bot.config import Settings
from bot.domain.reminders import ReminderFacts, ReminderKind
from bot.domain.terms import Kind
from bot.lazy_dataclass import dataclass
from bot.services.reminders.facts import load_facts
from bot.services.workspace.people import MENTION
from bot.store.escalation import reminders
from bot.store.incidents import incidents
from bot.store.incidents.document import reviews
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Visibility
from bot.store.shared import people


class ReminderViewState(StrEnum):
    STANDS = "stands"
    PUT_OFF = "put off"
    OFF = "off"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class ReminderView:
    """
    One reminder. `since`: start of its condition. `until`: end of a snooze.

    `item_id`, `number`, `due` (ISO 8601 date) and `text` describe its task, `owner_group` the user group that owns it.
    """

    reminder_id: int
    what: ReminderKind
    state: ReminderViewState
    incident_id: int
    reference: str
    title: str
    is_direct: bool
    channel_id: str | None
    message_ts: str | None
    former: tuple[str, str] | None
    """Channel and ts of the message that this one replaces."""
    count: int
    asked_at: datetime
    since: datetime | None
    lead: str | None
    until: datetime | None = None
    by: str | None = None
    over_at: datetime | None = None
    item_id: int | None = None
    number: int | None = None
    kind: str = "task"
    due: str | None = None
    text: str = ""
    owner_group: str | None = None
    request_id: int | None = None
    """The public update that waits for approval."""
    names: Mapping[str, str] = field(default_factory=dict)
    reactions: Mapping[str, Kind] = field(default_factory=dict)
    """The kind by emoji."""
    reviewers: tuple[str, ...] = ()
    """Names of those who are still asked for a review of the postmortem. `due` is the first of their days."""
    is_private: bool = False


def load_reminder_view(session: Session, settings: Settings, reminder_id: int) -> ReminderView | None:
    """None if it does not exist."""
    row = reminders.get(session, reminder_id)
    if row is None or row.asked_at is None:
        return None
    incident = incidents.get(session, row.incident_id)
    what = ReminderKind(row.kind)
    task = reminders.find_task(session, incident.key, row.subject) if what is ReminderKind.TASK_OVERDUE else None
    facts = load_facts(session, settings, [incident])[incident.key]
    reviewers, review_due = _find_reviewers(session, incident) if what is ReminderKind.POSTMORTEM_DUE else ((), None)
    return ReminderView(
        reminder_id=reminder_id,
        what=what,
        state=_state(row),
        incident_id=incident.key,
        reference=incident.reference,
        title=incident.title,
        is_direct=row.user_id is not None,
        channel_id=incident.channel_id,
        message_ts=row.message_ts,
        former=(row.channel_id, row.replaced_ts) if row.channel_id and row.replaced_ts else None,
        count=row.count,
        asked_at=row.asked_at,
        since=incident.resolved_at if what.is_afterwards else _since(what, row.subject, facts),
        lead=incident.lead,
        until=row.snoozed_until,
        by=row.snoozed_by,
        over_at=row.done_at,
        item_id=task.key if task else None,
        number=task.number if task else None,
        kind=task.kind if task else "task",
        due=task.due if task else review_due,
        text=task.text if task else "",
        owner_group=task.owner_group if task else None,
        request_id=int(row.subject) if what is ReminderKind.APPROVAL_DUE else None,
        names=people.find_names(
            session, incident.team_id, MENTION.findall(f"{incident.title} {task.text if task else ''}")
        ),
        reactions=settings.reactions,
        reviewers=reviewers,
        is_private=incident.is_private,
    )


def _find_reviewers(session: Session, incident: Incident) -> tuple[tuple[str, ...], str | None]:
    """Names of those who are still asked, and the first of their days; a user group by its name."""
    waiting = reviews.find_waiting(session, [incident.key])
    names = people.find_names(session, incident.team_id, {each.reviewer for each in waiting}) if waiting else {}
    named = tuple(
        f"@{each.group_name}" if each.group_name else names.get(each.reviewer, each.reviewer) for each in waiting
    )
    return named, min((each.due for each in waiting if each.due), default=None)


def _state(row: reminders.Reminder) -> ReminderViewState:
    if row.done_at is not None:
        return ReminderViewState.OVER
    if row.disabled_at is not None:
        return ReminderViewState.OFF
    return ReminderViewState.STANDS if row.snoozed_until is None else ReminderViewState.PUT_OFF


def _since(what: ReminderKind, subject: str, facts: ReminderFacts) -> datetime:
    match what:
        case ReminderKind.NOBODY_LEADS:
            return facts.unled_since
        case ReminderKind.UPDATE_DUE:
            return facts.told_at
        case ReminderKind.NOTHING_RECORDED:
            return facts.recorded_at
        case ReminderKind.APPROVAL_DUE:
            return facts.approvals.get(subject, facts.told_at)
        case _:
            return facts.status_since


@dataclass(frozen=True, slots=True)
class WaitingReminder:
    """A pending reminder, for App Home."""

    reference: str
    title: str
    what: ReminderKind
    channel_id: str | None


def waiting_reminders(session: Session, visibility: Visibility, user_id: str) -> list[WaitingReminder]:
    """Pending reminders of a person's open incidents, without tasks and postmortems."""
    found = [(row, incident) for row, incident in reminders.find_active_for(session, visibility, user_id)]
    return [
        WaitingReminder(incident.reference, incident.title, ReminderKind(row.kind), incident.channel_id)
        for row, incident in found
        if not ReminderKind(row.kind).is_afterwards and row.snoozed_until is None
    ]
