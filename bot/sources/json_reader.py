"""Decode a monitor's JSON, or raise `Malformed`, which names the field."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from bot.domain.errors import UserError

MAX_QUOTED = 60
MAX_PLACE = 8
"""Keys of a place that a refusal names."""


class Malformed(UserError):
    """The payload cannot be read. `field`: as `alerts[3].startsAt`, empty for the whole body."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        super().__init__(f"{field}: {problem}" if field else problem)


_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_INVALID = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def decode(body: bytes) -> object:
    """
    Decode a request's body. Raises Malformed.

    Besides invalid JSON it refuses duplicate keys, NaN and Infinity, and characters that no database stores: NUL and
    lone surrogates.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed("", f"The body is not UTF-8: byte {error.start} cannot be read. Send JSON in UTF-8.") from None
    if not text.strip():
        raise Malformed("", "The body is empty. Send the alert as JSON.")
    try:
        value: object = json.loads(
            text, object_pairs_hook=_reject_duplicates, parse_constant=_reject_constant, parse_float=_parse_float
        )
    except json.JSONDecodeError as error:
        raise Malformed("", _syntax_problem(text, error)) from None
    except RecursionError:
        raise Malformed("", "The body is nested too deeply. Send the alert as a flat object.") from None
    except ValueError:  # Python parses no integer of more than 4,300 digits
        raise Malformed("", "The body contains a number that is too long.") from None
    if _ESCAPED_INVALID.search(text):  # such characters can only come as escapes: most bodies need no second pass
        _check_texts(value)
    return value


_FORM_START = re.compile(r"[\w.%+\[\]-]{1,60}=")


def _syntax_problem(text: str, error: json.JSONDecodeError) -> str:
    """The error, with its most frequent cause: a form, XML, or unescaped text in a template."""
    problem = f"The body is not JSON: {error.msg.removesuffix(' at')} at line {error.lineno}, column {error.colno}."
    if _FORM_START.match(text):
        return f"{problem} It looks like a form. Set the sender to JSON."
    if text.lstrip().startswith("<"):
        return f"{problem} It looks like XML or HTML. Set the sender to JSON."
    if error.msg.startswith(("Invalid control", "Expecting ','", "Unterminated")):
        return f'{problem} In texts, escape quotation marks and line ends: \\" and \\n.'
    return problem


def _reject_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise Malformed("", f"The key {quote_value(twice)} is repeated in one object. Send it once.")
    return values


def _reject_constant(name: str) -> object:
    raise Malformed("", f"{name} is not JSON. Omit the value, or send null.")


def _parse_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise Malformed("", f"The number {quote_value(text)} is too large.")
    return number


def _check_texts(value: object) -> None:
    """
    Raise Malformed for a text or key that no database stores.

    Iterative: the value may be nested deeply. Only the place of that text is written: the places of all texts can take
    thousands of times the size of the body.
    """
    place: list[str | int] = []
    levels = [_iter_members([value])]
    while levels:
        for key, each in levels[-1]:
            problem = _find_problem(key) if isinstance(key, str) else ""
            if problem:
                raise Malformed(_write_place(place), problem)
            if isinstance(each, str) and (problem := _find_problem(each)):
                raise Malformed(_write_place([*place, key]), problem)
            if isinstance(each, dict | list):
                place.append(key)
                levels.append(_iter_members(each))
                break
        else:
            levels.pop()
            del place[-1:]


def _iter_members(value: Mapping[str, object] | Sequence[object]) -> Iterator[tuple[str | int, object]]:
    return iter(value.items()) if isinstance(value, Mapping) else enumerate(value)


def _find_problem(text: str) -> str:
    """The reason why no database stores the text; empty if one does."""
    if "\x00" in text:
        return "The text contains a NUL character (\\u0000). Remove it."
    if _SURROGATE.search(text):
        return "The text contains half of a surrogate pair. Send the whole character."
    return ""


def _write_place(place: Sequence[str | int]) -> str:
    """
    Write a place like `alerts[3].labels`, the end of a long one.

    The first key is that of the body itself.
    """
    field = ""
    for key in place[1:][-MAX_PLACE:]:
        field = f"{field}[{key}]" if isinstance(key, int) else join_path(field, key)
    return field


def quote_value(value: object) -> str:
    """Quote a value for a message: short, on one line, without control characters."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value[: MAX_QUOTED + 1] if isinstance(value, str) else value)
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"


def join_path(path: str, key: str) -> str:
    """Append `key` to `path`. An odd or long key is quoted: it is the sender's text."""
    name = key if re.fullmatch(r"[\w/:@-]{1,60}", key) else quote_value(key)
    return f"{path}.{name}" if path else name
