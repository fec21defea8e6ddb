"""Fetch vendors' status pages, and find the feed of a page."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from hashlib import sha256

from bot.config import Settings
from bot.config.sections.vendors import VendorSection
from bot.domain.vendor_status.look import Look
from bot.domain.vendor_status.page_version import PageVersion
from bot.engine.fetch.address_guard import AddressRules
from bot.engine.fetch.http_fetch import FetchError, FetchLimits, fetch_body
from bot.engine.vendors.look import PageAnswer, PageMeaning
from bot.feeds import FeedError, suggest_addresses
from bot.lazy_dataclass import dataclass

LIMITS = FetchLimits(seconds=15.0, max_bytes=5 * 1024 * 1024, redirects=5)
ACCEPT = "application/json, application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.1"


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """`body` None: it has not changed since `version`."""

    version: PageVersion
    body: bytes | None = None
    content_type: str | None = None

    @property
    def answer(self) -> PageAnswer:
        return PageAnswer(self.version.address, self.body or b"", self.content_type)


def page_headers(settings: Settings) -> dict[str, str]:
    """Headers that say who asks, so that the page's owner can reach the operator."""
    contact = f" (+{settings.public_url})" if settings.public_url else ""
    return {"Accept": ACCEPT, "User-Agent": f"dogwatch{contact}"}


def limits_of(section: VendorSection) -> FetchLimits:
    return replace(LIMITS, rules=AddressRules(section.allow_http, section.allow_private))


async def fetch_page(
    settings: Settings, section: VendorSection, address: str, known: PageVersion | None = None
) -> FetchedPage:
    """Fetch a page unless it is still the known version. Raises FetchError."""
    etag, modified = (known.etag, known.modified) if known else (None, None)
    headers, limits = page_headers(settings), limits_of(section)
    found = await fetch_body(address, headers, limits, etag=etag, modified=modified)
    checksum = None if found.body is None else sha256(found.body).hexdigest()
    if known is not None and (checksum is None or checksum == known.checksum):
        return FetchedPage(known)
    version = PageVersion(address, found.etag, found.modified, checksum)
    return FetchedPage(version, found.body, found.content_type or None)


async def find_feed(
    settings: Settings, section: VendorSection, feed: str, read: Callable[[PageAnswer, PageMeaning], Awaitable[Look]]
) -> tuple[FetchedPage, Look]:
    """
    Fetch a page without validators: the first of its usual addresses that can be read.

    Raises FetchError or FeedError of the first address that answered at all.
    """
    problem: FetchError | FeedError | None = None
    for address in suggest_addresses(feed):
        try:
            page = await fetch_page(settings, section, address)
            look = await read(page.answer, PageMeaning(section.kind, section.zone))
        except (FetchError, FeedError) as found:
            problem = found if problem is None or isinstance(found, FeedError) else problem
            if isinstance(found, FetchError) and not found.is_answer:
                break  # the host does not answer, or must not be asked
        else:
            return page, look
    raise problem or FetchError("it has no address that could be a status page's")
