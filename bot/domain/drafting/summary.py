"""What a draft says of the incident as a whole: its windows, impact, cause and resolution, and how they sum up."""

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.drafting.annotations import statement_text
from bot.domain.drafting.entries import Teller, summary_of
from bot.domain.drafting.model import Block
from bot.domain.languages import Language
from bot.domain.record.model import Entry, Moment, Source, Statement
from bot.domain.terms import Kind, SourceKind, Status
from bot.domain.text.durations import between

RESPONSE = ("detected", "declared", "first_acknowledged", "identified", "mitigated", "resolved")
"""The times of the response; of two at the same moment the one that stands first here comes first."""


def title_block(teller: Teller) -> Block:
    return teller.fact("title", "title", teller.title, [teller.record.incident.declared.source])


def about(teller: Teller) -> tuple[Block, ...]:
    """Number, severity, services and state in one line."""
    incident, say = teller.record.incident, teller.language.say
    words = [
        incident.reference,
        incident.severity_label,
        teller.named(", ".join(incident.services)),
        say(f"status_{incident.status.value}"),
        say("drill") if incident.drill else "",
        say("private") if incident.private else "",
    ]
    state = _last_source(teller, Kind.SEVERITY), _last_source(teller, *_STATE_KINDS)
    sources = [incident.declared.source, *(source for source in state if source)]
    return (teller.fact("about", "incident", " · ".join(word for word in words if word), sources),)


_STATE_KINDS = (Kind.STATUS, Kind.RESOLVED, Kind.REOPENED, Kind.CANCELLED)


def _last_source(teller: Teller, *kinds: Kind) -> Source | None:
    """The source of the last standing entry of one of these kinds: it set the value that the draft shows."""
    entry = _last_entry(teller, *kinds)
    return entry.source if entry else None


def _last_entry(teller: Teller, *kinds: Kind) -> Entry | None:
    wanted = frozenset(kinds)
    standing = (entry for entry in reversed(teller.record.entries) if entry.withdrawn_at is None)
    return next((entry for entry in standing if not wanted.isdisjoint(entry.kinds)), None)


def duration(teller: Teller) -> tuple[Block, ...]:
    """The impact's window in one sentence: its length and both ends."""
    incident, say = teller.record.incident, teller.language.say
    if incident.ended is None and incident.status is Status.CANCELLED:
        return (called_off(teller, "duration"),)
    if incident.ended is None:
        since = teller.clock.since(incident.started)
        return (
            teller.fact("duration", "whole", as_sentence(since), [incident.started.source]),
            teller.missing("duration", "end"),
        )
    sources = [incident.started.source, incident.ended.source]
    if incident.ended.at < incident.started.at:
        first, last = teller.clock.dated(incident.started), teller.clock.dated(incident.ended)
        unclear = say("from_to_unclear", start=first, end=last)
        return (teller.fact("duration", "whole", as_sentence(unclear), sources),)
    length = teller.language.length(between(incident.started.at, incident.ended.at))
    text = say("from_to", duration=length, span=teller.clock.span(incident.started, incident.ended))
    return (teller.fact("duration", "whole", text, sources, details={"length": length}),)


def called_off(teller: Teller, section: str) -> Block:
    """When the incident was cancelled: it has no window then."""
    incident, label = teller.record.incident, teller.language.say("kind_cancelled")
    entry = _last_entry(teller, Kind.CANCELLED)
    if entry is None or entry.happened_at is None:
        return teller.fact(section, "cancelled", label, [entry.source if entry else incident.declared.source])
    text = teller.clock.full(entry.happened_at, entry.precision)
    return teller.fact(section, "cancelled", text, [entry.source], label=label)


def window(teller: Teller) -> tuple[Block, ...]:
    """Each end of the impact's window by itself."""
    incident, say = teller.record.incident, teller.language.say
    if incident.ended is None and incident.status is Status.CANCELLED:
        return (called_off(teller, "window"),)
    ends = (("start", incident.started), ("end", incident.ended))
    return tuple(
        teller.fact("window", key, teller.clock.moment(moment), [moment.source], label=say(key))
        if moment
        else teller.missing("window", key)
        for key, moment in ends
    )


def stated(teller: Teller, section: str, statement: Statement | None, missing: str) -> tuple[Block, ...]:
    """An impact, a cause or a resolution as somebody put it, or that nobody did."""
    if statement is None:
        return (teller.missing(section, missing),)
    return (statement_block(teller, section, statement),)


def statement_block(teller: Teller, section: str, statement: Statement, *, label: str = "") -> Block:
    """
    A statement in another language than the document's says which; a figure that its text lacks is added.

    The share of users holds for the impact in every language, in whichever it was said.
    """
    notes, sources = [], [statement.source]
    text = teller.named(statement_text(statement, teller.language))
    percent, said_in = statement.users_percent, statement.users_source
    if section == "impact" and percent is None:
        told = next((each for each in teller.record.impacts if each.users_percent is not None), None)
        percent, said_in = (told.users_percent, told.users_source or told.source) if told else (None, None)
    if percent is not None and not _names_percent(text, percent, teller.language):
        notes.append(teller.language.say("users_affected", percent=teller.language.percent(percent)))
        sources += [said_in] if said_in else []
    if statement.language and teller.language.is_foreign(statement.language):
        notes.append(teller.language.name_of(statement.language))
    return teller.fact(section, statement.source.ref, text, sources, label=label, notes=notes)


