"""One document in the making: who tells it, what stands in the record, and what is told in full in which place."""

from collections.abc import Iterable, Mapping, Sequence

from bot.domain.drafting.entries import Teller
from bot.domain.drafting.misleading_paths import ends_of_paths
from bot.domain.drafting.model import Block
from bot.domain.record.model import Entry, Escalation, Record, Source, Statement, Update
from bot.domain.terms import Kind, Status
from bot.domain.text.durations import between


class Scene:
    """
    What the sections of one document share.

    `statements` are what the document says in full elsewhere, by kind: its impact, cause and resolution. An entry that
    states one of them is told by its label alone, and so is an update: no fact stands three times.
    """

    def __init__(
        self,
        teller: Teller,
        standing: Sequence[Entry],
        statements: Mapping[Kind, Statement | None],
        languages: Sequence[str],
    ) -> None:
        self.teller = teller
        self.standing = standing
        self.languages = languages
        self.statements = statements
        self.record: Record = teller.record
        self.updates: Mapping[str, Update] = {update.sources[0].ref: update for update in self.record.updates}
        self.asked_by = {
            entry.about: entry.author for entry in standing if entry.about and Kind.ESCALATION in entry.kinds
        }
        self._refs = {entry.source.ref for entry in standing}
        self._ends = ends_of_paths(standing)
        self._by_kind: dict[Kind, dict[int, Entry]] = {}
        for place, entry in enumerate(standing):
            for kind in entry.kinds:
                self._by_kind.setdefault(kind, {})[place] = entry
        self._labels = dict([*self._of_statements(), *self._of_updates()])

    def entry(self, section: str, entry: Entry) -> Block:
        """An entry in a section: without its text where that stands in full elsewhere, with what a path cost."""
        block, ref = self.teller.entry(section, entry), entry.source.ref
        label = self._labels.get(ref)
        if label is not None:
            language = self.teller.language.name_of(entry.language or "")
            notes = tuple(note for note in block.notes if note != language)
            block = block._replace(text="", label=label, notes=notes)
        if Kind.ESCALATION in entry.kinds and entry.about in self.teller.escalations:
            escalation = self.teller.escalations[entry.about]
            block = self._with_answer(self._with_reason(block, entry, escalation), escalation)
        end = self._ends.get(ref)
        return block if end is None else self._with_cost(block, entry, end)

    def of_kinds(self, section: str, *kinds: Kind) -> tuple[Block, ...]:
        return tuple(self.entry(section, entry) for entry in self.having(*kinds))

    def having(self, *kinds: Kind) -> list[Entry]:
        """The standing entries of any of these kinds, in order."""
        found: dict[int, Entry] = {}
        for kind in kinds:
            found.update(self._by_kind.get(kind, {}))
        return [found[place] for place in sorted(found)]

    def _with_reason(self, block: Block, entry: Entry, escalation: Escalation) -> Block:
        """Why help was asked for, where the entry that tells of it has other words, or none."""
        reason = self.teller.named(escalation.reason)
        if entry.redacted_at is not None or not reason.strip() or reason == block.text:
            return block
        return block._replace(notes=(*block.notes, reason)) if block.text else block._replace(text=reason)

    def _with_answer(self, block: Block, escalation: Escalation) -> Block:
        """Who acknowledged, where no entry of its own says so."""
        answer = escalation.acknowledgement
        if escalation.acknowledged_at is None or (answer is not None and answer.ref in self._refs):
            return block
        said = tuple(note for note in self.teller.answer(escalation) if note not in block.notes)
        block = block._replace(notes=(*block.notes, *said))
        return with_source(block, answer) if answer is not None else block

    def _with_cost(self, block: Block, entry: Entry, end: Entry) -> Block:
        if entry.happened_at is None or end.happened_at is None:
            return block
        language = self.teller.language
        length = language.length(between(entry.happened_at, end.happened_at))
        note = language.say("path_cost", duration=length, time=self.teller.clock.short(end.happened_at))
        return block._replace(notes=(*block.notes, note), sources=(*block.sources, end.source))

    def _of_statements(self) -> Iterable[tuple[str, str]]:
        words = self.teller.language.words
        labels = {
            Kind.IMPACT: words["kind_impact"],
            Kind.CAUSE: words["cause_stated"],
            Kind.RESOLVED: words["kind_resolved"],
            Kind.CANCELLED: words["kind_cancelled"],
        }
        texts = {kind: statement.text for kind, statement in self.statements.items() if statement}
        if self.record.incident.status is Status.CANCELLED and self.record.incident.closure_reason:
            texts[Kind.CANCELLED] = self.record.incident.closure_reason
        elsewhere = {(impact.source.ref, impact.text) for impact in self.record.impacts}
        identified = self.record.incident.identified
        found_in = identified.source.ref if identified else ""
        return [
            (entry.source.ref, words["identified"] if entry.source.ref == found_in else labels[entry.kinds[0]])
            for entry in self.standing
            if len(entry.kinds) == 1
            and entry.kinds[0] in labels
            and (entry.text == texts.get(entry.kinds[0]) or (entry.source.ref, entry.text) in elsewhere)
        ]

    def _of_updates(self) -> Iterable[tuple[str, str]]:
        say = self.teller.language.say
        return [
            (source.ref, say("public_update", state=say(f"public_{update.state.value}")))
            for update in self.record.updates
            for source in update.sources
        ]


def with_source(block: Block, source: Source) -> Block:
    return block if source in block.sources else block._replace(sources=(*block.sources, source))
