"""A finding in words, in the language of whoever reads it."""

import string
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, cached_property

from bot.domain.drafting.entries import with_names
from bot.domain.drafting.localized_times import Clock
from bot.domain.drafting.model import Block, BlockKind
from bot.domain.findings.finding import Finding, LanguageName, Quote, Single, Value
from bot.domain.languages import Language, language
from bot.domain.record.model import Record, Source
from bot.domain.times import zone_label

SECTION = "findings"
QUOTED = 80
"""Characters of somebody's text: enough to know it by."""
NAMED = 5
"""How many things of a kind a sentence names before it ends with an ellipsis."""


def in_english(record: Record) -> "Wording":
    """The bot's own words, for Slack and for JSON."""
    english = language("en")
    return Wording(record, Clock(english, record.incident.zone, record.incident.started.at, ()))


def blocks_of(record: Record, findings: Sequence[Finding], clock: Clock) -> tuple[Block, ...]:
    """The findings as a section of a draft. Each links to what it is about."""
    wording = Wording(record, clock)
    sources = wording.sources
    return tuple(
        Block(
            SECTION,
            finding.key,
            clock.language.code,
            BlockKind.FINDING,
            wording.tell(finding),
            _shown_once(finding, [sources[ref] for ref in finding.entries]),
            details={"code": finding.code},
        )
        for finding in findings
    )


def _shown_once(finding: Finding, sources: Sequence[Source]) -> tuple[Source, ...]:
    """
    One source for each link: tasks stand in one message. A finding that quotes keeps all, because a quotation goes with
    what it was taken from.
    """
    if any(isinstance(value, Quote) for value in finding.values.values()):
        return tuple(sources)
    return tuple({source.link or source.ref: source for source in reversed(sources)}.values())[::-1]


class Wording:
    """Tells the findings of one record by one clock."""

    def __init__(self, record: Record, clock: Clock) -> None:
        self._people = record.people
        self._clock = clock
        self._language: Language = clock.language
        self._record = record

    @property
    def sources(self) -> Mapping[str, Source]:
        """What findings name, by its ref."""
        record = self._record
        groups = (record.entries, record.alerts, record.escalations, record.actions)
        return {each.source.ref: each.source for group in groups for each in group}

    def label(self, ref: str) -> str:
        """What stands there in a word: the time of an entry, `task 4`, or what kind of thing it is."""
        return self._labels.get(ref, ref.partition("-")[0])

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        record = self._record
        times = {
            entry.source.ref: self._clock.short(entry.happened_at, entry.precision)
            for entry in record.entries
            if entry.happened_at
        }
        return times | {action.source.ref: f"{action.kind.value} {action.number}" for action in record.actions}

    def tell(self, finding: Finding) -> str:
        """One or two sentences. The last time in them bears the zone's label."""
        key = "_".join(["finding", finding.code.replace("-", "_"), *([finding.variant] if finding.variant else [])])
        number = finding.values.get("count")
        if isinstance(number, int):
            return self._language.count(key, number)
        names = _names_in(self._language.words[key])
        labelled = next((name for name in reversed(names) if isinstance(finding.values[name], datetime)), None)
        values = {name: self._shown(finding.values[name], is_labelled=name == labelled) for name in names}
        return self._language.say(key, **values)

    def _shown(self, value: Value, *, is_labelled: bool) -> str:
        if not isinstance(value, tuple):
            return self._one(value, is_labelled=is_labelled)
        named = [self._one(each, is_labelled=False) for each in value[:NAMED]]
        return self._language.listed([*named, *(["…"] if len(value) > NAMED else [])])

    def _one(self, value: Single, *, is_labelled: bool) -> str:
        match value:
            case datetime():
                time = self._clock.short_when(value)
                if not is_labelled or len(self._clock.labels) > 1:
                    return time
                return self._language.say("with_zone", time=time, zone=zone_label(value, self._clock.zone))
            case timedelta():
                return self._language.length(value)
            case LanguageName():
                return self._language.name_of(value.code)
            case Quote():
                return _shortened(with_names(value.text, self._people))
            case _:
                return str(value)


@cache
def _names_in(text: str) -> tuple[str, ...]:
    """The values that a message takes, in the order in which they stand."""
    return tuple(name for _, name, _, _ in string.Formatter().parse(text) if name)


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= QUOTED else line[: QUOTED - 1].rstrip() + "…"
