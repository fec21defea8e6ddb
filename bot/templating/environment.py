"""
The Jinja2 environment of templates: sandboxed, with limits.

`.md.j2` shows every `{{ value }}` as plain text, `.html.j2` escapes it for HTML, `.txt.j2` leaves it unchanged. A
misspelt name is an error. The operator's folders come before the built-in one.
"""

from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Any, SupportsIndex

from jinja2 import FileSystemLoader, StrictUndefined, pass_context
from jinja2.exceptions import SecurityError
from jinja2.filters import do_mark_safe
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment, safe_range

from bot.domain.drafting.markdown import FILTERS
from bot.domain.resources import resource_path
from bot.domain.text.markdown_escape import Markdown, escape_markdown
from bot.domain.text.mrkdwn.html import render_html
from bot.domain.text.normalize import DIRECTION_CONTROLS

MARKDOWN, HTML, TEXT = ".md.j2", ".html.j2", ".txt.j2"

ROW_LIMIT = 3_000_000
"""Rows that one rendering may iterate over, in all loops together."""


def templates_folder() -> Path:
    return resource_path("templates")


class RowBudget:
    """
    Budget of rows that one rendering may iterate over.

    `spend` raises SecurityError at ROW_LIMIT.
    """

    def __init__(self) -> None:
        self.left = ROW_LIMIT

    def spend(self, rows: int) -> None:
        self.left -= rows
        if self.left < 0:
            raise SecurityError(f"it iterates over more than {ROW_LIMIT:,} rows")

    def range(self, *bounds: SupportsIndex) -> range:
        numbers = safe_range(*(int(bound) for bound in bounds))
        self.spend(len(numbers))
        return numbers


class _Environment(SandboxedEnvironment):
    """The sandbox. It also refuses to multiply text or lists, and huge powers."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise SecurityError(f"`{operator}` takes numbers only")
        if operator == "**" and (abs(left) > 1_000_000 or abs(right) > 32):
            raise SecurityError("the power is too large")
        return super().call_binop(context, operator, left, right)


def _escapes_html(name: str | None) -> bool:
    """Jinja2's own selector looks at the last suffix, which is `.j2` here."""
    return name is not None and name.endswith(HTML)


def _as_markdown(value: object) -> object:
    if isinstance(value, Markdown | StrictUndefined):
        return value
    return escape_markdown(str(value))


def _as_text(value: object) -> object:
    """Remove direction controls. HTML templates escape the value afterwards."""
    if isinstance(value, str) and DIRECTION_CONTROLS.search(value):
        return type(value)(DIRECTION_CONTROLS.sub("", value))
    return value


def _as_html(text: str) -> str:
    """A text of Slack with its formatting, for an element with `white-space: pre-wrap`."""
    return do_mark_safe(render_html(text))


def _with_renderer(rendering: Callable[..., object]) -> Callable[..., object]:
    """A filter that hands on the renderer of the document that the template is rendered for."""

    @wraps(rendering)
    def rendered(context: Context, *values: object, **named: object) -> object:
        return rendering(context["sections"].renderer, *values, **named)

    return pass_context(rendered)


@cache
def create_environment(kind: str, folders: tuple[Path, ...]) -> _Environment:
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
        environment.filters |= {name: _with_renderer(rendering) for name, rendering in FILTERS.items()}
    elif kind == HTML:
        environment.filters["formatted"] = _as_html
    return environment
