"""A two-week on-call schedule by day, and as text with the content of the image."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.lazy_dataclass import dataclass

DAYS = 14
MAX_ALT_TEXT = 2_000
"""Characters of alternative text that Slack accepts."""
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Bar:
    """
    A shift. `person`: key of the colour; `is_changed`: by an override.

    Bars of one `layer` stay together.
    """

    starts_at: datetime
    ends_at: datetime
    person: str
    name: str
    is_changed: bool = False
    layer: int = 0


@dataclass(frozen=True, slots=True)
class Roster:
    """A schedule from the day of `now` on, in `zone`. Bars and gaps may extend beyond `days`."""

    title: str
    zone: ZoneInfo
    now: datetime
    bars: Sequence[Bar]
    gaps: Sequence[tuple[datetime, datetime]] = ()
    days: int = DAYS

    def day(self, number: int) -> tuple[datetime, datetime]:
        """From midnight to midnight in `zone`: 23 or 25 hours when the clocks change."""
        first = self.now.astimezone(self.zone).date()
        return self._midnight(first + timedelta(days=number)), self._midnight(first + timedelta(days=number + 1))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    @property
    def span(self) -> tuple[datetime, datetime]:
        return self.day(0)[0], self.day(self.days - 1)[1]


def describe_roster(roster: Roster, *, most: int = 100) -> list[str]:
    """One line for each shift and gap, in order of time; up to `most`."""
    since, until = roster.span
    shifts = [
        (each.starts_at, each.ends_at, each.name + (" (changed)" if each.is_changed else "")) for each in roster.bars
    ]
    spans = sorted([*shifts, *((starts, ends, NOBODY) for starts, ends in roster.gaps)])
    lines = [
        f"{format_time(max(starts, since), roster.zone)} to {format_time(min(ends, until), roster.zone)}: {who}"
        for starts, ends, who in spans
        if ends > roster.now and starts < until
    ]
    return [*lines[:most], *([f"and {len(lines) - most} more"] if len(lines) > most else [])]


def render_alt_text(roster: Roster) -> str:
    """Alternative text of the image."""
    head = f"{roster.title}, the next {roster.days} days. "
    text = head + "; ".join(describe_roster(roster)) + "."
    return text if len(text) <= MAX_ALT_TEXT else text[: MAX_ALT_TEXT - 1].rstrip() + "…"


def format_time(at: datetime, zone: ZoneInfo) -> str:
    """`Mon 23 Nov 09:00`."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %H:%M}"
