"""Escalation policies: levels, their targets, and the fallback once all are exhausted."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from bot.domain.errors import UserError
from bot.domain.paging.contact_methods import SERVICE_KINDS
from bot.domain.terms import TargetKind
from bot.lazy_dataclass import dataclass

PREFIXES = (TargetKind.SCHEDULE, TargetKind.TEAM, TargetKind.GROUP, TargetKind.VENDOR)


class Need(StrEnum):
    """Number of acknowledgements that a level needs."""

    ANY = "any"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Target:
    """
    Target of a level. `name`: a Slack id (person, user group) or a name in the configuration.

    `people` and `groups` (user groups) are filled as far as they are known when an escalation starts; a schedule is
    resolved when its level is paged.
    """

    kind: TargetKind
    name: str
    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name if self.kind in {TargetKind.PERSON, TargetKind.SERVICE} else f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class Level:
    """`wait`: time to acknowledge before the next level is due."""

    targets: tuple[Target, ...]
    wait: timedelta
    acknowledge: Need = Need.ANY


@dataclass(frozen=True, slots=True)
class AtEnd:
    """Fallback after the last round: announcement in the incidents channel, targets to page."""

    announce: bool = False
    page: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """`repeat`: number of rounds after the first. `name` is empty for an ad-hoc escalation."""

    name: str
    levels: tuple[Level, ...]
    repeat: int = 0
    at_end: AtEnd = field(default_factory=AtEnd)

    def as_json(self) -> dict[str, Any]:
        """JSON to store with an escalation, which later changes of the configuration do not affect."""
        return {
            "name": self.name,
            "levels": [
                {
                    "targets": [_target_as_json(each) for each in level.targets],
                    "wait_seconds": round(level.wait.total_seconds()),
                    "acknowledge": level.acknowledge.value,
                }
                for level in self.levels
            ],
            "repeat": self.repeat,
            "at_end": {"announce": self.at_end.announce, "page": [_target_as_json(each) for each in self.at_end.page]},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Policy":
        levels = tuple(
            Level(
                _targets_from_json(each["targets"]), timedelta(seconds=each["wait_seconds"]), Need(each["acknowledge"])
            )
            for each in stored["levels"]
        )
        end = AtEnd(stored["at_end"]["announce"], _targets_from_json(stored["at_end"]["page"]))
        return cls(stored["name"], levels, stored["repeat"], end)


def _target_as_json(target: Target) -> dict[str, Any]:
    return {
        "kind": target.kind.value,
        "name": target.name,
        "people": list(target.people),
        "groups": list(target.groups),
    }


def _targets_from_json(stored: Sequence[Mapping[str, Any]]) -> tuple[Target, ...]:
    return tuple(
        Target(TargetKind(each["kind"]), each["name"], tuple(each["people"]), tuple(each["groups"])) for each in stored
    )


def parse_target(text: str) -> Target:
    """
    Parse a target as written in the configuration.

    One of `U0123456789`, `group:S0123456789`, `schedule:NAME`, `team:NAME`, `vendor:NAME`, or a paging service:
    `pagerduty:NAME`, `opsgenie:NAME`, `webhook:NAME`. Raises UserError for anything else.
    """
    kind, colon, name = (part.strip() for part in text.strip().partition(":"))
    if not colon and kind[:1] in {"U", "W"} and kind.isalnum() and kind.isupper():
        return Target(TargetKind.PERSON, kind, people=(kind,))
    if kind in SERVICE_KINDS and name:
        return Target(TargetKind.SERVICE, f"{kind}:{name}")
    if kind in PREFIXES and name:
        if kind != TargetKind.GROUP:
            return Target(TargetKind(kind), name)
        if name[:1] == "S" and name.isalnum() and name.isupper():
            return Target(TargetKind.GROUP, name, groups=(name,))
    raise UserError(
        "is not a target: use a person's Slack id (U0123456789), group:S0123456789, schedule:NAME, team:NAME, "
        "vendor:NAME, pagerduty:NAME, opsgenie:NAME or webhook:NAME"
    )
