"""Times of vendors that contradict one another."""

from collections.abc import Iterator
from datetime import timedelta

from bot.domain.findings.finding import Finding, Quote, Value
from bot.domain.record.model import Record
from bot.domain.terms import Precision

CODE = "vendor-fix-conflict"
TOLERANCE = timedelta(minutes=15)
"""Status pages are updated some minutes after the fix."""


def check_vendor_fix_conflict(record: Record) -> Iterator[Finding]:
    """
    Find a vendor's fix that was recorded at another time than its status page states.

    Silent within 15 minutes, and where one of the times is unknown or approximate.
    """
    for escalation in record.escalations:
        facts = escalation.vendor
        if facts is None or facts.fixed_at is None or facts.fixed_precision is not Precision.EXACT:
            continue
        for page in record.vendor_incidents:
            is_theirs = page.vendor.casefold() == escalation.target.casefold()
            if is_theirs and page.resolved_at is not None and abs(page.resolved_at - facts.fixed_at) > TOLERANCE:
                places = (facts.fixed.ref if facts.fixed else escalation.source.ref, page.source.ref)
                values: dict[str, Value] = {
                    "target": Quote(page.vendor),
                    "recorded": facts.fixed_at,
                    "stated": page.resolved_at,
                }
                yield Finding(CODE, places, values)
