"""Reminders, and the time after which each is sent."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from bot.config.sections import Section
from bot.config.sections.fields import SeverityWord, Word
from bot.domain.oncall.holidays import is_country
from bot.domain.reminders import ReminderRules
from bot.domain.terms import Severity


def _expand_number(value: object) -> object:
    """Read one number as that of every severity, and `false` as never."""
    if value is False:
        return {}
    return dict.fromkeys(Severity, value) if isinstance(value, int) else value


def _check_country(value: str) -> str:
    if not is_country(value):
        raise ValueError(
            "Holidays of this country are not known. Use two letters, like FR, or with a region, like DE-BY."
        )
    return value


BySeverity = Annotated[Mapping[SeverityWord, Annotated[int, Field(ge=0, le=527_040)]], BeforeValidator(_expand_number)]
"""A number for each severity. 0, or a severity that is not named: never."""
Country = Annotated[str, AfterValidator(_check_country)]


class RemindersSection(Section):
    """
    The table of reminders, in minutes, but days for `postmortem_due`.

    0 or `false` switches a reminder off. `maintenance_due` is the time before a published maintenance begins.
    `acknowledged_quiet` is the acknowledgement timeout of an escalation,
    `quiet_wait` the time to confirm. `countries` holds those of people by user id, and of teams by name.
    """

    nobody_leads: BySeverity = Field(
        default_factory=lambda: {Severity.SEV1: 3, Severity.SEV2: 5, Severity.SEV3: 10, Severity.SEV4: 10}
    )
    update_due: BySeverity = Field(default_factory=lambda: {Severity.SEV1: 30, Severity.SEV2: 60, Severity.SEV3: 120})
    nothing_recorded: BySeverity = Field(
        default_factory=lambda: {Severity.SEV1: 20, Severity.SEV2: 40, Severity.SEV3: 90}
    )
    triage: BySeverity = Field(default_factory=lambda: dict.fromkeys(Severity, 30))
    approval_due: BySeverity = Field(default_factory=lambda: dict.fromkeys(Severity, 5))
    maintenance_due: Annotated[int, Field(ge=0, le=10_080)] = 60
    task_overdue: bool = True
    postmortem_due: BySeverity = Field(default_factory=lambda: {Severity.SEV1: 3, Severity.SEV2: 5})
    again: Annotated[int, Field(ge=1, le=10_080)] = 30
    acknowledged_quiet: BySeverity = Field(default_factory=lambda: {Severity.SEV1: 15, Severity.SEV2: 30})
    quiet_wait: Annotated[int, Field(ge=1, le=1440)] = 5
    country: Country | None = None
    countries: Mapping[Word, Country] = Field(default_factory=dict)

    def rules(self, severity: Severity) -> ReminderRules:
        """Return the reminder rules of an open incident of this severity."""
        return ReminderRules(
            _minutes_for(self.nobody_leads, severity),
            _minutes_for(self.update_due, severity),
            _minutes_for(self.nothing_recorded, severity),
            _minutes_for(self.triage, severity),
            timedelta(minutes=self.again),
            _minutes_for(self.approval_due, severity),
        )

    def ack_timeout(self, severity: Severity) -> timedelta | None:
        """Return the acknowledgement timeout; None: there is none."""
        return _minutes_for(self.acknowledged_quiet, severity)


def _minutes_for(minutes: Mapping[Severity, int], severity: Severity) -> timedelta | None:
    return timedelta(minutes=minutes[severity]) if minutes.get(severity) else None
