"""Validated types for the values of a scenario."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from bot.domain.alerts.events import SOURCE_NAMES
from bot.domain.errors import UserError, did_you_mean
from bot.domain.terms import AlertStatus
from bot.domain.text.duration_parser import read_duration
from bot.domain.times import read_zone

T = TypeVar("T")


def format_value(value: object) -> str:
    """Return a value for a message, cut to 60 characters."""
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _require_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004  pydantic reports a ValueError only
            f"a text is needed, not {format_value(value)}. Put it in quotes if it is one."
        )
    if not value.strip():
        raise ValueError("it is empty. Write something, or leave the key out.")
    return value


def _parsed_by(parse: Callable[[str], T | None], message: str) -> BeforeValidator:
    """Return a parser of texts. `message` names as `{}` a text that is None or a ValueError."""

    def validate(value: object) -> T:
        text = _require_text(value)
        try:
            found = parse(text)
        except ValueError:
            found = None
        if found is None:
            raise ValueError(message.format(text))
        return found

    return BeforeValidator(validate)


def _choose_from(choices: Sequence[str]) -> BeforeValidator:
    def validate(value: object) -> str:
        text = _require_text(value)
        if text not in choices:
            guess = did_you_mean(text, choices)
            raise ValueError(f"`{text}` is not possible.{guess} Use {' or '.join(choices)}.")
        return text

    return BeforeValidator(validate)


def _parse_zone(value: object) -> ZoneInfo:
    try:
        return read_zone(_require_text(value))
    except UserError as problem:
        raise ValueError(problem.message) from None


def _parse_instant(text: str) -> datetime | None:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else None


def _as_text(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _check_command(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(f"`{text}` is not a command. Begin it with a slash, like /incident note ….")
    return text


def _check_labels(labels: Mapping[str, str]) -> Mapping[str, str]:
    if not labels.get("alertname"):
        raise ValueError("`alertname` is missing. Every alert needs one.")
    return labels


def _expand_title(value: object) -> object:
    return value if isinstance(value, Mapping) else {"": _require_text(value)}


def _expand_services(value: object) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [_require_text(value)]
    if not names or not all(isinstance(each, str) and each.strip() for each in names):
        raise ValueError("a text, or a list of texts, is needed.")
    return tuple(names)


Text = Annotated[str, BeforeValidator(_require_text)]
Texts = Annotated[tuple[str, ...], Field(strict=False)]
TextTable = Mapping[str, Annotated[str, BeforeValidator(_as_text)]]
"""Texts by name; numbers are taken as they are written."""
Handle = Annotated[Text, AfterValidator(lambda name: name.removeprefix("@"))]
Source = Annotated[str, _choose_from(SOURCE_NAMES)]
Status = Annotated[AlertStatus, BeforeValidator(AlertStatus), _choose_from([each.value for each in AlertStatus])]
Labels = Annotated[TextTable, AfterValidator(_check_labels)]
Command = Annotated[Text, AfterValidator(_check_command)]
Titles = Annotated[TextTable, BeforeValidator(_expand_title)]
Services = Annotated[Texts, BeforeValidator(_expand_services)]
Zone = Annotated[ZoneInfo, BeforeValidator(_parse_zone)]
Count = Annotated[int, Field(ge=0)]
Day = Annotated[date, _parsed_by(date.fromisoformat, "`{}` is not a date. Write it like 2023-05-15.")]
Instant = Annotated[
    datetime, _parsed_by(_parse_instant, "`{}` is not a time with an offset. Write it like 2023-05-15T12:00:00+03:00.")
]
ClockTime = Annotated[
    str,
    _parsed_by(
        lambda text: text if re.fullmatch(r"[0-2][0-9]:[0-5][0-9]", text) else None,
        '`{}` is not a clock time. Write "12:05", or null for an entry without one.',
    ),
    BeforeValidator(_as_text),
]
Duration = Annotated[
    str,
    _parsed_by(
        lambda text: None if read_duration(text) is None else text, "`{}` is not a duration. Write it like 1h 45m."
    ),
]
