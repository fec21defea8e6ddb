"""
Findings: objections of a careful reviewer, found by rule.

They are advice and block nothing. Each rule is a pure function from the record to findings. A false alarm is worse than
a miss: whatever can be right is no finding.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from bot.domain.findings.finding import Finding
from bot.domain.findings.rules import (
    alerts,
    cause_unsupported,
    changes,
    duplicates,
    duration_conflict,
    escalations,
    languages,
    late_status_update,
    long_gap,
    out_of_order,
    tasks,
    window_conflicts,
)
from bot.domain.record.model import Action, Entry, Record, Statement

__all__ = ["RULES", "Finding", "review_record"]

Rule = Callable[[Record], Iterable[Finding]]

Worded = TypeVar("Worded", Entry, Action, Statement)
TEXT_READ = 4_000
"""Characters of a text that rules read: those of the longest message that Slack shows whole."""
RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "end-before-start": window_conflicts.check_end_before_start,
        "start-time-conflict": window_conflicts.check_start_time_conflict,
        "end-time-conflict": window_conflicts.check_end_time_conflict,
        "weekday-conflict": window_conflicts.check_weekday_conflict,
        "duration-conflict": duration_conflict.check_duration_conflict,
        "out-of-order": out_of_order.check_out_of_order,
        "alert-after-end": alerts.check_alert_after_end,
        "repeated-entry": duplicates.check_duplicate_entries,
        "detected-late": long_gap.check_late_detection,
        "long-gap": long_gap.check_long_gap,
        "escalation-not-acknowledged": escalations.check_escalation_not_acknowledged,
        "level-unreached": escalations.check_level_unreached,
        "vendor-without-case": escalations.check_vendor_without_case,
        "vendor-fix-conflict": escalations.check_vendor_fix_conflict,
        "cause-unsupported": cause_unsupported.check_cause_unsupported,
        "public-cause-conflict": cause_unsupported.check_public_cause_conflict,
        "change-overlooked": changes.check_change_overlooked,
        "change-unrecorded": changes.check_change_unrecorded,
        "public-word-late": late_status_update.check_late_status_update,
        "language-missing": languages.check_language_missing,
        "language-outdated": languages.check_language_outdated,
        "measure-repeats-task": duplicates.check_duplicate_measures,
        "task-without-owner": tasks.check_task_without_owner,
        "task-without-date": tasks.check_task_without_date,
    }
)
"""By code, in the order of a review: times, events, communication, follow-ups."""


def review_record(record: Record, *, off: Collection[str] = ()) -> tuple[Finding, ...]:
    """Run the rules, except for the codes in `off`. The same record gives the same findings."""
    shortened = _with_short_texts(record)
    return tuple(found for code, rule in RULES.items() if code not in off for found in rule(shortened))


def _with_short_texts(record: Record) -> Record:
    """The record with each long text cut: contradictions are in statements, not in pasted logs."""
    return replace(
        record,
        entries=_shorten(record.entries),
        actions=_shorten(record.actions),
        impacts=_shorten(record.impacts),
        causes=_shorten(record.causes),
        resolutions=_shorten(record.resolutions),
        updates=[
            replace(each, texts={code: text[:TEXT_READ] for code, text in each.texts.items()})
            for each in record.updates
        ],
    )


def _shorten(rows: Sequence[Worded]) -> list[Worded]:
    return [replace(each, text=each.text[:TEXT_READ]) if len(each.text) > TEXT_READ else each for each in rows]
