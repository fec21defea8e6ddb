"""What a clock on the wall shows, turned into the one moment that is meant by it."""

from datetime import UTC, datetime, timedelta, tzinfo

SECOND = timedelta(seconds=1)


def instant(wall: datetime, zone: tzinfo) -> datetime:
    """
    The moment (aware, in UTC) at which clocks in `zone` show `wall` (naive).

    What they show twice is the first of the two. What they never show is the moment at which they are put forward. So a
    later `wall` never gives an earlier moment.
    """
    found = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if shown(found, zone) == wall:
        return found
    before, after = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    while after - before > SECOND:  # `before` the clocks still show less than `wall`, `after` they show more
        middle = before + (after - before) / 2
        before, after = (before, middle) if shown(middle, zone) > wall else (middle, after)
    return after.replace(microsecond=0)


def shown(moment: datetime, zone: tzinfo) -> datetime:
    """What clocks in `zone` show at `moment` (aware), without the zone."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)
