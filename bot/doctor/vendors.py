"""Check that each vendor's status page can be read, and which components it has."""

import asyncio

from bot.config import Settings
from bot.config.sections.vendors import VendorSection
from bot.doctor.report import CheckResult, failed, ok, warning
from bot.domain.vendor_status.look import Look
from bot.domain.vendor_status.relevance import find_unknown_components
from bot.engine.fetch.http_fetch import FetchError
from bot.engine.vendor_watch import find_feed
from bot.feeds import FeedError

NAME = "vendors"
SHOWN_COMPONENTS = 20


async def check_vendors(settings: Settings) -> list[CheckResult]:
    """Look at each page once; nothing is stored. No result if none is watched."""
    watched = settings.watched_vendors.items()
    return list(await asyncio.gather(*(_check_vendor(settings, name, section) for name, section in watched)))


async def _check_vendor(settings: Settings, name: str, section: VendorSection) -> CheckResult:
    try:
        _, look = await find_feed(settings, section)
    except (FetchError, FeedError) as problem:
        remedy = f"Check `feed` and `kind` of [vendors.{name}]. Other vendors, and incidents, work without it."
        return failed(NAME, f"{name}: the status page cannot be read: {problem}", remedy)
    listed = tuple(each.name for each in look.components)
    unknown = find_unknown_components(section.components, listed) if listed else ()
    if unknown:
        remedy = f"Use names from its list: {_names(listed)}."
        return warning(NAME, f"{name}: the page has no component {', '.join(unknown)}", remedy)
    return ok(NAME, f"{name}: {_describe(look, listed)}")


def _describe(look: Look, listed: tuple[str, ...]) -> str:
    """The kind and the content of a page."""
    parts = [f"read as {look.kind}", f"{len(look.open_incidents)} open incidents"]
    parts.append(f"components: {_names(listed)}" if listed else "no components listed")
    if look.remarks:
        parts.append(f"{len(look.remarks)} parts not understood, first: {look.remarks[0]}")
    return "; ".join(parts)


def _names(listed: tuple[str, ...]) -> str:
    more = len(listed) - SHOWN_COMPONENTS
    return ", ".join(listed[:SHOWN_COMPONENTS]) + (f" and {more} more" if more > 0 else "")
