"""What an incident's record says that somebody may have to be reminded of, of many incidents at once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.incidents.roles import LEAD
from bot.domain.reminders.rules import Facts, Rules
from bot.domain.terms import Kind, Severity, Status, UpdateState
from bot.services.oncall.availability import place_of
from bot.store.escalation import reminders as nudges
from bot.store.escalation.reminders import Turn
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.incidents import Incident

WORD = (Kind.STATUS, Kind.REOPENED, Kind.COMMUNICATION)
"""What says where it stands."""
NONE = Rules(None, None, None, None)


def rules_of(settings: Settings, incident: Incident) -> Rules:
    """What is asked for: of nobody in a drill that replays something, nor where there is no channel to ask in."""
    if incident.drill_of is not None or incident.is_retro:
        return NONE
    return settings.nudges.rules(Severity(incident.severity))


def facts_of(session: Session, settings: Settings, found: Sequence[Incident]) -> dict[int, Facts]:
    """By incident. A few statements, however many they are."""
    keys = [each.key for each in found]
    turns: dict[int, list[Turn]] = defaultdict(list)
    for turn in nudges.turns(session, keys):
        turns[turn[0]].append(turn)
    recorded = nudges.last_recorded(session, [each.key for each in found if each.is_open])
    tasks: dict[int, list[ActionItem]] = defaultdict(list)
    over = [each.key for each in found if _is_followed_up(each)]
    for task in nudges.open_tasks(session, over) if over and settings.nudges.task_overdue else ():
        tasks[task.incident_id].append(task)
    return {
        each.key: _facts(session, settings, each, turns[each.key], recorded.get(each.key), tasks[each.key])
        for each in found
    }


def _is_followed_up(incident: Incident) -> bool:
    """Whether what is left to do is asked for: after an incident that was one, and after a drill in earnest."""
    return incident.is_resolved and not incident.is_retro and incident.drill_of is None


def _facts(
    session: Session,
    settings: Settings,
    incident: Incident,
    turns: Sequence[Turn],
    recorded_at: datetime | None,
    tasks: Sequence[ActionItem],
) -> Facts:
    began = incident.declared_at
    moved = [turn for turn in turns if _has(turn, Kind.STATUS) or _has(turn, Kind.REOPENED)]
    out_of_triage = [turn[3] for turn in moved if turn[2].get("status_before") == Status.TRIAGE]
    reopened = [turn[3] for turn in moved if _has(turn, Kind.REOPENED)]
    led = [turn[3] for turn in turns if _has(turn, Kind.ROLE) and turn[2].get("role") == LEAD]
    told = [turn[3] for turn in turns if any(_has(turn, kind) for kind in WORD)]
    return Facts(
        status=Status(incident.status),
        is_led=incident.lead is not None,
        status_since=max([began, *(turn[3] for turn in moved)]),
        unled_since=max([began, *out_of_triage, *reopened, *led]),
        told_at=max([began, *told]),
        recorded_at=max([began, *([recorded_at] if recorded_at else [])]),
        due_tasks={
            f"{task.number} {task.owner or ''}".strip(): _overdue_from(session, settings, incident, task)
            for task in tasks
        },
        postmortem_from=_postmortem_from(session, settings, incident, turns),
    )


def _has(turn: Turn, kind: Kind) -> bool:
    return kind.value in turn[1]


def _overdue_from(session: Session, settings: Settings, incident: Incident, task: ActionItem) -> datetime:
    """At work of its owner: on the first working day after its date, and after the day on which it was resolved."""
    place = place_of(session, settings, incident, task.owner or incident.lead)
    due = datetime.combine(date.fromisoformat(task.due or ""), datetime.min.time(), place.zone)
    resolved_at = incident.resolved_at or incident.declared_at
    return place.at_work(max(place.next_day(due), place.next_day(resolved_at)))


def _postmortem_from(
    session: Session, settings: Settings, incident: Incident, turns: Sequence[Turn]
) -> datetime | None:
    """At work of whoever led; None where none is waited for. A drill has none, and one that is closed is done with."""
    days = settings.nudges.postmortem_due.get(Severity(incident.severity), 0)
    published = any(turn[2].get("public") == UpdateState.POSTMORTEM for turn in turns)
    if not days or published or incident.is_drill or incident.is_retro or incident.status != Status.RESOLVED:
        return None
    place = place_of(session, settings, incident, incident.lead)
    return place.at_work((incident.resolved_at or incident.declared_at) + timedelta(days=days))
