"""
Findings: what a careful reviewer of the record would object to, found by rule. They are advice and block nothing.

Each rule is a pure function from the record to findings, in a file of its own or of its family; `RULES` is the table of
all of them. A false alarm is worse than a miss: what can rightly be so is no finding.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType

from bot.domain.findings.finding import Finding
from bot.domain.findings.rules import escalation_gaps as escalation_chain
from bot.domain.findings.rules import languages as languages_of_record
from bot.domain.findings.rules import tasks, window_conflicts
from bot.domain.findings.rules.cause_unsupported import cause_unsupported
from bot.domain.findings.rules.duplicate_entry import repeated_entry
from bot.domain.findings.rules.duplicate_measure import measure_repeats_task
from bot.domain.findings.rules.duration_conflict import duration_conflict
from bot.domain.findings.rules.end_before_start import end_before_start
from bot.domain.findings.rules.escalation_not_acknowledged import escalation_not_acknowledged
from bot.domain.findings.rules.late_status_update import public_word_late
from bot.domain.findings.rules.long_gap import long_gap
from bot.domain.findings.rules.out_of_order import out_of_order
from bot.domain.record.model import Record

__all__ = ["RULES", "Finding", "find"]

Rule = Callable[[Record], Iterable[Finding]]

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "end-before-start": end_before_start,
        "start-time-conflict": window_conflicts.start_time_conflict,
        "end-time-conflict": window_conflicts.end_time_conflict,
        "duration-conflict": duration_conflict,
        "out-of-order": out_of_order,
        "repeated-entry": repeated_entry,
        "long-gap": long_gap,
        "escalation-not-acknowledged": escalation_not_acknowledged,
        "level-unreached": escalation_chain.level_unreached,
        "vendor-without-case": escalation_chain.vendor_without_case,
        "cause-unsupported": cause_unsupported,
        "public-word-late": public_word_late,
        "language-missing": languages_of_record.language_missing,
        "language-outdated": languages_of_record.language_outdated,
        "measure-repeats-task": measure_repeats_task,
        "task-without-owner": tasks.task_without_owner,
        "task-without-date": tasks.task_without_date,
    }
)
"""By code, in the order in which a reviewer reads them: times, what happened, who was told, what is left to do."""


def find(record: Record, *, off: Collection[str] = ()) -> tuple[Finding, ...]:
    """What the rules object to, but for the codes in `off`. The same record gives the same findings."""
    return tuple(found for code, rule in RULES.items() if code not in off for found in rule(record))
