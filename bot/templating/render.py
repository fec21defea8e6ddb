"""Render templates of documents, mails and web pages. What a template may do: `environment`."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, overload

from bot.domain.drafting.markdown import BlockRenderer
from bot.domain.drafting.model import Block, Document, Draft
from bot.domain.drafting.source_links import PLACE, References, SourceNumbers
from bot.domain.errors import UserError, did_you_mean
from bot.domain.text.markdown_escape import Markdown
from bot.lazy_loader import LazyModule

if TYPE_CHECKING:
    import jinja2

    from bot.templating import environment
else:
    jinja2, environment = LazyModule("jinja2"), LazyModule("bot.templating.environment")

DEFAULT_TEMPLATE = "classic"

OUTPUT_LIMIT = 30_000_000
"""Characters that one template may produce: ten times what 10,000 entries take."""

PIECE_LENGTH = 16_384
"""Characters of one piece of `render_pieces`, roughly."""


class BrokenTemplate(UserError):
    """A template that cannot be rendered. `line` counts from 1, None if unknown."""

    def __init__(self, file: str, line: int | None, reason: str) -> None:
        self.file, self.line, self.reason = file, line, reason
        super().__init__(f"{self._at(file)}: {reason}")

    @property
    def short(self) -> str:
        """The message without folders, for people who do not know the server's paths."""
        return f"{self._at(Path(self.file).name)}: {self.reason}"

    def _at(self, file: str) -> str:
        return file if self.line is None else f"{file}, line {self.line}"


class Section(Sequence[Block]):
    """A section's blocks for a template. Iteration spends the row budget."""

    def __init__(self, blocks: tuple[Block, ...], rows: "environment.RowBudget") -> None:
        self._blocks = blocks
        self._rows = rows

    def __iter__(self) -> Iterator[Block]:
        self._rows.spend(len(self._blocks))
        return iter(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks)

    @property
    def is_recorded(self) -> bool:
        """True unless the section is empty or says that nothing was recorded."""
        return bool(self._blocks) and not self._blocks[0].is_missing

    @overload
    def __getitem__(self, index: int) -> Block: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Block]: ...
    def __getitem__(self, index: int | slice) -> Block | Sequence[Block]:
        return self._blocks[index]


class Sections(Mapping[str, Section]):
    """A document's sections for a template, created on access. Filters use `renderer`."""

    def __init__(self, document: Document, rows: "environment.RowBudget", renderer: BlockRenderer) -> None:
        self._blocks = document.sections
        self._rows = rows
        self.renderer = renderer

    def __getitem__(self, name: str) -> Section:
        return Section(self._blocks[name], self._rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks)


def render_template(name: str, values: Mapping[str, object], *, folders: Sequence[Path] = ()) -> str:
    """
    Render a template by its path under `templates/`, as `web/now/now.html.j2`.

    Raises UserError if it is missing, and BrokenTemplate if it is wrong or exceeds a limit.
    """
    return "".join(render_pieces(name, values, folders=folders))


def render_pieces(name: str, values: Mapping[str, object], *, folders: Sequence[Path] = ()) -> Iterator[str]:
    """Render lazily, piece by piece, for long documents. Raises as `render_template` does."""
    kind = next((each for each in (environment.HTML, environment.TEXT) if name.endswith(each)), environment.MARKDOWN)
    loaded = environment.create_environment(kind, tuple(folders))
    try:
        template = loaded.get_template(name)
    except jinja2.TemplateNotFound as missing:
        raise UserError(f"There is no template `{missing.name}`.") from missing
    except jinja2.TemplateSyntaxError as wrong:
        raise _syntax_error(wrong) from wrong
    except (OSError, UnicodeDecodeError) as wrong:
        raise BrokenTemplate(name, None, f"It cannot be read: {_error_text(wrong)}") from wrong
    try:
        yield from _generate_pieces(template, values)
    except jinja2.TemplateSyntaxError as wrong:  # in an included template
        raise _syntax_error(wrong) from wrong
    except (jinja2.TemplateError, *_FAILURES) as wrong:
        raise BrokenTemplate(*_error_location(wrong, name), _error_text(wrong)) from wrong


_FAILURES = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)
"""Errors of templates while they run, beside Jinja2's own."""


def _syntax_error(wrong: "jinja2.TemplateSyntaxError") -> BrokenTemplate:
    return BrokenTemplate(wrong.filename or wrong.name or "", wrong.lineno, _error_text(wrong))


def _error_text(problem: Exception) -> str:
    if isinstance(problem, MemoryError):
        return "it takes too much memory."
    text = str(getattr(problem, "message", None) or problem).rstrip(".")
    return f"{text or type(problem).__name__}."


