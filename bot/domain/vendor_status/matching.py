"""Pages change their ids: incidents and updates are found again by their contents."""

from collections.abc import Mapping

from bot.domain.vendor_status.look import Look, VendorIncident
from bot.domain.vendor_status.state import KnownIncident, KnownUpdate, fingerprint_text, remember_update

NO_TEXT = fingerprint_text("")


def match_incidents(known: Mapping[str, KnownIncident], look: Look) -> dict[str, str]:
    """
    The known key of each incident of the look that is known, by its present key.

    One with an unknown key is the known one that is absent and shares an update's key and text, or title and start.
    """
    present = {each.key for each in look.incidents}
    absent = {key: each for key, each in known.items() if key not in present}
    by_update = {
        (key, update.fingerprint): name
        for name, each in absent.items()
        for key, update in each.updates.items()
        if update.fingerprint != NO_TEXT
    }
    by_start = {(each.title, each.started_at): name for name, each in absent.items() if each.started_at}
    matches = {key: key for key in present if key in known}
    taken = {*matches}
    for incident in sorted(look.incidents, key=lambda each: each.key):
        if incident.key in known:
            continue
        prints = ((each.key, fingerprint_text(each.text)) for each in incident.updates)
        shared = next((by_update[each] for each in prints if each in by_update), None)
        name = shared or (by_start.get((incident.title, incident.started_at)) if incident.started_at else None)
        if name is not None and name not in taken:
            matches[incident.key] = name
            taken.add(name)
    return matches


def match_updates(old: KnownIncident, incident: VendorIncident) -> Mapping[str, KnownUpdate]:
    """
    The known updates under the keys that they have now.

    An update with an unknown key is the known one with the same text that is absent. Absent ones keep their keys. If
    none was seen, because the page before listed incidents without their updates, those of that time count as known.
    """
    known = old.updates
    if not known:
        last = old.changed_at
        seen = (each for each in incident.updates if last and each.told_at and each.told_at <= last)
        return {each.key: remember_update(each) for each in seen}
    present = {each.key for each in incident.updates}
    absent: dict[str, list[str]] = {}
    for key in sorted(key for key in known if key not in present):
        absent.setdefault(known[key].fingerprint, []).append(key)
    renamed: dict[str, str] = {}
    for update in sorted(incident.updates, key=lambda each: each.key):
        waiting = absent.get(fingerprint_text(update.text), [])
        if update.key not in known and update.text and waiting:
            renamed[waiting.pop(0)] = update.key
    return {renamed.get(key, key): each for key, each in known.items()}
