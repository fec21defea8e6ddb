"""
Templates and what they may do.

`.md.j2` shows every `{{ value }}` as plain text, `.html.j2` escapes it for HTML, `.txt.j2` shows it as it is. The
operator's folders come before the built-in one. Templates are sandboxed, a name they misspell is an error, and what
they put out is limited.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from traceback import walk_tb
from typing import Any, SupportsIndex, overload

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment, safe_range

import bot
from bot.domain.drafting.markdown import FILTERS, Lines
from bot.domain.drafting.model import Block, Document, Draft
from bot.domain.errors import UserError, did_you_mean
from bot.domain.text.markdown_escape import Markdown, escape

MARKDOWN, HTML, TEXT = ".md.j2", ".html.j2", ".txt.j2"
DEFAULT_TEMPLATE = "classic"

OUTPUT_LIMIT = 30_000_000
"""Characters that one template may put out: ten times what 10,000 entries take."""

PIECE = 16_384
"""Characters, more or less: a moment's work."""

ROW_LIMIT = 3_000_000
"""Rows that one template may go through, all loops taken together."""


class BrokenTemplate(UserError):
    """A template that exists and cannot be used. `file` is its path; `line` counts from 1, None if nobody knows it."""

    def __init__(self, file: str, line: int | None, said: str) -> None:
        self.file, self.line, self.said = file, line, said
        super().__init__(f"{self._at(file)}: {said}")

    @property
    def short(self) -> str:
        """The message without the folders, for people who know no more of them than the file's name."""
        return f"{self._at(Path(self.file).name)}: {self.said}"

    def _at(self, file: str) -> str:
        return file if self.line is None else f"{file}, line {self.line}"


def templates_folder() -> Path:
    """The built-in templates: inside the package in a wheel, at the top of the tree in a checkout."""
    package = Path(bot.__file__).parent
    return next(path for path in (package / "templates", package.parent / "templates") if path.is_dir())


class _Rows:
    """Counts the rows that one rendering goes through."""

    def __init__(self) -> None:
        self.left = ROW_LIMIT

    def spend(self, rows: int) -> None:
        self.left -= rows
        if self.left < 0:
            raise SecurityError(f"it goes through more than {ROW_LIMIT:,} rows")

    def range(self, *bounds: SupportsIndex) -> range:
        numbers = safe_range(*(int(bound) for bound in bounds))
        self.spend(len(numbers))
        return numbers


class Section(Sequence[Block]):
    """A section's blocks as a template has them: going through them is counted."""

    def __init__(self, blocks: tuple[Block, ...], rows: _Rows, lines: Lines) -> None:
        self.lines = lines
        self._blocks = blocks
        self._rows = rows

    def __iter__(self) -> Iterator[Block]:
        self._rows.spend(len(self._blocks))
        return iter(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks)

    @property
    def is_recorded(self) -> bool:
        """Whether it states anything: it is not empty, and does not say that nobody recorded it."""
        return bool(self._blocks) and not self._blocks[0].is_missing

    @overload
    def __getitem__(self, index: int) -> Block: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Block]: ...
    def __getitem__(self, index: int | slice) -> Block | Sequence[Block]:
        return self._blocks[index]


class Sections(Mapping[str, Section]):
    """A document's sections as a template has them, each made when it is asked for."""

    def __init__(self, document: Document, rows: _Rows, lines: Lines) -> None:
        self._blocks = document.sections
        self._rows = rows
        self._lines = lines

    def __getitem__(self, name: str) -> Section:
        return Section(self._blocks[name], self._rows, self._lines)

    def __iter__(self) -> Iterator[str]:
        return iter(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks)


class _Environment(SandboxedEnvironment):
    """The sandbox, which also refuses to multiply a text or a list into something huge."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise SecurityError(f"`{operator}` is for numbers")
        if operator == "**" and (abs(left) > 1_000_000 or abs(right) > 32):
            raise SecurityError("the power is too large")
        return super().call_binop(context, operator, left, right)


def _escapes_html(name: str | None) -> bool:
    """Jinja2's own selector looks at the last ending, which is `.j2` here."""
    return name is not None and name.endswith(HTML)


def _as_markdown(value: object) -> object:
    if isinstance(value, Markdown | StrictUndefined):
        return value
    return escape(str(value))


_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Signs that turn the direction of what follows: a way to show one thing and say another."""


def _as_text(value: object) -> object:
    """For HTML, which escapes it afterwards."""
    if isinstance(value, str) and _TURNING.search(value):
        return type(value)(_TURNING.sub("", value))
    return value


@cache
def _environment(kind: str, folders: tuple[Path, ...]) -> _Environment:
    environment = _Environment(
        loader=FileSystemLoader([*folders, templates_folder()]),
        autoescape=_escapes_html,
        undefined=StrictUndefined,
        finalize=_as_markdown if kind == MARKDOWN else _as_text,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    if kind == MARKDOWN:
        environment.filters |= FILTERS
    return environment


def render_template(name: str, values: Mapping[str, object], *, folders: Sequence[Path] = ()) -> str:
    """
    A template by its path under `templates/`, as `web/incident.html.j2`.

    Raises UserError for one that is missing, and BrokenTemplate for one that is wrong or puts out too much.
    """
    return "".join(render_pieces(name, values, folders=folders))


def render_pieces(name: str, values: Mapping[str, object], *, folders: Sequence[Path] = ()) -> Iterator[str]:
    """`render_template` bit by bit, for what is long: each piece is made when it is asked for. Raises the same."""
    kind = next((each for each in (HTML, TEXT) if name.endswith(each)), MARKDOWN)
    environment = _environment(kind, tuple(folders))
    try:
        template = environment.get_template(name)
    except TemplateNotFound as missing:
        raise UserError(f"There is no template `{missing.name}`.") from missing
    except TemplateSyntaxError as wrong:
        raise _syntax(wrong) from wrong
    except (OSError, UnicodeDecodeError) as wrong:
        raise BrokenTemplate(name, None, f"It cannot be read: {_said(wrong)}") from wrong
    try:
        yield from _limited(template, values)
    except TemplateSyntaxError as wrong:  # of a template that this one includes
        raise _syntax(wrong) from wrong
    except _FAILURES as wrong:
        raise BrokenTemplate(*_place(wrong, name), _said(wrong)) from wrong


_FAILURES = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a template can do wrong while it runs."""