def _generate_pieces(template: "jinja2.Template", values: Mapping[str, object]) -> Iterator[str]:
    length, since, pieces = 0, 0, []
    for piece in template.generate(values):
        pieces.append(piece)
        length += len(piece)
        if length > OUTPUT_LIMIT:
            raise jinja2.exceptions.SecurityError(f"its output is longer than {OUTPUT_LIMIT:,} characters")
        if length - since >= PIECE_LENGTH:
            yield "".join(pieces)
            since, pieces = length, []
    yield "".join(pieces)


def _error_location(problem: BaseException, name: str) -> tuple[str, int | None]:
    """File and line of the template that failed: Jinja2 puts templates into the traceback."""
    location: tuple[str, int | None] = (name, None)
    for frame, line in walk_tb(problem.__traceback__):
        if frame.f_code.co_filename.endswith(".j2"):
            location = (frame.f_code.co_filename, line)
    return location


def render_postmortem(
    draft: Draft,
    *,
    template: str = DEFAULT_TEMPLATE,
    languages: Sequence[str] | None = None,
    loader_paths: Sequence[Path] = (),
) -> str:
    """
    Render the draft as Markdown, its languages separated by a rule.

    `loader_paths`: the operator's folders, laid out like `templates/`; their `postmortem/NAME.md.j2` replaces the
    built-in one. Raises UserError for an unknown template or language, and BrokenTemplate.
    """
    return join_documents(
        render_documents(draft, template=template, languages=languages, loader_paths=loader_paths).values()
    )


def join_documents(documents: Iterable[str]) -> str:
    """Join Markdown documents with a rule between them."""
    return "\n---\n\n".join(documents)


def render_documents(
    draft: Draft,
    *,
    template: str = DEFAULT_TEMPLATE,
    languages: Sequence[str] | None = None,
    loader_paths: Sequence[Path] = (),
) -> dict[str, str]:
    """Render the draft as Markdown by language; None: all. Raises as `render_postmortem` does."""
    name = _postmortem_template(template, loader_paths)
    documents = {document.language: document for document in draft.documents}
    codes = tuple(languages or documents)
    for code in codes:
        if code not in documents:
            raise UserError(f"The draft has no `{code}` version. It has: {', '.join(documents)}.")
    chosen, numbers = [documents[code] for code in codes], SourceNumbers()
    rendered = {}
    for index, document in enumerate(chosen):
        references = References(numbers, document.sources)
        variables = template_variables(document, chosen[index + 1 :], draft, references)
        markdown = collapse_blank_lines(render_template(name, variables, folders=loader_paths))
        rendered[document.language] = references.fill_in(markdown, document.words["sources"])
    return rendered


def postmortem_templates(loader_paths: Sequence[Path] = ()) -> tuple[str, ...]:
    """Names of all postmortem templates, the operator's included."""
    return tuple(
        sorted({name for folder in (*loader_paths, environment.templates_folder()) for name in templates_in(folder)})
    )


def templates_in(folder: Path) -> tuple[str, ...]:
    """Names of the postmortem templates in one folder that is laid out like `templates/`."""
    return tuple(
        sorted(
            path.name.removesuffix(environment.MARKDOWN)
            for path in (folder / "postmortem").glob(f"*{environment.MARKDOWN}")
        )
    )


def _postmortem_template(name: str, loader_paths: Sequence[Path]) -> str:
    known = postmortem_templates(loader_paths)
    if name not in known:
        raise UserError(
            f"There is no postmortem template `{name}`.{did_you_mean(name, known)} Use one of {', '.join(known)}."
        )
    return f"postmortem/{name}{environment.MARKDOWN}"


def template_variables(
    document: Document, later: Sequence[Document], draft: Draft, references: References
) -> dict[str, object]:
    """Variables of a postmortem template for one document. `later`: the documents that follow."""
    rows = environment.RowBudget()
    return {
        "reference": draft.reference,
        "language": document.language,
        "title": document.title,
        "zone": document.zone,
        "t": document.words,
        "colon": Markdown(document.words["colon"]),
        "below": [each.words["version_below"] for each in later],
        "sections": Sections(document, rows, BlockRenderer(references)),
        "references": PLACE,
        "range": rows.range,
    }


def collapse_blank_lines(markdown: str) -> str:
    """Remove blank lines that omitted parts leave behind; those in code stay."""
    if "```" not in markdown:
        return _collapse(markdown.strip()) + "\n"
    parts = _FENCED.split(markdown)
    return (
        "".join(part if place % 3 else _collapse(part) for place, part in enumerate(parts) if place % 3 < 2).strip()
        + "\n"
    )


def _collapse(text: str) -> str:
    """Cut runs of line breaks to two. Ten times as fast as a regular expression on megabytes."""
    first, *others = text.split("\n\n\n")
    stripped = [other.lstrip("\n") for other in others]
    return "\n\n".join([first, *filter(None, stripped[:-1]), *stripped[-1:]])


_FENCED = re.compile(r"(^[ >]*(`{3,})[^`\n]*\n.*?^[ >]*\2`*[ ]*$)", re.MULTILINE | re.DOTALL)
"""Code between fences, of which the second is as long as the first."""
