"""All that is known of one incident, short enough for one message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.crypto.signed_links import page_link
from bot.domain.record.model import Record, Statement
from bot.domain.terms import Precision
from bot.services.postmortem import load_record as record

TIMES = ("started", "detected", "declared", "acknowledged", "identified", "mitigated", "resolved", "ended")


@dataclass(frozen=True, slots=True)
class Moment:
    name: str
    at: datetime
    is_approximate: bool
    url: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """An impact, a cause or a resolution, as somebody stated it; `language` is None where none was named."""

    name: str
    text: str
    language: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class WholeView:
    """`facts` are names and values that somebody gave; what nobody did is left out."""

    facts: tuple[tuple[str, str], ...]
    times: tuple[Moment, ...]
    said: tuple[Said, ...]
    counts: tuple[tuple[str, int], ...]
    page_url: str
    names: Mapping[str, str]


def whole(session: Session, settings: Settings, incident_id: int) -> WholeView:
    found = record.load(session, settings, incident_id)
    incident = found.incident
    facts = [
        ("Reference", incident.outside_reference),
        ("Category", incident.category),
        ("Responsibility", incident.responsibility),
        ("Declared by", f"<@{incident.declared_by}>" if incident.declared_by else "alerts"),
        ("Times in", incident.zone.key),
        ("Why it was closed", incident.closure_reason),
    ]
    return WholeView(
        facts=tuple((name, value) for name, value in facts if value),
        times=_times(found),
        said=(*_said("Impact", found.impacts), *_said("Cause", found.causes), *_said("Resolution", found.resolutions)),
        counts=_counts(found),
        page_url=page_link(settings, incident.reference),
        names=found.people,
    )


def _times(found: Record) -> tuple[Moment, ...]:
    moments = [(name, getattr(found.incident, name)) for name in TIMES]
    return tuple(
        Moment(name, each.at, each.precision is Precision.APPROXIMATE, each.source.link)
        for name, each in moments
        if each is not None
    )


def _said(name: str, statements: Sequence[Statement]) -> list[Said]:
    return [Said(name, each.text, each.language, each.source.link) for each in statements]


def _counts(found: Record) -> tuple[tuple[str, int], ...]:
    standing = sum(entry.withdrawn_at is None for entry in found.entries)
    counted = [
        ("timeline entry", "timeline entries", standing),
        ("alert", "alerts", len(found.alerts)),
        ("escalation", "escalations", len(found.escalations)),
        ("improvement or task", "improvements and tasks", len(found.actions)),
        ("of these not done", "of these not done", sum(not each.done for each in found.actions)),
    ]
    return tuple((one if count == 1 else many, count) for one, many, count in counted if count)
