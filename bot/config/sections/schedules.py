"""`[schedules.NAME]`: who is on call, by layers of turns or by a calendar that another tool keeps."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator

from bot.config.sections import Channel, ClockTime, Day, EndOfWork, FileName, Section, UserIdText, Zone, is_user_id
from bot.domain.oncall.recurrence import NEVER, occurrences, parts_of, why_not
from bot.domain.oncall.schedule import Hours, Layer, Schedule
from bot.domain.oncall.working_hours import DAYS

UNITS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
LONGEST = timedelta(days=366)
NO_TIME = 'This is no day with a time. Write it like "2026-01-05 09:00", as a clock on the wall in the zone shows it.'
NO_SPAN = 'This is no length of time. Write it like "day", "week", "12 hours" or "2 weeks".'
EXAMPLE = 'Write it like "FREQ=WEEKLY;BYDAY=MO,FR" (RFC 5545).'
EITHER = 'Say when the turns change, in one of two ways: every = "week", or rule = "FREQ=WEEKLY;BYDAY=MO,FR".'
BOTH = "It has layers and a calendar. Keep one: put the calendar into a schedule of its own."


def _wall(value: object) -> datetime:
    """A text like `2026-01-05 09:00`, or one of TOML's own times without an offset."""
    if isinstance(value, date) and not isinstance(value, datetime):
        raise ValueError(NO_TIME)  # noqa: TRY004  pydantic turns only this into a mistake
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise ValueError(NO_TIME) from None
    if isinstance(value, str) and ":" not in value:
        raise ValueError(NO_TIME)
    if found.tzinfo is not None:
        raise ValueError("Leave the offset away: the zone of the layer or schedule says which it is.")
    return found.replace(second=0, microsecond=0)


def _span(value: object) -> timedelta:
    found = re.fullmatch(r"(?:(\d{1,4}) +)?(hour|day|week)s?", str(value).strip().casefold())
    if not isinstance(value, str) or found is None:
        raise ValueError(NO_SPAN)
    span = int(found[1] or 1) * UNITS[found[2]]
    if not timedelta() < span <= LONGEST:
        raise ValueError('Use a length from "1 hour" to "52 weeks".')
    return span


def _rule(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"This is no text. {EXAMPLE}")  # noqa: TRY004  pydantic turns only this into a mistake
    text = value.strip().upper().removeprefix("RRULE:")
    if ends := [key for key in ("COUNT", "UNTIL") if key in parts_of(text)]:
        raise ValueError(f"Take {ends[0]} out: a layer ends with its key `ends`.")
    if problem := why_not(text):
        raise ValueError(f"{problem} {EXAMPLE}")
    return text


def _turns(value: object) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list | tuple):
        raise ValueError('This has to be a list, like ["U0123456789", "U0123456780"].')  # noqa: TRY004
    if not value:
        raise ValueError("Nobody stands in it. Name people by their Slack user ids, or take the layer out.")
    turns = [tuple(each) if isinstance(each, list | tuple) else (each,) for each in value]
    for number, turn in enumerate(turns, 1):
        if not turn:
            raise ValueError(f"Entry {number} is an empty list. Name a person there, or take it out.")
        for each in turn:
            if not isinstance(each, str) or not is_user_id(each):
                raise ValueError(
                    f"Entry {number}, {each!r}, is not a Slack user id. Copy it from the person's profile "
                    "(... > Copy member ID). Several in a list of their own are on call together."
                )
    return tuple(turns)


def _list_of(value: object) -> object:
    return [value] if isinstance(value, dict) else value


def calendar_address(value: str) -> str:
    """As it is fetched: `webcal://` is how a browser is told to hand an address to a calendar. Raises ValueError."""
    address = re.sub("^webcals?://", "https://", value.strip(), flags=re.IGNORECASE)
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", address):
        raise ValueError(
            "This is no web address. Copy the calendar's address, which begins with https:// or webcal://."
        )
    return address


