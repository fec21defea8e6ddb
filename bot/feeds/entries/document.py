"""
Atom and RSS documents as plain entries.

The standard library's parser, which is told to refuse document types: without them XML has no entities of its own, so
none can be expanded or fetched.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from bot.feeds.errors import FeedError
from bot.feeds.json_reader import MAX_KEY, Reading, quote_value
from bot.feeds.times import parse_time
from bot.lazy_dataclass import dataclass

MOST_ENTRIES = 500
_ATOM = "{http://www.w3.org/2005/Atom}"
_IS_WEB_PAGE = "The answer is a web page, not a feed. Check the address."
_WEB_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"


@dataclass(frozen=True, slots=True)
class Entry:
    """
    An entry of Atom or an item of RSS.

    `content` is HTML, `key` its id or guid, else its link.
    """

    place: str
    key: str
    title: str = ""
    link: str = ""
    content: str = ""
    published_at: datetime | None = None
    updated_at: datetime | None = None
    categories: tuple[str, ...] = ()

    @property
    def link_name(self) -> str:
        """The last part of the link: there products write their own id of the incident."""
        return self.link.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2][:MAX_KEY]


@dataclass(frozen=True, slots=True)
class Document:
    """A feed. `changed_at`: `updated` of Atom; the building, else publication, of RSS."""

    title: str
    link: str = ""
    generator: str = ""
    changed_at: datetime | None = None
    entries: tuple[Entry, ...] = ()


class _Builder(TreeBuilder):
    """Refuses a document type before anything of it is read."""

    def doctype(self, name: str, _pubid: str | None, _system: str | None) -> None:
        if name.casefold() == "html":
            raise FeedError("", _IS_WEB_PAGE)
        raise FeedError("", "The XML has a document type, which can define entities. It is not read.")


def parse_document(payload: bytes, reading: Reading) -> Document:
    """Read Atom or RSS 2.0. Raises FeedError."""
    root = _parse_xml(payload)
    if root.tag == f"{_ATOM}feed":
        return _read_atom(root, reading)
    channel = root.find("channel")
    if root.tag == "rss" and channel is not None:
        return _read_rss(channel, reading)
    name = root.tag.rpartition("}")[2]
    page = " It is a web page. Check the address." if name.casefold() == "html" else ""
    raise FeedError("", f"The XML is neither Atom nor RSS: it begins with {quote_value(name)}.{page}")


def _parse_xml(payload: bytes) -> Element:
    parser = XMLParser(target=_Builder())  # noqa: S314 -- document types are refused, and with them entities
    try:
        parser.feed(payload)
        root: Element = parser.close()
    except ParseError as problem:
        if _WEB_PAGE.match(payload[:200]):  # HTML allows a document type in small letters
            raise FeedError("", _IS_WEB_PAGE) from None
        line, column = problem.position
        reason = str(problem).partition(":")[0]
        raise FeedError("", f"The answer is not XML: {reason} at line {line}, column {column + 1}.") from None
    except (LookupError, ValueError):
        raise FeedError("", "The XML names an encoding that cannot be read.") from None
    return root


def _read_atom(feed: Element, reading: Reading) -> Document:
    entries = []
    for index, each in enumerate(_newest(feed.findall(f"{_ATOM}entry"))):
        place = f"entry[{index}]"
        link = _find_link(each)
        entries.append(
            Entry(
                place=place,
                key=_text(each, f"{_ATOM}id")[:MAX_KEY] or link,
                title=_text(each, f"{_ATOM}title"),
                link=link,
                content=_text(each, f"{_ATOM}content") or _text(each, f"{_ATOM}summary"),
                published_at=_time(each, f"{_ATOM}published", place, reading),
                updated_at=_time(each, f"{_ATOM}updated", place, reading),
                categories=tuple(term for tag in each.iter(f"{_ATOM}category") if (term := tag.get("term"))),
            )
        )
    return Document(
        title=_text(feed, f"{_ATOM}title"),
        link=_find_link(feed),
        generator=_text(feed, f"{_ATOM}generator"),
        changed_at=_time(feed, f"{_ATOM}updated", "feed", reading),
        entries=tuple(entries),
    )


def _read_rss(channel: Element, reading: Reading) -> Document:
    entries = []
    for index, each in enumerate(_newest(channel.findall("item"))):
        place = f"item[{index}]"
        link = _web_address(_text(each, "link"))
        entries.append(
            Entry(
                place=place,
                key=_text(each, "guid")[:MAX_KEY] or link,
                title=_text(each, "title"),
                link=link,
                content=_text(each, _CONTENT) or _text(each, "description"),
                published_at=_time(each, "pubDate", place, reading),
                categories=tuple(text for tag in each.findall("category") if (text := (tag.text or "").strip())),
            )
        )
    built_at = _time(channel, "lastBuildDate", "channel", reading)
    return Document(
        title=_text(channel, "title"),
        link=_web_address(_text(channel, "link")),
        generator=_text(channel, "generator"),
        changed_at=built_at or _time(channel, "pubDate", "channel", reading),
        entries=tuple(entries),
    )


def _newest(elements: list[Element]) -> Iterator[Element]:
    """Feeds have their newest entries first."""
    return iter(elements[:MOST_ENTRIES])


def _find_link(element: Element) -> str:
    links = element.findall(f"{_ATOM}link")
    chosen = [each for each in links if each.get("rel", "alternate") == "alternate"] or links
    return _web_address(chosen[0].get("href", "")) if chosen else ""


def _web_address(text: str) -> str:
    is_address = text.startswith(("https://", "http://")) and not any(sign.isspace() for sign in text)
    return text if is_address and len(text) <= 2000 else ""


def _text(element: Element, tag: str) -> str:
    """The text of a child with all of its markup's, as XHTML content has."""
    child = element.find(tag)
    return "" if child is None else "".join(child.itertext()).strip()


def _time(element: Element, tag: str, place: str, reading: Reading) -> datetime | None:
    text = _text(element, tag)
    if not text:
        return None
    name = f"{place}.{tag.rpartition('}')[2]}"
    try:
        at = parse_time(text, reading.zone)
    except ValueError:
        reading.remark(name, f"{quote_value(text)} is not a time. It is left out.")
        return None
    if at is None:
        reading.remark(name, f"{quote_value(text)} names no time zone. It is left out.")
    return at
