"""Rows of a picture: the incident's phases, its leads, and its entries by kind."""

from collections.abc import Iterator
from itertools import pairwise

from bot.domain.incidents.milestones import DECLARED, FIRST_LEAD
from bot.domain.incidents.roles import LEAD
from bot.domain.record.model import Entry, RoleAssignment, Update, milestone_name
from bot.domain.record.sources import Moment
from bot.domain.terms import Kind, Precision, UpdateState
from bot.export.plot.model import Bar, Mark, Milestone, Row, Tone
from bot.export.plot.period import recorded_moments, shown_entries, shown_updates
from bot.export.plot.words import PlotWords

MILESTONE_WORDS = {
    "started": "plot_started",
    "detected": "detected",
    "declared": "declared",
    "acknowledged": "first_response",
    FIRST_LEAD: "first_lead",
    "identified": "identified",
    "mitigated": "mitigated",
    "resolved": "resolved",
    "ended": "plot_ended",
}
TEXTS_SHOWN = 8
"""Updates and leads that a row names in its words."""


def milestones(words: PlotWords) -> tuple[Milestone, ...]:
    """List the recorded times, without a start or detection from the declaration alone."""
    incident = words.record.incident
    found = []
    for name, moment in recorded_moments(incident):
        if (name == "started" and not _has_start(moment)) or (
            name == "detected" and not incident.is_detection_recorded
        ):
            continue
        label = words.word(MILESTONE_WORDS[milestone_name(name, moment)])
        found.append(Milestone(label, moment.at, words.time(moment.at, moment.precision)))
    return tuple(sorted(found, key=lambda each: each.at))


def phase_rows(words: PlotWords) -> Iterator[Row]:
    """Impact, response and public communication."""
    incident = words.record.incident
    start = incident.started if _has_start(incident.started) else None
    yield _phase(words, "impact", Tone.IMPACT, start, incident.ended)
    yield _phase(words, "response", Tone.RESPONSE, incident.noticed, incident.resolved)
    updates = shown_updates(words.record)
    if updates:
        yield _public_row(words, updates)


def _has_start(started: Moment) -> bool:
    """Return whether the start was recorded other than by declaring the incident."""
    return started.because != DECLARED


def _phase(words: PlotWords, word: str, tone: Tone, start: Moment | None, end: Moment | None) -> Row:
    """A band between two times; two marks and no band if these contradict each other."""
    precisions = (start.precision if start else Precision.EXACT, end.precision if end else Precision.EXACT)
    first, last = start.at if start else None, end.at if end else None
    text = words.span(first, last, *precisions)
    if first and last and last < first:
        return Row(words.word(word), tone, text, marks=(Mark(first, precisions[0]), Mark(last, precisions[1])))
    if not first and not last:
        return Row(words.word(word), tone, text, marks=(Mark(None),))
    label = words.duration(first, last) if first and last else ""
    return Row(words.word(word), tone, text, (Bar(first, last, *precisions, label=label),))


def _public_row(words: PlotWords, updates: list[Update]) -> Row:
    """A bar for each public state, up to the next one, and a mark for each update."""
    timed = sorted((each for each in updates if each.published_at), key=lambda each: str(each.published_at))
    states = [each for each in timed if each.state is not UpdateState.POSTMORTEM]
    bars = [
        Bar(one.published_at, other.published_at, one.precision, other.precision, words.word(f"public_{one.state}"))
        for one, other in pairwise(states)
        if one.state is not UpdateState.RESOLVED
    ]
    if states and states[-1].state is not UpdateState.RESOLVED:
        last = states[-1]
        bars.append(Bar(last.published_at, None, last.precision, label=words.word(f"public_{last.state}")))
    texts = [_update_text(words, each) for each in updates]
    marks = tuple(Mark(each.published_at, each.precision) for each in updates)
    return Row(words.word("communication"), Tone.PUBLIC, words.list_texts(texts, TEXTS_SHOWN), tuple(bars), marks)


def _update_text(words: PlotWords, update: Update) -> str:
    when = words.time(update.published_at, update.precision) if update.published_at else words.word("plot_no_time")
    return f"{when} {words.word(f'public_{update.state}')}"


def lead_rows(words: PlotWords) -> Iterator[Row]:
    """The leads with their times; a lead without a recorded time has no bar."""
    assignments = [each for each in words.record.roles if each.role == LEAD]
    if assignments:
        bars = tuple(_lead_bar(words, each) for each in assignments)
        texts = [_lead_text(words, each) for each in assignments]
        yield Row(words.word("lead"), Tone.LEAD, words.list_texts(texts, TEXTS_SHOWN), bars)
    elif words.record.incident.lead:
        name = words.person_name(words.record.incident.lead)
        text = f"{name}{words.word('semicolon')}{words.word('plot_no_time')}"
        yield Row(words.word("lead"), Tone.LEAD, text, marks=(Mark(None),))


def _lead_bar(words: PlotWords, each: RoleAssignment) -> Bar:
    """The bar of one lead; that of the present lead ends with the picture."""
    until = each.until or max(words.period.end, each.since)
    return Bar(each.since, max(until, each.since), label=words.person_name(each.person))


def _lead_text(words: PlotWords, each: RoleAssignment) -> str:
    times = (
        words.span(each.since, each.until)
        if each.until
        else words.format_message("plot_from", start=words.time(each.since))
    )
    return f"{words.person_name(each.person)} {times}"


def entry_rows(words: PlotWords) -> Iterator[Row]:
    """One row for each kind of entry. An entry of two kinds is in both rows."""
    by_kind: dict[Kind, list[Entry]] = {}
    for entry in shown_entries(words.record):
        for kind in entry.kinds or (Kind.NOTE,):
            by_kind.setdefault(kind, []).append(entry)
    for kind in Kind:
        if kind in by_kind:
            yield _entry_row(words, kind, by_kind[kind])


def _entry_row(words: PlotWords, kind: Kind, entries: list[Entry]) -> Row:
    timed = sorted(each.happened_at for each in entries if each.happened_at)
    about = sum(each.precision is Precision.APPROXIMATE for each in entries)
    parts = [words.language.format_count("plot_entries", len(entries))]
    if timed:
        first, last = words.time(timed[0]), words.time(timed[-1])
        parts.append(words.format_message("plot_span", start=first, end=last) if first != last else first)
    if about:
        parts.append(words.language.format_count("plot_about", about))
    if len(timed) < len(entries):
        parts.append(words.language.format_count("plot_untimed", len(entries) - len(timed)))
    marks = tuple(Mark(each.happened_at, each.precision) for each in entries)
    label = words.word(f"kind_{kind.value.replace(' ', '_')}")
    return Row(label, Tone.ENTRY, ", ".join(parts), marks=marks, group=words.word("timeline"))
