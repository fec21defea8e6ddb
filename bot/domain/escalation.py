"""
Escalating by a policy: which level is paged when, and when it is enough.

A policy is a few levels, one after the other, and how often they are begun anew. `next_step` says what to do at a
moment; carrying it out is somebody else's. Each level has its wait: then the next is due, counted from when this one
was due and not from when somebody looked, so that it does not matter how often somebody looks.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.domain import means
from bot.domain.errors import UserError
from bot.domain.terms import TargetKind

LATE = timedelta(minutes=1)
"""A level that is paged this long after it was due is late: those who are paged have their whole time from then on."""
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
            "at_end": {
                "announce": self.at_end.announce,
                "page": [_target_as_json(each) for each in self.at_end.page],
            },
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
        f"{text!r} names nobody: write a person's id from Slack (U0123456789), group:S0123456789, schedule:NAME, "
        "team:NAME, vendor:NAME, pagerduty:NAME, opsgenie:NAME or webhook:NAME"
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A level of a policy (1 is the first), and in which round (0 is the first time through)."""

    level: int
    round: int


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far an escalation is. `place`: the level that was paged last, None before the first.

    `due_at` is when the next step is due. `is_answered`: whoever has to acknowledge has; `is_over`: the end was
    reached, or nobody is needed any more. `is_nobody_left`: nobody of the present level can come, or it turned out
    empty.
    """

    due_at: datetime
    place: Place | None = None
    is_answered: bool = False
    is_over: bool = False
    is_nobody_left: bool = False
    more_time_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PageLevel:
    """Page this level now. `passed_over`: what was due before it, and nobody was there to do, with when it was due."""

    place: Place
    due_at: datetime
    passed_over: tuple[tuple[Place, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime


@dataclass(frozen=True, slots=True)
class End:
    """Every level was paged as often as the policy says, and nobody answered."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nobody is needed any more."""


Step = PageLevel | Wait | End | Nothing


def next_step(policy: Policy, progress: Progress, now: datetime) -> Step:
    """
    What to do at `now`. While nobody answered there is always something: a level, a time to wait for, or the end.

    Where several levels fell due meanwhile the one that is due now is paged, once, and the others are passed over;
    however late it is, none further than the last of the round: neither is a round left out, nor is the end reached,
    while nobody was there to page.
    """
    if progress.is_answered or progress.is_over:
        return Nothing()
    due = _due(progress, now)
    if now < due:
        return Wait(due)
    place = following(policy, progress.place)
    if place is None:
        return End(due)
    passed_over: list[tuple[Place, datetime]] = []
    while place.level < len(policy.levels) and due + wait_of(policy, place) <= now:
        passed_over.append((place, due))
        place, due = replace(place, level=place.level + 1), due + wait_of(policy, place)
    return PageLevel(place, due, tuple(passed_over))


def _due(progress: Progress, now: datetime) -> datetime:
    """Where nobody is left nobody is waited for, whatever somebody asked for before."""
    if progress.is_nobody_left:
        return now
    return max(progress.due_at, progress.more_time_until or progress.due_at)


def following(policy: Policy, place: Place | None) -> Place | None:
    """The level after this one; None after the last of the last round."""
    if place is None:
        return Place(1, 0)
    if place.level < len(policy.levels):
        return replace(place, level=place.level + 1)
    return Place(1, place.round + 1) if place.round < policy.repeat else None


def wait_of(policy: Policy, place: Place) -> timedelta:
    return policy.levels[place.level - 1].wait


def next_due(policy: Policy, place: Place, *, due_at: datetime, paged_at: datetime) -> datetime:
    """When the step after a level is due that was due then and paged then; after the fallback nothing is waited for."""
    began = paged_at if paged_at - due_at >= LATE else due_at
    return began + wait_of(policy, place) if place.level <= len(policy.levels) else began


