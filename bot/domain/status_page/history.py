"""The last 90 days of a component: the minutes of impact behind each day, and the uptime."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.domain.status_page.components import ComponentState, worst_state
from bot.domain.status_page.maintenance import PublishedMaintenance
from bot.domain.status_page.publication import PublishedIncident, Span, stated_spans
from bot.lazy_dataclass import dataclass

DAYS = 90


@dataclass(frozen=True, slots=True)
class ImpactDay:
    """
    A day of the page's zone.

    `minutes` of each state but operational; overlapping impact counts once, as the worst. `public_ids` are those of the
    incidents and the maintenance behind it.
    """

    day: date
    length: timedelta
    minutes: Mapping[ComponentState, int]
    public_ids: tuple[str, ...] = ()

    @property
    def worst(self) -> ComponentState:
        return worst_state(self.minutes)


def build_days(
    incidents: Sequence[PublishedIncident],
    key: str,
    now: datetime,
    zone: ZoneInfo,
    maintenances: Sequence[PublishedMaintenance] = (),
) -> tuple[ImpactDay, ...]:
    """The 90 days up to today, the oldest first. A day of a change of clocks has 23 or 25 hours."""
    spans = [(each.public_id, span) for each in incidents for span in stated_spans(each, key)]
    spans += [
        (each.public_id, span) for each in maintenances if key in each.components and (span := each.find_span(now))
    ]
    today = now.astimezone(zone).date()
    return tuple(_build_day(today - timedelta(days=back), spans, now, zone) for back in reversed(range(DAYS)))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The beginning of a day, in UTC, so that differences are real ones."""
    return datetime.combine(day, time(), zone).astimezone(ZoneInfo("UTC"))


def _build_day(day: date, spans: Sequence[tuple[str, Span]], now: datetime, zone: ZoneInfo) -> ImpactDay:
    opens, closes = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
    inside = [
        (public_id, max(span.starts_at, opens), min(span.ends_at or now, closes), span.state)
        for public_id, span in spans
        if span.starts_at < closes and (span.ends_at or now) > opens
    ]
    lengths = _count_lengths([(starts, ends, state) for _, starts, ends, state in inside])
    minutes = {state: _whole_minutes(length) for state, length in lengths.items() if length}
    return ImpactDay(day, closes - opens, minutes, tuple(dict.fromkeys(each[0] for each in inside)))


def _whole_minutes(length: timedelta) -> int:
    """Rounded, and at least one: an impact of seconds is visible, too."""
    return max(1, round(length / timedelta(minutes=1)))


def _count_lengths(parts: Sequence[tuple[datetime, datetime, ComponentState]]) -> dict[ComponentState, timedelta]:
    """The length of each state; where several overlap, the worst."""
    edges = sorted({edge for starts, ends, _ in parts for edge in (starts, ends)})
    lengths: dict[ComponentState, timedelta] = {}
    for left, right in pairwise(edges):
        state = worst_state(each for starts, ends, each in parts if starts <= left and ends >= right)
        if state is not ComponentState.OPERATIONAL:
            lengths[state] = lengths.get(state, timedelta()) + (right - left)
    return lengths


def compute_uptime(days: Sequence[ImpactDay]) -> float:
    """
    Percent of the days without a published partial or major outage.

    Degraded performance and maintenance do not count as downtime.
    """
    total = sum((each.length for each in days), timedelta())
    down = sum(minutes for each in days for state, minutes in each.minutes.items() if state.is_outage)
    return 100 * (1 - timedelta(minutes=down) / total) if total else 100.0
