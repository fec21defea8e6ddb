"""Numbered references to sources, and the list of sources of a document."""

from collections.abc import Iterable, Mapping

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
        return self._numbers.setdefault(key, len(self._numbers) + 1)


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
        self._cited: dict[int, Source] = {}
        self._addresses: dict[int, str] = {}

    def cite(self, sources: Iterable[Source]) -> list[str]:
        """The references to these sources, each once."""
        known = self._marks
        marks = [known.get(source.link or source.ref) or self._cite_first(source) for source in sources]
        return marks if len(marks) < 2 else list(dict.fromkeys(marks))

    def _cite_first(self, source: Source) -> str:
        address = web_address(source.link)
        key = source.ref if address is None else source.link or source.ref
        number = self._numbers.find(key)
        self._cited.setdefault(number, source)
        if address is None:
            mark = f"[{number}]"
        else:
            mark, self._addresses[number] = f"[[{number}]]", address
        self._marks[key] = mark
        return mark

    def render_list(self) -> Markdown:
        """The cited sources, each with what it is, and the definitions of their links."""
        cited, addresses, notes = self._cited, self._addresses, self._notes
        items, definitions = [], []
        for number in sorted(cited):
            source, address = cited[number], addresses.get(number)
            try:
                note = escape_markdown(notes[source.ref])
            except KeyError:
                note = escape_markdown(notes[source.kind])
            if address is None:
                items.append(f"- [{number}] {note}")
            else:
                items.append(f"- [[{number}]] {note}")
                definitions.append(f"[{number}]: {address}")
        return Markdown("\n".join([*items, *([""] if definitions else []), *definitions]))

    def fill_in(self, markdown: str, heading: str) -> str:
        """Put the list into its place; without one it is the last section, under `heading`."""
        if not self._cited:
            return markdown.replace(PLACE, "")
        listed = self.render_list()
        before, place, after = markdown.partition(PLACE)
        if not place:
            return f"{markdown.rstrip()}\n\n## {escape_markdown(heading)}\n\n{listed}\n"
        return f"{before}{listed}{after.replace(PLACE, '')}"
