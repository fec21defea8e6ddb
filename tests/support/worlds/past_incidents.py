"""Past incidents, written into the database at once: a history takes too long to play."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session

from bot.store.incidents import installations
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.vendors import NoticeState, VendorIncident, VendorNotice

FIRST_NUMBER = 1_000
VENDOR_WORD_AT = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
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


def add_vendor_incident(
    session: Session, number: int, *ours: Incident, vendor: str = "payplug", **fields: Any
) -> VendorIncident:
    """An incident on a vendor's page that took 30 minutes from its first word, linked to `ours`."""
    installation = installations.find_installation(session)
    assert installation is not None
    said_at = fields.setdefault("first_word_at", VENDOR_WORD_AT)
    values = {
        "team_id": installation.team_id,
        "vendor": vendor,
        "stated_id": f"{vendor}{number}",
        "title": "Payments fail",
        "link": f"https://status.example.test/{number}",
        "state": "resolved",
        "level": "major",
        "components": [],
        "is_open": False,
        "last_word_at": said_at,
        "resolved_at": said_at + timedelta(minutes=30),
        "seen_at": said_at,
    }
    row = VendorIncident(**{**values, **fields})
    session.add(row)
    session.flush()
    for each in ours:
        link = VendorNotice(
            vendor_incident_id=row.key, incident_id=each.key, state=NoticeState.LINKED, created_at=said_at
        )
        session.add(link)
    session.flush()
    return row
