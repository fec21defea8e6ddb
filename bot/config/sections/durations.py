"""Lengths of time in the file: `10m`, `1h`, `1d`, `2w`."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator

LENGTH_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
NEVER = "never"
LONGEST_LENGTH = timedelta(days=366)


def parse_length(text: str) -> timedelta:
    """The length of `10m`, `1h`, `1d` or `2w`. Raises ValueError."""
    found = re.fullmatch(r"(\d{1,5})([mhdw])", text)
    length = int(found[1]) * LENGTH_UNITS[found[2]] if found else timedelta()
    if not timedelta() < length <= LONGEST_LENGTH:
        raise ValueError('This is not a length. Use one from "1m" to "52w", like "90m", "1h" or "1d".')
    return length


def _check_length(text: str) -> str:
    parse_length(text)
    return text


def parse_resolve_after(text: str) -> timedelta:
    """A length; zero for `never`. Raises ValueError."""
    return timedelta() if text == NEVER else parse_length(text)


def _check_resolve_after(text: str) -> str:
    try:
        parse_resolve_after(text)
    except ValueError as problem:
        raise ValueError(f'{problem} Or "{NEVER}", if only people resolve.') from None
    return text


ResolveAfter = Annotated[str, AfterValidator(_check_resolve_after)]
Length = Annotated[str, AfterValidator(_check_length)]
