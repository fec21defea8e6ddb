"""
Facts that Dogwatch itself records on a timeline: their kinds and values.

A fact is stored as kind and values and worded when it is shown: here in English, in drafts in each document's language.
An entry that somebody amended has their words and no fact.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from bot.domain.incidents.impact import AffectedUsers
from bot.domain.incidents.roles import LEAD
from bot.domain.text.payload import Payload
from bot.lazy_dataclass import dataclass

REDACTED = "[redacted]"
"""Replacement of redacted words."""
STORM = "Alert storm"
"""Title of a storm's incident without a count."""
SERVICES_LISTED = 5
"""Number of services that a count names."""
KIND = "kind"


@dataclass(frozen=True, slots=True)
class Fact(Payload, ABC):
    """Base of facts. `kind` tells them apart in the database."""

    kind: ClassVar[str]

    @abstractmethod
    def in_english(self) -> str:
        """The fact as an English sentence."""


@dataclass(frozen=True, slots=True)
class EscalationAcknowledged(Fact):
    """`by`: who answered a paging service, where that is no person in Slack."""

    kind: ClassVar[str] = "escalation_acknowledged"
    target: str
    by: str = ""

    def in_english(self) -> str:
        return f"Escalation to {self.target} acknowledged{f' by {self.by}' if self.by else ''}"


@dataclass(frozen=True, slots=True)
class VendorFixed(Fact):
    kind: ClassVar[str] = "vendor_fixed"
    target: str

    def in_english(self) -> str:
        return f"Fixed by {self.target}"


@dataclass(frozen=True, slots=True)
class RoleAssigned(Fact):
    """
    `user_id` is None where nobody has the role from now on.

    `before` handed it over, or gave it up; None where it was given without.
    """

    kind: ClassVar[str] = "role_assigned"
    role: str
    label: str
    user_id: str | None = None
    before: str | None = None
    note: str = ""

    def in_english(self) -> str:
        return with_note(self._sentence(), self.note)

    def _sentence(self) -> str:
        if self.user_id is None:
            return f"<@{self.before}> gives up: {self.label}"
        if self.before is not None:
            return f"<@{self.before}> hands over to <@{self.user_id}>: {self.label}"
        return f"<@{self.user_id}> leads" if self.role == LEAD else f"{self.label}: <@{self.user_id}>"


@dataclass(frozen=True, slots=True)
class UsersAffected(Fact):
    """An impact stated as a figure alone: a share (20.0 is 20 %) or a count."""

    kind: ClassVar[str] = "users_affected"
    percent: float | None = None
    count: int | None = None
    is_about: bool = False

    @property
    def users(self) -> AffectedUsers:
        return AffectedUsers(self.count, self.percent, self.is_about)

    def in_english(self) -> str:
        return f"{self.users.in_english()} affected"


@dataclass(frozen=True, slots=True)
class CausedByChange(Fact):
    """`change_kind` as in `ChangeKind`; `services` are separated by commas."""

    kind: ClassVar[str] = "caused_by_change"
    change_kind: str
    title: str
    services: str = ""
    version: str = ""

    def in_english(self) -> str:
        return f"{self.change_kind.capitalize()}: {self.subject}"

    @property
    def subject(self) -> str:
        return change_subject(self.title, self.services, self.version)


@dataclass(frozen=True, slots=True)
class VendorReported(Fact):
    """The first word on a vendor's status page. `title` is the vendor's."""

    kind: ClassVar[str] = "vendor_reported"
    vendor: str
    title: str

    def in_english(self) -> str:
        return f"First word on the status page of {self.vendor}: {self.title}"


@dataclass(frozen=True, slots=True)
class VendorResolved(VendorReported):
    """The end, as the vendor's status page states it."""

    kind: ClassVar[str] = "vendor_resolved"

    def in_english(self) -> str:
        return f"Resolved according to the status page of {self.vendor}: {self.title}"


@dataclass(frozen=True, slots=True)
class AlertEnded(Fact):
    """`line` is the alert's own text, `words` that of its end, where it has one."""

    kind: ClassVar[str] = "alert_ended"
    line: str
    words: str = ""

    def in_english(self) -> str:
        return f"{self.line} ended: {self.words}" if self.words else f"{self.line} ended"


@dataclass(frozen=True, slots=True)
class AlertsFired(Fact):
    """`lines` of the alerts that are named, and the number of the others."""

    kind: ClassVar[str] = "alerts_fired"
    lines: str
    more: int

    def in_english(self) -> str:
        return f"{self.lines}\nand {self.more} more"


@dataclass(frozen=True, slots=True)
class AlertCount(Fact):
    """
    Base of facts that only count alerts.

    `service` is the only one, `services` the number of several (0: none is named); `listed` names some with their
    counts.
    """

    count: int
    service: str | None = None
    services: int = 0
    listed: str = ""

    def _of_services(self) -> str:
        if self.service:
            return f" of {self.service}"
        return f" of {self.services:,} services" if self.services > 1 else ""

    def _alerts(self, word: str = "") -> str:
        return f"{self.count:,} {word}{'alert' if self.count == 1 else 'alerts'}{self._of_services()}"

    def _with_list(self, text: str) -> str:
        return f"{text}: {self.listed}" if self.listed else text


