"""The timeline of a document: the record in order, each thing once."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from typing import NamedTuple

from bot.domain.drafting.block_builder import BlockBuilder
from bot.domain.drafting.context import COURSE_SECTIONS, DraftContext, add_source
from bot.domain.drafting.localized_times import TimeFormatter
from bot.domain.drafting.model import Block
from bot.domain.drafting.overview.header import current_details_filter
from bot.domain.drafting.sections import date_first_row, is_only_lesson
from bot.domain.escalation.vendors import VendorEvent
from bot.domain.record.facts import EscalationAcknowledged
from bot.domain.record.model import Entry, Incident
from bot.domain.record.sources import Moment
from bot.domain.terms import Kind, Precision, Status, UpdateState
from bot.domain.text.durations import to_minute


class TimedBlock(NamedTuple):
    """A block of the timeline; `at` is None if its time is unknown."""

    at: datetime | None
    block: Block
    kinds: tuple[Kind, ...] = ()
    precision: Precision = Precision.EXACT


ELSEWHERE = frozenset({Kind.DETECTION, Kind.COMMUNICATION})
"""Kinds whose entries have other groups."""
FOLLOW_UPS = frozenset({Kind.TASK, Kind.IMPROVEMENT})
TIMELINE_SECTIONS = ("timeline", "context")
"""The keys of `timeline_sections`."""


def timeline_sections(context: DraftContext) -> Mapping[str, tuple[Block, ...]]:
    """The timeline, and those of its entries that were before the impact."""
    entries = timeline_entries(context)
    before = context_section(context, entries)
    return {"timeline": _timeline_section(context, entries, before), "context": before}


def _timeline_section(context: DraftContext, entries: Sequence[Entry], before: Sequence[Block]) -> tuple[Block, ...]:
    """The entries, and escalations without one, with start and end of the impact marked."""
    lines = [
        TimedBlock(entry.happened_at, context.entry_block("timeline", entry), entry.kinds, entry.precision)
        for entry in entries
    ]
    lines = _with_escalations(context, entries, lines)
    apart = frozenset(block.key for block in before)
    return _with_days(context.builder.times, _with_ends(context, lines), apart) or (
        context.builder.missing_block("timeline", "timeline"),
    )


def _with_days(times: TimeFormatter, lines: Sequence[TimedBlock], apart: AbstractSet[str]) -> tuple[Block, ...]:
    """
    Give the first line of each day its date, and no other.

    Lines whose key is in `apart` may be shown elsewhere, so that they have first lines of their own.
    """
    days: dict[bool, date] = {}
    blocks = []
    for line in lines:
        block = line.block
        if line.at is not None and block.time:
            group, local = block.key in apart, line.at.astimezone(times.zone)
            day = local.date()
            if days.get(group) != day:
                days[group] = day
                block = block.at_time(times.format_with_day(line.at, line.precision))
            elif day != times.first_day or not times.is_first_day_plain:
                block = block.at_time(times.format_local(local, line.precision))
        blocks.append(block)
    return tuple(blocks)


def course_section(context: DraftContext, entries: Sequence[Entry]) -> tuple[Block, ...]:
    """The entries of the timeline that are in no other group."""
    groups = context.course_groups
    apart = {entry.source.ref for name in COURSE_SECTIONS if name != "actions_taken" for entry in groups[name]}
    shown = [entry for entry in entries if entry.source.ref not in apart and _is_in_course(context, entry)]
    rows = [context.entry_block("course", entry) for entry in shown]
    times = ((entry.happened_at, entry.precision) for entry in shown)
    return date_first_row(context, times, rows) or (context.builder.missing_block("course", "actions_taken"),)


def _is_in_course(context: DraftContext, entry: Entry) -> bool:
    builder = context.builder
    if entry.files and entry.source.ref in context.published_refs:  # a public text is shown apart, its files are not
        return True
    if not ELSEWHERE.isdisjoint(entry.kinds) or FOLLOW_UPS.issuperset(entry.kinds) or builder.repeats_title(entry):
        return False
    if entry.about in builder.escalations and _is_told_by_escalation(builder, entry):
        return False
    if Kind.IMPACT in entry.kinds and entry.source.ref in context.impact_refs:
        return False
    return not (entry.kinds == (Kind.CAUSE,) and entry.source.ref in context.cause_refs)


def _is_told_by_escalation(builder: BlockBuilder, entry: Entry) -> bool:
    """True if the escalation's line says it all: the entry has no words, changes or files."""
    is_answer = builder.records_answer(entry) and isinstance(entry.fact, EscalationAcknowledged)
    is_told = is_answer or Kind.ESCALATION in entry.kinds or entry.vendor is VendorEvent.CASE or not entry.text
    return is_told and not entry.files and not entry.changes


def context_section(context: DraftContext, entries: Sequence[Entry]) -> tuple[Block, ...]:
    """Entries before the impact that are neither its cause nor its detection; empty if all are."""
    began = to_minute(context.record.incident.started.at)
    early = [entry for entry in entries if (entry.happened_at or entry.sort_at) < began]
    causes = frozenset({Kind.IMPACT_BEGAN, Kind.DETECTION, Kind.DECLARED})
    if len(early) == len(entries):
        return ()
    return tuple(context.entry_block("context", entry) for entry in early if causes.isdisjoint(entry.kinds))


