"""`[vendors.NAME]`: somebody outside whom an incident can be escalated to, and how they are reached."""

from collections.abc import Mapping
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from bot.config.sections import ClockTime, Day, EndOfWork, Holiday, Section, WebLink, Word, Zone
from bot.domain.escalation.vendors import Vendor
from bot.domain.oncall.working_hours import DAYS, WorkingHours

Line = Annotated[str, Field(min_length=1, max_length=200)]


def _dialled(value: str) -> str:
    if not any(character.isdigit() for character in value):
        raise ValueError("There is no digit in it. Write the number as it is dialled, like +33 1 23 45 67 89.")
    return value


class VendorHoursSection(Section):
    """`[vendors.NAME.hours]`: when their support answers, by the clock of the vendor's `zone`."""

    days: Annotated[tuple[Day, ...], Field(min_length=1, strict=False)] = DAYS[:5]
    opens: Annotated[ClockTime, Field(alias="from")] = "09:00"
    closes: Annotated[EndOfWork, Field(alias="to")] = "18:00"
    holidays: Annotated[tuple[Holiday, ...], Field(strict=False)] = ()


class VendorSection(Section):
    """
    `[vendors.NAME]`: somebody outside whom an incident can be escalated to as `vendor:NAME`.

    `hours` None: nobody said when they answer. `zone` None: the incident's own. `ask_for_case_minutes` 0: the case
    reference is not asked for.
    """

    name: Word | None = None
    url: WebLink | None = None
    contact: Line | None = None
    phone: Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_dialled)] | None = None
    contract: Line | None = None
    links: Mapping[Word, WebLink] = Field(default_factory=dict)
    zone: Zone | None = None
    hours: VendorHoursSection | None = None
    ask_for_case_minutes: Annotated[int, Field(ge=0, le=1440)] = 15

    def as_vendor(self, key: str, zone: ZoneInfo) -> Vendor:
        """`key` is what stands behind `vendors.`; `zone` is the incident's, for one that has none of its own."""
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
            hours=_hours(self.hours, own),
        )


def _hours(section: VendorHoursSection | None, zone: ZoneInfo) -> WorkingHours | None:
    if section is None:
        return None
    days, holidays = frozenset(section.days), frozenset(section.holidays)
    return WorkingHours(days, _minutes(section.opens), _minutes(section.closes), zone, holidays)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
