"""Numbered references to sources, and the list of sources of a document."""

from collections.abc import Iterable, Mapping
from operator import itemgetter

from bot.domain.record.sources import Source
from bot.domain.text.markdown_escape import Markdown, escape_markdown, web_address

PLACE = Markdown("\x02references\x03")
"""Stands for the list until the document is complete. No text has these characters: `escape_markdown` removes them."""


class SourceNumbers:
    """
    Numbers of the sources of a draft, in order of first appearance.

    All languages share them: one file has one definition for each number. Sources with the same address are one.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def find(self, key: str) -> int:
        return self._numbers.get(key) or self._numbers.setdefault(key, len(self._numbers) + 1)


class References:
    """
    The references of one document.

    A source with an address is a reference link in brackets, `[[3]]`, which readers of Markdown show as [3]. One
    without is `[3]`. The definitions of the links are below the list of sources.
    """

    def __init__(self, numbers: SourceNumbers, notes: Mapping[str, str]) -> None:
        self._numbers = numbers
        self._notes = notes
        self._marks: dict[str, str] = {}
        self._cited: dict[int, tuple[Source, str | None]] = {}

    def cite(self, sources: Iterable[Source]) -> list[str]:
        """The references to these sources, each once."""
        known = self._marks
        marks = [known.get(source.link or source.ref) or self._cite_first(source) for source in sources]
        return marks if len(marks) < 2 else list(dict.fromkeys(marks))

    def _cite_first(self, source: Source) -> str:
        address = web_address(source.link)
        key = source.ref if address is None else source.link or source.ref
        number = self._numbers.find(key)
        self._cited.setdefault(number, (source, address))
        return self._marks.setdefault(key, f"[{number}]" if address is None else f"[[{number}]]")

    def render_list(self) -> Markdown:
        """The cited sources, each with what it is, and the definitions of their links."""
        cited, notes = sorted(self._cited.items(), key=itemgetter(0)), self._notes
        items = [
            f"- {f'[{number}]' if address is None else f'[[{number}]]'} "
            f"{escape_markdown(notes.get(source.ref) or notes[source.kind])}"
            for number, (source, address) in cited
        ]
        definitions = [f"[{number}]: {address}" for number, (_, address) in cited if address is not None]
        return Markdown("\n".join([*items, *([""] if definitions else []), *definitions]))

    def fill_in(self, markdown: str, heading: str) -> str:
        """Put the list into its place; without one it is the last section, under `heading`."""
        if not self._cited:
            return markdown.replace(PLACE, "")
        listed = self.render_list()
        if PLACE not in markdown:
            return f"{markdown.rstrip()}\n\n## {escape_markdown(heading)}\n\n{listed}\n"
        before, _, after = markdown.partition(PLACE)
        return f"{before}{listed}{after.replace(PLACE, '')}"
