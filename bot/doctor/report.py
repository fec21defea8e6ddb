"""Results of `dogwatch doctor` checks, as text and as JSON."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from enum import StrEnum
from itertools import zip_longest
from textwrap import wrap
from typing import Any

from bot.lazy_dataclass import dataclass
from bot.runtime.log import scrub_text

WIDTH = 110
COMMAND = re.compile(r"`[^`]*`")
NO_BREAK = "\x00"
"""Placeholder for a space at which a line must not break."""


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of the report. `remedy`: what to do about it; empty if nothing."""

    check: str
    state: State
    found: str
    remedy: str = ""


def ok(check: str, found: str) -> CheckResult:
    return CheckResult(check, State.OK, found)


def warning(check: str, found: str, remedy: str = "") -> CheckResult:
    return CheckResult(check, State.WARNING, found, remedy)


def failed(check: str, found: str, remedy: str) -> CheckResult:
    return CheckResult(check, State.FAILED, found, remedy)


def all_passed(results: Sequence[CheckResult]) -> bool:
    """True if no check failed. Warnings do not count."""
    return all(each.state is not State.FAILED for each in results)


def report_lines(results: Sequence[CheckResult]) -> Iterator[str]:
    """One line a result, its remedy once for equal neighbours, then a summary."""
    for each, following in zip_longest(results, results[1:]):
        word = each.state.upper() if each.state is State.FAILED else each.state
        yield from _wrap(f"{word:<8} {each.check}: {each.found}", "         ")
        if each.remedy and (following is None or following.remedy != each.remedy):
            yield from _wrap(f"         -> {each.remedy}", "            ")
    counts = {state: sum(each.state is state for each in results) for state in State}
    yield ""
    if counts[State.FAILED] or counts[State.WARNING]:
        plural = "" if counts[State.WARNING] == 1 else "s"
        yield f"{counts[State.FAILED]} failed, {counts[State.WARNING]} warning{plural}, {counts[State.OK]} passed."
    else:
        yield "All checks passed."


def _wrap(text: str, indent: str) -> list[str]:
    """Wrap at WIDTH. A command in backticks stays on one line, so that it can be copied."""
    unbroken = COMMAND.sub(lambda match: match[0].replace(" ", NO_BREAK), scrub_text(text))
    wrapped = wrap(unbroken, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return [line.replace(NO_BREAK, " ") for line in wrapped]


def report_as_json(results: Sequence[CheckResult]) -> dict[str, Any]:
    """`{"ok", "findings"}`: `ok` is false if a check failed; findings are in report order."""
    findings = [{name: scrub_text(value) for name, value in asdict(each).items()} for each in results]
    return {"ok": all_passed(results), "findings": findings}
