"""`[nudges]`: what people are reminded of, and after how long."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from bot.config.sections import Section, SeverityWord, Word
from bot.domain.oncall.holidays import is_country
from bot.domain.reminders.rules import Rules
from bot.domain.terms import Severity


def _by_severity(value: object) -> object:
    """One number stands for every severity, and `false` for never."""
    if value is False:
        return {}
    return dict.fromkeys(Severity, value) if isinstance(value, int) else value


def _country(value: str) -> str:
    if not is_country(value):
        raise ValueError(
            "This is no country whose holidays are known. Write its two letters, like FR, or with a part, like DE-BY."
        )
    return value


Most = Annotated[int, Field(ge=0, le=527_040)]
BySeverity = Annotated[Mapping[SeverityWord, Most], BeforeValidator(_by_severity)]
"""A number for each severity. 0, or a severity that is not named: never."""
Country = Annotated[str, AfterValidator(_country)]


class NudgesSection(Section):
    """
    `[nudges]`. Minutes, days for `postmortem_due`; 0 or `false` switches one off.

    `acknowledged_quiet` is how long
    whoever acknowledged an escalation may be silent, `quiet_wait` how long they have to answer. `countries` holds
    those of people by user id, and of teams by name.
    """

    nobody_leads: BySeverity = Field(default_factory=lambda: dict.fromkeys(Severity, 10))
    update_due: BySeverity = Field(default_factory=lambda: {Severity.SEV1: 30, Severity.SEV2: 60, Severity.SEV3: 120})
    nothing_recorded: BySeverity = Field(default_factory=lambda: {Severity.SEV1: 20})
    triage: BySeverity = Field(default_factory=lambda: dict.fromkeys(Severity, 30))
    task_overdue: bool = True
    postmortem_due: BySeverity = Field(default_factory=lambda: {Severity.SEV1: 3, Severity.SEV2: 5})
    again: Annotated[int, Field(ge=1, le=10_080)] = 30
    acknowledged_quiet: BySeverity = Field(default_factory=lambda: {Severity.SEV1: 15, Severity.SEV2: 30})
    quiet_wait: Annotated[int, Field(ge=1, le=1440)] = 5
    country: Country | None = None
    countries: Mapping[Word, Country] = Field(default_factory=dict)

    def rules(self, severity: Severity) -> Rules:
        """What is asked for in an open incident of this severity."""
        return Rules(
            _minutes(self.nobody_leads, severity),
            _minutes(self.update_due, severity),
            _minutes(self.nothing_recorded, severity),
            _minutes(self.triage, severity),
            timedelta(minutes=self.again),
        )

    def quiet_after(self, severity: Severity) -> timedelta | None:
        """How long whoever acknowledged an escalation may be silent; None: nobody minds."""
        return _minutes(self.acknowledged_quiet, severity)


def _minutes(told: Mapping[Severity, int], severity: Severity) -> timedelta | None:
    return timedelta(minutes=told[severity]) if told.get(severity) else None
