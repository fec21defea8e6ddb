"""Figures of vendors by month: incidents, minutes, and the delay of their first word."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class VendorOutage:
    """
    An incident of a vendor, as figures count it.

    `started_at` and `ended_at` are the vendor's; `ended_at` None: it is open, or left the page without an end.
    `our_first_errors`: the first error of each of our incidents that is linked to it.
    """

    vendor: str
    first_word_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    our_first_errors: tuple[datetime, ...] = ()

    @property
    def began_at(self) -> datetime:
        return min(self.started_at or self.first_word_at, self.first_word_at)

    @property
    def delay(self) -> timedelta | None:
        """
        From our first error to the vendor's first word; None if none of ours is linked.

        Negative if they spoke first.
        """
        return self.first_word_at - min(self.our_first_errors) if self.our_first_errors else None


@dataclass(frozen=True, slots=True)
class VendorMonth:
    """
    A vendor's incidents of a month, by the day on which they began.

    `length` sums up those that ended; `without_end` counts the others. The delays are of the `linked` ones, None
    without any.
    """

    vendor: str
    month: date
    incidents: int
    length: timedelta
    without_end: int
    linked: int
    median_delay: timedelta | None
    longest_delay: timedelta | None


def count_by_month(outages: Iterable[VendorOutage], zone: ZoneInfo) -> tuple[VendorMonth, ...]:
    """The figures of vendors by name, of months with an incident, the newest first."""
    by_month: dict[tuple[str, date], list[VendorOutage]] = defaultdict(list)
    for each in outages:
        by_month[each.vendor, each.began_at.astimezone(zone).date().replace(day=1)].append(each)
    keys = sorted(by_month, key=lambda key: (key[0], -key[1].toordinal()))
    return tuple(_count_month(vendor, month, by_month[vendor, month]) for vendor, month in keys)


def _count_month(vendor: str, month: date, outages: list[VendorOutage]) -> VendorMonth:
    lengths = [max(each.ended_at - each.began_at, timedelta()) for each in outages if each.ended_at]
    delays = [each.delay.total_seconds() for each in outages if each.delay is not None]
    return VendorMonth(
        vendor=vendor,
        month=month,
        incidents=len(outages),
        length=sum(lengths, timedelta()),
        without_end=len(outages) - len(lengths),
        linked=len(delays),
        median_delay=timedelta(seconds=median(delays)) if delays else None,
        longest_delay=timedelta(seconds=max(delays)) if delays else None,
    )
