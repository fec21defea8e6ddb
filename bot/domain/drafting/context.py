"""The context that all sections of a document share."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from bot.domain.drafting.block_builder import BlockBuilder
from bot.domain.drafting.misleading_paths import PathCost, Subject, find_path_costs
from bot.domain.drafting.model import Block
from bot.domain.record.escalations import Escalation
from bot.domain.record.model import Entry, Record, Statement
from bot.domain.record.sources import Source
from bot.domain.terms import Kind, Status

ACTIONS_TAKEN = frozenset({Kind.INVESTIGATION, Kind.HYPOTHESIS, Kind.RULED_OUT, Kind.ACTION, Kind.ROLLBACK})
OUTCOME = frozenset({Kind.FIXED, Kind.RESOLVED, Kind.REOPENED, Kind.CANCELLED})
COURSE_SECTIONS = ("actions_taken", "misleading_paths", "escalations", "outcome")
"""The names of `DraftContext.course_groups`."""


class DraftContext:
    """
    The builder, the active entries and the chosen statements of one document.

    `listed` are the refs of `action_list_refs`. `subject` finds the words by which entries are compared.

    `statements` are those that the document gives in full, by kind: impact, cause and resolution. An entry that states
    one of them is reduced to its label, and so is an update: no fact is repeated.
    """

    def __init__(
        self,
        builder: BlockBuilder,
        entries: Sequence[Entry],
        statements: Mapping[Kind, Statement | None],
        languages: Sequence[str],
        listed: frozenset[str],
        *,
        subject: Subject,
    ) -> None:
        self.builder = builder
        self.entries = entries
        self.languages = languages
        self.listed = listed
        self.statements = statements
        self.record: Record = builder.record
        self._refs = {entry.source.ref for entry in entries}
        self._path_costs = find_path_costs(
            entries, impact_end=self._impact_end(), subject=subject, untimed=builder.untimed
        )
        self._by_kind: dict[Kind, dict[int, Entry]] = {}
        for position, entry in enumerate(entries):
            for kind in entry.kinds:
                self._by_kind.setdefault(kind, {})[position] = entry
        self.requesters = {entry.about: entry.author for entry in self.entries_of_kinds(Kind.ESCALATION) if entry.about}
        self.cause_refs = frozenset(each.source.ref for each in self.record.causes)
        """The refs of the statements of the cause, in any language; `impact_refs` are those of the impact."""
        self.impact_refs = frozenset(each.source.ref for each in self.record.impacts)
        self.causes_told_elsewhere = self._causes_told_elsewhere()
        self._labels = dict([*self._statement_labels(), *self._update_labels()])
        self._words = dict(self._row_words())
        self._row_languages = dict(self._foreign_rows())

    def entry_block(self, section: str, entry: Entry) -> Block:
        """An entry in a section, without text that is given elsewhere, with the cost of a path."""
        block, ref = self.builder.entry_block(section, entry), entry.source.ref
        label = self._labels.get(ref)
        if label is not None:
            language = self.builder.language.language_name(entry.language or "")
            notes = tuple(note for note in block.notes if note != language)
            notes += (self._row_languages[ref],) if section == "timeline" and ref in self._row_languages else ()
            if Kind.ESCALATION in entry.kinds and entry.about in self.builder.escalations:
                notes = (block.label, *notes)  # the entry is a status update, too
            text = self._words.get(ref, "") if section == "timeline" else ""
            block = block._replace(text=text, label=label, notes=notes)
        if Kind.ESCALATION in entry.kinds and entry.about in self.builder.escalations:
            escalation = self.builder.escalations[entry.about]
            block = self._with_answer(self._with_reason(block, entry, escalation), escalation)
        cost = self._path_costs.get(ref)
        return block if cost is None else self._with_path_cost(block, cost)

    def blocks_of_kinds(self, section: str, *kinds: Kind) -> tuple[Block, ...]:
        return tuple(self.entry_block(section, entry) for entry in self.entries_of_kinds(*kinds))

    def entries_of_kinds(self, *kinds: Kind) -> list[Entry]:
        """The active entries of any of these kinds, in order."""
        found: dict[int, Entry] = {}
        for kind in kinds:
            found.update(self._by_kind.get(kind, {}))
        return [found[position] for position in sorted(found)]

    @cached_property
    def course_groups(self) -> Mapping[str, Sequence[Entry]]:
        """
        The entries of each of COURSE_SECTIONS, none in two of them.

        A misleading path is not among the actions, whatever other kinds it has; a fix is the outcome.
        """
        groups: dict[str, list[Entry]] = {name: [] for name in COURSE_SECTIONS}
        names: dict[tuple[Kind, ...], str] = {}  # most entries share few combinations of kinds
        for entry in self.entries:
            kinds = entry.kinds
            name = names.get(kinds)
            if name is None:
                name = names[kinds] = _course_group(kinds)
            if name and (name != "escalations" or entry.about not in self.builder.escalations):
                groups[name].append(entry)
        return groups

    @cached_property
    def published_refs(self) -> frozenset[str]:
        """The refs of entries whose words were published: they are shown as public updates."""
        return frozenset(source.ref for update in self.record.updates for source in update.sources)

    def _with_reason(self, block: Block, entry: Entry, escalation: Escalation) -> Block:
        """Add the reason of an escalation, unless it is the entry's text."""
        reason = self.builder.resolve_mentions(escalation.reason, escalation.paged_at)
        if entry.redacted_at is not None or not reason.strip() or reason == block.text:
            return block
        return block._replace(notes=(*block.notes, reason)) if block.text else block._replace(text=reason)

    def _with_answer(self, block: Block, escalation: Escalation) -> Block:
        """Add the acknowledgement, unless it has an entry of its own."""
        answer = escalation.acknowledgement
        if escalation.acknowledged_at is None or (answer is not None and answer.ref in self._refs):
            return block
        remarks = tuple(note for note in self.builder.answer_remarks(escalation) if note not in block.notes)
        block = block._replace(notes=(*block.notes, *remarks))
        return add_source(block, answer) if answer is not None else block

    def _impact_end(self) -> tuple[datetime, Source] | None:
        ended = self.record.incident.ended
        return (ended.at, ended.source) if ended else None

    def _with_path_cost(self, block: Block, cost: PathCost) -> Block:
        length = self.builder.language.format_duration(cost.length)
        time = self.builder.times.format_short(cost.until)
        key = "path_cost_at_most" if cost.is_bound else "path_cost"
        note = self.builder.format_message(key, duration=length, time=time)
        notes = (*block.notes, note)
        if cost.source is None or cost.source in block.sources:
            return block._replace(notes=notes)
        return block._replace(notes=notes, sources=(*block.sources, cost.source))

    def _statement_labels(self) -> Iterable[tuple[str, str]]:
        words = self.builder.language.words
        labels = {
            Kind.IMPACT: words["kind_impact"],
            Kind.CAUSE: words["cause_stated"],
            Kind.RESOLVED: words["kind_resolved"],
            Kind.CANCELLED: words["kind_cancelled"],
        }
        texts = {kind: statement.text for kind, statement in self.statements.items() if statement}
        refs = {kind: statement.source.ref for kind, statement in self.statements.items() if statement}
        causes = self.cause_refs - self.causes_told_elsewhere
        if self.record.incident.status is Status.CANCELLED and self.record.incident.closure_reason:
            texts[Kind.CANCELLED] = self.record.incident.closure_reason
        impacts = {(impact.source.ref, impact.text) for impact in self.record.impacts}
        identified = self.record.incident.identified
        identified_ref = identified.source.ref if identified else ""
        return [
            (entry.source.ref, words["identified"] if entry.source.ref == identified_ref else labels[entry.kinds[0]])
            for entry in self.entries_of_kinds(*labels)
            if len(entry.kinds) == 1
            and (
                entry.text == texts.get(entry.kinds[0])
                or entry.source.ref == refs.get(entry.kinds[0])
                or (entry.source.ref, entry.text) in impacts
                or entry.source.ref in causes
            )
        ]

    def _causes_told_elsewhere(self) -> frozenset[str]:
        """
        The refs of statements of the cause that have no row.

        The cause has one row, at the time of its first statement in any language, with the words of this document.
        """
        refs = self.cause_refs
        if not refs:
            return frozenset()
        rows = [entry.source.ref for entry in self.entries if entry.source.ref in refs]
        return frozenset(rows[1:] if self.statements[Kind.CAUSE] else rows)

    def _row_words(self) -> Iterable[tuple[str, str]]:
        """By ref, the words of the rows of the cause and the resolution."""
        cause, resolution = self.statements[Kind.CAUSE], self.statements[Kind.RESOLVED]
        causes = self.cause_refs
        for ref in self._labels:
            if cause is not None and ref in causes:
                yield ref, self.builder.resolve_mentions(cause.text, cause.at)
            elif resolution is not None and ref == resolution.source.ref:
                yield ref, self.builder.resolve_mentions(resolution.text, resolution.at)

    def _foreign_rows(self) -> Iterable[tuple[str, str]]:
        """By ref, the language of the rows whose words are in another one than the document."""
        language = self.builder.language
        for statement in (self.statements[Kind.CAUSE], self.statements[Kind.RESOLVED]):
            if statement is None or not statement.language or not language.is_foreign(statement.language):
                continue
            refs = self.cause_refs if statement is self.statements[Kind.CAUSE] else {statement.source.ref}
            yield from ((ref, language.language_name(statement.language)) for ref in refs if ref in self._words)

    def _update_labels(self) -> Iterable[tuple[str, str]]:
        message = self.builder.format_message
        return [
            (source.ref, message("public_update", state=message(f"public_{update.state.value}")))
            for update in self.record.updates
            for source in update.sources
        ]


def _course_group(kinds: Sequence[Kind]) -> str:
    """The one of COURSE_SECTIONS for an entry of these kinds; empty if it has none."""
    if Kind.MISLEADING_PATH in kinds:
        return "misleading_paths"
    if not OUTCOME.isdisjoint(kinds):
        return "outcome"
    if not ACTIONS_TAKEN.isdisjoint(kinds):
        return "actions_taken"
    return "escalations" if Kind.ESCALATION in kinds else ""


def add_source(block: Block, source: Source) -> Block:
    return block if source in block.sources else block._replace(sources=(*block.sources, source))
