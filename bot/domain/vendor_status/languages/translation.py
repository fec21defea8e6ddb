"""One page with an address for each language: the looks at it as one, with the words of all."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.vendor_status.look import Look, VendorIncident, VendorUpdate

NEAR = timedelta(minutes=2)
"""Times of the same incident in two languages differ by no more."""
FAR = timedelta(days=1)
"""Incidents that begin further apart are two, also with the same id."""


def merge_languages(looks: Mapping[str, Look]) -> Look:
    """
    Add the words of further languages to the look in the first one.

    That one decides which incidents and updates there are. An incident is found again by its id, else by its times,
    else, if several share them, by impact, state and the number of components. One that stays ambiguous gets no words.
    """
    (language, first), *others = looks.items()
    if not others:
        return first
    matches = {code: _match_incidents(first.incidents, look.incidents) for code, look in others}
    incidents = tuple(
        _merge_incident(language, each, {code: found[each.key] for code, found in matches.items() if each.key in found})
        for each in first.incidents
    )
    remarks = (*first.remarks, *(f"{code}: {remark}" for code, look in others for remark in look.remarks))
    return replace(first, incidents=incidents, remarks=remarks)


def find_unmatched(first: Look, other: Look) -> tuple[VendorIncident, ...]:
    """The open incidents of another language that the first one does not have."""
    matched = {each.key for each in _match_incidents(first.incidents, other.incidents).values()}
    return tuple(each for each in other.open_incidents if each.key not in matched)


def _match_incidents(
    incidents: Sequence[VendorIncident], others: Sequence[VendorIncident]
) -> dict[str, VendorIncident]:
    """The same incident in the other language, by the key in the first one."""
    by_key = {each.key: each for each in others}
    matches = {
        each.key: by_key[each.key] for each in incidents if each.key in by_key and not _is_far(each, by_key[each.key])
    }
    taken = {each.key for each in matches.values()}
    free = [each for each in others if each.key not in taken]
    chosen = {each.key: _choose(each, free) for each in incidents if each.key not in matches}
    counts = Counter(each.key for each in chosen.values() if each is not None)
    return matches | {key: each for key, each in chosen.items() if each is not None and counts[each.key] == 1}


def _choose(incident: VendorIncident, others: Sequence[VendorIncident]) -> VendorIncident | None:
    """The only one at the same times, or the only one of those that is like it."""
    near = [each for each in others if each.is_maintenance is incident.is_maintenance and _is_near(incident, each)]
    if len(near) > 1:
        near = [each for each in near if _is_like(incident, each)]
    return near[0] if len(near) == 1 else None


def _merge_incident(language: str, incident: VendorIncident, others: Mapping[str, VendorIncident]) -> VendorIncident:
    titles = {code: each.title for code, each in others.items() if each.title != incident.title}
    found = {code: _match_updates(incident.updates, each.updates) for code, each in others.items()}
    updates = tuple(
        _merge_update(language, each, {code: some[each.key] for code, some in found.items() if each.key in some})
        for each in incident.updates
    )
    return replace(
        incident,
        updates=updates,
        titles={language: incident.title, **titles} if others else incident.titles,
        title_translations=titles,
    )


def _merge_update(language: str, update: VendorUpdate, others: Mapping[str, VendorUpdate]) -> VendorUpdate:
    words = {code: each.text for code, each in others.items() if each.text and not _is_same_text(each, update)}
    if not words:
        return update
    return replace(update, texts={language: update.text, **words}, translations=words)


def _match_updates(updates: Sequence[VendorUpdate], others: Sequence[VendorUpdate]) -> dict[str, VendorUpdate]:
    """The same update in the other language: by its key, else by time and state."""
    by_key = {each.key: each for each in others}
    matches = {each.key: by_key[each.key] for each in updates if each.key in by_key}
    waiting = [each for each in others if each.key not in matches]
    for each in updates:
        if each.key in matches:
            continue
        same = next(
            (one for one in waiting if one.state is each.state and _is_near_time(each.told_at, one.told_at)), None
        )
        if same is not None:
            matches[each.key] = same
            waiting.remove(same)
    return matches


def _is_same_text(first: VendorUpdate, second: VendorUpdate) -> bool:
    return first.text.split() == second.text.split()


def _is_far(first: VendorIncident, second: VendorIncident) -> bool:
    one, other = first.started_at, second.started_at
    return one is not None and other is not None and abs(one - other) > FAR


def _is_near(first: VendorIncident, second: VendorIncident) -> bool:
    """Begun at the same time, or with an update at the same time and in the same state."""
    if _is_near_time(first.started_at, second.started_at):
        return True
    times = list(_times(second))
    return any(
        state is other_state and _is_near_time(at, other_at)
        for at, state in _times(first)
        for other_at, other_state in times
    )


def _times(incident: VendorIncident) -> Iterator[tuple[datetime | None, object]]:
    return ((each.told_at, each.state) for each in incident.updates)


def _is_near_time(first: datetime | None, second: datetime | None) -> bool:
    return first is not None and second is not None and abs(first - second) <= NEAR


def _is_like(first: VendorIncident, second: VendorIncident) -> bool:
    return (first.level, first.state, len(first.components)) == (second.level, second.state, len(second.components))
