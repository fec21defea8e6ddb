"""Values of a look from what a page says: limits, languages, order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.status_page.components import INDICATORS, ComponentState, Indicator, worst_state
from bot.domain.vendor_status.languages.parts import name_unmarked, split_languages, split_title
from bot.domain.vendor_status.look import LONG_AGO, VendorIncident, VendorState, VendorUpdate

MOST_INCIDENTS = 200
"""Of a longer list the newest are read, and the open ones first."""
MOST_UPDATES = 200

STATES: Mapping[str, VendorState] = {each.value: each for each in VendorState} | {
    "inprogress": VendorState.IN_PROGRESS,
    "in progress": VendorState.IN_PROGRESS,
    "watching": VendorState.MONITORING,
    "fixed": VendorState.RESOLVED,
    "closed": VendorState.RESOLVED,
    "notstartedyet": VendorState.SCHEDULED,
    "maintenance": VendorState.SCHEDULED,
    "planned": VendorState.SCHEDULED,
}
INDICATOR_NAMES: Mapping[str, Indicator] = {each.value: each for each in Indicator}
COMPONENT_STATES: Mapping[str, ComponentState] = {each.value: each for each in ComponentState}


def build_update(
    key: str,
    text: str,
    *,
    state: VendorState | None = None,
    said_at: datetime | None = None,
    written_at: datetime | None = None,
    edited_at: datetime | None = None,
) -> VendorUpdate:
    """An update with its texts by language."""
    return VendorUpdate(key, text, state, said_at, written_at, edited_at, split_languages(text))


def finish_incident(incident: VendorIncident) -> VendorIncident:
    """Give an incident unique updates in order, and its title by language."""
    updates = _number_twins(incident.updates)
    newest = sorted(updates, key=lambda each: (each.told_at or LONG_AGO, len(each.key), each.key))[-MOST_UPDATES:]
    languages = max((tuple(code for code in each.texts if code) for each in newest), key=len, default=())
    named = tuple(_name_languages(each, languages) for each in newest)
    return replace(incident, updates=named, titles=split_title(incident.title, languages))


def _name_languages(update: VendorUpdate, languages: Sequence[str]) -> VendorUpdate:
    texts = name_unmarked(update.texts, languages)
    return update if texts is update.texts else replace(update, texts=texts)


def finish_incidents(incidents: Iterable[VendorIncident]) -> tuple[VendorIncident, ...]:
    """The newest incidents, each key once; open ones are never left out for past ones."""
    by_key: dict[str, VendorIncident] = {}
    for each in sorted(incidents, key=lambda each: each.changed_at or LONG_AGO):
        by_key[each.key] = each
    ranked = sorted(by_key.values(), key=_rank, reverse=True)
    return tuple(finish_incident(each) for each in ranked[:MOST_INCIDENTS])


def level_of(states: Iterable[ComponentState | None]) -> Indicator | None:
    """The impact of states of components; None if none is known or all are operational."""
    worst = worst_state(each for each in states if each)
    return INDICATORS[worst] if worst is not ComponentState.OPERATIONAL else None


def _rank(incident: VendorIncident) -> tuple[bool, datetime, str]:
    at = incident.changed_at or incident.started_at or incident.created_at or LONG_AGO
    return not incident.is_over, at, incident.key


def _number_twins(updates: Iterable[VendorUpdate]) -> list[VendorUpdate]:
    """Updates whose keys are times can share one: the second gets a number."""
    counts: dict[str, int] = {}
    numbered = []
    for each in updates:
        counts[each.key] = counts.get(each.key, 0) + 1
        count = counts[each.key]
        numbered.append(each if count == 1 else replace(each, key=f"{each.key}#{count}"))
    return numbered
