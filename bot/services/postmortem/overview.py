"""Overview of one incident, short enough for one message."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.config.crypto import incident_page_link
from bot.domain.record.model import Record, Statement
from bot.domain.terms import Kind, Precision, SourceKind
from bot.lazy_dataclass import dataclass
from bot.services.postmortem.load_record import load_record
from bot.store.incidents import incidents


@dataclass(frozen=True, slots=True)
class OverviewTime:
    name: str
    at: datetime
    is_approximate: bool
    url: str | None


@dataclass(frozen=True, slots=True)
class OverviewStatement:
    """A stated impact, cause or resolution; `language` is None if not given."""

    name: str
    text: str
    language: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class OverviewView:
    """Overview of an incident. `facts` are names and values; empty ones are left out."""

    facts: tuple[tuple[str, str], ...]
    times: tuple[OverviewTime, ...]
    statements: tuple[OverviewStatement, ...]
    counts: tuple[tuple[str, int], ...]
    page_url: str
    names: Mapping[str, str]


def load_overview(session: Session, settings: Settings, incident_id: int) -> OverviewView:
    record = load_record(session, settings, incident_id)
    incident = record.incident
    facts = [
        ("Reference", incident.outside_reference),
        ("Category", incident.category),
        ("Responsibility", incident.responsibility),
        ("Declared by", f"<@{incident.declared_by}>" if incident.declared_by else _declaring_machine(record)),
        ("Times in", incident.zone.key),
        ("Why it was closed", incident.closure_reason),
    ]
    return OverviewView(
        facts=tuple((name, value) for name, value in facts if value),
        times=_overview_times(record),
        statements=(
            *_overview_statements("Impact", record.impacts),
            *_overview_statements("Cause", record.causes),
            *_overview_statements("Resolution", record.resolutions),
        ),
        counts=_overview_counts(record),
        page_url=incident_page_link(settings, incident.reference, incidents.get(session, incident_id).active_link),
        names=record.people,
    )


def _declaring_machine(record: Record) -> str:
    """A vendor's incident opens one of ours before any alert joins it."""
    by_alerts = any(Kind.DECLARED in each.kinds and each.source.kind is SourceKind.ALERT for each in record.entries)
    return "a vendor's status page" if record.vendor_incidents and not by_alerts else "alerts"


def _overview_times(record: Record) -> tuple[OverviewTime, ...]:
    return tuple(
        OverviewTime(name, each.at, each.precision is Precision.APPROXIMATE, each.source.link)
        for name, each in record.incident.recorded_moments
    )


def _overview_statements(name: str, statements: Sequence[Statement]) -> list[OverviewStatement]:
    return [OverviewStatement(name, each.text, each.language, each.source.link) for each in statements]


def _overview_counts(record: Record) -> tuple[tuple[str, int], ...]:
    standing = sum(entry.withdrawn_at is None for entry in record.entries)
    counted = [
        ("timeline entry", "timeline entries", standing),
        ("alert", "alerts", len(record.alerts)),
        ("escalation", "escalations", len(record.escalations)),
        ("improvement or task", "improvements and tasks", len(record.actions)),
        ("of these not done", "of these not done", sum(not each.done for each in record.actions)),
    ]
    return tuple((one if count == 1 else many, count) for one, many, count in counted if count)
