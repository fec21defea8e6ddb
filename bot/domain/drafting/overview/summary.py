"""Sections about the incident as a whole: windows, impact, cause, resolution, conclusion."""

from collections.abc import Iterator, Mapping, Sequence

from bot.domain.drafting.annotations import alert_summary, localized_text, localized_users, users_figure
from bot.domain.drafting.block_builder import BlockBuilder
from bot.domain.drafting.model import Block
from bot.domain.drafting.overview.durations import public_entries
from bot.domain.record.facts import MoreAlerts
from bot.domain.record.model import Entry, Statement
from bot.domain.record.sources import Source
from bot.domain.terms import ActionKind, Kind, SourceKind, Status
from bot.domain.text.mrkdwn.parser import FENCE_MARK


def title_block(builder: BlockBuilder) -> Block:
    return builder.fact_block("title", "title", builder.title, [builder.record.incident.declared.source])


def about_section(builder: BlockBuilder) -> tuple[Block, ...]:
    """Number, severity, services and status in one line."""
    incident, message = builder.record.incident, builder.format_message
    words = [
        incident.reference,
        incident.severity_label,
        builder.services,
        message(f"status_{incident.status.value}"),
        message("drill") if incident.drill else "",
        message("private") if incident.private else "",
    ]
    state = _last_source(builder, Kind.SEVERITY), _last_source(builder, *_STATE_KINDS)
    sources = [incident.declared.source, *(source for source in state if source)]
    return (builder.fact_block("about", "incident", " · ".join(word for word in words if word), sources),)


_STATE_KINDS = (Kind.STATUS, Kind.RESOLVED, Kind.REOPENED, Kind.CANCELLED)


def _last_source(builder: BlockBuilder, *kinds: Kind) -> Source | None:
    """The source of the last active entry of these kinds, which set the current value."""
    entry = _last_entry(builder, *kinds)
    return entry.source if entry else None


def _last_entry(builder: BlockBuilder, *kinds: Kind) -> Entry | None:
    wanted = frozenset(kinds)
    for entry in reversed(builder.record.entries):
        if not wanted.isdisjoint(entry.kinds) and entry.withdrawn_at is None:
            return entry
    return None


def duration_section(builder: BlockBuilder) -> tuple[Block, ...]:
    """The impact's window in one sentence: duration and both ends."""
    incident, message = builder.record.incident, builder.format_message
    if incident.ended is None and incident.status is Status.CANCELLED:
        return (cancellation_block(builder, "duration"),)
    if incident.ended is None:
        since = builder.times.format_since(incident.started)
        return (
            builder.fact_block("duration", "whole", as_sentence(since), [incident.started.source]),
            builder.missing_block("duration", "end"),
        )
    sources = [incident.started.source, incident.ended.source]
    if incident.ended.at < incident.started.at:
        first, last = builder.times.format_dated(incident.started), builder.times.format_dated(incident.ended)
        unclear = message("from_to_unclear", start=first, end=last)
        return (builder.fact_block("duration", "whole", as_sentence(unclear), sources),)
    length = builder.format_length(
        incident.started.at, incident.ended.at, incident.started.precision, incident.ended.precision
    )
    text = message("from_to", duration=length, span=builder.times.format_span(incident.started, incident.ended))
    pauses = tuple(_pauses(builder))
    text = message("semicolon").join([text, *(each for each, _ in pauses)])
    sources += [source for _, found in pauses for source in found]
    return (builder.fact_block("duration", "whole", text, sources, details={"length": length}),)


_ENDS = frozenset({Kind.RESOLVED, Kind.REOPENED})


def _pauses(builder: BlockBuilder) -> Iterator[tuple[str, tuple[Source, Source]]]:
    """The resolutions that were followed by a reopening, with their sources."""
    resolved: Entry | None = None
    format_phrase = builder.times.format_short_phrase
    ends = (entry for entry in builder.record.entries if not _ENDS.isdisjoint(entry.kinds))
    for entry in ends:
        if entry.withdrawn_at is not None or entry.happened_at is None:
            continue
        if Kind.RESOLVED in entry.kinds:
            resolved = entry
        elif Kind.REOPENED in entry.kinds and resolved is not None and resolved.happened_at is not None:
            first = format_phrase(resolved.states_end or resolved.happened_at)
            words = builder.format_message("interrupted", resolved=first, reopened=format_phrase(entry.happened_at))
            yield words, (resolved.source, entry.source)
            resolved = None


