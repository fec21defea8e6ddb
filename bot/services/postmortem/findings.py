"""What a careful reviewer would object to in an incident's record, as it stands now."""

from dataclasses import dataclass

from sqlmodel import Session

from bot.config import Settings
from bot.domain.findings import Finding, find
from bot.domain.findings.wording import in_english
from bot.domain.record.model import Record
from bot.services.postmortem import load_record as record
from bot.store.incidents import incidents


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader checks a finding. `label` is a time, or what stands there (`task 4`)."""

    label: str
    link: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """One finding in words, and the places that it is about."""

    text: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class FindingsView:
    """All findings of an incident's record, in the order in which a reviewer reads them."""

    reference: str
    found: tuple[Found, ...]


def of_record(settings: Settings, whole: Record) -> tuple[Finding, ...]:
    """The findings, but for those that the configuration switches off."""
    return find(whole, off=settings.findings.off)


def view(session: Session, settings: Settings, incident_id: int) -> FindingsView:
    """For the incident's channel, in English: the language of the bot's own words."""
    whole = record.load(session, settings, incident_id)
    wording = in_english(whole)
    places = {ref: Place(wording.label(ref), source.link) for ref, source in wording.sources.items()}
    found = [
        Found(wording.tell(finding), tuple(places[ref] for ref in finding.entries))
        for finding in of_record(settings, whole)
    ]
    return FindingsView(incidents.get(session, incident_id).reference, tuple(found))
