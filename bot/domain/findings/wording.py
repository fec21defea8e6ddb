"""Findings as sentences in the reader's language."""

import string
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, cached_property

from bot.domain.drafting.localized_times import TimeFormatter
from bot.domain.drafting.model import Block, BlockKind
from bot.domain.findings.finding import Finding, LanguageName, Quote, Single, Value, Weekday
from bot.domain.languages import Language, get_language
from bot.domain.record.model import Record
from bot.domain.record.sources import Source
from bot.domain.terms import Precision
from bot.domain.text.mentions import resolve_mentions
from bot.domain.text.mrkdwn.plain import render_plain_line
from bot.domain.times import zone_label

SECTION = "findings"
MAX_QUOTE = 80
"""Characters of a quotation."""
MAX_LISTED = 5
"""Values of a list before its ellipsis."""


def english_formatter(record: Record) -> "FindingFormatter":
    """For Slack and JSON."""
    english = get_language("en")
    return FindingFormatter(record, TimeFormatter(english, record.incident.zone, record.incident.started.at, ()))


def finding_blocks(record: Record, findings: Sequence[Finding], times: TimeFormatter) -> tuple[Block, ...]:
    """The findings as a section of a draft, with links."""
    if not findings:
        return ()
    formatter = FindingFormatter(record, times)
    sources = formatter.sources
    return tuple(
        Block(
            SECTION,
            finding.key,
            times.language.code,
            BlockKind.FINDING,
            formatter.format_finding(finding),
            _distinct_sources(finding, [sources[ref] for ref in finding.entries]),
            details={"code": finding.code},
        )
        for finding in findings
    )


def _distinct_sources(finding: Finding, sources: Sequence[Source]) -> tuple[Source, ...]:
    """
    One source for each link, because several tasks can be in one message.

    A finding with quotations keeps all sources.
    """
    if any(isinstance(value, Quote) for value in finding.values.values()):
        return tuple(sources)
    return tuple({source.link or source.ref: source for source in reversed(sources)}.values())[::-1]


class FindingFormatter:
    """Formats the findings of one record in one language."""

    def __init__(self, record: Record, times: TimeFormatter) -> None:
        self._people = record.people
        self._times = times
        self._language: Language = times.language
        self._record = record

    @property
    def sources(self) -> Mapping[str, Source]:
        """The sources of findings by ref."""
        record = self._record
        groups = (record.entries, record.alerts, record.escalations, record.actions, record.vendor_incidents)
        return {each.source.ref: each.source for group in groups for each in group}

    def source_label(self, ref: str) -> str:
        """The time of an entry, alert or page, `task 4`, or the kind of source."""
        return self._labels.get(ref, ref.partition("-")[0])

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        record = self._record
        moments = [
            *((entry.source.ref, entry.happened_at, entry.precision) for entry in record.entries),
            *((alert.source.ref, alert.starts_at, alert.starts_at_precision) for alert in record.alerts),
            *((escalation.source.ref, escalation.paged_at, escalation.precision) for escalation in record.escalations),
            *((each.source.ref, each.first_word_at, Precision.EXACT) for each in record.vendor_incidents),
        ]
        times = {ref: self._times.format_short(at, precision) for ref, at, precision in moments if at}
        return times | {action.source.ref: f"{action.kind.value} {action.number}" for action in record.actions}

    def format_finding(self, finding: Finding) -> str:
        """One or two sentences, with the zone at the last time."""
        key = "_".join(["finding", finding.code.replace("-", "_"), *([finding.variant] if finding.variant else [])])
        number = finding.values.get("count")
        if isinstance(number, int):
            return self._language.format_count(key, number)
        names = _names_in(self._language.words[key])
        last_time = next((name for name in reversed(names) if isinstance(finding.values[name], datetime)), None)
        values = {name: self._format_value(finding.values[name], with_zone=name == last_time) for name in names}
        return self._language.format_message(key, **values)

    def _format_value(self, value: Value, *, with_zone: bool) -> str:
        if not isinstance(value, tuple):
            return self._format_single(value, with_zone=with_zone)
        named = [self._format_single(each, with_zone=False) for each in value[:MAX_LISTED]]
        return self._language.format_list([*named, *(["…"] if len(value) > MAX_LISTED else [])])

    def _format_single(self, value: Single, *, with_zone: bool) -> str:
        match value:
            case datetime():
                time = self._times.format_short_phrase(value)
                if not with_zone or len(self._times.labels) > 1:
                    return time
                return self._language.format_message("with_zone", time=time, zone=zone_label(value, self._times.zone))
            case timedelta():
                return self._language.format_duration(value)
            case LanguageName():
                return self._language.language_name(value.code)
            case Weekday():
                return str(self._language.locale.days["format"]["wide"][value.number])
            case Quote():
                return _cut_quote(resolve_mentions(value.text, self._people))
            case _:
                return str(value)


@cache
def _names_in(text: str) -> tuple[str, ...]:
    """The names of a message's values, in order."""
    return tuple(name for _, name, _, _ in string.Formatter().parse(text) if name)


def _cut_quote(text: str) -> str:
    line = " ".join(render_plain_line(text).split())
    return line if len(line) <= MAX_QUOTE else line[: MAX_QUOTE - 1].rstrip() + "…"