def cancellation_block(builder: BlockBuilder, section: str) -> Block:
    """The time of the cancellation, in place of a window."""
    incident, label = builder.record.incident, builder.format_message("kind_cancelled")
    entry = _last_entry(builder, Kind.CANCELLED)
    if entry is None or entry.happened_at is None:
        return builder.fact_block(section, "cancelled", label, [entry.source if entry else incident.declared.source])
    text = builder.times.format_full(entry.happened_at, entry.precision)
    return builder.fact_block(section, "cancelled", text, [entry.source], label=label)


def window_section(builder: BlockBuilder) -> tuple[Block, ...]:
    """The two ends of the impact's window, one block each."""
    incident, message = builder.record.incident, builder.format_message
    if incident.ended is None and incident.status is Status.CANCELLED:
        return (cancellation_block(builder, "window"),)
    ends = (("start", incident.started), ("end", incident.ended))
    return tuple(
        builder.fact_block("window", key, builder.times.format_moment(moment), [moment.source], label=message(key))
        if moment
        else builder.missing_block("window", key)
        for key, moment in ends
    )


def statement_section(
    builder: BlockBuilder, section: str, statement: Statement | None, missing: str
) -> tuple[Block, ...]:
    """The block of a statement, or that it is missing."""
    if statement is None:
        return (builder.missing_block(section, missing),)
    return (statement_block(builder, section, statement),)


def statement_block(builder: BlockBuilder, section: str, statement: Statement, *, label: str = "") -> Block:
    """
    A statement, with its language if foreign, and its number of users if the text lacks it.

    The number of users stated in one language holds for the impact in all.
    """
    notes, sources = [], [statement.source]
    text = builder.resolve_mentions(localized_text(statement.text, statement.fact, builder.language), statement.at)
    users, users_source = statement.users, statement.users_source
    if section == "impact" and users is None:
        other = next((each for each in builder.record.impacts if each.users), None)
        if other is not None:
            users, users_source = other.users, other.users_source or other.source
    if users is not None and not users.is_in_text(text, [users_figure(users, builder.language)]):
        notes.append(localized_users(users, builder.language))
        sources += [users_source] if users_source else []
    if statement.language and builder.language.is_foreign(statement.language):
        notes.append(builder.language.language_name(statement.language))
    return builder.fact_block(section, statement.source.ref, text, sources, label=label, notes=notes)


def public_window_section(builder: BlockBuilder, entries: Sequence[Entry]) -> tuple[Block, ...]:
    """The times of the first and the last communication, if recorded."""
    published = [entry for _, entry in public_entries(builder, entries)]
    ends = (("first_public_word", published[:1]), ("last_public_word", published[1:][-1:]))
    return tuple(
        builder.fact_block(
            "public_window",
            key,
            builder.times.format_full(entry.happened_at, entry.precision),
            [entry.source],
            label=builder.format_message(key),
        )
        for key, found in ends
        for entry in found
        if entry.happened_at
    )


def detection_section(builder: BlockBuilder, entries: Sequence[Entry]) -> tuple[Block, ...]:
    """The first detection, if recorded, then those by people and counted alerts."""
    incident = builder.record.incident
    detected = incident.detected
    others = [
        each
        for each in entries
        if Kind.DETECTION in each.kinds
        and (each.source.kind is not SourceKind.ALERT or each.files or isinstance(each.fact, MoreAlerts))
        and each.source.ref != detected.source.ref
    ]
    first = (
        _first_detection(builder, entries)
        if incident.is_detection_recorded
        else builder.missing_block("detection", "detection")
    )
    return (first, *(builder.entry_block("detection", each) for each in others))


