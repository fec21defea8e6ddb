"""
News of a vendor's page: what has to be told after a look, given what was found before.

Nothing is news twice, also when a look is repeated, comes from an older copy, or lists the same in another order.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.vendor_status.incident_news import compare_incident, introduce_incident
from bot.domain.vendor_status.look import LONG_AGO, Listing, Look, VendorIncident, VendorState
from bot.domain.vendor_status.matching import match_incidents
from bot.domain.vendor_status.news_item import News, NewsKind
from bot.domain.vendor_status.state import KnownIncident, KnownPage, remember_incident, remember_update
from bot.lazy_dataclass import dataclass

__all__ = ["News", "NewsKind", "Outcome", "find_news"]

LONGEST_COPY = timedelta(hours=2)
"""
Older copies are ignored for so long; caches keep them for an hour.

After that the page itself went back.
"""
POSTMORTEM_WITHIN = timedelta(days=30)
"""A postmortem is expected for so long after the last change of an incident that is over."""
MOST_ABSENT = 100
"""Past incidents that are kept though the page does not list them any more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    The result of a look.

    `known` is the state to keep: equal to the one before if nothing changed. `missing`: open incidents that left a list
    of open ones; whether they are over stands at the look's `history_address`, and until that is read they stay open.
    `is_older`: the look, or a part of it, was an older copy, and that was ignored. `may_be_past`: a list of open ones
    alone says that something changed and not where; it can be a postmortem, which also stands there.
    """

    known: KnownPage
    news: tuple[News, ...] = ()
    missing: tuple[str, ...] = ()
    is_older: bool = False
    may_be_past: bool = False


def find_news(before: KnownPage | None, look: Look, now: datetime) -> Outcome:
    """
    Compare a look with what is known.

    `before` None: the first look, at which only open incidents are news.

    `now` is the time of the look; it decides how long older copies are ignored, and what is a first look's past.
    """
    if before is None:
        return _read_first(look, now)
    accepts_older = before.older_since is not None and now - before.older_since >= LONGEST_COPY
    if not accepts_older and _is_earlier(look.page.changed_at, before.changed_at):
        return Outcome(_mark_older(before, now), is_older=True)
    return _compare_pages(_relearn(before, look), look, now, accepts_older=accepts_older)


def _read_first(look: Look, now: datetime) -> Outcome:
    news = [each for incident in _in_order(look.incidents) for each in introduce_incident(incident, None)]
    known = {each.key: remember_incident(each) for each in look.incidents}
    page = KnownPage(look.kind, known, look.page.changed_at, newest_at=now)
    return Outcome(page, tuple(news))


def _compare_pages(before: KnownPage, look: Look, now: datetime, *, accepts_older: bool) -> Outcome:
    names = match_incidents(before.incidents, look)
    news: list[News] = []
    known: dict[str, KnownIncident] = {}
    is_older = False
    for found in _in_order(look.incidents):
        name = names.get(found.key, found.key)
        incident = found if name == found.key else replace(found, key=name)
        old = before.incidents.get(incident.key)
        if old is not None and not accepts_older and _is_earlier(incident.changed_at, old.changed_at):
            known[incident.key], is_older = old, True
            continue
        news += (
            introduce_incident(incident, before.newest_at)
            if old is None
            else compare_incident(old, incident, has_all_updates=look.has_all_updates)
        )
        known[incident.key] = remember_incident(incident, old)
    absent, missing, gone = _sort_absent(before, look, known)
    times = [at for each in look.incidents for at in _times(each, now)]
    after = KnownPage(
        look.kind,
        {**absent, **known},
        look.page.changed_at or before.changed_at,
        max([*times, *([before.newest_at] if before.newest_at else [])], default=None),
        (before.older_since or now) if is_older else None,
    )
    may_be_past = not news and _may_be_past(before, look, now)
    return Outcome(after, (*news, *gone), missing, is_older, may_be_past)


def _may_be_past(before: KnownPage, look: Look, now: datetime) -> bool:
    if look.listing is not Listing.OPEN or not _is_earlier(before.changed_at, look.page.changed_at):
        return False
    return any(
        each.is_over
        and not each.is_maintenance
        and each.state is not VendorState.POSTMORTEM
        and now - (each.changed_at or LONG_AGO) <= POSTMORTEM_WITHIN
        for each in before.incidents.values()
    )


def _sort_absent(
    before: KnownPage, look: Look, present: dict[str, KnownIncident]
) -> tuple[dict[str, KnownIncident], tuple[str, ...], tuple[News, ...]]:
    """State of the incidents that the look does not have, those to look up, and news."""
    absent = {key: each for key, each in before.incidents.items() if key not in present}
    left = [
        key
        for key, each in sorted(absent.items())
        if look.listing is not Listing.NONE and not (each.is_over or each.is_gone or each.is_maintenance)
    ]
    if look.listing is Listing.OPEN and look.history_address:
        return _keep_newest(absent), tuple(left), ()
    gone = tuple(News(NewsKind.GONE, key, absent[key].title, level=absent[key].level) for key in left)
    return _keep_newest({**absent, **{key: replace(absent[key], is_gone=True) for key in left}}), (), gone


def _keep_newest(absent: dict[str, KnownIncident]) -> dict[str, KnownIncident]:
    """Open ones, and the newest of those that are over."""
    past = sorted(
        (each.changed_at or each.started_at or LONG_AGO, key)
        for key, each in absent.items()
        if each.is_over or each.is_gone or each.is_maintenance
    )
    dropped = {key for _, key in past[:-MOST_ABSENT]}
    return {key: each for key, each in absent.items() if key not in dropped}


def _relearn(before: KnownPage, look: Look) -> KnownPage:
    """Take the updates of another kind of feed as known: their keys are others."""
    if before.kind == look.kind:
        return before
    present = {each.key: each for each in look.incidents}
    known = {
        key: replace(each, updates={update.key: remember_update(update) for update in present[key].updates})
        for key, each in before.incidents.items()
        if key in present
    }
    return replace(before, kind=look.kind, incidents=known)


def _mark_older(before: KnownPage, now: datetime) -> KnownPage:
    return before if before.older_since else replace(before, older_since=now)


def _is_earlier(at: datetime | None, known_at: datetime | None) -> bool:
    return at is not None and known_at is not None and at < known_at


def _times(incident: VendorIncident, now: datetime) -> Iterable[datetime]:
    """The vendor's times of an incident, without planned and other future ones."""
    updates = (at for each in incident.updates for at in (each.said_at, each.written_at, each.edited_at))
    return (at for at in (incident.created_at, incident.changed_at, *updates) if at is not None and at <= now)


def _in_order(incidents: Iterable[VendorIncident]) -> list[VendorIncident]:
    """The first to be announced first, whatever the order of the list."""
    return sorted(incidents, key=lambda each: (each.first_said_at or LONG_AGO, each.key))
