"""The earlier incident that a new one looks like: suggested once, switched off by one press."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col

from bot.config import Settings
from bot.domain.findings.incident_similarity import (
    EarlierIncident,
    IncidentProfile,
    find_best_match,
    is_possible_match,
    shared_words,
)
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.workspace.access import check_access
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.search.choices import find_ended_before
from bot.store.incidents.search.statements import Solved, find_causes, get_with_solution
from bot.store.incidents.visibility import Visibility

LOOKED_THROUGH = 500
"""Earlier incidents that are compared, the newest."""
SHOWN_WORDS = 3


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An earlier incident, with the services and words of the title that are common."""

    incident_id: int
    reference: str
    channel_id: str | None
    page_url: str
    services: Sequence[str]
    words: Sequence[str]
    was_rolled_back: bool

    @property
    def reasons(self) -> list[str]:
        words = ["same words: " + ", ".join(self.words)] if self.words else []
        services = [", ".join(self.services)] if self.services else []
        return [*services, *words, *(["ended by a rollback"] if self.was_rolled_back else [])]


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """The message in the channel. `found` None: it is not shown, or no longer."""

    incident_id: int
    found: Suggestion | None
    is_off: bool = False


def suggest_similar(session: Session, settings: Settings, incident: Incident, at: datetime) -> None:
    """
    Tell the channel of a new incident of the earlier one that it looks like, if there is one.

    The caller holds the lock. Private incidents are never suggested, because the members of another channel need not be
    theirs.
    """
    if incident.is_drill or incident.is_similar_off or not settings.incidents.suggest_similar:
        return
    match = _find_match(session, Visibility(incident.team_id), incident)
    if match is not None:
        incident.similar_id = match.incident_id
        session.add(incident)
        outbox.post_similar(session, incident, at)


def load_suggestion_view(session: Session, settings: Settings, incident_id: int) -> SuggestionView:
    incident = incidents.get(session, incident_id)
    found = find_suggestion(session, settings, Visibility(incident.team_id), incident)
    return SuggestionView(incident.key, found, incident.is_similar_off)


def find_suggestion(
    session: Session, settings: Settings, visibility: Visibility, incident: Incident
) -> Suggestion | None:
    """The incident that the channel is told of; None if it is invisible or was switched off."""
    if incident.similar_id is None or incident.is_similar_off or not settings.incidents.suggest_similar:
        return None
    other = get_with_solution(session, incident.similar_id)
    return _describe(settings, incident, other) if visibility.sees(other.incident) else None


def switch_suggestion_off(session: Session, incident_id: int, actor: Actor) -> SuggestionView:
    """The actor says that the incident is not similar: none is suggested for it any more."""
    check_access(session, actor, home_team_id=None)
    incident = incidents.lock(session, incident_id)
    if not incident.is_similar_off:
        incident.is_similar_off = True
        session.add(incident)
        audit_action(session, actor, "said that no incident is similar", incident=incident, other=incident.similar_id)
    return SuggestionView(incident.key, None, is_off=True)


def _find_match(session: Session, visibility: Visibility, incident: Incident) -> EarlierIncident | None:
    """Causes are read of incidents with something in common; nothing where none can match."""
    title = incident.title_without_count
    own = IncidentProfile.from_texts(incident.services, title, [])
    if not is_possible_match(own, own.services):
        return None
    found = find_ended_before(session, visibility, incident.declared_at, LOOKED_THROUGH)
    profiles = {key: IncidentProfile.from_texts(services, text, []) for key, text, services in found}
    near = [
        key
        for key, each in profiles.items()
        if (each.services & own.services or each.title.keys() & own.title) and is_possible_match(own, each.services)
    ]
    causes: dict[int, list[str]] = defaultdict(list)
    for key, text in find_causes(session, col(Incident.id).in_(near)) if near else ():
        causes[key].append(text)
    earlier = [
        EarlierIncident(key, text, IncidentProfile.from_texts(services, text, causes[key]))
        if key in causes
        else EarlierIncident(key, text, profiles[key])
        for key, text, services in found
    ]
    return find_best_match(title, own, earlier)


def _describe(settings: Settings, incident: Incident, found: Solved) -> Suggestion:
    other = found.incident
    own = IncidentProfile.from_texts(incident.services, incident.title_without_count, [])
    theirs = IncidentProfile.from_texts(other.services, other.title_without_count, found.causes)
    return Suggestion(
        other.key,
        other.reference,
        other.channel_id if other.archived_at is None else None,
        f"{settings.base_url}/incidents/{other.reference}",
        [each for each in incident.services if each in other.services],
        shared_words(own, theirs)[:SHOWN_WORDS],
        found.was_rolled_back,
    )
