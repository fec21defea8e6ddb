"""Automatic resolution of an incident whose alerts have ended, where that is configured."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ResolveRule:
    """
    Time for which an alert must have been over.

    `table` of `dogwatch.toml` sets it: `[[routes]] 2`.
    """

    after: timedelta
    table: str


@dataclass(frozen=True, slots=True)
class QuietIncident:
    """
    An open incident after the end of an alert.

    `since`: receipt of the last end. `rules`: that of each alert, None where a person has to resolve. `is_worked_on`:
    somebody did more than acknowledge.
    """

    since: datetime
    rules: Sequence[ResolveRule | None]
    firing: int = 0
    is_worked_on: bool = False


@dataclass(frozen=True, slots=True)
class LeaveOpen:
    """An alert fires, or one of them is for a person to resolve."""


@dataclass(frozen=True, slots=True)
class WaitLonger:
    """Not all have been over for long enough. Decide again at `until`."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Resolve:
    """Resolve the incident by `rule`, the slowest of its alerts' rules."""

    rule: ResolveRule


@dataclass(frozen=True, slots=True)
class SuggestResolution:
    """People work on it: they are told that `rule` would resolve it."""

    rule: ResolveRule


ResolutionDecision = LeaveOpen | WaitLonger | Resolve | SuggestResolution


def choose_resolution(incident: QuietIncident, now: datetime) -> ResolutionDecision:
    """
    Decide at `now` whether an incident is resolved without a person.

    Each of its alerts needs a rule, and the slowest applies to all.
    """
    rules = [rule for rule in incident.rules if rule is not None]
    if incident.firing or not rules or len(rules) < len(incident.rules):
        return LeaveOpen()
    slowest = max(rules, key=lambda rule: rule.after)
    if now < incident.since + slowest.after:
        return WaitLonger(incident.since + slowest.after)
    return SuggestResolution(slowest) if incident.is_worked_on else Resolve(slowest)