WallTime = Annotated[datetime, BeforeValidator(_wall)]
Span = Annotated[timedelta, BeforeValidator(_span)]
RuleText = Annotated[str, BeforeValidator(_rule)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Turns = Annotated[tuple[tuple[str, ...], ...], BeforeValidator(_turns), Field(min_length=1, strict=False)]


class OnCallSection(Section):
    """`[oncall]`: `font` is a font file, by name as the host knows it or by path, for the names in the picture."""

    font: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None


class LayerHoursSection(Section):
    """One table of `hours`: outside of them nobody is on call by the layer."""

    days: Annotated[tuple[Day, ...], Field(min_length=1, strict=False)] = DAYS
    opens: Annotated[ClockTime, Field(alias="from")] = "00:00"
    closes: Annotated[EndOfWork, Field(alias="to")] = "24:00"

    @model_validator(mode="after")
    def _takes_time(self) -> Self:
        if self.opens == self.closes:
            raise ValueError(
                'These hours end when they begin. For the whole day write from = "00:00" and to = "24:00".'
            )
        return self

    def as_hours(self) -> Hours:
        return Hours(frozenset(DAYS.index(each) for each in self.days), _minutes(self.opens), _minutes(self.closes))


class LayerSection(Section):
    """`[[schedules.NAME.layers]]`. `every` or `rule` says when turns change, and `zone` goes before the schedule's."""

    people: Turns
    starts: WallTime
    every: Span | None = None
    rule: RuleText | None = None
    length: Span | None = None
    ends: WallTime | None = None
    hours: Annotated[tuple[LayerHoursSection, ...], BeforeValidator(_list_of), Field(strict=False)] = ()
    zone: Zone | None = None

    @model_validator(mode="after")
    def _is_one_rule(self) -> Self:
        if (self.every is None) == (self.rule is None):
            raise ValueError(EITHER)
        if self.ends is not None and self.ends <= self.starts:
            raise ValueError("It ends before it starts. Mend `ends`, or take the layer out.")
        if self.rule is not None and (not occurrences(self.rule, self.starts, self.starts)):
            raise ValueError(f"{self.rule}: {NEVER}")
        return self

    def as_layer(self, zone: ZoneInfo) -> Layer:
        hours = tuple(each.as_hours() for each in self.hours)
        return Layer(
            self.people,
            self.starts,
            self.zone or zone,
            every=self.every,
            rule=self.rule,
            length=self.length,
            ends=self.ends,
            hours=hours,
        )


class ScheduleSection(Section):
    """
    `[schedules.NAME]`. `calendar` is true for a feed whose secret address stands in the environment, or the path of a
    file, written as seen from the folder of `dogwatch.toml`. `names`: words of the calendar, and who is meant by them.
    Where a change of shift is told: to those who leave and come, and in a channel (name or id).
    """

    zone: Zone | None = None
    layers: Annotated[tuple[LayerSection, ...], Field(strict=False)] = ()
    calendar: bool | FileName = False
    names: Mapping[Name, UserIdText] = Field(default_factory=dict)
    may_have_gaps: bool = False
    handover_direct: bool = True
    handover_channel: Channel | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if self.layers and self.calendar:
            raise ValueError(BOTH)
        if self.names and not self.calendar:
            raise ValueError("`names` tells whom a calendar means, and this schedule has none. Take them out.")
        return self

    @property
    def is_fetched(self) -> bool:
        return self.calendar is True

    @property
    def named(self) -> tuple[str, ...]:
        """Everybody whom it names."""
        return (*(user for layer in self.layers for turn in layer.people for user in turn), *self.names.values())

    def as_schedule(self, name: str, zone: ZoneInfo) -> Schedule:
        """Of a calendar, its name and zone: its turns are not known here. `zone` counts where none is given."""
        shown_in = self.zone or zone
        return Schedule(name, shown_in, tuple(each.as_layer(shown_in) for each in self.layers))


def _minutes(text: str) -> int:
    return time.fromisoformat(text).hour * 60 + time.fromisoformat(text).minute if text != "24:00" else 1440
