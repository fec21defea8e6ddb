"""Figures of vendors by month."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.vendor_status.figures import LinkedIncident, VendorMonth, VendorOutage, count_by_month

PARIS = ZoneInfo("Europe/Paris")


def at(day: int, clock: str, month: int = 3) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2025, month, day, hour, minute, tzinfo=UTC)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def linked(*first_errors: datetime) -> tuple[LinkedIncident, ...]:
    return tuple(LinkedIncident(each) for each in first_errors)


FIRST = VendorOutage(
    "payplug", at(27, "15:42"), at(27, "15:42"), at(27, "17:00"), linked(at(27, "15:14"), at(27, "15:11"))
)


def test_one_incident_that_is_linked():
    assert count_by_month([FIRST], PARIS) == (
        VendorMonth("payplug", date(2025, 3, 1), 1, minutes(78), 0, 1, minutes(31), minutes(31), (FIRST,)),
    )


def test_months_and_vendors_stand_apart():
    outages = [
        VendorOutage("stripe", at(1, "10:00")),
        FIRST,
        VendorOutage("payplug", at(3, "09:10", 4), at(3, "09:00", 4), at(3, "09:30", 4), linked(at(3, "09:15", 4))),
        VendorOutage("payplug", at(4, "09:00", 4), at(4, "09:20", 4), at(4, "08:00", 4)),
        VendorOutage("payplug", at(5, "09:00", 4), ended_at=at(5, "09:05", 4), linked=linked(at(5, "08:50", 4))),
    ]

    rows = count_by_month(outages, PARIS)

    assert [(each.vendor, each.month.month, each.incidents) for each in rows] == [
        ("payplug", 4, 3),
        ("payplug", 3, 1),
        ("stripe", 3, 1),
    ]
    assert (rows[0].length, rows[0].median_delay, rows[0].longest_delay) == (minutes(35), minutes(2.5), minutes(10))
    assert [each.began_at.day for each in rows[0].outages] == [5, 4, 3], "the newest first"
    assert rows[2] == VendorMonth("stripe", date(2025, 3, 1), 1, minutes(0), 1, 0, None, None, (outages[0],))


@pytest.mark.parametrize(("clock", "month"), [("21:30", 3), ("22:30", 4)])
def test_the_month_is_that_of_the_zone(clock: str, month: int):
    (row,) = count_by_month([VendorOutage("payplug", at(31, clock))], PARIS)

    assert row.month == date(2025, month, 1)
