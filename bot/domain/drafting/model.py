"""The shape of a draft: documents, one for each language, made of sections of blocks. Templates only arrange them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from bot.domain.record.model import Source


class BlockKind(StrEnum):
    """What a block is. Every one but MISSING states something, and has a source for it."""

    FACT = "fact"
    ENTRY = "entry"
    ESCALATION = "escalation"
    ACTION = "action"
    ALERT = "alert"
    FINDING = "finding"
    MISSING = "missing"
    """Says that nobody recorded a thing. It has no source, because there is none."""


NO_DETAILS: Mapping[str, str] = MappingProxyType({})


class Block(NamedTuple):
    """
    One statement of a draft, as plain text: nothing in it is Markdown.

    (`section`, `key`, `language`) is its identity, which stays when the draft is made again from a longer record; `key`
    is the ref of its source, or the name of the fact. A named tuple, because a long record has tens of thousands.
    `text` is what somebody wrote, or a whole sentence; `label` says what it is ("Misleading path"); `time` is empty
    where nobody knows it. `notes` are remarks made of the record ("nobody acknowledged"). `details` are for templates
    that show some part by itself: `owner`, `due`, `symptom`, `type`, `length`, `code`; and `mark`, which is shown in
    bold ("Incident begins.").
    """

    section: str
    key: str
    language: str
    kind: BlockKind
    text: str
    sources: tuple[Source, ...] = ()
    time: str = ""
    label: str = ""
    by: str = ""
    notes: tuple[str, ...] = ()
    details: Mapping[str, str] = NO_DETAILS

    @property
    def identity(self) -> str:
        return f"{self.section}/{self.key}/{self.language}"

    @property
    def is_missing(self) -> bool:
        return self.kind is BlockKind.MISSING


class Sections(Mapping[str, tuple[Block, ...]]):
    """
    A document's sections by name. Those of a group are made together, when one of them is first asked for: a template
    that tells everything by the clock does not wait for ten thousand entries to be sorted into kinds.
    """

    def __init__(
        self, made: Mapping[str, tuple[Block, ...]], later: Mapping[str, Callable[[], Mapping[str, tuple[Block, ...]]]]
    ) -> None:
        self._made = dict(made)
        self._later = later
        self._names = tuple(dict.fromkeys([*made, *later]))

    def __reduce__(self) -> tuple[object, ...]:
        """For another process, which is handed all of them made."""
        return Sections, (dict(self), {})

    def __getitem__(self, name: str) -> tuple[Block, ...]:
        if name not in self._made:
            self._made.update(self._later[name]())
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True, slots=True)
class Document:
    """
    The draft in one language.

    `zone` is the label that the times bear (`PST`), or several ("PDT, PST") if the clocks changed meanwhile; then each
    time bears its own. `words` are the language's headings.
    """

    language: str
    zone: str
    title: Block
    sections: Mapping[str, tuple[Block, ...]]
    words: Mapping[str, str]

    def blocks(self) -> Iterator[Block]:
        yield self.title
        for section in self.sections.values():
            yield from section

    @property
    def conclusion(self) -> str:
        """The closing paragraph as plain text."""
        return " ".join(block.text for block in self.sections["conclusion"])


@dataclass(frozen=True, slots=True)
class Draft:
    """What a postmortem is rendered from: the same facts once for each language, in the order of the languages."""

    reference: str
    documents: tuple[Document, ...]

    def blocks(self) -> Iterator[Block]:
        for document in self.documents:
            yield from document.blocks()
