"""Conversion between local times and instants."""

from datetime import UTC, datetime, timedelta, tzinfo

_SECOND = timedelta(seconds=1)


def to_instant(local: datetime, zone: tzinfo) -> datetime:
    """
    The instant (aware, in UTC) at which clocks in `zone` show `local` (naive).

    A time that they show twice is the first of the two; a time that they skip is the moment of the change. So a later
    `local` never gives an earlier instant.
    """
    found = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if to_local(found, zone) == local:
        return found
    before, after = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    while after - before > _SECOND:  # the clocks show less than `local` at `before`, more at `after`
        middle = before + (after - before) / 2
        before, after = (before, middle) if to_local(middle, zone) > local else (middle, after)
    return after.replace(microsecond=0)


def to_local(moment: datetime, zone: tzinfo) -> datetime:
    """The naive local time in `zone` at `moment` (aware)."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)
