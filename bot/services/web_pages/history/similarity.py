"""Incidents similar to one, with the reasons."""

from collections import defaultdict
from collections.abc import Sequence

from sqlmodel import Session

from bot.domain.findings.incident_similarity import IncidentProfile, compare_incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.search.choices import find_titles
from bot.store.incidents.search.statements import find_causes
from bot.store.incidents.visibility import Visibility

MAX_SIMILAR = 20


def find_similar(
    session: Session, visibility: Visibility, target: Incident, ids: Sequence[int]
) -> dict[int, tuple[str, ...]]:
    """Reasons by id, for the most similar of `ids`: by score, then in their order."""
    causes: dict[int, list[str]] = defaultdict(list)
    for incident_id, text in find_causes(session, visibility.condition):
        causes[incident_id].append(text)
    own = IncidentProfile.from_texts(target.services, target.title_without_count, causes[target.key])
    wanted = set(ids) - {target.key}
    found = {}
    for key, title, services in find_titles(session, visibility):
        if key in wanted:
            similar = compare_incidents(own, IncidentProfile.from_texts(services, title, causes.get(key, ())))
            if similar is not None:
                found[key] = similar
    ranked = sorted((each for each in ids if each in found), key=lambda each: -found[each].score)
    return {each: found[each].reasons for each in ranked[:MAX_SIMILAR]}
