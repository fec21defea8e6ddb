"""
Templates and what they may do.

`.md.j2` shows every `{{ value }}` as plain text, `.html.j2` escapes it for HTML. The operator's folders come before the
built-in one. Templates are sandboxed, a name they misspell is an error, and what they put out is limited.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from traceback import walk_tb
from typing import Any, SupportsIndex, overload

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment, safe_range

import bot
from bot.domain.errors import UserError, did_you_mean
from bot.domain.markdown import Markdown, escape
from bot.domain.postmortem_draft import Block, Document, Draft
from bot.domain.postmortem_markdown import FILTERS, Lines

MARKDOWN, HTML = ".md.j2", ".html.j2"

OUTPUT_LIMIT = 30_000_000
"""Characters that one template may put out: ten times what 10,000 entries take."""

ROW_LIMIT = 3_000_000
"""Rows that one template may go through, all loops taken together."""


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

    @overload
    def __getitem__(self, index: int) -> Block: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Block]: ...
    def __getitem__(self, index: int | slice) -> Block | Sequence[Block]:
        return self._blocks[index]


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


@cache
def _environment(kind: str, folders: tuple[Path, ...]) -> _Environment:
    environment = _Environment(
        loader=FileSystemLoader([*folders, templates_folder()]),
        autoescape=_escapes_html,
        undefined=StrictUndefined,
        finalize=_as_markdown if kind == MARKDOWN else None,
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

    Raises UserError naming file and line for a template that is missing, wrong or too large.
    """
    environment = _environment(HTML if name.endswith(HTML) else MARKDOWN, tuple(folders))
    try:
        template = environment.get_template(name)
    except TemplateNotFound as missing:
        raise UserError(f"There is no template `{missing.name}`.") from missing
    except TemplateSyntaxError as wrong:
        raise UserError(f"{wrong.filename or wrong.name}, line {wrong.lineno}: {_said(wrong)}") from wrong
    try:
        return _limited(template, values)
    except TemplateSyntaxError as wrong:  # of a template that this one includes
        raise UserError(f"{wrong.filename or wrong.name}, line {wrong.lineno}: {_said(wrong)}") from wrong
    except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as wrong:
        raise UserError(f"{_place(wrong, name)}: {_said(wrong)}") from wrong


def _said(problem: Exception) -> str:
    text = str(getattr(problem, "message", None) or problem).rstrip(".")
    return f"{text or type(problem).__name__}."


def _limited(template: Template, values: Mapping[str, object]) -> str:
    length, pieces = 0, []
    for piece in template.generate(values):
        pieces.append(piece)
        length += len(piece)
        if length > OUTPUT_LIMIT:
            raise SecurityError(f"it puts out more than {OUTPUT_LIMIT:,} characters")
    return "".join(pieces)


def _place(problem: BaseException, name: str) -> str:
    """File and line of the template in which it happened: Jinja2 puts its templates into the traceback."""
    place = name
    for frame, line in walk_tb(problem.__traceback__):
        if frame.f_code.co_filename.endswith(".j2"):
            place = f"{frame.f_code.co_filename}, line {line}"
    return place


def render_postmortem(
    draft: Draft,
    *,
    template: str = "classic",
    languages: Sequence[str] | None = None,
    loader_paths: Sequence[Path] = (),
) -> str:
    """
    The draft as Markdown, one language after the other: `languages`, or all that the draft has.

    `loader_paths` are the operator's folders, laid out like `templates/`; their `postmortem/NAME.md.j2` comes before
    the built-in one. Raises UserError for a template that is missing or fails, and for a language the draft has not.
    """
    name = _postmortem_template(template, loader_paths)
    documents = {document.language: document for document in draft.documents}
    wanted = tuple(languages or documents)
    for code in wanted:
        if code not in documents:
            raise UserError(f"The draft is not written in `{code}`. It has: {', '.join(documents)}.")
    return "\n---\n\n".join(_rendered(documents[code], draft, name, loader_paths) for code in wanted)


def postmortem_templates(loader_paths: Sequence[Path] = ()) -> tuple[str, ...]:
    """The names of the postmortem templates there are, the operator's own among them."""
    folders = [folder / "postmortem" for folder in (*loader_paths, templates_folder())]
    found = {path.name.removesuffix(MARKDOWN) for folder in folders for path in folder.glob(f"*{MARKDOWN}")}
    return tuple(sorted(found))


def _postmortem_template(name: str, loader_paths: Sequence[Path]) -> str:
    known = postmortem_templates(loader_paths)
    if name not in known:
        raise UserError(
            f"There is no postmortem template `{name}`.{did_you_mean(name, known)} There are: {', '.join(known)}."
        )
    return f"postmortem/{name}{MARKDOWN}"


def _rendered(document: Document, draft: Draft, name: str, loader_paths: Sequence[Path]) -> str:
    rows, lines = _Rows(), Lines()
    values = {
        "reference": draft.reference,
        "language": document.language,
        "title": document.title,
        "zone": document.zone,
        "t": document.words,
        "sections": {key: Section(blocks, rows, lines) for key, blocks in document.sections.items()},
        "range": rows.range,
    }
    return render_template(name, values, folders=loader_paths).strip() + "\n"
