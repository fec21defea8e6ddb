"""
An answer's bytes as JSON, and its fields as typed values.

Pages leave fields out, send null, and add new ones at any time: an absent field is empty. A field that identifies
something, or a list that is none, raises `FeedError`; a time that cannot be read is left out, with a remark.
"""

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, tzinfo
from typing import NoReturn

from bot.domain.text.normalize import find_charset
from bot.feeds.errors import FeedError
from bot.feeds.text import clean_text, clean_title
from bot.feeds.times import parse_time, parse_unix_time
from bot.lazy_dataclass import dataclass

MOST_REMARKS = 5
MAX_KEY = 200
_MAX_QUOTED = 60
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF16_LE, "utf-16"))
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer being read: its address, the zone of times without one, the remarks so far."""

    address: str
    zone: tzinfo | None = None
    remarks: list[str] = field(default_factory=list)

    def remark(self, place: str, problem: str) -> None:
        """Keep a remark; of hundreds of the same kind, the first ones."""
        if len(self.remarks) < MOST_REMARKS:
            self.remarks.append(f"{place}: {problem}")


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON object at `place`."""

    values: Mapping[str, object]
    place: str
    reading: Reading

    @classmethod
    def from_value(cls, value: object, place: str, reading: Reading) -> "Node":
        if not isinstance(value, dict):
            raise FeedError(place, f"{quote_value(value)} is not an object.")
        return cls(value, place, reading)

    def at(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name

    def has(self, *names: str) -> bool:
        return all(name in self.values for name in names)

    def text(self, *names: str) -> str:
        """The first text or number among these fields, cleaned; empty if there is none."""
        return clean_text(self.raw(*names))

    def title(self, *names: str) -> str:
        return clean_title(self.raw(*names))

    def raw(self, *names: str) -> str:
        """As `text`, uncleaned: for HTML."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, str) and value.strip():
                return value
            if isinstance(value, int | float) and not isinstance(value, bool):
                return str(value)
        return ""

    def word(self, name: str) -> str:
        """A text for comparison: in lower case, without blanks around it."""
        return self.raw(name).strip().casefold()[:MAX_KEY]

    def key(self, *names: str) -> str:
        """The identity of the object. Raises FeedError if none of the fields has one."""
        found = self.title(*names)[:MAX_KEY]
        if not found:
            raise FeedError(self.at(names[0]), "This is missing, and nothing else identifies it.")
        return found

    def link(self, *names: str) -> str:
        """The first web address among these fields; empty if there is none."""
        texts = (self.title(name) for name in names)
        return next((text for text in texts if text.startswith(("https://", "http://")) and " " not in text), "")

    def time(self, *names: str) -> datetime | None:
        """The first of these fields that has a time; Unix times may be texts."""
        for name in names:
            value = self.values.get(name)
            if value is None or value == "" or isinstance(value, bool):
                continue
            try:
                at = _read_time(value, self.reading.zone)
            except ValueError:
                self.reading.remark(self.at(name), f"{quote_value(value)} is not a time. It is left out.")
                continue
            if at is not None:
                return at
            self.reading.remark(self.at(name), f"{quote_value(value)} names no time zone. It is left out.")
        return None

    def inner(self, name: str) -> "Node":
        """An object; empty if it is absent or something else."""
        value = self.values.get(name)
        return Node(value if isinstance(value, dict) else {}, self.at(name), self.reading)

    def nodes(self, name: str) -> list["Node"]:
        """A list of objects; empty if it is absent or null. Raises FeedError for anything else."""
        value = self.values.get(name)
        if value is None:
            return []
        return read_list(value, self.at(name), self.reading)

    def names(self, name: str, field_name: str = "name") -> tuple[str, ...]:
        """The names in a list of texts or of objects; anything else is left out."""
        value = self.values.get(name)
        items = value if isinstance(value, list) else []
        texts = (each.get(field_name) if isinstance(each, dict) else each for each in items)
        return tuple(dict.fromkeys(clean_title(text) for text in texts if isinstance(text, str) and text.strip()))


def read_list(value: object, place: str, reading: Reading) -> list[Node]:
    """A list of objects. Raises FeedError."""
    if not isinstance(value, list):
        raise FeedError(place, f"{quote_value(value)} is not a list.")
    return [Node.from_value(each, f"{place}[{index}]", reading) for index, each in enumerate(value)]


def decode_json(payload: bytes, content_type: str | None) -> object:
    """Decode an answer. Raises FeedError."""
    text = decode_text(payload, content_type)
    if not text.strip():
        raise FeedError("", "The answer is empty.")
    if text.lstrip()[:1] == "<":
        raise FeedError("", "The answer is a web page or XML, not JSON. Check the address.")
    try:
        value: object = json.loads(text, parse_constant=_reject_constant)
    except json.JSONDecodeError as error:
        is_cut = error.pos >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated")
        ending = " It seems to be cut off." if is_cut else ""
        reason = f"{error.msg.removesuffix(' starting at').removesuffix(' at')} at line {error.lineno}"
        raise FeedError("", f"The answer is not JSON: {reason}, column {error.colno}.{ending}") from None
    except RecursionError:
        raise FeedError("", "The answer is nested too deeply.") from None
    except ValueError:  # Python parses no integer of more than 4,300 digits
        raise FeedError("", "The answer contains a number that is too long.") from None
    return value


def decode_text(payload: bytes, content_type: str | None) -> str:
    """
    Decode by the byte order mark, then the charset of `content_type`, then as UTF-8.

    Raises FeedError.
    """
    marked = next((name for mark, name in _BOMS if payload.startswith(mark)), None)
    declared = _CHARSET.search(content_type or "")
    charset = marked or (declared[1] if declared else "utf-8")
    try:
        return payload.decode(find_charset(charset) or "")
    except LookupError:
        raise FeedError("", f"The charset {quote_value(charset)} is not known.") from None
    except UnicodeError:
        raise FeedError("", f"The answer cannot be read as {charset}.") from None


def quote_value(value: object) -> str:
    """A value in a message: short, on one line."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value[:_MAX_QUOTED] if isinstance(value, str) else value)
    return text if len(text) <= _MAX_QUOTED else f"{text[:_MAX_QUOTED]}…"


def _reject_constant(name: str) -> NoReturn:
    raise FeedError("", f"{name} is not JSON.")


def _read_time(value: object, zone: tzinfo | None) -> datetime | None:
    if isinstance(value, int | float):
        return parse_unix_time(value)
    text = value if isinstance(value, str) else ""
    is_unix_time = text.isascii() and text.isdecimal() and 9 <= len(text) <= 14
    return parse_unix_time(int(text)) if is_unix_time else parse_time(text, zone)
