"""Rows of a picture: escalations while they are unacknowledged, and alerts while they fire."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.drafting.escalations import silence_key
from bot.domain.record.escalations import Escalation
from bot.domain.record.model import Alert
from bot.domain.terms import Precision
from bot.export.plot.model import Bar, Mark, Row, Tone
from bot.export.plot.words import PlotWords

ROWS_SHOWN = 10
"""Escalations, and alerts, with a row of their own; the others share one."""
FIRINGS_SHOWN = 4
"""Firings of one alert that the words name."""


def escalation_rows(words: PlotWords) -> Iterator[Row]:
    """Each escalation from its first page to its acknowledgement."""
    rows = [_escalation_row(words, each) for each in words.record.escalations]
    yield from _limit_rows(words, rows)


def _escalation_row(words: PlotWords, each: Escalation) -> Row:
    paged, answered = each.paged_at, each.acknowledged_at if words.has_timed_answer(each) else None
    end = answered or (each.exhausted_at or each.stopped_at if not each.is_answered else None)
    bars: tuple[Bar, ...] = ()
    if (paged or end) and not (paged and end and end < paged):
        bars = (Bar(paged, end, each.precision, each.acknowledged_precision, _escalation_label(words, each, end)),)
    if each.is_answered and answered is None and paged:
        bars = ()  # answered at an unknown time: nobody recorded how long it was open
    marks = [Mark(paged, each.precision)]
    if each.is_answered:
        marks.append(Mark(answered, each.acknowledged_precision))
    when = words.time(paged, each.precision) if paged else words.word("plot_no_time")
    text = ", ".join([when, *words.answer_remarks(each)])
    label = words.resolve_mentions(each.target)
    return Row(label, Tone.WAITING, text, bars, tuple(marks), words.word("escalations"))


def _escalation_label(words: PlotWords, each: Escalation, end: datetime | None) -> str:
    """How long it was open, and who acknowledged it, or that nobody did."""
    length = words.duration(each.paged_at, end) if each.paged_at and end else ""
    if each.is_answered:
        return ", ".join(filter(None, [length, words.person_name(each.acknowledged_by)]))
    is_open = words.record.incident.status.is_open and not (each.exhausted_at or each.stopped_at)
    key = "no_answer_yet" if is_open else silence_key(each)
    return ", ".join(filter(None, [length, words.word(key)]))


def alert_rows(words: PlotWords) -> Iterator[Row]:
    """Each alert with all of its firings, in the order of their first start."""
    by_alert: dict[tuple[str, str], list[Alert]] = {}
    for each in sorted(words.record.alerts, key=lambda alert: alert.starts_at):
        by_alert.setdefault(each.identity, []).append(each)
    yield from _limit_rows(words, [_alert_row(words, firings) for firings in by_alert.values()])


def _alert_row(words: PlotWords, firings: Sequence[Alert]) -> Row:
    texts = [words.span(each.starts_at, each.ended_at, each.starts_at_precision) for each in firings]
    bars = [Bar(each.starts_at, each.ended_at, each.starts_at_precision) for each in firings]
    return Row(
        words.resolve_mentions(firings[0].name),
        Tone.ALERT,
        words.list_texts(texts, FIRINGS_SHOWN),
        tuple(each for each in bars if not _is_contradictory(each)),
        tuple(_end_marks(bars)),
        words.word("alerts"),
    )


def _is_contradictory(bar: Bar) -> bool:
    return bar.start is not None and bar.end is not None and bar.end < bar.start


def _end_marks(bars: Sequence[Bar]) -> Iterator[Mark]:
    """Both ends of spans that end before they start."""
    for bar in bars:
        if _is_contradictory(bar):
            yield from (Mark(bar.start, bar.start_precision), Mark(bar.end, bar.end_precision))


def _limit_rows(words: PlotWords, rows: Sequence[Row]) -> Iterator[Row]:
    """The first rows, then one for all others: what happened, without names."""
    if len(rows) <= ROWS_SHOWN:
        yield from rows
        return
    yield from rows[: ROWS_SHOWN - 1]
    rest = rows[ROWS_SHOWN - 1 :]
    label = words.language.format_count("and_more", len(rest))
    bars = tuple(replace(bar, label="") for row in rest for bar in row.bars)
    starts = [bar.start for bar in bars if bar.start]
    ends = [bar.end for bar in bars if bar.end]
    is_open = any(bar.end is None for bar in bars)
    text = words.span(min(starts, default=None), None if is_open else max(ends, default=None), Precision.EXACT)
    marks = tuple(mark for row in rest for mark in row.marks)
    yield Row(label, rest[0].tone, text, bars, marks, rest[0].group)