@dataclass(frozen=True, slots=True)
class Called:
    """
    A level that was paged: whom it meant then.

    `gone`: those of its people who cannot be reached by any means. `missing`: targets that meant nobody.
    `because`: why it was paged when it was (`REASONS`). `passed_over`: what had been due before it and was left out.
    """

    place: Place
    due_at: datetime
    paged_at: datetime
    need: Need = Need.ANY
    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    because: str = "due"
    passed_over: tuple[tuple[Place, datetime], ...] = ()
    services: tuple[str, ...] = ()
    """By the means that leads there: `pagerduty:payments`."""

    def is_left(self, declined: Collection[str]) -> bool:
        """Whether anybody can still come. Who is in a user group is not known: of those somebody always may."""
        if self.groups or self.vendors or self.services:
            return True
        return bool(set(self.people) - set(self.gone) - set(declined))

    @property
    def late(self) -> timedelta | None:
        """How late it was paged; None where it was in time."""
        waited = self.paged_at - self.due_at
        return waited if waited >= LATE else None

    def as_json(self) -> dict[str, Any]:
        return {
            "level": self.place.level,
            "round": self.place.round,
            "due_at": self.due_at.isoformat(),
            "paged_at": self.paged_at.isoformat(),
            "need": self.need.value,
            "people": list(self.people),
            "groups": list(self.groups),
            "vendors": list(self.vendors),
            "gone": list(self.gone),
            "missing": list(self.missing),
            "because": self.because,
            "passed_over": [
                {"level": place.level, "round": place.round, "due_at": due_at.isoformat()}
                for place, due_at in self.passed_over
            ],
            "services": list(self.services),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Called":
        return cls(
            Place(kept["level"], kept["round"]),
            datetime.fromisoformat(kept["due_at"]),
            datetime.fromisoformat(kept["paged_at"]),
            Need(kept["need"]),
            tuple(kept["people"]),
            tuple(kept["groups"]),
            tuple(kept["vendors"]),
            tuple(kept["gone"]),
            tuple(kept["missing"]),
            kept["because"],
            tuple(
                (Place(each["level"], each["round"]), datetime.fromisoformat(each["due_at"]))
                for each in kept["passed_over"]
            ),
            tuple(kept.get("services", ())),
        )


REASONS = ("due", "nobody left", "cannot go on", "silent", "end")
"""Why a level was paged: its time had come; nobody of the one before was left; whoever had acknowledged cannot, or
is not heard of; at the end the fallback."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An acknowledgement. `place`: the level that had been paged last. It stands until it is withdrawn."""

    by: str | None
    at: datetime
    means: str
    place: Place | None = None
    withdrawn_at: datetime | None = None
    entry_id: int | None = None
    """Its entry on the timeline."""
    why: str = ""
    """What whoever took it back said."""
    name: str = ""
    """As a paging service calls them, where nobody knows who that is in Slack."""
    is_silent: bool = False
    """It was withdrawn because nothing was heard of them afterwards."""

    def as_json(self) -> dict[str, Any]:
        return {
            "by": self.by,
            "at": self.at.isoformat(),
            "means": self.means,
            "level": self.place.level if self.place else None,
            "round": self.place.round if self.place else None,
            "withdrawn_at": self.withdrawn_at.isoformat() if self.withdrawn_at else None,
            "entry_id": self.entry_id,
            "why": self.why,
            "name": self.name,
            **({"silent": True} if self.is_silent else {}),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Answer":
        place = None if kept["level"] is None else Place(kept["level"], kept["round"])
        withdrawn = datetime.fromisoformat(kept["withdrawn_at"]) if kept["withdrawn_at"] else None
        at = datetime.fromisoformat(kept["at"])
        why, name, is_silent = kept["why"], kept.get("name", ""), bool(kept.get("silent"))
        return cls(kept["by"], at, kept["means"], place, withdrawn, kept["entry_id"], why, name, is_silent)


def is_answered(called: Sequence[Called], answers: Sequence[Answer], declined: Collection[str] = ()) -> bool:
    """
    Whether one of the levels that were paged has the acknowledgements that it needs.

    Of a level that needs any: one by somebody it called, or by anybody while it was the last. Of one that needs all:
    by everybody it called who can come; where it is not known who that is, one by anybody. Before the first level was
    paged, one is enough.
    """
    standing = [each for each in answers if each.withdrawn_at is None]
    if not called:
        return bool(standing)
    return any(_is_met(level, standing, declined) for level in called)


def _is_met(level: Called, standing: Sequence[Answer], declined: Collection[str]) -> bool:
    by = {answer.by for answer in standing}
    needed = set(level.people) - set(level.gone) - set(declined)
    if level.need == Need.ALL and needed:
        return needed <= by
    return bool(set(level.people) & by) or any(answer.place == level.place for answer in standing)


def still_needed(called: Sequence[Called], answers: Sequence[Answer], declined: Collection[str] = ()) -> list[str]:
    """Of a level that needs all, whose acknowledgement is still waited for once somebody's is there."""
    if not called or called[-1].need != Need.ALL:
        return []
    by = {answer.by for answer in answers if answer.withdrawn_at is None}
    last = called[-1]
    return [each for each in last.people if each not in {*last.gone, *declined, *by}]
