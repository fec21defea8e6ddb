"""The model of a draft: documents by language, made of sections of blocks."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from bot.domain.record.sources import Source
from bot.lazy_dataclass import dataclass


class BlockKind(StrEnum):
    """The kind of a block. Every one except MISSING states a fact and has a source."""

    FACT = "fact"
    ENTRY = "entry"
    ESCALATION = "escalation"
    ACTION = "action"
    ALERT = "alert"
    FINDING = "finding"
    MISSING = "missing"
    """States that a fact was not recorded; has no source."""
    WRITTEN = "written"
    """A person's text in place of the record's, or beside it: Markdown."""


NO_DETAILS: Mapping[str, str] = MappingProxyType({})


class Block(NamedTuple):
    """
    One statement of a draft.

    Texts have the formatting that people typed in Slack, and no Markdown; those of WRITTEN are Markdown.
    (`section`, `key`, `language`) is its identity, stable when the draft is rebuilt from a longer record; `key` is the
    ref of its source, or the name of the fact. A named tuple, because a long record has tens of thousands.
    `text` is somebody's text or a whole sentence, `label` the kind of statement ("Misleading path"); `time` is empty if
    unknown. `notes` are remarks made from the record ("nobody acknowledged"). `details` are for templates that show a
    part by itself: `owner`, `due`, `symptom`, `type`, `length`, `code`; `mark`, shown in bold ("Impact begins."); and
    `anchor`, for the page on which blocks are edited.
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

    def at_time(self, time: str) -> "Block":
        """The block with another time. Faster than `_replace`, for the rows of a long timeline."""
        return Block._make((*self[:6], time, *self[7:]))

    @property
    def is_missing(self) -> bool:
        return self.kind is BlockKind.MISSING

    @property
    def is_written(self) -> bool:
        return self.kind is BlockKind.WRITTEN


class Sections(Mapping[str, tuple[Block, ...]]):
    """
    A document's sections by name, some of them built on first use.

    Those of a group are built together: a template that shows the timeline only does not wait for ten thousand entries
    to be sorted by kind.
    """

    def __init__(
        self,
        built: Mapping[str, tuple[Block, ...]],
        builders: Mapping[str, Callable[[], Mapping[str, tuple[Block, ...]]]],
    ) -> None:
        self._built = dict(built)
        self._builders = builders
        self._names = tuple(dict.fromkeys([*built, *builders]))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with all sections built."""
        return Sections, (dict(self), {})

    def __getitem__(self, name: str) -> tuple[Block, ...]:
        if name not in self._built:
            self._built.update(self._builders[name]())
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True, slots=True)
class Document:
    """
    The draft in one language.

    `zone` is the label of the times (`PST`; `IST, UTC+05:30` where several zones bear it), or several ("PDT, PST") if
    the clocks changed meanwhile; then each time has its own. `words` are the language's messages by key. `sources` says
    by ref, and for unknown ones by kind, what each source is.
    """

    language: str
    zone: str
    title: Block
    sections: Mapping[str, tuple[Block, ...]]
    words: Mapping[str, str]
    sources: Mapping[str, str]

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
    """The input of a postmortem template: the same facts in each language."""

    reference: str
    documents: tuple[Document, ...]

    def blocks(self) -> Iterator[Block]:
        for document in self.documents:
            yield from document.blocks()
