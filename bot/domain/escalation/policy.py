"""A policy: its levels, whom each calls, and what happens at the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from bot.domain.errors import UserError
from bot.domain.paging import channels as means
from bot.domain.terms import TargetKind

PREFIXES = (TargetKind.SCHEDULE, TargetKind.TEAM, TargetKind.GROUP, TargetKind.VENDOR)


class Need(StrEnum):
    """Who of a level has to acknowledge."""

    ANY = "any"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Target:
    """
    Whom a level calls. `name` is a Slack id (person, group) or the name in the configuration.

    `people` and `groups` (user groups) are whom that means, where it was known when the policy was taken up; who is on
    call by a schedule is found out when they are paged.
    """

    kind: TargetKind
    name: str
    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name if self.kind in {TargetKind.PERSON, TargetKind.SERVICE} else f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class Level:
    """`wait`: how long those who are called have, until the next level is due."""

    targets: tuple[Target, ...]
    wait: timedelta
    acknowledge: Need = Need.ANY


@dataclass(frozen=True, slots=True)
class AtEnd:
    """What happens once nobody answered: say so in the incidents channel, and page these."""

    announce: bool = False
    page: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """`repeat`: how often all levels are begun anew after the first time. An ad-hoc call has no `name`."""

    name: str
    levels: tuple[Level, ...]
    repeat: int = 0
    at_end: AtEnd = field(default_factory=AtEnd)

    def as_json(self) -> dict[str, Any]:
        """To be kept with an escalation: the configuration may say something else tomorrow."""
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
    def from_json(cls, kept: Mapping[str, Any]) -> "Policy":
        """What `as_json` gave."""
        levels = tuple(
            Level(_targets(each["targets"]), timedelta(seconds=each["wait_seconds"]), Need(each["acknowledge"]))
            for each in kept["levels"]
        )
        end = AtEnd(kept["at_end"]["announce"], _targets(kept["at_end"]["page"]))
        return cls(kept["name"], levels, kept["repeat"], end)


def _target_as_json(target: Target) -> dict[str, Any]:
    return {
        "kind": target.kind.value,
        "name": target.name,
        "people": list(target.people),
        "groups": list(target.groups),
    }


def _targets(kept: Sequence[Mapping[str, Any]]) -> tuple[Target, ...]:
    return tuple(
        Target(TargetKind(each["kind"]), each["name"], tuple(each["people"]), tuple(each["groups"])) for each in kept
    )


def target_of(text: str) -> Target:
    """
    What is written in a policy: `U0123456789`, `group:S0123456789`, `schedule:NAME`, `team:NAME`, `vendor:NAME`, or a
    service that pages by itself: `pagerduty:NAME`, `opsgenie:NAME`, `webhook:NAME`.

    Raises UserError for anything else.
    """
    kind, colon, name = (part.strip() for part in text.strip().partition(":"))
    if not colon and kind[:1] in {"U", "W"} and kind.isalnum() and kind.isupper():
        return Target(TargetKind.PERSON, kind, people=(kind,))
    if kind in means.SERVICES and name:
        return Target(TargetKind.SERVICE, f"{kind}:{name}")
    if kind in PREFIXES and name:
        if kind != TargetKind.GROUP:
            return Target(TargetKind(kind), name)
        if name[:1] == "S" and name.isalnum() and name.isupper():
            return Target(TargetKind.GROUP, name, groups=(name,))
    raise UserError(
        "names nobody: write a person's id from Slack (U0123456789), group:S0123456789, schedule:NAME, team:NAME, "
        "vendor:NAME, pagerduty:NAME, opsgenie:NAME or webhook:NAME"
    )
