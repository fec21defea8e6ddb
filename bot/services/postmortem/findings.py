"""Review findings: contradictions and gaps in an incident's record."""

from sqlmodel import Session

from bot.config import Settings
from bot.domain.findings import Finding, review_record
from bot.domain.findings.wording import english_formatter
from bot.domain.record.model import Record
from bot.lazy_dataclass import dataclass
from bot.services.postmortem.load_record import load_record
from bot.store.incidents import incidents


@dataclass(frozen=True, slots=True)
class FindingPlace:
    """A place to check. `label` is a time, or an item such as `task 4`."""

    label: str
    link: str | None


@dataclass(frozen=True, slots=True)
class FindingText:
    """One finding in words, with the places to check."""

    text: str
    places: tuple[FindingPlace, ...]


@dataclass(frozen=True, slots=True)
class FindingsView:
    """All findings of a record, in reading order."""

    reference: str
    found: tuple[FindingText, ...]


def find_in_record(settings: Settings, record: Record) -> tuple[Finding, ...]:
    """The findings, without those that the configuration switches off."""
    return review_record(record, off=settings.findings.off)


def load_findings(session: Session, settings: Settings, incident_id: int) -> FindingsView:
    """Findings for the incident's channel, in English like the bot's other messages."""
    record = load_record(session, settings, incident_id)
    formatter = english_formatter(record)
    places = {ref: FindingPlace(formatter.source_label(ref), source.link) for ref, source in formatter.sources.items()}
    found = [
        FindingText(formatter.format_finding(finding), tuple(places[ref] for ref in finding.entries))
        for finding in find_in_record(settings, record)
    ]
    return FindingsView(incidents.get(session, incident_id).reference, tuple(found))
