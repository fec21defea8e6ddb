"""
Status pages of vendors: one module for each kind of page or feed.

Pure. `parse_feed` turns an answer's bytes into a `Look` and raises nothing but `FeedError`. The size of the answer is
limited by the caller, the number of incidents and the length of texts here.
"""

from zoneinfo import ZoneInfo

from bot.domain.vendor_status.look import Look
from bot.feeds.errors import FeedError

__all__ = ["FeedError", "parse_feed", "recognize_kind", "suggest_addresses"]


def parse_feed(
    payload: bytes, content_type: str | None, *, address: str, kind: str | None = None, zone: ZoneInfo | None = None
) -> Look:
    """
    Read an answer. Raises FeedError.

    `address` is the one that answered; `kind` that of an earlier look or of the configuration, None: recognised from
    the answer, then from the address. `zone` is for times that name none; without it such times are left out, with a
    remark.
    """
    raise NotImplementedError(payload, content_type, address, kind, zone)


def recognize_kind(address: str, payload: bytes | None = None, content_type: str | None = None) -> str | None:
    """The kind of a feed (`statuspage`, `azure`, …) from its answer, else from its address; None if unknown."""
    raise NotImplementedError(address, payload, content_type)


def suggest_addresses(address: str) -> tuple[str, ...]:
    """Addresses to try for a page, the best first: itself if it is a feed's, else the usual paths."""
    raise NotImplementedError(address)
