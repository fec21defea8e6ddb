"""When a channel is archived: after quiet days, and never without a notice a day before."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.incidents.archiving import Announce, Archive, Wait, next_step

END = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
AFTER = timedelta(days=7)


def day(number: float) -> datetime:
    return END + timedelta(days=number)


@pytest.mark.parametrize(
    ("quiet_since", "announced_at", "now", "step"),
    [
        (day(0), None, day(5), Wait(day(6))),
        (day(0), None, day(6), Announce(day(7))),
        (day(0), day(6), day(7), Archive()),
        (day(0), day(6), day(6.5), Wait(day(7))),
        (day(3), None, day(6), Wait(day(9))),
        (day(6.5), day(6), day(7), Wait(day(12.5))),
        (day(0), None, day(30), Announce(day(31))),
        (day(0), day(30), day(30.5), Wait(day(31))),
    ],
    ids=[
        "before",
        "a day before",
        "due",
        "early",
        "people wrote",
        "people wrote after the notice",
        "the bot was away",
        "the notice was late",
    ],
)
def test_next_step(quiet_since, announced_at, now, step):
    assert next_step(quiet_since, AFTER, announced_at, now) == step
