"""Check that each vendor's status page can be read, and which components it has."""

import asyncio
from collections.abc import Iterator

from bot.config import Settings
from bot.config.sections.vendors import VendorSection
from bot.doctor.report import CheckResult, failed, ok, warning
from bot.domain.vendor_status.languages.translation import find_unmatched
from bot.domain.vendor_status.look import Look
from bot.domain.vendor_status.relevance import find_unknown_components
from bot.engine.fetch.http_fetch import FetchError
from bot.engine.vendors.look import PageAnswer, PageMeaning, read_answer
from bot.engine.vendors.pages import find_feed
from bot.feeds import FeedError

NAME = "vendors"
SHOWN_COMPONENTS = 20


async def check_vendors(settings: Settings) -> list[CheckResult]:
    """Look at each page once; nothing is stored. No result if none is watched."""
    watched = settings.watched_vendors.items()
    return list(await asyncio.gather(*(_check_vendor(settings, name, section) for name, section in watched)))


async def _check_vendor(settings: Settings, name: str, section: VendorSection) -> CheckResult:
    looks: dict[str, Look] = {}
    for code, feed in section.feeds.items():
        try:
            _, looks[code] = await find_feed(settings, section, feed, _read)
        except (FetchError, FeedError) as problem:
            page = f"the status page in {code}" if code else "the status page"
            remedy = f"Check `feed` and `kind` of [vendors.{name}]. Other vendors, and incidents, work without it."
            return failed(NAME, f"{name}: {page} cannot be read: {problem}", remedy)
    first = next(iter(looks.values()))
    listed = tuple(each.name for each in first.components)
    unknown = find_unknown_components(section.components, listed) if listed else ()
    if unknown:
        remedy = f"Use names from its list: {_names(listed)}."
        return warning(NAME, f"{name}: the page has no component {', '.join(unknown)}", remedy)
    lines = [f"{code}: {_describe(look)}" if code else _describe(look) for code, look in looks.items()]
    doubts = [line for code, look in looks.items() if look is not first for line in _find_doubts(code, first, look)]
    if doubts:
        remedy = "Put the language first in which they write about every incident."
        return warning(NAME, f"{name}: {'; '.join(doubts)}", remedy)
    return ok(NAME, f"{name}: {'. '.join(lines)}")


async def _read(answer: PageAnswer, meaning: PageMeaning) -> Look:
    return await asyncio.to_thread(read_answer, answer, meaning)


def _find_doubts(code: str, first: Look, look: Look) -> Iterator[str]:
    """Open incidents that would not be told, as the first language does not have them."""
    missing = find_unmatched(first, look)
    if missing:
        yield f"the page in {code} has open incidents that the first one does not have, as {missing[0].title!r}"


def _describe(look: Look) -> str:
    """The kind and the content of a page."""
    listed = tuple(each.name for each in look.components)
    parts = [f"read as {look.kind}", f"{len(look.open_incidents)} open incidents"]
    parts.append(f"components: {_names(listed)}" if listed else "no components listed")
    if look.remarks:
        parts.append(f"{len(look.remarks)} parts not understood, first: {look.remarks[0]}")
    return "; ".join(parts)


def _names(listed: tuple[str, ...]) -> str:
    more = len(listed) - SHOWN_COMPONENTS
    return ", ".join(listed[:SHOWN_COMPONENTS]) + (f" and {more} more" if more > 0 else "")
