"""Announced maintenance as an iCalendar feed (RFC 5545), in one language."""

from datetime import UTC, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.domain.languages import get_language
from bot.domain.status_page.components import TextByLanguage
from bot.domain.status_page.maintenance import PublishedMaintenance
from bot.domain.status_page.page import PageFrame, choose_text
from bot.domain.status_page.state import PublicState
from bot.export.ics import create_calendar
from bot.export.status_page.feeds import NOT_XML
from bot.lazy_loader import LazyModule

if TYPE_CHECKING:
    import icalendar
else:
    icalendar = LazyModule("icalendar")

KEPT = timedelta(days=90)
"""How long an event stays after its end."""


class CalendarWriter:
    """One event for each maintenance. A cancelled one stays, and says that it is cancelled."""

    def __init__(self, state: PublicState, frame: PageFrame, language: str) -> None:
        self._state = state
        self._frame = frame
        self._language = language
        self._words = get_language(language).words

    def write_calendar(self) -> bytes:
        """The same bytes as long as nothing changes."""
        feed = create_calendar("Status page", f"{self._frame.title}: {self._words['page_maintenance']}")
        for each in self._state.maintenances:
            if each.ends_at > self._state.as_of - KEPT:
                feed.add_component(self._create_event(each))
        return bytes(feed.to_ical())

    def _create_event(self, maintenance: PublishedMaintenance) -> "icalendar.Event":
        host = urlsplit(self._frame.url).hostname or "localhost"
        changed_at = (maintenance.changed_at or maintenance.published_at).astimezone(UTC).replace(microsecond=0)
        ends_at = maintenance.ends_at if maintenance.is_cancelled else maintenance.finishes_at
        event = icalendar.Event()
        event.add("uid", f"{maintenance.public_id}@{host}")
        event.add("dtstamp", changed_at)
        event.add("created", maintenance.published_at.astimezone(UTC).replace(microsecond=0))
        event.add("last-modified", changed_at)
        event.add("sequence", maintenance.sequence)
        event.add("dtstart", maintenance.starts_at.astimezone(UTC))
        event.add("dtend", max(ends_at, maintenance.starts_at).astimezone(UTC))
        event.add("summary", self._text(maintenance.titles))
        event.add("description", self._describe(maintenance))
        event.add("status", "CANCELLED" if maintenance.is_cancelled else "CONFIRMED")
        event.add("url", f"{self._frame.url}/{self._language}/maintenance/{maintenance.public_id}.html")
        event.add("transp", "TRANSPARENT")  # it makes nobody busy
        return event

    def _describe(self, maintenance: PublishedMaintenance) -> str:
        """The words, and the components that are affected."""
        names = ", ".join(self._text(each) for each in maintenance.components.values())
        affected = f"{self._words['page_affected']}: {names}" if names else ""
        called_off = self._words["page_maintenance_called_off"] if maintenance.is_cancelled else ""
        return "\n\n".join(filter(None, [called_off, self._text(maintenance.texts), affected]))

    def _text(self, texts: TextByLanguage) -> str:
        return NOT_XML.sub("", choose_text(texts, self._language, self._frame.languages)[0])
