"""What went wrong on the way to an answer: a level that reached nobody, a vendor's case without its reference."""

from collections.abc import Iterator

from bot.domain.findings.finding import Finding, Quote
from bot.domain.record.model import Escalation, PageOutcome, Record

UNREACHED, WITHOUT_CASE = "level-unreached", "vendor-without-case"


def level_unreached(record: Record) -> Iterator[Finding]:
    """
    Every page of a level failed: its people never knew of it.

    Silent where a user group was mentioned, and where a page was left out on purpose, or was not needed any more.
    """
    for escalation in record.escalations:
        for level in _unreached(escalation):
            target = Quote(escalation.target)
            yield Finding(UNREACHED, (escalation.source.ref,), {"level": level, "target": target})


def _unreached(escalation: Escalation) -> Iterator[int]:
    """Each such level once, in whichever round it was."""
    for level in dict.fromkeys(called.place.level for called in escalation.called if called.people):
        has_group = any(called.groups for called in escalation.called if called.place.level == level)
        outcomes = [page.outcome for page in escalation.pages if page.level == level]
        if outcomes and not has_group and all(outcome is PageOutcome.FAILED for outcome in outcomes):
            yield level


def vendor_without_case(record: Record) -> Iterator[Finding]:
    """One finding for all vendors whose case reference was asked for and never given, once the incident is over."""
    if record.incident.ended is None:
        return
    found = [each for each in record.escalations if each.vendor and each.vendor.case_asked and not each.vendor.case]
    if found:
        targets = tuple(Quote(target) for target in dict.fromkeys(each.target for each in found))
        yield Finding(WITHOUT_CASE, tuple(each.source.ref for each in found), {"targets": targets})
