"""News of one incident: a new one, or one that is compared with what is known of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain.vendor_status.look import BACKDATED_FROM, LONG_AGO, VendorIncident, VendorState, VendorUpdate
from bot.domain.vendor_status.matching import match_updates
from bot.domain.vendor_status.news_item import News, NewsKind
from bot.domain.vendor_status.state import KnownIncident, KnownUpdate, fingerprint_text


def introduce_incident(incident: VendorIncident, newest_at: datetime | None) -> list[News]:
    """
    News of an incident that was never seen.

    `newest_at`: the newest time of the page before; None at the first look. One that is over is news only if it was
    announced after that: else it is history that came back into the list.
    """
    if not incident.is_over:
        kind = NewsKind.MAINTENANCE if incident.is_maintenance else NewsKind.OPENED
        return [replace(_about(kind, incident, incident.last_update), is_already_open=newest_at is None)]
    announced_at = incident.first_said_at
    if incident.is_maintenance or newest_at is None or announced_at is None or announced_at <= newest_at:
        return []
    if len(incident.updates) < 2:
        return [_about(NewsKind.OPENED, incident, incident.last_update), _about(NewsKind.RESOLVED, incident, None)]
    first, *rest = incident.ordered_updates
    return [_about(NewsKind.OPENED, incident, first), *_tell_updates(incident, rest, None, is_ending=True)]


def compare_incident(old: KnownIncident, incident: VendorIncident, *, has_all_updates: bool) -> list[News]:
    """News of a known incident: title, level, corrected updates, then new ones by time."""
    news = []
    if incident.title != old.title:
        news.append(_about(NewsKind.RENAMED, incident, None, old=old.title, new=incident.title))
    if incident.level is not None and old.level is not None and incident.level is not old.level:
        news.append(_about(NewsKind.IMPACT, incident, None, old=old.level.value, new=incident.level.value))
    if incident.is_maintenance and incident.planned_start and incident.planned_start != old.planned[0]:
        moved = old.planned[0].isoformat() if old.planned[0] else ""
        new_start = incident.planned_start.isoformat()
        news.append(_about(NewsKind.MAINTENANCE, incident, None, old=moved, new=new_start))
    known = match_updates(old, incident)
    news += _find_corrections(known, incident, has_all_updates=has_all_updates)
    return news + _find_progress(old, known, incident)


def _find_corrections(
    known: Mapping[str, KnownUpdate], incident: VendorIncident, *, has_all_updates: bool
) -> list[News]:
    present = {each.key: each for each in incident.updates}
    news = []
    for update in incident.ordered_updates:
        before = known.get(update.key)
        if before is None:
            continue
        if fingerprint_text(update.text) != before.fingerprint:
            news.append(_about(NewsKind.EDITED, incident, update))
        elif before.at and update.told_at and update.told_at < before.at - BACKDATED_FROM:
            news.append(_about(NewsKind.BACKDATED, incident, update))
        elif fresh := _find_fresh_translations(before, update):
            news.append(_about(NewsKind.TRANSLATED, incident, replace(update, texts=fresh, translations=fresh)))
    if has_all_updates:
        taken_back = sorted((each.at or LONG_AGO, key) for key, each in known.items() if key not in present)
        news += [_about(NewsKind.REMOVED, incident, None, update_key=key, at=known[key].at) for _, key in taken_back]
    return news


def _find_fresh_translations(before: KnownUpdate, update: VendorUpdate) -> dict[str, str]:
    """Words in other languages that are new or changed."""
    return {
        code: text
        for code, text in update.translations.items()
        if before.translations.get(code) != fingerprint_text(text)
    }


def _find_progress(old: KnownIncident, known: Mapping[str, KnownUpdate], incident: VendorIncident) -> list[News]:
    """New updates, and changes of the state that come without one."""
    fresh = [each for each in incident.ordered_updates if each.key not in known]
    newest_at = max((each.at for each in known.values() if each.at), default=None)
    if incident.is_maintenance:
        news = [_about(NewsKind.MAINTENANCE, incident, each) for each in fresh]
        is_moved = incident.state is not old.state or incident.is_over is not old.is_over
        return news or ([_about(NewsKind.MAINTENANCE, incident, None)] if is_moved else [])
    is_reopened = not incident.is_over and (old.is_over or old.is_gone)
    news = _tell_updates(incident, fresh, newest_at, is_ending=incident.is_over and not old.is_over)
    forward = [place for place, each in enumerate(news) if each.kind is NewsKind.UPDATE]
    if is_reopened and forward:
        news[forward[-1]] = replace(news[forward[-1]], kind=NewsKind.REOPENED)
    elif is_reopened:
        news.append(_about(NewsKind.REOPENED, incident, None))
    elif not old.is_over and not incident.is_over and not forward and _is_new_state(old, incident):
        news.append(_about(NewsKind.UPDATE, incident, None))
    elif _is_new_state(old, incident) and incident.state is VendorState.POSTMORTEM and not _has_postmortem(news):
        news.append(_about(NewsKind.POSTMORTEM, incident, None))
    return news


def _has_postmortem(news: list[News]) -> bool:
    return any(each.kind is NewsKind.POSTMORTEM for each in news)


def _is_new_state(old: KnownIncident, incident: VendorIncident) -> bool:
    return incident.state is not None and incident.state is not old.state


def _tell_updates(
    incident: VendorIncident, fresh: list[VendorUpdate], newest_at: datetime | None, *, is_ending: bool
) -> list[News]:
    """
    News of updates in the order of their times.

    `newest_at`: the latest time shown before; an update that shows an earlier one is backdated. `is_ending`: the
    incident is over by them; one of them says so, or none.
    """
    words = [each for each in fresh if each.state is not VendorState.POSTMORTEM]
    ending = next((each for each in reversed(words) if each.state and each.state.is_over), None)
    if is_ending and ending is None:
        ending = next((each for each in reversed(words) if each.state is None), None)
    news = []
    for update in fresh:
        if update.state is VendorState.POSTMORTEM:
            kind = NewsKind.POSTMORTEM
        elif is_ending and update is ending:
            kind = NewsKind.RESOLVED
        elif newest_at and update.told_at and update.told_at < newest_at:
            kind = NewsKind.BACKDATED
        else:
            kind = NewsKind.UPDATE
        news.append(_about(kind, incident, update))
    return [_about(NewsKind.RESOLVED, incident, None), *news] if is_ending and ending is None else news


def _about(
    kind: NewsKind,
    incident: VendorIncident,
    update: VendorUpdate | None,
    *,
    old: str = "",
    new: str = "",
    update_key: str = "",
    at: datetime | None = None,
) -> News:
    is_late = update is not None and bool(update.backdated_by)
    return News(
        kind=kind,
        incident_key=incident.key,
        title=incident.title,
        incident=incident,
        update=update,
        update_key=update.key if update else update_key,
        state=incident.state if kind is NewsKind.OPENED else (update.state if update else None) or incident.state,
        level=incident.level,
        at=(update.told_at if update else None) or at or _default_time(kind, incident),
        written_at=update.written_at if update and is_late else None,
        edited_at=update.edited_at if update else None,
        old=old,
        new=new,
    )


def _default_time(kind: NewsKind, incident: VendorIncident) -> datetime | None:
    """The time of news without an update, as far as the page says it."""
    if kind is NewsKind.OPENED:
        return incident.started_at or incident.created_at or incident.changed_at
    if kind is NewsKind.RESOLVED:
        return incident.ended_at or incident.changed_at
    return incident.changed_at if kind in {NewsKind.UPDATE, NewsKind.REOPENED, NewsKind.POSTMORTEM} else None
