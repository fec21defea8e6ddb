"""Past incidents, written into the database at once: a history takes too long to play."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from bot.store.incidents import installations
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

FIRST_NUMBER = 1_000
TIMES = ("declared", "started", "detected", "identified", "mitigated", "resolved", "ended")


def add_past_incident(session: Session, number: int, declared_at: datetime, **fields: Any) -> Incident:
    """
    A resolved incident: started 10 min and detected 5 min before `declared_at`, resolved an hour after its detection.

    `cause`, `update` (minutes after the start) and `task` (a text) are recorded, if given.
    """
    installation = installations.find_installation(session)
    assert installation is not None
    cause, update, task = (fields.pop(name, None) for name in ("cause", "update", "task"))
    minute = timedelta(minutes=1)
    detected = declared_at - 5 * minute
    values = {
        "team_id": installation.team_id,
        "series": "INC",
        "number": FIRST_NUMBER + number,
        "titles": {"": fields.pop("title", "checkout is down")},
        "severity": "SEV2",
        "status": "resolved",
        "services": ["checkout"],
        "zone": "UTC",
        "languages": ["en"],
        "template": "classic",
        "lead": "U0ONCALL",
        "declared_at": declared_at,
        "started_at": detected - 5 * minute,
        "detected_at": detected,
        "identified_at": detected + 20 * minute,
        "mitigated_at": detected + 40 * minute,
        "resolved_at": detected + 60 * minute,
        "ended_at": detected + 40 * minute,
        "time_sources": {f"{name}_at": {"because": "stated", "ref": name, "precision": "exact"} for name in TIMES},
    }
    incident = Incident(**{**values, **fields})
    session.add(incident)
    session.flush()
    _add_entry(session, incident, 1, ["declared"], "", declared_at)
    if cause:
        _add_entry(session, incident, 2, ["cause"], cause, declared_at)
    if update is not None:
        said = incident.started_at + update * minute
        _add_entry(session, incident, 3, ["communication"], "We look into it", said, {"public": "investigating"})
    if task:
        item = ActionItem(incident_id=incident.key, number=1, kind="task", text=task, created_at=declared_at)
        session.add(item)
    session.flush()
    return incident


def _add_entry(
    session: Session,
    incident: Incident,
    seq: int,
    kinds: Sequence[str],
    text: str,
    at: datetime,
    details: dict[str, str] | None = None,
) -> None:
    entry = TimelineEntry(
        incident_id=incident.key,
        seq=seq,
        kinds=list(kinds),
        own_text=text,
        happened_at=at,
        precision="exact",
        sort_at=at,
        recorded_at=at,
        source="message",
        author="U0ONCALL",
        details=details or {},
    )
    session.add(entry)
