"""
Reading a monitor's JSON: whatever is in it, the outcome is a typed value or `Malformed`, which names the field.

The web layer has limited the size before.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from bot.domain.errors import UserError

LONGEST_SHOWN = 60
NAMED = 6
"""How many fields a refusal names of those that are there."""
MOST = 1_000_000_000


class Malformed(UserError):
    """The payload cannot be read. `field` is where (`alerts[3].startsAt`), empty for the body as a whole."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        super().__init__(f"{field}: {problem}" if field else problem)


_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def decode(body: bytes) -> object:
    """
    The JSON value of a request's body. Raises Malformed.

    Refused, beside what is no JSON: a key that stands twice (which one is meant?), NaN and Infinity, and texts that no
    database holds (NUL, half a surrogate pair).
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed("", f"The body is not UTF-8: byte {error.start} cannot be read. Send JSON in UTF-8.") from None
    if not text.strip():
        raise Malformed("", "The body is empty. Send the alert as JSON.")
    try:
        value: object = json.loads(
            text, object_pairs_hook=_without_doubles, parse_constant=_no_constant, parse_float=_finite
        )
    except json.JSONDecodeError as error:
        raise Malformed("", _no_json(text, error)) from None
    except RecursionError:
        raise Malformed("", "The body is nested too deeply. Send the alert as a flat object.") from None
    except ValueError:  # Python reads no integer of more than 4,300 digits
        raise Malformed("", "The body holds a number that is too long.") from None
    # Such characters can only come as escapes, so most bodies need no second look.
    for field, found in _texts(value) if _SUSPECT.search(text) else ():
        if "\x00" in found:
            raise Malformed(field, "The text holds a NUL character (\\u0000). Leave it out.")
        if any("\ud800" <= letter <= "\udfff" for letter in found):
            raise Malformed(field, "The text holds half of a surrogate pair. Send the character whole.")
    return value


_FORM = re.compile(r"[\w.%+\[\]-]{1,60}=")


def _no_json(text: str, error: json.JSONDecodeError) -> str:
    """What is wrong, and what it comes from most often: a form, a page, or words put into a template as they are."""
    found = f"The body is not JSON: {error.msg.removesuffix(' at')} at line {error.lineno}, column {error.colno}."
    if _FORM.match(text):
        return f"{found} It looks like a form: set the sender to JSON."
    if text.lstrip().startswith("<"):
        return f"{found} It looks like XML or HTML: set the sender to JSON."
    if error.msg.startswith(("Invalid control", "Expecting ','", "Unterminated")):
        return f'{found} In a text, quotation marks and line ends have to be escaped: \\" and \\n.'
    return found


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise Malformed("", f"The key {shown(twice)} stands twice in one object. Send it once.")
    return found


def _no_constant(name: str) -> object:
    raise Malformed("", f"{name} is not JSON. Leave the value out, or send null.")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise Malformed("", f"The number {shown(text)} is too large.")
    return number


def _texts(value: object) -> Iterator[tuple[str, str]]:
    """Every text with its field, keys included. A stack of its own: the value may be deep."""
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        field, each = waiting.pop()
        if isinstance(each, str):
            yield field, each
        elif isinstance(each, dict):
            yield from ((field, key) for key in each)
            waiting += [(join(field, key), inner) for key, inner in each.items()]
        elif isinstance(each, list):
            waiting += [(f"{field}[{index}]", inner) for index, inner in enumerate(each)]


def shown(value: object) -> str:
    """A value for a message: short, on one line, nothing in it that a terminal would obey."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value[: LONGEST_SHOWN + 1] if isinstance(value, str) else value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def join(path: str, key: str) -> str:
    """The field `key` below `path`. A key is the sender's text as well: an odd or long one is shown as such."""
    name = key if re.fullmatch(r"[\w/:@-]{1,60}", key) else shown(key)
    return f"{path}.{name}" if path else name


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object and where it stands, read field by field. A field that is null counts as absent."""

    values: Mapping[str, object]
    path: str = ""

    @classmethod
    def of(cls, value: object, path: str = "") -> "Fields":
        if not isinstance(value, dict):
            raise Malformed(path or "the body", f"{shown(value)} stands where an object is needed.")
        return cls(value, path)

    def at(self, name: str) -> str:
        return join(self.path, name)

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str) -> str | None:
        """The text, None if it is absent or empty."""
        value = self.values.get(name)
        if value is None or isinstance(value, str):
            return value or None
        raise Malformed(self.at(name), f"{shown(value)} stands where a text is needed.")

    def needed_text(self, name: str, what: str) -> str:
        text = self.text(name)
        if text is None or not text.strip():
            others = [join("", key) for key, value in self.values.items() if value is not None and key != name]
            has = f" There is: {', '.join(others[:NAMED])}{'…' if len(others) > NAMED else ''}." if others else ""
            raise Malformed(self.at(name), f"It is missing. Send {what}.{has}")
        return text

    def count(self, name: str) -> int:
        """A whole number from 0; 0 if it is absent."""
        value = self.values.get(name)
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
            raise Malformed(self.at(name), f"{shown(value)} stands where a count is needed, like 0.")
        return value

    def objects(self, name: str) -> Sequence["Fields"]:
        """A list of objects; it has to be there."""
        value = self.values.get(name)
        if not isinstance(value, list):
            problem = "It is missing." if value is None else f"{shown(value)} stands where a list is needed."
            raise Malformed(self.at(name), f"{problem} Send a list of alerts.")
        return [Fields.of(each, f"{self.at(name)}[{index}]") for index, each in enumerate(value)]

    def texts(self, name: str) -> dict[str, str]:
        """An object of texts, each exactly as it was sent; empty if it is absent."""
        if not self.has(name):
            return {}
        inner = Fields.of(self.values[name], self.at(name))
        found: dict[str, str] = {}
        for key, value in inner.values.items():
            if not isinstance(value, str):
                raise Malformed(inner.at(key), f"{shown(value)} stands where a text is needed.")
            found[key] = value
        return found

    def time(self, name: str) -> datetime | None:
        """A time in UTC; None if it is absent, or Go's zero time (year 1), which means the same."""
        value = self.values.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise Malformed(self.at(name), f"{shown(value)} is not an RFC 3339 time. {LIKE_THIS}")
        text = self.text(name)
        return None if text is None else _time(text, self.at(name))

    def link(self, *names: str) -> str | None:
        """The first of these that is a web address. Other addresses (`javascript:`) are left out, not refused."""
        found = [self.text(name) for name in names]
        return next((text for text in found if text and text.lower().startswith(("http://", "https://"))), None)


LIKE_THIS = "Write it like 2026-11-18T14:05:30Z."
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,30}))?(?:([Zz])|([+-])(\d\d):?(\d\d))?", re.ASCII
)


def _time(text: str, field: str) -> datetime | None:
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise Malformed(field, f"{shown(text)} is not an RFC 3339 time. {LIKE_THIS}")
    *calendar, fraction, utc, sign, hours, minutes = found.groups()
    year, month, day, hour, minute, second = map(int, calendar)
    if utc is None and sign is None:
        raise Malformed(field, f"{shown(text)} names no time zone. End it with Z or an offset like +01:00.")
    if year == 1:
        return None
    try:
        offset = timedelta() if utc else timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
        # A leap second has no place in datetime: it counts as the last moment of the second before.
        micros = 999_999 if second == 60 else int(((fraction or "") + "000000")[:6])
        moment = datetime(year, month, day, hour, minute, min(second, 59), micros, tzinfo=timezone(offset))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Malformed(field, f"{shown(text)} is a time that does not exist. Look at its numbers.") from None
