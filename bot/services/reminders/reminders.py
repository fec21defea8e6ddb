"""What is due in an incident is asked for, once; what is so no longer is struck. People may put it off."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.reminders.rules import Ask, Asked, Key, Plan, due
from bot.domain.reminders.rules import Nudge as What
from bot.services import outbox as tell
from bot.services.oncall.availability import place_of
from bot.services.reminders.facts import facts_of, rules_of
from bot.services.workspace.actor import Actor
from bot.store.escalation import reminders as nudges
from bot.store.escalation.reminders import Nudge
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared import audit, timers
from bot.store.shared.timers import Timer


class Later(StrEnum):
    """How somebody puts it off."""

    HOUR = "hour"
    TOMORROW = "tomorrow"
    NEVER = "never"


def look(session: Session, settings: Settings, due_timers: Sequence[Timer], at: datetime) -> None:
    """
    The timers' work: what changed, or was to be looked at now, in several incidents at once.

    The incidents are only read: whoever changes one of them meanwhile sets its timer anew, and it is looked at again.
    """
    keys = sorted({int(timer.details["incident_id"]) for timer in due_timers})
    found = incidents.several(session, keys)
    rows: dict[int, list[Nudge]] = defaultdict(list)
    for row in nudges.lock_all(session, keys):
        rows[row.incident_id].append(row)
    facts = facts_of(session, settings, found)
    later: dict[datetime, dict[str, dict[str, int]]] = defaultdict(dict)
    for incident in found:
        plan = due(facts[incident.key], rules_of(settings, incident), _asked(rows[incident.key]), at)
        _carry_out(session, incident, plan, rows[incident.key], at)
        if plan.next_at is not None:
            later[plan.next_at][tell.nudges_timer(incident.key)] = {"incident_id": incident.key}
    for next_at, details in later.items():
        timers.set_several(session, tell.LOOK_AT_NUDGES, details, next_at)


def _asked(rows: Iterable[Nudge]) -> dict[Key, Asked]:
    return {
        _key(row): Asked(
            row.asked_at,
            row.count,
            is_over=row.done_at is not None,
            snoozed_until=row.snoozed_until,
            is_off=row.off_at is not None,
        )
        for row in rows
        if row.asked_at is not None
    }


def _key(row: Nudge) -> Key:
    return What(row.what), row.subject


def _carry_out(session: Session, incident: Incident, plan: Plan, rows: Sequence[Nudge], at: datetime) -> None:
    by_key = {_key(row): row for row in rows}
    changed = []
    for key in plan.strike:
        by_key[key].done_at = at
        changed.append(by_key[key])
    for ask in plan.ask:
        row = by_key.get(ask.key) or Nudge(incident_id=incident.key, what=ask.key[0].value, subject=ask.key[1])
        _ask(session, incident, row, ask, at)
        changed.append(row)
    if not changed:
        return
    session.add_all(changed)
    session.flush()
    tell.show_homes(session, incident.team_id, at)
    for row in changed:
        tell.show_nudge(session, incident, row.key, at, user_id=row.user_id, is_new=row.message_ts is None)


def _ask(session: Session, incident: Incident, row: Nudge, ask: Ask, at: datetime) -> None:
    row.asked_at, row.count, row.done_at = at, ask.count, None
    row.snoozed_until = row.put_off_by = None
    if ask.is_anew:
        row.former_ts, row.message_ts = row.message_ts or row.former_ts, None
        row.user_id = _whom(session, incident, row)


def _whom(session: Session, incident: Incident, row: Nudge) -> str | None:
    """
    Who is written to directly: whose task it is, or who led where the channel is archived. None: the channel is told.

    Of a private incident nothing is said outside its channel.
    """
    if incident.is_private:
        return None
    if row.what == What.TASK_OVERDUE:
        task = nudges.task(session, incident.key, row.subject)
        if task is not None and task.owner:
            return task.owner
    return incident.lead if incident.archived_at is not None else None


def put_off(session: Session, settings: Settings, nudge_id: int, actor: Actor, later: Later) -> None:
    """
    Ask again in an hour, tomorrow where the one who says so is, or never in this incident.

    Raises UserError for a reminder that is struck already.
    """
    row = nudges.lock(session, nudge_id)
    if row is None or row.done_at is not None:
        raise UserError("There is nothing left to put off: it is so no longer.")
    incident = incidents.get(session, row.incident_id)
    row.put_off_by = actor.user_id
    row.snoozed_until = row.off_at = None
    match later:
        case Later.HOUR:
            row.snoozed_until = actor.at + timedelta(hours=1)
        case Later.TOMORROW:
            place = place_of(session, settings, incident, actor.user_id)
            row.snoozed_until = (
                place.at_work(place.next_day(actor.at))
                if What(row.what).is_afterwards
                else (place.next_day(actor.at) + timedelta(hours=MORNING))
            )
        case Later.NEVER:
            row.off_at = actor.at
    session.add(row)
    audit.note(
        session,
        at=actor.at,
        team_id=incident.team_id,
        incident_id=incident.key,
        who=actor.user_id,
        what=f"put off a reminder: {row.what}",
        origin=actor.origin,
        until=later.value,
    )
    session.flush()
    tell.show_nudge(session, incident, row.key, actor.at, user_id=row.user_id, is_new=False)
    tell.look_at_nudges(session, incident, actor.at)


MORNING = 9
"""The hour at which an open incident's reminder comes back that was put off until tomorrow."""


def stands(session: Session, nudge_id: int, channel_id: str, ts: str | None) -> None:
    """Keep where the message of a reminder stands, and that the one before it is gone."""
    row = nudges.lock(session, nudge_id)
    if row is not None:
        row.channel_id, row.message_ts, row.former_ts = channel_id, ts, None
        session.add(row)
