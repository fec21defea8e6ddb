"""The incidents of the page, or of one component, as Atom and RSS in one language."""

from collections.abc import Mapping
from email.utils import format_datetime
from html import escape
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from bot.domain.languages import get_language
from bot.domain.status_page.page import PageFrame, choose_text
from bot.domain.status_page.publication import PublishedIncident, PublishedUpdate
from bot.domain.status_page.state import PublicComponent, PublicState
from bot.domain.terms import UpdateState
from bot.domain.text.lazy_pattern import LazyPattern

MOST_ENTRIES = 25
ATOM = "http://www.w3.org/2005/Atom"
NOT_XML = LazyPattern("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document and no calendar may hold."""


class FeedWriter:
    """
    One entry for each incident, the newest first, with all its updates.

    With `component`: the incidents in which it was named.
    """

    def __init__(
        self, state: PublicState, frame: PageFrame, language: str, component: PublicComponent | None = None
    ) -> None:
        self._state = state
        self._frame = frame
        self._language = language
        self._words = get_language(language).words
        found = state.incidents
        if component is not None:
            found = tuple(each for each in found if component.key in each.components)
        self._incidents = found[:MOST_ENTRIES]
        self._folder = f"{frame.url}/{language}"
        self._name = f"{frame.title}: {self._text(component.names)}" if component else frame.title
        self._feed_address = f"{self._folder}/components/{component.key}" if component else f"{self._folder}/feed"

    def write_atom(self) -> bytes:
        ET.register_namespace("", ATOM)
        feed = ET.Element(f"{{{ATOM}}}feed", {"xml:lang": self._language})
        unchanged_since = self._state.changed_at or self._state.as_of
        changed_at = max((each.changed_at for each in self._incidents), default=unchanged_since)
        _add(feed, f"{{{ATOM}}}id", f"{self._feed_address}.atom")
        _add(feed, f"{{{ATOM}}}title", self._name)
        _add(feed, f"{{{ATOM}}}updated", changed_at.isoformat())
        _add(feed, f"{{{ATOM}}}link", rel="alternate", type="text/html", href=f"{self._folder}/")
        _add(feed, f"{{{ATOM}}}link", rel="self", type="application/atom+xml", href=f"{self._feed_address}.atom")
        _add(_add(feed, f"{{{ATOM}}}author"), f"{{{ATOM}}}name", self._frame.title)
        for incident in self._incidents:
            entry = _add(feed, f"{{{ATOM}}}entry")
            _add(entry, f"{{{ATOM}}}id", self._tag(incident))
            _add(entry, f"{{{ATOM}}}title", self._title(incident))
            _add(entry, f"{{{ATOM}}}published", incident.announced_at.isoformat())
            _add(entry, f"{{{ATOM}}}updated", incident.changed_at.isoformat())
            _add(entry, f"{{{ATOM}}}link", rel="alternate", type="text/html", href=self._address(incident))
            _add(entry, f"{{{ATOM}}}content", self._content(incident), type="html")
        return _encode(feed)

    def write_rss(self) -> bytes:
        feed = ET.Element("rss", {"version": "2.0"})
        channel = _add(feed, "channel")
        _add(channel, "title", self._name)
        _add(channel, "link", f"{self._folder}/")
        _add(channel, "description", self._words["page_history"])
        _add(channel, "language", self._language)
        for incident in self._incidents:
            item = _add(channel, "item")
            _add(item, "title", self._title(incident))
            _add(item, "link", self._address(incident))
            _add(item, "guid", self._address(incident))
            _add(item, "pubDate", format_datetime(incident.changed_at.astimezone(self._state.zone)))
            _add(item, "description", self._content(incident))
        return _encode(feed)

    def _tag(self, incident: PublishedIncident) -> str:
        """The entry's identity, which stays when the page moves to another path."""
        host = urlsplit(self._frame.url).hostname or "localhost"
        return f"tag:{host},{incident.announced_at.year}:incident/{incident.public_id}"

    def _address(self, incident: PublishedIncident) -> str:
        return f"{self._folder}/incidents/{incident.public_id}.html"

    def _title(self, incident: PublishedIncident) -> str:
        return self._text(incident.titles)

    def _content(self, incident: PublishedIncident) -> str:
        return "".join(self._update(each) for each in reversed(incident.active_updates))

    def _update(self, update: PublishedUpdate) -> str:
        at = update.published_at.astimezone(self._state.zone)
        text = self._text(update.texts)
        if not text:
            is_postmortem = update.state is UpdateState.POSTMORTEM
            text = self._words["page_postmortem_published" if is_postmortem else "page_removed"]
        body = escape(text).replace("\n", "<br>")
        label = escape(self._words[update.label])
        return (
            f"<p><small>{at:%Y-%m-%d %H:%M} {escape(at.tzname() or '')}</small><br><strong>{label}</strong>: {body}</p>"
        )

    def _text(self, texts: Mapping[str, str]) -> str:
        return choose_text(texts, self._language, self._frame.languages)[0]


def _add(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, attributes)
    element.text = NOT_XML.sub("", text) if text is not None else None
    return element


def _encode(root: ET.Element) -> bytes:
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
