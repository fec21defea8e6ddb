"""Read a monitor's JSON into typed values, or raise `Malformed`, which names the field."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from bot.domain.errors import UserError

MAX_QUOTED = 60
MAX_LISTED_FIELDS = 6
"""Present fields that a refusal lists."""
MAX_COUNT = 1_000_000_000


class Malformed(UserError):
    """The payload cannot be read. `field`: as `alerts[3].startsAt`, empty for the whole body."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        super().__init__(f"{field}: {problem}" if field else problem)


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
    # Such characters can only come as escapes, so most bodies need no second pass.
    for field, each in _iter_texts(value) if _ESCAPED_INVALID.search(text) else ():
        if "\x00" in each:
            raise Malformed(field, "The text contains a NUL character (\\u0000). Remove it.")
        if any("\ud800" <= letter <= "\udfff" for letter in each):
            raise Malformed(field, "The text contains half of a surrogate pair. Send the whole character.")
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


def _iter_texts(value: object) -> Iterator[tuple[str, str]]:
    """Yield every text with its field, keys included. Iterative: the value may be nested deeply."""
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        field, each = waiting.pop()
        if isinstance(each, str):
            yield field, each
        elif isinstance(each, dict):
            yield from ((field, key) for key in each)
            waiting += [(join_path(field, key), inner) for key, inner in each.items()]
        elif isinstance(each, list):
            waiting += [(f"{field}[{index}]", inner) for index, inner in enumerate(each)]


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


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object at `path`, read field by field. A null field counts as absent."""

    values: Mapping[str, object]
    path: str = ""

    @classmethod
    def from_value(cls, value: object, path: str = "") -> "Fields":
        if not isinstance(value, dict):
            raise Malformed(path or "the body", f"{quote_value(value)} is not an object.")
        return cls(value, path)

    def at(self, name: str) -> str:
        return join_path(self.path, name)

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str) -> str | None:
        """A text; None if absent or empty."""
        value = self.values.get(name)
        if value is None or isinstance(value, str):
            return value or None
        raise Malformed(self.at(name), f"{quote_value(value)} is not a text.")

    def required_text(self, name: str, what: str) -> str:
        text = self.text(name)
        if text is None or not text.strip():
            others = [join_path("", key) for key, value in self.values.items() if value is not None and key != name]
            has = (
                f" Present: {', '.join(others[:MAX_LISTED_FIELDS])}{'…' if len(others) > MAX_LISTED_FIELDS else ''}."
                if others
                else ""
            )
            raise Malformed(self.at(name), f"This is missing. Send {what}.{has}")
        return text

    def count(self, name: str) -> int:
        """An integer from 0; 0 if absent."""
        value = self.values.get(name)
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COUNT:
            raise Malformed(self.at(name), f"{quote_value(value)} is not a count. Send a number like 0.")
        return value

    def measured(self, name: str) -> str:
        """A text or number, or an object of these as `A=8.1, C=1`; empty for anything else."""
        value = self.values.get(name)
        if isinstance(value, dict):
            return ", ".join(f"{key}={text}" for key, each in value.items() if (text := _format_measured(each)))
        return _format_measured(value)

    def objects(self, name: str) -> Sequence["Fields"]:
        """A required list of objects."""
        value = self.values.get(name)
        if not isinstance(value, list):
            problem = "This is missing." if value is None else f"{quote_value(value)} is not a list."
            raise Malformed(self.at(name), f"{problem} Send a list of alerts.")
        return [Fields.from_value(each, f"{self.at(name)}[{index}]") for index, each in enumerate(value)]

    def texts(self, name: str) -> dict[str, str]:
        """An object whose values are texts; empty if absent."""
        if not self.has(name):
            return {}
        inner = Fields.from_value(self.values[name], self.at(name))
        texts: dict[str, str] = {}
        for key, value in inner.values.items():
            if not isinstance(value, str):
                raise Malformed(inner.at(key), f"{quote_value(value)} is not a text.")
            texts[key] = value
        return texts

    def time(self, name: str) -> datetime | None:
        """A time in UTC; None if absent or Go's zero time (year 1)."""
        value = self.values.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise Malformed(self.at(name), f"{quote_value(value)} is not an RFC 3339 time. {TIME_EXAMPLE}")
        text = self.text(name)
        return None if text is None else _parse_time(text, self.at(name))

    def link(self, *names: str) -> str | None:
        """The first HTTP URL among these fields. Other schemes, as `javascript:`, are ignored."""
        values = [self.text(name) for name in names]
        return next((text for text in values if text and text.lower().startswith(("http://", "https://"))), None)


def _format_measured(value: object) -> str:
    """Numbers with six digits: `0.12`, not `0.12000000000000001`."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return f"{value:.6g}" if isinstance(value, float) and abs(value) < 1_000_000 else str(value).strip()


TIME_EXAMPLE = "Use one like 2026-11-18T14:05:30Z."
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,30}))?(?:([Zz])|([+-])(\d\d):?(\d\d))?", re.ASCII
)


def _parse_time(text: str, field: str) -> datetime | None:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise Malformed(field, f"{quote_value(text)} is not an RFC 3339 time. {TIME_EXAMPLE}")
    *calendar, fraction, utc, sign, hours, minutes = match.groups()
    year, month, day, hour, minute, second = map(int, calendar)
    if utc is None and sign is None:
        raise Malformed(field, f"{quote_value(text)} has no time zone. Add Z or an offset like +01:00.")
    if year == 1:
        return None
    try:
        offset = timedelta() if utc else timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
        # datetime has no leap seconds: one counts as the last microsecond before.
        micros = 999_999 if second == 60 else int(((fraction or "") + "000000")[:6])
        moment = datetime(year, month, day, hour, minute, min(second, 59), micros, tzinfo=timezone(offset))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Malformed(field, f"{quote_value(text)} is a time that does not exist. Check the numbers.") from None