def timeline_entries(context: DraftContext) -> list[Entry]:
    """
    The entries in the record's order, without those that are given in full elsewhere.

    Left out are follow-ups that a command put on their list, lessons, impact and causes stated in another language, the
    declaration that came with the alert, current details, and the publication of this document.
    """
    builder, record = context.builder, context.record
    detections = [
        (to_minute(entry.happened_at), entry.text)
        for entry in context.entries_of_kinds(Kind.DETECTION)
        if entry.kinds == (Kind.DETECTION,) and entry.author is None and entry.happened_at
    ]
    stated = {Kind.IMPACT: {each.source.ref for each in record.impacts}, Kind.CAUSE: context.causes_told_elsewhere}
    later = record.translation_refs
    is_current_detail = current_details_filter(context)

    def is_shown(entry: Entry) -> bool:
        if is_only_lesson(entry):
            return False
        if entry.files:  # they are shown with their entry and nowhere else
            return True
        if entry.source.ref in later or entry.source.ref in context.listed:
            return False
        if entry.public is UpdateState.POSTMORTEM or is_current_detail(entry):
            return False
        if len(entry.kinds) == 1 and entry.source.ref in stated.get(entry.kinds[0], ()):
            return _states_other_times(entry, record.incident)
        if entry.author is not None or not detections or entry.happened_at is None:
            return True
        texts = [text for at, text in detections if at == to_minute(entry.happened_at)]
        return not texts or not (builder.repeats_title(entry) or _declares_alert(entry, texts))

    return [entry for entry in context.entries if is_shown(entry)]


def _declares_alert(entry: Entry, texts: Sequence[str]) -> bool:
    """Return whether it declares the incident in the words of an alert."""
    return entry.kinds == (Kind.DECLARED,) and any(entry.text.rstrip("…") in text for text in texts)


def _states_other_times(entry: Entry, incident: Incident) -> bool:
    """Return whether it states an end of the impact that does not hold."""
    ended = incident.ended.at if incident.ended else None
    return entry.states_start not in {None, incident.started.at} or entry.states_end not in {None, ended}


def _with_escalations(context: DraftContext, entries: Sequence[Entry], lines: list[TimedBlock]) -> list[TimedBlock]:
    """Insert the escalations without an entry, each before the first later entry."""
    with_entry = {entry.about for entry in entries if Kind.ESCALATION in entry.kinds}
    without_entry = [each for each in context.record.escalations if each.source.ref not in with_entry]
    if not without_entry:
        return lines
    added = [
        TimedBlock(each.paged_at, context.builder.escalation_block("timeline", each), precision=each.precision)
        for each in without_entry
    ]
    waiting = sorted((line for line in added if line.at), key=lambda line: (line.at, line.block.key), reverse=True)
    merged: list[TimedBlock] = []
    for entry, line in zip(entries, lines, strict=True):
        while waiting and _is_before(waiting[-1].at, entry.sort_at):
            merged.append(waiting.pop())
        merged.append(line)
    return [*merged, *reversed(waiting), *(line for line in added if line.at is None)]


def _is_before(at: datetime | None, limit: datetime) -> bool:
    return at is not None and at < limit


def _with_ends(context: DraftContext, lines: list[TimedBlock]) -> list[TimedBlock]:
    """Mark start and end of the impact, on lines of their own where no entry has that time."""
    incident, words = context.record.incident, context.builder.language.words
    if incident.ended is None and incident.status is Status.CANCELLED:
        return lines  # a false alarm has no impact
    if incident.ended is None or incident.ended.at >= incident.started.at:
        lines = _with_mark_at(context, lines, incident.started, "impact_begins", words["impact_begins"])
        if incident.ended is not None:
            lines = _with_mark_at(context, lines, incident.ended, "impact_ends", words["impact_ends"])
    return lines


_PREFERRED_KINDS = {"impact_begins": (Kind.IMPACT_BEGAN,), "impact_ends": (Kind.FIXED, Kind.RESOLVED)}
"""Kinds to choose from several entries of one minute, the best first."""


def _indices_of_kind(lines: Sequence[TimedBlock], indices: Sequence[int], kind: Kind) -> list[int]:
    return [index for index in indices if kind in lines[index].kinds]


def _with_mark_at(
    context: DraftContext, lines: list[TimedBlock], moment: Moment, key: str, mark: str
) -> list[TimedBlock]:
    at = to_minute(moment.at)
    after = at + timedelta(minutes=1)
    there = [index for index, line in enumerate(lines) if line.at and at <= line.at < after]
    if there:
        preferred = (found for kind in _PREFERRED_KINDS[key] if (found := _indices_of_kind(lines, there, kind)))
        chosen = next(preferred, there)
        index = chosen[0] if key == "impact_begins" else chosen[-1]
        lines[index] = _with_mark(lines[index], moment, mark, context.builder.format_message("kind_impact_began"))
        return lines
    shown = context.builder.times.format_short(moment.at, moment.precision)
    own = context.builder.fact_block("timeline", key, "", [moment.source], time=shown, details={"mark": mark})
    index = next((index for index, line in enumerate(lines) if line.at and line.at > moment.at), len(lines))
    return [*lines[:index], TimedBlock(moment.at, own, precision=moment.precision), *lines[index:]]


def _with_mark(line: TimedBlock, moment: Moment, mark: str, same: str) -> TimedBlock:
    """Add a mark; it replaces the label `same`, which says as much."""
    block = add_source(line.block, moment.source)
    marks = " ".join([block.details["mark"], mark]) if "mark" in block.details else mark
    label = "" if block.label == same and block.text else block.label
    return line._replace(block=block._replace(label=label, details={**block.details, "mark": marks}))
