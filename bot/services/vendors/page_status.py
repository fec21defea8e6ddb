"""Read model of vendors' status pages: their present state, and those that cannot be read."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.status_page.components import ComponentState
from bot.lazy_dataclass import dataclass
from bot.services.vendors.lookup import services_needing, vendor_names
from bot.store import vendors
from bot.store.vendors import VendorIncident


@dataclass(frozen=True, slots=True)
class VendorTrouble:
    """An open incident of a vendor. `services` of ours need the vendor."""

    vendor: str
    title: str
    state: str
    since: datetime
    link: str | None
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnreadablePage:
    """A vendor's page that cannot be read since `since`."""

    vendor: str
    problem: str
    since: datetime


@dataclass(frozen=True, slots=True)
class VendorPages:
    """All vendors in trouble, and all pages that cannot be read."""

    in_trouble: Sequence[VendorTrouble] = ()
    unreadable: Sequence[UnreadablePage] = ()


NO_VENDORS = VendorPages()


@dataclass(frozen=True, slots=True)
class PageStatus:
    """
    One vendor's page, as it was read last. `read_at` None: not yet.

    `components` are those that have trouble, with their states; `known_components` is how many the page lists.
    """

    read_at: datetime | None
    incidents: Sequence[VendorTrouble]
    components: Sequence[tuple[str, str]]
    known_components: int
    problem: UnreadablePage | None = None


def load_vendor_pages(session: Session, settings: Settings, team_id: str) -> VendorPages:
    """Without a statement where no page is watched."""
    if not settings.watched_vendors:
        return NO_VENDORS
    open_ones = vendors.find_open(session, team_id, list(settings.watched_vendors))
    failing = [each for each in vendors.find_failing(session, team_id) if each.name in settings.watched_vendors]
    return VendorPages(
        [_trouble(settings, each) for each in open_ones],
        [
            UnreadablePage(_name(settings, each.name), each.problem, each.problem_at)
            for each in failing
            if each.problem is not None and each.problem_at is not None
        ],
    )


def load_page_status(session: Session, settings: Settings, team_id: str, vendor: str) -> PageStatus | None:
    """None if the vendor's page is not watched."""
    if vendor not in settings.watched_vendors:
        return None
    feed = vendors.get_feed(session, team_id, vendor)
    listed = (feed.page or {}).get("components", []) if feed is not None else []
    healthy = {None, ComponentState.OPERATIONAL.value}
    problem = None
    if feed is not None and feed.problem is not None and feed.problem_at is not None:
        problem = UnreadablePage(_name(settings, vendor), feed.problem, feed.problem_at)
    return PageStatus(
        read_at=feed.read_at if feed is not None else None,
        incidents=[_trouble(settings, each) for each in vendors.find_open(session, team_id, [vendor])],
        components=[(each["name"], each["state"]) for each in listed if each["state"] not in healthy],
        known_components=len(listed),
        problem=problem,
    )


def _trouble(settings: Settings, row: VendorIncident) -> VendorTrouble:
    return VendorTrouble(
        _name(settings, row.vendor),
        row.title,
        row.state.replace("_", " "),
        row.first_word_at,
        row.link,
        services_needing(settings, row.vendor),
    )


def _name(settings: Settings, key: str) -> str:
    return vendor_names(settings, [key])[0]
