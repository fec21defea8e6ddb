"""What the message of a reminder shows, read when it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from bot.config import Settings
from bot.domain.reminders.rules import Facts, Nudge
from bot.services.reminders.facts import facts_of
from bot.services.workspace.people import MENTION
from bot.store.escalation import reminders as nudges
from bot.store.incidents import incidents
from bot.store.incidents.visibility import Sight
from bot.store.shared import people


class State(StrEnum):
    STANDS = "stands"
    PUT_OFF = "put off"
    OFF = "off"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class NudgeView:
    """
    One reminder. `since` is since when it is so, as its kind says; `until` when it is asked again that was put off.

    `item_id`, `number`, `due` (a day as ISO 8601 text) and `text` are of the task that it is about. `lead` is who led.
    """

    nudge_id: int
    what: Nudge
    state: State
    incident_id: int
    reference: str
    title: str
    is_direct: bool
    channel_id: str | None
    message_ts: str | None
    former: tuple[str, str] | None
    """The channel and ts of a message that this one takes the place of."""
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
    names: Mapping[str, str] = field(default_factory=dict)


def view(session: Session, settings: Settings, nudge_id: int) -> NudgeView | None:
    """None for one that does not exist."""
    row = nudges.get(session, nudge_id)
    if row is None or row.asked_at is None:
        return None
    incident = incidents.get(session, row.incident_id)
    what = Nudge(row.what)
    task = nudges.task(session, incident.key, row.subject) if what is Nudge.TASK_OVERDUE else None
    facts = facts_of(session, settings, [incident])[incident.key]
    return NudgeView(
        nudge_id=nudge_id,
        what=what,
        state=_state(row),
        incident_id=incident.key,
        reference=incident.reference,
        title=incident.title,
        is_direct=row.user_id is not None,
        channel_id=incident.channel_id,
        message_ts=row.message_ts,
        former=(row.channel_id, row.former_ts) if row.channel_id and row.former_ts else None,
        count=row.count,
        asked_at=row.asked_at,
        since=incident.resolved_at if what.is_afterwards else _since(what, facts),
        lead=incident.lead,
        until=row.snoozed_until,
        by=row.put_off_by,
        over_at=row.done_at,
        item_id=task.key if task else None,
        number=task.number if task else None,
        kind=task.kind if task else "task",
        due=task.due if task else None,
        text=task.text if task else "",
        names=people.names(session, incident.team_id, MENTION.findall(f"{incident.title} {task.text if task else ''}")),
    )


def _state(row: nudges.Nudge) -> State:
    if row.done_at is not None:
        return State.OVER
    if row.off_at is not None:
        return State.OFF
    return State.STANDS if row.snoozed_until is None else State.PUT_OFF


def _since(what: Nudge, facts: Facts) -> datetime:
    match what:
        case Nudge.NOBODY_LEADS:
            return facts.unled_since
        case Nudge.UPDATE_DUE:
            return facts.told_at
        case Nudge.NOTHING_RECORDED:
            return facts.recorded_at
        case _:
            return facts.status_since


@dataclass(frozen=True, slots=True)
class Reminder:
    """One that waits for somebody, for their App Home."""

    reference: str
    title: str
    what: Nudge
    channel_id: str | None


def waiting_for(session: Session, sight: Sight, user_id: str) -> list[Reminder]:
    """What stands in the incidents that they lead. Tasks and postmortems have a part of their own there."""
    found = [(row, incident) for row, incident in nudges.standing_for(session, sight, user_id)]
    return [
        Reminder(incident.reference, incident.title, Nudge(row.what), incident.channel_id)
        for row, incident in found
        if not Nudge(row.what).is_afterwards and row.snoozed_until is None
    ]
