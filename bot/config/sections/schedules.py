"""`[schedules.NAME]`: on-call schedules, by layers of shifts or by an external calendar."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator

from bot.config.sections import Section
from bot.config.sections.fields import (
    Channel,
    ClockTime,
    ClosingTime,
    Day,
    FileName,
    ListOf,
    UserIdText,
    Zone,
    is_user_id,
    minutes_of_day,
)
from bot.domain.oncall import recurrence
from bot.domain.oncall.schedule import Hours, Layer, Schedule
from bot.domain.oncall.working_hours import DAYS

UNITS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
LONGEST = timedelta(days=366)
NO_TIME = 'This is not a day with a time. Use local time, like "2026-01-05 09:00".'
NO_SPAN = 'This is not a length of time. Use one like "day", "week", "12 hours" or "2 weeks".'
EXAMPLE = 'Write it like "FREQ=WEEKLY;BYDAY=MO,FR" (RFC 5545).'
EITHER = 'The change of shifts is missing or doubled. Set one of: every = "week", or rule = "FREQ=WEEKLY;BYDAY=MO,FR".'
BOTH = "This schedule has layers and a calendar. Keep one, and put the other into a separate schedule."


def _parse_local_time(value: object) -> datetime:
    """Read a text like `2026-01-05 09:00`, or one of TOML's own times without an offset."""
    if isinstance(value, date) and not isinstance(value, datetime):
        raise ValueError(NO_TIME)  # noqa: TRY004  pydantic reports a ValueError only
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise ValueError(NO_TIME) from None
    if isinstance(value, str) and ":" not in value:
        raise ValueError(NO_TIME)
    if found.tzinfo is not None:
        raise ValueError("Remove the offset: the zone of the layer or schedule applies.")
    return found.replace(second=0, microsecond=0)


def _parse_span(value: object) -> timedelta:
    found = re.fullmatch(r"(?:(\d{1,4}) +)?(hour|day|week)s?", str(value).strip().casefold())
    if not isinstance(value, str) or found is None:
        raise ValueError(NO_SPAN)
    span = int(found[1] or 1) * UNITS[found[2]]
    if not timedelta() < span <= LONGEST:
        raise ValueError('Use a length from "1 hour" to "52 weeks".')
    return span


def _parse_rule(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"This is not a text. {EXAMPLE}")  # noqa: TRY004  pydantic reports a ValueError only
    text = value.strip().upper().removeprefix("RRULE:")
    if ends := [key for key in ("COUNT", "UNTIL") if key in recurrence.rule_parts(text)]:
        raise ValueError(f"Remove {ends[0]}: the key `ends` sets the end of a layer.")
    if problem := recurrence.rule_problem(text):
        raise ValueError(f"{problem} {EXAMPLE}")
    return text


def _parse_shifts(value: object) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list | tuple):
        raise ValueError('This must be a list, like ["U0123456789", "U0123456780"].')  # noqa: TRY004
    if not value:
        raise ValueError("The list is empty. Add people by their Slack user ids, or remove the layer.")
    shifts = [tuple(each) if isinstance(each, list | tuple) else (each,) for each in value]
    for number, shift in enumerate(shifts, 1):
        if not shift:
            raise ValueError(f"Entry {number} is an empty list. Add a person, or remove it.")
        for each in shift:
            if not isinstance(each, str) or not is_user_id(each):
                raise ValueError(
                    f"Entry {number}, {each!r}, is not a Slack user id. Copy it from the person's "
                    "profile (... > Copy member ID). People in an inner list are on call together."
                )
    return tuple(shifts)


def _wrap_table(value: object) -> object:
    return [value] if isinstance(value, dict) else value


def normalize_calendar_address(value: str) -> str:
    """
    Return the address to fetch: `webcal://` is how a browser hands an address to a calendar.

    Raises ValueError for what is no web address.
    """
    address = re.sub("^webcals?://", "https://", value.strip(), flags=re.IGNORECASE)
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", address):
        raise ValueError(
            "This is not a web address. Copy the calendar's address, which begins with https:// or webcal://."
        )
    return address


