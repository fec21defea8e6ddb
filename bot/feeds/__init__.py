"""
Status pages of vendors: one module for each kind of page or feed.

Pure. `parse_feed` turns an answer's bytes into a `Look` and raises nothing but `FeedError`. The size of the answer is
limited by the caller, the number of incidents and the length of texts here.
"""

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from bot.domain.vendor_status.look import Look
from bot.feeds.errors import FeedError
from bot.feeds.json_reader import Reading, decode_json, quote_value
from bot.lazy_loader import LazyModule

if TYPE_CHECKING:
    from bot.feeds import kinds
    from bot.feeds.entries import document
else:
    kinds, document = LazyModule("bot.feeds.kinds"), LazyModule("bot.feeds.entries.document")

__all__ = ["FeedError", "parse_feed", "recognize_kind", "suggest_addresses"]


def parse_feed(
    payload: bytes, content_type: str | None, *, address: str, kind: str | None = None, zone: ZoneInfo | None = None
) -> Look:
    """
    Read an answer. Raises FeedError.

    `address` is the one that answered. `kind` is that of an earlier look or of the configuration: it decides only where
    the answer does not, as an empty list has no shape. `zone` is for times that name none; without it they are left
    out, with a remark.
    """
    reading = Reading(address, zone)
    if _is_markup(payload):
        parsed = document.parse_document(payload, reading)
        name = kinds.kind_of_document(parsed)
        if not parsed.entries and kind is not None and kind in kinds.ENTRY_KINDS:
            name = kind
        return kinds.ENTRY_KINDS[name].parse(parsed, reading)
    value = decode_json(payload, content_type)
    return kinds.JSON_KINDS[_find_json_kind(value, kind, address)].parse(value, reading)


def recognize_kind(address: str, payload: bytes | None = None, content_type: str | None = None) -> str | None:
    """The kind of a feed from its answer, else from its address; None if unknown."""
    if payload is not None:
        try:
            return parse_feed(payload, content_type, address=address).kind
        except FeedError:
            pass
    return kinds.kind_of_address(address)


def suggest_addresses(address: str) -> tuple[str, ...]:
    """
    Addresses to try for a page, the best first: itself alone if its path is a feed's.

    A page can be below a path, as Dogwatch's is.
    """
    if kinds.kind_of_address(address) is not None:
        return (address,)
    usual = tuple(urljoin(address, path) for path in kinds.USUAL_PATHS)
    if urlsplit(address).path in {"", "/"}:
        return usual
    below = f"{address.partition('?')[0].partition('#')[0].rstrip('/')}{kinds.USUAL_PATHS[0]}"
    return (address, below, *usual)


def _is_markup(payload: bytes) -> bool:
    """Return whether it begins like XML, in any of XML's encodings."""
    return payload[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1] == b"<"


def _find_json_kind(value: object, kind: str | None, address: str) -> str:
    found = kinds.kind_of_json(value)
    if found is not None:
        return found
    hint = kind if kind in kinds.JSON_KINDS else kinds.kind_of_address(address)
    if hint is not None and hint in kinds.JSON_KINDS and value in ([], {"data": []}):
        return hint
    if value == []:
        raise FeedError("", "The answer is an empty list, and neither it nor the address says of which kind.")
    raise FeedError("", f"The JSON has the shape of no known page. {_describe_shape(value)}")


def _describe_shape(value: object) -> str:
    first = value[0] if isinstance(value, list) and value else value
    if not isinstance(first, dict):
        return f"It is {quote_value(value)}."
    names = ", ".join(quote_value(key) for key in [*first][:6])
    return f"Its fields: {names or 'none'}."
