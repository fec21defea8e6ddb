"""What a check found, for people and for machines."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import zip_longest
from textwrap import wrap
from typing import Any

from bot.runtime.log import scrubbed

WIDTH = 110
COMMAND = re.compile(r"`[^`]*`")
HELD = "\x00"
"""Stands for a blank at which no line may be broken."""


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy`: what to do about it; empty where all is well."""

    check: str
    state: State
    found: str
    remedy: str = ""


def ok(check: str, found: str) -> Finding:
    return Finding(check, State.OK, found)


def warning(check: str, found: str, remedy: str = "") -> Finding:
    return Finding(check, State.WARNING, found, remedy)


def failed(check: str, found: str, remedy: str) -> Finding:
    return Finding(check, State.FAILED, found, remedy)


def is_all_well(found: Sequence[Finding]) -> bool:
    """Warnings are no failure: the bot runs with them."""
    return all(each.state is not State.FAILED for each in found)


def lines(found: Sequence[Finding]) -> Iterator[str]:
    """For a terminal: a line a finding, and how to mend it, once under several that have that in common; then a sum."""
    for each, following in zip_longest(found, found[1:]):
        word = each.state.upper() if each.state is State.FAILED else each.state
        yield from _wrapped(f"{word:<8} {each.check}: {each.found}", "         ")
        if each.remedy and (following is None or following.remedy != each.remedy):
            yield from _wrapped(f"         -> {each.remedy}", "            ")
    counts = {state: sum(each.state is state for each in found) for state in State}
    yield ""
    if counts[State.FAILED]:
        yield f"{counts[State.FAILED]} failed, {counts[State.WARNING]} to look at, {counts[State.OK]} in order."
    elif counts[State.WARNING]:
        yield f"Nothing failed; {counts[State.WARNING]} to look at, {counts[State.OK]} in order."
    else:
        yield "Everything is in order."


def _wrapped(text: str, indent: str) -> list[str]:
    """Nothing that can be copied is broken: a command stays on one line, be it longer than others."""
    held = COMMAND.sub(lambda found: found[0].replace(" ", HELD), scrubbed(text))
    broken = wrap(held, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return [line.replace(HELD, " ") for line in broken]


def as_json(found: Sequence[Finding]) -> dict[str, Any]:
    """`ok` is false if something failed; `findings` in the order of the lines."""
    findings = [{name: scrubbed(value) for name, value in asdict(each).items()} for each in found]
    return {"ok": is_all_well(found), "findings": findings}