@dataclass(frozen=True, slots=True)
class MoreAlerts(AlertCount):
    kind: ClassVar[str] = "more_alerts"

    def in_english(self) -> str:
        return self._with_list(f"{self._alerts('more ')} in one minute")


@dataclass(frozen=True, slots=True)
class AlertsEnded(AlertCount):
    kind: ClassVar[str] = "alerts_ended"

    def in_english(self) -> str:
        return self._with_list(f"{self._alerts()} ended")


@dataclass(frozen=True, slots=True)
class AlertsStillFire(Fact):
    """`names` of the first of `count` alerts that fire after the end of their incident."""

    kind: ClassVar[str] = "alerts_still_fire"
    count: int
    names: str

    def in_english(self) -> str:
        return f"{self.count:,} {'alert still fires' if self.count == 1 else 'alerts still fire'}: {self.names}"


@dataclass(frozen=True, slots=True)
class AlertsFlap(Fact):
    """
    `names` of alerts that fire and end again and again.

    They are quiet after `minutes` without a change.
    """

    kind: ClassVar[str] = "alerts_flap"
    names: str
    minutes: int

    def in_english(self) -> str:
        return (
            f"Flapping: {self.names}. Further changes are recorded but not announced until there have been none for "
            f"{self.minutes} min."
        )


@dataclass(frozen=True, slots=True)
class ResolvedByRule(Fact):
    """Dogwatch resolved, as `table` of the configuration says: no alert fired for `minutes`."""

    kind: ClassVar[str] = "resolved_by_rule"
    minutes: int
    table: str

    def in_english(self) -> str:
        return f"Automatically, by Dogwatch: no alert fired for {self.minutes} min (resolve_after in {self.table})"


@dataclass(frozen=True, slots=True)
class StormTitle(AlertCount):
    """Title of a storm's incident; `count` is 0 before its alerts were counted."""

    kind: ClassVar[str] = "storm_title"

    def in_english(self) -> str:
        return f"{STORM}: {self._alerts()}" if self.count else STORM


@dataclass(frozen=True, slots=True)
class StormBegan(Fact):
    """`references` of the incidents that alerts had opened within `minutes`."""

    kind: ClassVar[str] = "storm_began"
    references: tuple[str, ...]
    minutes: int

    def in_english(self) -> str:
        noun = "incident" if len(self.references) == 1 else "incidents"
        return (
            f"Alerts had opened {len(self.references)} {noun} within {self.minutes} min "
            f"({', '.join(self.references)}). Further alerts are collected here."
        )


@dataclass(frozen=True, slots=True)
class StormGoesOn(StormBegan):
    kind: ClassVar[str] = "storm_goes_on"

    def in_english(self) -> str:
        noun = "incident" if len(self.references) == 1 else "incidents"
        return (
            f"The alert storm continues: alerts had opened {len(self.references)} more {noun} within "
            f"{self.minutes} min ({', '.join(self.references)}). Further alerts are collected here again."
        )


@dataclass(frozen=True, slots=True)
class StormOver(Fact):
    kind: ClassVar[str] = "storm_over"
    minutes: int

    def in_english(self) -> str:
        return f"The alert storm is over: no further alert for {self.minutes} min."


FACTS: Mapping[str, type[Fact]] = {
    each.kind: each
    for each in (
        EscalationAcknowledged,
        VendorFixed,
        RoleAssigned,
        UsersAffected,
        CausedByChange,
        VendorReported,
        VendorResolved,
        AlertEnded,
        AlertsFired,
        MoreAlerts,
        AlertsEnded,
        AlertsStillFire,
        AlertsFlap,
        ResolvedByRule,
        StormTitle,
        StormBegan,
        StormGoesOn,
        StormOver,
    )
}


def store_fact(fact: Fact) -> dict[str, Any]:
    """The JSON object to store."""
    return {KIND: fact.kind, **fact.as_json()}


def read_fact(stored: Mapping[str, Any]) -> Fact:
    """Raises KeyError for an unknown kind."""
    return FACTS[stored[KIND]].from_json(stored)


def change_subject(title: str, services: str, version: str) -> str:
    """`Use the new pool (checkout, v1.42)`, without what the title says already."""
    more = [each for each in (services, version) if each and each not in title]
    return f"{title} ({', '.join(more)})" if more else title


def with_note(sentence: str, note: str) -> str:
    return f"{sentence}. {note}" if note else sentence


def count_alerts(services: Mapping[str | None, int], kind: type[AlertCount]) -> AlertCount:
    """A fact of this kind: alert counts by service, the largest first."""
    named = sorted(((name, count) for name, count in services.items() if name), key=lambda each: (-each[1], each[0]))
    total = sum(services.values())
    if len(named) == 1 and named[0][1] == total:
        return kind(total, service=named[0][0])
    return kind(total, services=len(named), listed=_list_services(named))


def _list_services(named: Sequence[tuple[str, int]]) -> str:
    shown = ", ".join(f"{name} {count:,}" for name, count in named[:SERVICES_LISTED])
    return shown + (", …" if len(named) > SERVICES_LISTED else "")
