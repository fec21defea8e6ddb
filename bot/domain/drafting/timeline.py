"""The timeline of a document: everything in the record's order, each thing once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.domain.drafting.context import Scene, with_source
from bot.domain.drafting.header import only_sets_what_holds
from bot.domain.drafting.model import Block
from bot.domain.drafting.sections import is_listed, is_only_lesson, listed_texts
from bot.domain.record.model import Entry, Moment
from bot.domain.terms import Kind, Status, UpdateState


class Line(NamedTuple):
    """A line of the timeline; `at` is None where nobody knows its time."""

    at: datetime | None
    block: Block
    kinds: tuple[Kind, ...] = ()


def timeline(scene: Scene, entries: Sequence[Entry]) -> tuple[Block, ...]:
    """The entries that are `shown`, with the beginning and the end of the impact marked."""
    lines = [Line(entry.happened_at, scene.entry("timeline", entry), entry.kinds) for entry in entries]
    lines = _with_escalations(scene, entries, lines)
    return tuple(line.block for line in _with_ends(scene, lines)) or (scene.teller.missing("timeline", "timeline"),)


def context(scene: Scene, entries: Sequence[Entry]) -> tuple[Block, ...]:
    """What happened before the impact began, and neither set it off nor told of it; nothing where all of it did."""
    began = minute(scene.record.incident.started.at)
    early = [entry for entry in entries if (entry.happened_at or entry.sort_at) < began]
    causes = frozenset({Kind.IMPACT_BEGAN, Kind.DETECTION, Kind.DECLARED})
    if len(early) == len(entries):
        return ()
    return tuple(scene.entry("context", entry) for entry in early if causes.isdisjoint(entry.kinds))


def minute(at: datetime) -> datetime:
    """As it is printed: without its seconds."""
    return at.replace(second=0, microsecond=0)


def shown(scene: Scene) -> list[Entry]:
    """
    Everything in the record's order, but for what is told in full elsewhere: follow-ups that were put on their list by
    command, lessons, the impact and causes as they are stated in another language, the declaration that came with the
    alert, details that hold, and the publication of this document.
    """
    teller, record = scene.teller, scene.record
    alerted = [
        (minute(entry.happened_at), entry.text)
        for entry in scene.standing
        if entry.kinds == (Kind.DETECTION,) and entry.author is None and entry.happened_at
    ]
    known = listed_texts(record)
    stated = {Kind.IMPACT: {each.source.ref for each in record.impacts}, Kind.CAUSE: _causes_elsewhere(scene)}
    later = {source.ref for update in record.updates for source in update.sources[1:]}
    holds = only_sets_what_holds(scene)

    def is_shown(entry: Entry) -> bool:
        if is_only_lesson(entry):
            return False
        if entry.files:  # they are shown with their entry and nowhere else
            return True
        if entry.source.ref in later or is_listed(entry, known):
            return False
        if entry.public is UpdateState.POSTMORTEM or holds(entry):
            return False
        if len(entry.kinds) == 1 and entry.source.ref in stated.get(entry.kinds[0], ()) and not _says_more(entry):
            return False
        if entry.author is not None or not alerted or entry.happened_at is None:
            return True
        told = [text for at, text in alerted if at == minute(entry.happened_at)]
        return not told or not (teller.only_declares(entry) or _is_declared_in(entry, told))

    return [entry for entry in scene.standing if is_shown(entry)]


def _is_declared_in(entry: Entry, told: Sequence[str]) -> bool:
    """Whether it declares the incident in the words of an alert, which the incident may not be called any more."""
    return entry.kinds == (Kind.DECLARED,) and any(entry.text.rstrip("…") in text for text in told)


def _says_more(entry: Entry) -> bool:
    """Whether it states an end of the impact beside its text."""
    return entry.states_start is not None or entry.states_end is not None


def _causes_elsewhere(scene: Scene) -> frozenset[str]:
    """The causes that another document, or the list of what was also stated, shows in full."""
    own = scene.statements[Kind.CAUSE]
    return frozenset(each.source.ref for each in scene.record.causes if each is not own)


def _with_escalations(scene: Scene, shown: Sequence[Entry], lines: list[Line]) -> list[Line]:
    """The timeline with the escalations that no entry tells of: before the first later entry, else at the end."""
    told = {entry.about for entry in shown if Kind.ESCALATION in entry.kinds}
    untold = [each for each in scene.record.escalations if each.source.ref not in told]
    if not untold:
        return lines
    called = [Line(each.paged_at, scene.teller.escalation("timeline", each)) for each in untold]
    waiting = sorted((line for line in called if line.at), key=lambda line: (line.at, line.block.key), reverse=True)
    woven: list[Line] = []
    for entry, line in zip(shown, lines, strict=True):
        while waiting and _is_before(waiting[-1].at, entry.sort_at):
            woven.append(waiting.pop())
        woven.append(line)
    return [*woven, *reversed(waiting), *(line for line in called if line.at is None)]


def _is_before(at: datetime | None, limit: datetime) -> bool:
    return at is not None and at < limit


def _with_ends(scene: Scene, lines: list[Line]) -> list[Line]:
    """The lines at which the impact began and ended say so; where there is none, a line of its own is put in."""
    incident, words = scene.record.incident, scene.teller.language.words
    if incident.ended is None and incident.status is Status.CANCELLED:
        return lines  # what was no incident did not begin either
    if incident.ended is None or incident.ended.at >= incident.started.at:
        lines = _marked(scene, lines, incident.started, "incident_begins", words["incident_begins"])
        if incident.ended is not None:
            lines = _marked(scene, lines, incident.ended, "incident_ends", words["incident_ends"])
    return lines


PREFERRED = {"incident_begins": (Kind.IMPACT_BEGAN,), "incident_ends": (Kind.FIXED, Kind.RESOLVED)}
"""Which of several entries of one minute tells of the beginning or the end, the best first."""


def _of_kind(lines: Sequence[Line], places: Sequence[int], kind: Kind) -> list[int]:
    return [place for place in places if kind in lines[place].kinds]


def _marked(scene: Scene, lines: list[Line], moment: Moment, key: str, mark: str) -> list[Line]:
    at = minute(moment.at)
    after = at + timedelta(minutes=1)
    there = [place for place, line in enumerate(lines) if line.at and at <= line.at < after]
    if there:
        chosen = next((found for kind in PREFERRED[key] if (found := _of_kind(lines, there, kind))), there)
        place = chosen[0] if key == "incident_begins" else chosen[-1]
        lines[place] = _with_mark(lines[place], moment, mark, scene.teller.language.words["kind_impact_began"])
        return lines
    shown = scene.teller.clock.short(moment.at, moment.precision)
    own = scene.teller.fact("timeline", key, "", [moment.source], time=shown, details={"mark": mark})
    place = next((place for place, line in enumerate(lines) if line.at and line.at > moment.at), len(lines))
    return [*lines[:place], Line(moment.at, own), *lines[place:]]


def _with_mark(line: Line, moment: Moment, mark: str, same: str) -> Line:
    """The mark says what the label `same` says, so that one of the two is enough."""
    block = with_source(line.block, moment.source)
    said = " ".join([block.details["mark"], mark]) if "mark" in block.details else mark
    label = "" if block.label == same and block.text else block.label
    return line._replace(block=block._replace(label=label, details={**block.details, "mark": said}))
