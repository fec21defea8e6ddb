"""Fields of a JSON object as typed values; `Malformed` names the one that is wrong."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

from bot.domain.alerts.links import is_web_address
from bot.domain.errors import did_you_mean
from bot.domain.text.normalize import is_visible
from bot.lazy_dataclass import dataclass
from bot.sources.json_reader import Malformed, join_path, quote_value

Choice = TypeVar("Choice")

MAX_LISTED_FIELDS = 6
"""Present fields that a refusal lists."""
MAX_COUNT = 1_000_000_000


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
        if text is None or not is_visible(text):
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

    def time(self, name: str, *, zone: str = "") -> datetime | None:
        """
        A time in UTC; None if absent or Go's zero time (year 1).

        `zone` is appended if the sender's times have none, as `Z`.
        """
        value = self.values.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise Malformed(self.at(name), f"{quote_value(value)} is not an RFC 3339 time. {TIME_EXAMPLE}")
        text = self.text(name)
        return None if text is None else _parse_time(text.strip() + zone, self.at(name))

    def unix_time(self, name: str, *, per_second: int = 1) -> datetime | None:
        """A number of seconds, or of their parts, since 1970, also as a text; None if absent or 0."""
        value = self.values.get(name)
        if isinstance(value, str):
            value = int(value) if re.fullmatch(r"\d{1,19}", value.strip(), re.ASCII) else value or None
        if value is None or value == 0:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Malformed(self.at(name), f"{quote_value(value)} is not a Unix time. Send a number.")
        try:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value * 1_000_000 // per_second)
        except (OverflowError, ValueError):  # a product of floats may be infinite, and its remainder no number
            raise Malformed(self.at(name), f"{quote_value(value)} is a time that does not exist.") from None

    def inner(self, name: str) -> "Fields":
        """A required object."""
        if not self.has(name):
            raise Malformed(self.at(name), "This is missing. Send an object.")
        return Fields.from_value(self.values[name], self.at(name))

    def part(self, name: str) -> "Fields":
        """An object that only adds details; empty if it is absent or something else."""
        value = self.values.get(name)
        return Fields(value if isinstance(value, dict) else {}, self.at(name))

    def parts(self, name: str) -> "Sequence[Fields]":
        """A list of objects that only add details; anything else is left out."""
        value = self.values.get(name)
        items = enumerate(value) if isinstance(value, list) else ()
        return [Fields(each, f"{self.at(name)}[{index}]") for index, each in items if isinstance(each, dict)]

    def detail(self, *names: str) -> str | None:
        """The first text or number among these fields, for people; None if there is none."""
        return next((text for name in names if (text := format_detail(self.values.get(name)))), None)

    def details(self, name: str) -> dict[str, str]:
        """The texts and numbers of an object that only adds details."""
        pairs = {key: format_detail(each) for key, each in self.part(name).values.items()}
        return {key: text for key, text in pairs.items() if text}

    def identity(self, name: str, what: str) -> str:
        """A required text or number that identifies something."""
        value = self.values.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.required_text(name, what).strip()

    def choice(self, name: str, words: Mapping[str, Choice]) -> Choice:
        """A required text that is one of `words` (in lower case), as what it stands for."""
        text = self.required_text(name, f"one of {', '.join(words)}")
        word = text.strip().casefold()
        if word not in words:
            guess = did_you_mean(text, list(words))
            raise Malformed(self.at(name), f"{quote_value(text)} is not known.{guess} Send one of {', '.join(words)}.")
        return words[word]

    def detail_link(self, *names: str) -> str | None:
        """The first web address among fields that only add details."""
        texts = ((self.detail(name) or "").strip() for name in names)
        return next((text for text in texts if is_web_address(text)), None)

    def detail_links(self, name: str) -> tuple[str, ...]:
        """The web address of a field that only adds details; empty without one."""
        link = self.detail_link(name)
        return (link,) if link else ()

    def link(self, *names: str) -> str | None:
        """The first HTTP URL among these fields. Other schemes, as `javascript:`, are ignored."""
        values = [self.text(name) for name in names]
        return next((text for text in values if text and text.lower().startswith(("http://", "https://"))), None)


def format_detail(value: object) -> str:
    """A text, number or truth value for people; empty for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _format_measured(value: object) -> str:
    """Numbers with six digits: `0.12`, not `0.12000000000000001`."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return f"{value:.6g}" if isinstance(value, float) and abs(value) < 1_000_000 else str(value).strip()


TIME_EXAMPLE = "Use one like 2026-11-18T14:05:30Z."
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,30}))? ?(?:([Zz])|([+-])(\d\d):?(\d\d))?", re.ASCII
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
