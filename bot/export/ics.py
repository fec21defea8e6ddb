"""iCalendar feeds (RFC 5545): what they have in common, and on-call shifts."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.lazy_dataclass import dataclass
from bot.lazy_loader import LazyModule

if TYPE_CHECKING:
    import icalendar
else:
    icalendar = LazyModule("icalendar")

REFRESH_INTERVAL = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FeedShift:
    """A shift of one person. `is_shared`: others are on call at the same time."""

    schedule: str
    person: str
    starts_at: datetime
    ends_at: datetime
    is_shared: bool = False

    @property
    def uid(self) -> str:
        """Stable for the same shift, so that no calendar shows it twice."""
        identity = f"{self.schedule}\n{self.person}\n{self.starts_at.astimezone(UTC).isoformat()}"
        return f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}@oncall.dogwatch"


def render_calendar(shifts: Sequence[FeedShift], now: datetime) -> bytes:
    """The feed as of `now`. Times are in UTC; calendars show them in their own zone."""
    feed = create_calendar("On call", "On call")
    for shift in shifts:
        feed.add_component(_create_event(shift, now))
    return bytes(feed.to_ical())


def create_calendar(product: str, name: str) -> "icalendar.Calendar":
    """A feed without events. `name` is what calendars show."""
    feed = icalendar.Calendar()
    feed.add("prodid", f"-//Dogwatch//{product}//EN")
    feed.add("version", "2.0")
    feed.add("method", "PUBLISH")
    feed.add("x-wr-calname", name)
    feed.add("refresh-interval", icalendar.vDuration(REFRESH_INTERVAL), parameters={"VALUE": "DURATION"})
    feed.add("x-published-ttl", icalendar.vDuration(REFRESH_INTERVAL))
    return feed


def _create_event(shift: FeedShift, now: datetime) -> "icalendar.Event":
    event = icalendar.Event()
    event.add("uid", shift.uid)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", shift.starts_at.astimezone(UTC))
    event.add("dtend", shift.ends_at.astimezone(UTC))
    event.add("summary", f"On call: {shift.schedule}" + (" (with others)" if shift.is_shared else ""))
    event.add("transp", "TRANSPARENT")  # on call is not busy
    return event
