"""Figures of vendors by month: incidents, minutes, and the delay of their first word."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class LinkedIncident:
    """One of our incidents that is linked to a vendor's, with its first error."""

    first_error_at: datetime
    reference: str = ""
    title: str = ""
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class VendorOutage:
    """
    An incident of a vendor, as figures count it.

    `started_at` and `ended_at` are the vendor's; `ended_at` None: it is open, or left the page without an end.
    `linked`: our incidents, the earliest first error first.
    """

    vendor: str
    first_word_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    linked: tuple[LinkedIncident, ...] = ()
    title: str = ""
    link: str | None = None

    @property
    def began_at(self) -> datetime:
        return min(self.started_at or self.first_word_at, self.first_word_at)

    @property
    def length(self) -> timedelta | None:
        """None without an end. Zero if the page states an end before the beginning."""
        return None if self.ended_at is None else max(self.ended_at - self.began_at, timedelta())

    @property
    def delay(self) -> timedelta | None:
        """
        From our first error to the vendor's first word; None if none of ours is linked.

        Negative if they spoke first.
        """
        return self.first_word_at - min(each.first_error_at for each in self.linked) if self.linked else None


@dataclass(frozen=True, slots=True)
class VendorMonth:
    """
    A vendor's incidents of a month, by the day on which they began.

    `length` sums up those that ended; `without_end` counts the others. The delays are of the `linked` ones, None
    without any. `outages`: the incidents themselves, the newest first.
    """

    vendor: str
    month: date
    incidents: int
    length: timedelta
    without_end: int
    linked: int
    median_delay: timedelta | None
    longest_delay: timedelta | None
    outages: tuple[VendorOutage, ...] = ()


def count_by_month(outages: Iterable[VendorOutage], zone: ZoneInfo) -> tuple[VendorMonth, ...]:
    """The figures of vendors by name, of months with an incident, the newest first."""
    by_month: dict[tuple[str, date], list[VendorOutage]] = defaultdict(list)
    for each in outages:
        by_month[each.vendor, each.began_at.astimezone(zone).date().replace(day=1)].append(each)
    keys = sorted(by_month, key=lambda key: (key[0], -key[1].toordinal()))
    return tuple(_count_month(vendor, month, by_month[vendor, month]) for vendor, month in keys)


def _count_month(vendor: str, month: date, outages: list[VendorOutage]) -> VendorMonth:
    lengths = [each.length for each in outages if each.length is not None]
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
        outages=tuple(sorted(outages, key=lambda each: each.began_at, reverse=True)),
    )