def _names_percent(text: str, percent: float, language: Language) -> bool:
    """Whether a text has the figure, however it is written there: `12.5%`, `12,5 %`."""
    plain = "".join(text.split())
    return f"{percent:g}%" in plain or "".join(language.percent(percent).split()) in plain


def response(teller: Teller) -> tuple[Block, ...]:
    """The times of the response that were recorded, in their order, each with how long after the detection it came."""
    incident = teller.record.incident
    moments: Sequence[Moment | None] = (
        incident.detected,
        incident.declared,
        incident.acknowledged,
        incident.identified,
        incident.mitigated,
        incident.resolved,
    )
    known = [(key, moment) for key, moment in zip(RESPONSE, moments, strict=True) if moment]
    return tuple(_response_time(teller, key, moment) for key, moment in sorted(known, key=lambda each: each[1].at))


def _response_time(teller: Teller, key: str, moment: Moment) -> Block:
    waited = between(teller.record.incident.detected.at, moment.at)
    return teller.fact(
        "response",
        key,
        teller.clock.short(moment.at, moment.precision),
        [moment.source],
        label=teller.language.say(key),
        notes=[teller.language.say("after_detection", duration=teller.language.length(waited))]
        if waited >= timedelta(minutes=1)
        else [],
    )


def public_window(teller: Teller, standing: Sequence[Entry]) -> tuple[Block, ...]:
    """When the public was first and last told something. Empty if nobody recorded at what time it was."""
    told = [entry for entry in standing if Kind.COMMUNICATION in entry.kinds and entry.happened_at]
    ends = (("first_public_word", told[:1]), ("last_public_word", told[1:][-1:]))
    return tuple(
        teller.fact(
            "public_window",
            key,
            teller.clock.full(entry.happened_at, entry.precision),
            [entry.source],
            label=teller.language.say(key),
        )
        for key, found in ends
        for entry in found
        if entry.happened_at
    )


def detection(teller: Teller, standing: Sequence[Entry]) -> tuple[Block, ...]:
    """What told of it first: the alert by its name, or a message, or whoever declared it; then other detections."""
    incident = teller.record.incident
    detected = incident.detected
    time = teller.clock.moment(detected)
    ref = detected.source.ref
    alert = next((each for each in teller.record.alerts if each.source.ref == ref), None)
    entry = next((each for each in standing if each.source.ref == ref), None)
    if alert is not None:
        label, text = teller.language.say("alert", name=teller.named(alert.name)), teller.named(summary_of(alert))
        first = teller.fact("detection", ref, text, [detected.source], time=time, label=label)
    elif entry is not None:
        first = teller.entry("detection", entry)._replace(time=time)
    else:
        label = teller.language.say("detected")
        first = teller.fact("detection", ref, "", [detected.source], time=time, label=label)
    others = tuple(
        teller.entry("detection", each)
        for each in standing
        if Kind.DETECTION in each.kinds and each.source.kind is not SourceKind.ALERT and each.source.ref != ref
    )
    return (first, *others)


def summing_up(
    teller: Teller, resolution: Statement | None, improvements: Sequence[Block], tasks: Sequence[Block]
) -> tuple[Block, ...]:
    """
    The closing paragraph: how long it lasted, how it was resolved and what follows; nothing for what nobody recorded.

    Impact and cause stand in full above it.
    """
    blocks = [_course(teller)]
    incident = teller.record.incident
    if incident.status is Status.CANCELLED and incident.closure_reason:
        text = teller.language.say("concluded_reason", reason=as_sentence(teller.named(incident.closure_reason)))
        source = _last_source(teller, Kind.CANCELLED) or incident.declared.source
        blocks.append(teller.fact("conclusion", "closure", text, [source]))
    if resolution is not None:
        text = teller.language.say("concluded_resolution", text=as_sentence(teller.named(resolution.text)))
        blocks.append(teller.fact("conclusion", "resolution", text, [resolution.source]))
    counted = [("improvement", improvements), ("task", tasks)]
    known = [(what, [each for each in found if not each.is_missing]) for what, found in counted]
    parts = [teller.language.count(what, len(found)) for what, found in known if found]
    if parts:
        sources = [found[0].sources[0] for _, found in known if found]
        text = teller.language.say("concluded_followups", what=teller.language.listed(parts))
        blocks.append(teller.fact("conclusion", "followups", text, sources))
    return tuple(blocks)


def _course(teller: Teller) -> Block:
    incident = teller.record.incident
    start, end = incident.started, incident.ended
    values = {"title": teller.title, "reference": incident.reference, "severity": incident.severity_label}
    if end is None and incident.status is Status.CANCELLED:
        source = _last_source(teller, Kind.CANCELLED) or incident.declared.source
        return teller.fact("conclusion", "course", teller.language.say("concluded_cancelled", **values), [source])
    if end is None or end.at < start.at:
        text = teller.language.say("concluded_open", **values, when=teller.clock.when(start))
        return teller.fact("conclusion", "course", text, [start.source])
    length = teller.language.length(between(start.at, end.at))
    text = teller.language.say("concluded", **values, duration=length, span=teller.clock.span(start, end))
    return teller.fact("conclusion", "course", text, [start.source, end.source])


def as_sentence(text: str) -> str:
    """The text with a full stop, unless it ends with a mark of its own."""
    text = text.strip()
    return text if not text or text[-1] in ".!?…。！？؟" else f"{text}."
