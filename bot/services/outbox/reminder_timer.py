"""What is due in an incident is looked at soon after something is told of it."""

from datetime import datetime, timedelta

from sqlmodel import Session

from bot.services.outbox.kinds import What
from bot.store import outbox
from bot.store.incidents.incidents import Incident
from bot.store.shared import timers

CHANGES = frozenset({What.CARD, What.SAY, What.FOLLOWUPS, What.CONFIRM})
"""What is told when something about an incident changed."""
LOOK_AT_NUDGES = "look at nudges"
LOOKED_AT_AFTER = timedelta(seconds=3)
"""A burst of changes is looked at once."""
LOOKED_AT = "incidents whose nudges will be looked at"


def nudges_timer(incident_id: int) -> str:
    """The key of the timer that says when to look next at what is due in an incident."""
    return f"nudge:{incident_id}"


def look_at_nudges(session: Session, incident: Incident, at: datetime) -> None:
    """
    Look soon at what is due in the incident, and at what is so no longer. It is asked for once a transaction, before
    anything is queued: the timer first, then the lanes, as the engine does.
    """
    asked: set[int] = session.info.setdefault(LOOKED_AT, set())
    if incident.key in asked or incident.is_retro or incident.drill_of is not None:
        return
    asked.add(incident.key)
    key, due_at, incident_id = nudges_timer(incident.key), at + LOOKED_AT_AFTER, incident.key
    outbox.ahead_of_lanes(
        session, key, lambda: timers.hurry(session, key, due_at, LOOK_AT_NUDGES, incident_id=incident_id)
    )


def nothing_comes_due(session: Session, incident: Incident) -> None:
    """What this transaction tells of the incident is nothing that anybody is reminded of: it need not be looked at."""
    session.info.setdefault(LOOKED_AT, set()).add(incident.key)
