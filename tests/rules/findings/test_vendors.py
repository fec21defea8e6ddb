"""Times of vendors that contradict one another."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.findings.rules.escalations import check_vendor_fix_conflict
from bot.domain.record.escalations import VendorFacts
from bot.domain.record.model import Record
from bot.domain.record.samples import full_record
from bot.domain.terms import Precision


def fixed(minutes_late: int, *, target: str = "Sample vendor", precision: Precision = Precision.EXACT) -> Record:
    """The vendor's fix was recorded so long after the time that its page states."""
    record = full_record()
    [page] = record.vendor_incidents
    assert page.resolved_at is not None
    facts = VendorFacts(fixed_at=page.resolved_at + timedelta(minutes=minutes_late), fixed_precision=precision)
    return replace(record, escalations=[replace(record.escalations[0], target=target, vendor=facts)])


def test_a_fix_at_another_time_than_their_page_states() -> None:
    [found] = check_vendor_fix_conflict(fixed(-40))

    assert found.code == "vendor-fix-conflict"
    assert found.entries[1] == "vendor-incident-1"


@pytest.mark.parametrize(
    "record",
    [fixed(10), fixed(40, target="Somebody else"), fixed(40, precision=Precision.APPROXIMATE)],
    ids=["close", "another vendor", "approximate"],
)
def test_a_fix_that_contradicts_nothing(record: Record) -> None:
    assert list(check_vendor_fix_conflict(record)) == []
