"""Times of vendors that contradict one another."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.findings.rules.escalations import check_vendor_fix_conflict, check_vendor_without_case
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


def escalated(**page: object) -> Record:
    """A vendor was called and gave no case; its page says what is given."""
    record = full_record()
    [stated] = record.vendor_incidents
    called = replace(record.escalations[0], target=stated.vendor, vendor=VendorFacts())
    incident = replace(record.incident, ended=None)
    stated = replace(stated, **{"has_cases": True, **page})
    return replace(record, incident=incident, escalations=[called], vendor_incidents=[stated])


def test_a_vendor_without_a_case_whose_page_says_that_it_is_over() -> None:
    """Also while our incident is open, and before anybody was asked."""
    record = escalated()
    [found] = check_vendor_without_case(record)

    assert (found.code, found.variant) == ("vendor-without-case", "resolved")
    assert found.values["stated"] == record.vendor_incidents[0].resolved_at
    assert found.entries == (record.escalations[0].source.ref, "vendor-incident-1")
    twice = replace(record, escalations=[record.escalations[0], record.escalations[0]])
    assert len(list(check_vendor_without_case(twice))) == 1


@pytest.mark.parametrize(
    "page",
    [{"resolved_at": None}, {"has_cases": False}, {"vendor": "Somebody else"}],
    ids=["still open", "a vendor without cases", "another vendor"],
)
def test_a_missing_case_that_is_not_due(page: dict[str, object]) -> None:
    assert list(check_vendor_without_case(escalated(**page))) == []


def test_a_case_that_was_asked_for_in_vain_is_named_once() -> None:
    record = replace(escalated(), incident=full_record().incident)
    asked = [replace(record.escalations[0], vendor=VendorFacts(case_asked=True))]
    given = [replace(record.escalations[0], vendor=VendorFacts(case="CS-1", case_asked=True))]

    assert [each.variant for each in check_vendor_without_case(replace(record, escalations=asked))] == ["resolved"]
    assert list(check_vendor_without_case(replace(record, escalations=given))) == []
