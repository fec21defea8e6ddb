"""`[vendors.NAME]`: external contacts, and their status pages."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from hashlib import sha256
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from bot.config.sections import Section
from bot.config.sections.durations import Length, parse_length
from bot.config.sections.fields import ClockTime, ClosingTime, Day, Holiday, ListOf, WebLink, Word, Zone, minutes_of_day
from bot.domain.errors import did_you_mean
from bot.domain.escalation.vendors import Vendor
from bot.domain.oncall.working_hours import DAYS, WorkingHours
from bot.domain.status_page.components import Indicator
from bot.domain.terms import LANGUAGES
from bot.domain.vendor_status.kinds import FEED_KINDS
from bot.domain.vendor_status.relevance import FeedFilter

NO_LANGUAGE = ""
"""Of a page with one address."""
Line = Annotated[str, Field(min_length=1, max_length=200)]


def _check_phone(value: str) -> str:
    if not any(character.isdigit() for character in value):
        raise ValueError("This has no digit. Use the number as it is dialled, like +33 1 23 45 67 89.")
    return value


def _check_kind(value: str) -> str:
    if value not in FEED_KINDS:
        guess = did_you_mean(value, list(FEED_KINDS))
        raise ValueError(f"This is not a kind of status page.{guess} Use one of {', '.join(FEED_KINDS)}.")
    return value


def _expand_feed(value: object) -> object:
    """One address alone is in no language in particular."""
    return {NO_LANGUAGE: value} if isinstance(value, str) else value


def _check_feeds(value: Mapping[str, str]) -> Mapping[str, str]:
    for code, address in value.items():
        if not re.fullmatch(r"https?://[^\s/]\S{0,1990}", address):
            raise ValueError(f"{_named(code)} is not a web address. Use one with http:// or https://.")
        if code != NO_LANGUAGE and code not in LANGUAGES:
            raise ValueError(f"{code} is not a supported language. Use {', '.join(LANGUAGES)}.")
    if len(set(value.values())) < len(value):
        raise ValueError("Two languages have the same address. Give each its own, or leave one out.")
    return value


def _named(code: str) -> str:
    return f"The address of {code}" if code else "This"


Feeds = Annotated[Mapping[str, str], BeforeValidator(_expand_feed), Field(min_length=1), AfterValidator(_check_feeds)]


class VendorHoursSection(Section):
    """`[vendors.NAME.hours]`: support hours, in the vendor's `zone`."""

    days: Annotated[ListOf[Day], Field(min_length=1)] = DAYS[:5]
    opens: Annotated[ClockTime, Field(alias="from")] = "09:00"
    closes: Annotated[ClosingTime, Field(alias="to")] = "18:00"
    holidays: ListOf[Holiday] = ()

    def as_working_hours(self, zone: ZoneInfo) -> WorkingHours:
        days, holidays = frozenset(self.days), frozenset(self.holidays)
        return WorkingHours(days, minutes_of_day(self.opens), minutes_of_day(self.closes), zone, holidays)


class VendorSection(Section):
    """
    `[vendors.NAME]`: an external contact, the escalation target `vendor:NAME`.

    `hours` None: unknown. `zone` None: the incident's. `ask_for_case_minutes` 0: the case reference is not asked for.

    The other keys are for their status page. `feed`: its address, or one for each language; None: it is not watched.
    `kind` None: it is recognised. `components` empty: all count. `every`: how often it is read; at least every two
    minutes while something is open.
    """

    name: Word | None = None
    url: WebLink | None = None
    contact: Line | None = None
    phone: Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_check_phone)] | None = None
    contract: Line | None = None
    links: Mapping[Word, WebLink] = Field(default_factory=dict)
    zone: Zone | None = None
    hours: VendorHoursSection | None = None
    ask_for_case_minutes: Annotated[int, Field(ge=0, le=1440)] = 15
    feed: Feeds | None = None
    kind: Annotated[str, AfterValidator(_check_kind)] | None = None
    components: ListOf[Word] = ()
    least_impact: Annotated[Indicator, Field(strict=False)] = Indicator.NONE
    every: Length = "5m"
    allow_http: bool = False
    allow_private: bool = False

    @property
    def feeds(self) -> Mapping[str, str]:
        """The addresses of the status page by language, in order; `""` for a single one."""
        return self.feed or {}

    @cached_property
    def interval(self) -> timedelta:
        """How often the status page is read."""
        return parse_length(self.every)

    @cached_property
    def page_source(self) -> str:
        """Digest of the keys that change the meaning of a look: with others, a page is new."""
        stated = [list(self.feeds.items()), self.kind, self.components, self.least_impact]
        return sha256(json.dumps(stated).encode()).hexdigest()[:16]

    @property
    def filter(self) -> FeedFilter:
        """The incidents of the status page that count."""
        return FeedFilter(self.components, self.least_impact)

    def as_vendor(self, key: str, zone: ZoneInfo) -> Vendor:
        """Convert; `key` is the name of the table, `zone` the incident's, for a vendor without one."""
        own = self.zone or zone
        return Vendor(
            key,
            self.name or key,
            url=self.url,
            contact=self.contact,
            phone=self.phone,
            contract=self.contract,
            links=tuple(self.links.items()),
            zone=own,
            hours=self.hours.as_working_hours(own) if self.hours else None,
        )
