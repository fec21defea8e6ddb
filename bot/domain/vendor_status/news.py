"""
News of a vendor's page: what has to be told after a look, given what was found before.

Nothing is news twice, also when a look is repeated, comes from an older copy, or lists the same in another order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.domain.status_page.components import Indicator
from bot.domain.vendor_status.look import Listing, Look, VendorIncident, VendorState, VendorUpdate
from bot.domain.vendor_status.state import KnownIncident, KnownPage, remember_incident

LONGEST_COPY = timedelta(hours=2)
"""Older copies are ignored for so long; caches keep them for an hour. After that the page itself went back."""
MOST_ABSENT = 100
"""Past incidents that are kept though the page lists them no more."""
_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


class NewsKind(StrEnum):
    """
    Kinds of news.

    GONE: an open incident left the page; its end is not known. REMOVED: an update was taken back. MAINTENANCE: anything
    new about a maintenance but its title and corrected texts.
    """

    OPENED = "opened"
    UPDATE = "update"
    EDITED = "edited"
    BACKDATED = "backdated"
    RENAMED = "renamed"
    IMPACT = "impact"
    RESOLVED = "resolved"
    POSTMORTEM = "postmortem"
    REOPENED = "reopened"
    REMOVED = "removed"
    GONE = "gone"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class News:
    """
    One piece of news.

    `incident` as the look has it, None for GONE. `update` is the one that it is about, None if the page changed the
    incident without words; of a REMOVED one only `update_key` is known. `at` is the vendor's time of it, `written_at`
    is there if the update was written more than a minute later. `old`, `new`: titles of RENAMED, levels of IMPACT, planned
    starts of a MAINTENANCE that was moved. `is_already_open`: it was open at the very first look.
    """

    kind: NewsKind
    incident_key: str
    title: str
    incident: VendorIncident | None = None
    update: VendorUpdate | None = None
    update_key: str = ""
    state: VendorState | None = None
    level: Indicator | None = None
    at: datetime | None = None
    written_at: datetime | None = None
    edited_at: datetime | None = None
    old: str = ""
    new: str = ""
    is_already_open: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    The result of a look.

    `known` is the state to keep: equal to the one before if nothing changed. `missing`: open incidents that left a list
    of open ones; whether they are over stands at the look's `history_address`, and until that is read they stay open.
    `is_older`: the look, or a part of it, was an older copy, and that was ignored.
    """

    known: KnownPage
    news: tuple[News, ...] = ()
    missing: tuple[str, ...] = ()
    is_older: bool = False


def find_news(before: KnownPage | None, look: Look, now: datetime) -> Outcome:
    """
    Compare a look with what is known. `before` None: the first look, at which only open incidents are news.

    `now` is the time of the look; it only decides how long older copies are ignored.
    """
    raise NotImplementedError(before, look, now)
