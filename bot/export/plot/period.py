"""The period that a picture shows: the incident, with what came shortly before and after it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.domain.record.model import Entry, Incident, Record, Update
from bot.domain.record.sources import Moment
from bot.export.plot.model import Period

MOMENTS = ("started", "detected", "declared", "acknowledged", "identified", "mitigated", "resolved", "ended")
MARGIN = 0.5
"""Share of the incident's length by which the period may be longer, on each side."""
LEAST = timedelta(minutes=5)


def recorded_moments(incident: Incident) -> list[tuple[str, Moment]]:
    """The incident's times that are recorded, by name, in the order of MOMENTS."""
    found = ((name, getattr(incident, name)) for name in MOMENTS)
    return [(name, moment) for name, moment in found if moment is not None]


def shown_entries(record: Record) -> list[Entry]:
    """Entries that a picture counts: neither withdrawn nor redacted."""
    return [entry for entry in record.entries if entry.withdrawn_at is None and entry.redacted_at is None]


def shown_updates(record: Record) -> list[Update]:
    """Public updates with at least one entry that a picture counts."""
    hidden = {each.source.ref for each in record.entries} - {each.source.ref for each in shown_entries(record)}
    return [each for each in record.updates if not each.sources or {one.ref for one in each.sources} - hidden]


def find_period(record: Record) -> Period:
    """
    Return the span of the incident's times, longer by what was recorded close to them.

    An incident without an end lasts up to the last thing recorded. What is further away than MARGIN is left out, so
    that a task of next week does not squeeze the incident into a corner.
    """
    core = [moment.at for _, moment in recorded_moments(record.incident)]
    others = list(_other_instants(record))
    if record.incident.resolved is None and record.incident.ended is None:
        core += [at for at in others if at >= min(core)]
    first, last = min(core), max(core)
    margin = max((last - first) * MARGIN, LEAST)
    near = [at for at in others if first - margin <= at <= last + margin]
    return _with_least_length(min([first, *near]), max([last, *near]))


def _other_instants(record: Record) -> Iterator[datetime]:
    yield from _present([entry.happened_at for entry in shown_entries(record)])
    yield from _present([update.published_at for update in shown_updates(record)])
    for alert in record.alerts:
        yield from _present([alert.starts_at, alert.ended_at])
    for each in record.escalations:
        yield from _present([each.paged_at, each.acknowledged_at, each.exhausted_at])
    for role in record.roles:
        yield from _present([role.since, role.until])


def _present(instants: Sequence[datetime | None]) -> Iterator[datetime]:
    return (at for at in instants if at is not None)


def _with_least_length(first: datetime, last: datetime) -> Period:
    return Period(first, max(last, first + LEAST))