LocalTime = Annotated[datetime, BeforeValidator(_parse_local_time)]
Span = Annotated[timedelta, BeforeValidator(_parse_span)]
RuleText = Annotated[str, BeforeValidator(_parse_rule)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Shifts = Annotated[tuple[tuple[str, ...], ...], BeforeValidator(_parse_shifts), Field(min_length=1, strict=False)]


class OnCallSection(Section):
    """`[oncall]`. `font`: the font of the names in the schedule image, by system name or path."""

    font: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None


class LayerHoursSection(Section):
    """One table of `hours`: outside of them nobody is on call by the layer."""

    days: Annotated[ListOf[Day], Field(min_length=1)] = DAYS
    opens: Annotated[ClockTime, Field(alias="from")] = "00:00"
    closes: Annotated[ClosingTime, Field(alias="to")] = "24:00"

    @model_validator(mode="after")
    def _check_length(self) -> Self:
        if self.opens == self.closes:
            raise ValueError('These hours end when they begin. For the whole day, use from = "00:00" and to = "24:00".')
        return self

    def as_hours(self) -> Hours:
        days = frozenset(DAYS.index(each) for each in self.days)
        return Hours(days, minutes_of_day(self.opens), minutes_of_day(self.closes))


class LayerSection(Section):
    """`[[schedules.NAME.layers]]`, with `every` or `rule`. `zone` None: the schedule's."""

    people: Shifts
    starts: LocalTime
    every: Span | None = None
    rule: RuleText | None = None
    length: Span | None = None
    ends: LocalTime | None = None
    hours: Annotated[tuple[LayerHoursSection, ...], BeforeValidator(_wrap_table), Field(strict=False)] = ()
    zone: Zone | None = None

    @model_validator(mode="after")
    def _check_rotation(self) -> Self:
        if (self.every is None) == (self.rule is None):
            raise ValueError(EITHER)
        if self.ends is not None and self.ends <= self.starts:
            raise ValueError("The layer ends before it starts. Correct `ends`, or remove the layer.")
        if self.rule is not None and not recurrence.occurrences(self.rule, self.starts, self.starts):
            raise ValueError(f"{self.rule}: {recurrence.NEVER_OCCURS}")
        return self

    def as_layer(self, zone: ZoneInfo) -> Layer:
        return Layer(
            self.people,
            self.starts,
            self.zone or zone,
            every=self.every,
            rule=self.rule,
            length=self.length,
            ends=self.ends,
            hours=tuple(each.as_hours() for each in self.hours),
        )


class ScheduleSection(Section):
    """
    `[schedules.NAME]`.

    `calendar` is true for a feed whose secret address is in the environment, or the path of a file, relative to
    `dogwatch.toml`. `names` maps words of the calendar to user ids. Handovers are announced to those who leave and
    come, and in `handover_channel` (name or id).
    """

    zone: Zone | None = None
    layers: ListOf[LayerSection] = ()
    calendar: bool | FileName = False
    names: Mapping[Name, UserIdText] = Field(default_factory=dict)
    may_have_gaps: bool = False
    handover_direct: bool = True
    handover_channel: Channel | None = None

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        if self.layers and self.calendar:
            raise ValueError(BOTH)
        if self.names and not self.calendar:
            raise ValueError("`names` is for calendars, and this schedule has none. Remove it.")
        return self

    @property
    def is_fetched(self) -> bool:
        return self.calendar is True

    @property
    def user_ids(self) -> tuple[str, ...]:
        """The people of its layers and names."""
        return (*(user for layer in self.layers for shift in layer.people for user in shift), *self.names.values())

    def as_schedule(self, name: str, zone: ZoneInfo) -> Schedule:
        """Convert; `zone` applies where none is given. The shifts of a calendar are in the database."""
        own = self.zone or zone
        return Schedule(name, own, tuple(each.as_layer(own) for each in self.layers))