def _first_detection(builder: BlockBuilder, entries: Sequence[Entry]) -> Block:
    detected = builder.record.incident.detected
    time = builder.times.format_moment(detected)
    ref = detected.source.ref
    alert = next((each for each in builder.record.alerts if each.source.ref == ref), None)
    entry = next((each for each in entries if each.source.ref == ref), None)
    if alert is not None:
        label = builder.format_message("alert", name=builder.resolve_mentions(alert.name))
        text = builder.resolve_mentions(alert_summary(alert))
        return builder.fact_block("detection", ref, text, [detected.source], time=time, label=label)
    if entry is not None:
        return builder.entry_block("detection", entry)._replace(time=time)
    label = builder.format_message("detected")
    return builder.fact_block("detection", ref, "", [detected.source], time=time, label=label)


def summary_section(builder: BlockBuilder, sections: Mapping[str, Sequence[Block]]) -> tuple[Block, ...]:
    """
    The recorded statements that tell the incident, each with its label.

    Missing facts are left out: `questions` has them.
    """
    parts = (
        ("impact", sections["impact"]),
        ("", sections["durations"]),
        ("root_cause", sections["cause"]),
        ("resolution", sections["resolution"]),
    )
    stated = [
        block._replace(
            section="summary",
            key=f"{key}-{block.key}",
            time="",
            label=builder.format_message(key) if key else block.label,
        )
        for key, blocks in parts
        for block in blocks
        if not block.is_missing
    ]
    return (*stated, *_open_block(builder))


def _open_block(builder: BlockBuilder) -> Iterator[Block]:
    """The number of follow-ups on the list that are not done."""
    todo = [action for action in builder.record.actions if not action.done]
    kinds = (("improvement", ActionKind.IMPROVEMENT), ("task", ActionKind.TASK))
    counts = [(key, sum(action.kind is kind for action in todo)) for key, kind in kinds]
    if todo:
        text = builder.language.format_list(
            [builder.language.format_count(key, count) for key, count in counts if count]
        )
        sources = [action.source for action in {action.kind: action for action in reversed(todo)}.values()]
        yield builder.fact_block("summary", "open", text, sources, label=builder.format_message("still_open"))


def conclusion_section(
    builder: BlockBuilder, improvements: Sequence[Block], tasks: Sequence[Block]
) -> tuple[Block, ...]:
    """
    The closing paragraph: duration and follow-ups, as far as recorded.

    Impact, cause and resolution are given in full above it.
    """
    blocks = [_duration_sentence(builder)]
    incident = builder.record.incident
    if incident.status is Status.CANCELLED and incident.closure_reason:
        text = builder.format_message(
            "concluded_reason", reason=as_sentence(builder.resolve_mentions(incident.closure_reason))
        )
        source = _last_source(builder, Kind.CANCELLED) or incident.declared.source
        blocks.append(builder.fact_block("conclusion", "closure", text, [source]))
    follow_ups = [("improvement", improvements), ("task", tasks)]
    known = [(what, [each for each in found if not each.is_missing]) for what, found in follow_ups]
    parts = [builder.language.format_count(what, len(found)) for what, found in known if found]
    if parts:
        sources = [found[0].sources[0] for _, found in known if found]
        text = builder.format_message("concluded_followups", what=builder.language.format_list(parts))
        blocks.append(builder.fact_block("conclusion", "followups", text, sources))
    return tuple(blocks)


def _duration_sentence(builder: BlockBuilder) -> Block:
    incident = builder.record.incident
    start, end = incident.started, incident.ended
    values = {"title": builder.title, "reference": incident.reference, "severity": incident.severity_label}
    if end is None and incident.status is Status.CANCELLED:
        source = _last_source(builder, Kind.CANCELLED) or incident.declared.source
        return builder.fact_block(
            "conclusion", "course", builder.format_message("concluded_cancelled", **values), [source]
        )
    if end is None or end.at < start.at:
        text = builder.format_message("concluded_open", **values, when=builder.times.format_moment_phrase(start))
        return builder.fact_block("conclusion", "course", text, [start.source])
    length = builder.format_length(start.at, end.at, start.precision, end.precision)
    text = builder.format_message("concluded", **values, duration=length, span=builder.times.format_span(start, end))
    return builder.fact_block("conclusion", "course", text, [start.source, end.source])


def as_sentence(text: str) -> str:
    """The text with a full stop, unless it ends with a sign of its own or with a fence."""
    text = text.strip()
    return text if not text or text[-1] in ".!?…。！？؟" or text.endswith(FENCE_MARK) else f"{text}."