def _syntax(wrong: TemplateSyntaxError) -> BrokenTemplate:
    return BrokenTemplate(wrong.filename or wrong.name or "", wrong.lineno, _said(wrong))


def _said(problem: Exception) -> str:
    if isinstance(problem, MemoryError):
        return "it takes too much memory."
    text = str(getattr(problem, "message", None) or problem).rstrip(".")
    return f"{text or type(problem).__name__}."


def _limited(template: Template, values: Mapping[str, object]) -> Iterator[str]:
    length, since, pieces = 0, 0, []
    for piece in template.generate(values):
        pieces.append(piece)
        length += len(piece)
        if length > OUTPUT_LIMIT:
            raise SecurityError(f"it puts out more than {OUTPUT_LIMIT:,} characters")
        if length - since >= PIECE:
            yield "".join(pieces)
            since, pieces = length, []
    yield "".join(pieces)


def _place(problem: BaseException, name: str) -> tuple[str, int | None]:
    """File and line of the template in which it happened: Jinja2 puts its templates into the traceback."""
    place: tuple[str, int | None] = (name, None)
    for frame, line in walk_tb(problem.__traceback__):
        if frame.f_code.co_filename.endswith(".j2"):
            place = (frame.f_code.co_filename, line)
    return place


def render_postmortem(
    draft: Draft,
    *,
    template: str = DEFAULT_TEMPLATE,
    languages: Sequence[str] | None = None,
    loader_paths: Sequence[Path] = (),
) -> str:
    """
    The draft as Markdown, one language after the other: `render_documents`, with a rule between.

    `loader_paths` are the operator's folders, laid out like `templates/`; their `postmortem/NAME.md.j2` comes before
    the built-in one. Raises UserError for a template that does not exist and for a language the draft has not, and
    BrokenTemplate for a template that fails.
    """
    return one_after_the_other(
        render_documents(draft, template=template, languages=languages, loader_paths=loader_paths).values()
    )


def one_after_the_other(documents: Iterable[str]) -> str:
    """Documents of Markdown as one, with a rule between."""
    return "\n---\n\n".join(documents)


def render_documents(
    draft: Draft,
    *,
    template: str = DEFAULT_TEMPLATE,
    languages: Sequence[str] | None = None,
    loader_paths: Sequence[Path] = (),
) -> dict[str, str]:
    """The draft as Markdown, by language: `languages`, or all that it has. Raises what `render_postmortem` does."""
    name = _postmortem_template(template, loader_paths)
    documents = {document.language: document for document in draft.documents}
    wanted = tuple(languages or documents)
    for code in wanted:
        if code not in documents:
            raise UserError(f"The draft is not written in `{code}`. It has: {', '.join(documents)}.")
    chosen = [documents[code] for code in wanted]
    return {
        document.language: _rendered(document, chosen[place + 1 :], draft, name, loader_paths)
        for place, document in enumerate(chosen)
    }


def postmortem_templates(loader_paths: Sequence[Path] = ()) -> tuple[str, ...]:
    """The names of the postmortem templates there are, the operator's own among them."""
    return tuple(sorted({name for folder in (*loader_paths, templates_folder()) for name in templates_in(folder)}))


def templates_in(folder: Path) -> tuple[str, ...]:
    """The names of the postmortem templates in one folder that is laid out like `templates/`."""
    return tuple(sorted(path.name.removesuffix(MARKDOWN) for path in (folder / "postmortem").glob(f"*{MARKDOWN}")))


def _postmortem_template(name: str, loader_paths: Sequence[Path]) -> str:
    known = postmortem_templates(loader_paths)
    if name not in known:
        raise UserError(
            f"There is no postmortem template `{name}`.{did_you_mean(name, known)} There are: {', '.join(known)}."
        )
    return f"postmortem/{name}{MARKDOWN}"


def _rendered(
    document: Document, later: Sequence[Document], draft: Draft, name: str, loader_paths: Sequence[Path]
) -> str:
    return _tidied(render_template(name, variables(document, later, draft), folders=loader_paths))


def variables(document: Document, later: Sequence[Document], draft: Draft) -> dict[str, object]:
    """What a postmortem template is given, for one document; `later` are those that follow it."""
    rows, lines = _Rows(), Lines()
    return {
        "reference": draft.reference,
        "language": document.language,
        "title": document.title,
        "zone": document.zone,
        "t": document.words,
        "colon": Markdown(document.words["colon"]),
        "below": [each.words["version_below"] for each in later],
        "sections": Sections(document, rows, lines),
        "range": rows.range,
    }


def _tidied(markdown: str) -> str:
    """Without the blank lines that parts which were left out leave behind."""
    while "\n\n\n" in markdown:  # ten times as fast as a regular expression, in a text of megabytes
        markdown = markdown.replace("\n\n\n", "\n\n")
    return markdown.strip() + "\n"
