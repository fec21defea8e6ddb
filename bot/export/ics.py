"""Turns on call as an iCalendar file (RFC 5545), for calendars that subscribe to it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event, vDuration

REFRESH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of one person. `is_shared`: somebody else is on call at the same time."""

    schedule: str
    person: str
    starts_at: datetime
    ends_at: datetime
    is_shared: bool = False

    @property
    def uid(self) -> str:
        """The same for the same turn each time it is asked for, so that no calendar shows it twice."""
        said = f"{self.schedule}\n{self.person}\n{self.starts_at.astimezone(UTC).isoformat()}"
        return f"{hashlib.sha256(said.encode()).hexdigest()[:32]}@oncall.dogwatch"


def calendar(turns: Sequence[Turn], now: datetime) -> bytes:
    """All of them, as of `now`. Times are in UTC: a calendar shows them in its reader's own zone."""
    made = Calendar()
    made.add("prodid", "-//Dogwatch//On call//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", "On call")
    made.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", vDuration(REFRESH))
    for turn in turns:
        made.add_component(_event(turn, now))
    return bytes(made.to_ical())


def _event(turn: Turn, now: datetime) -> Event:
    event = Event()
    event.add("uid", turn.uid)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", turn.starts_at.astimezone(UTC))
    event.add("dtend", turn.ends_at.astimezone(UTC))
    event.add("summary", f"On call: {turn.schedule}" + (" (with others)" if turn.is_shared else ""))
    event.add("transp", "TRANSPARENT")  # being on call keeps nobody from meetings
    return event
