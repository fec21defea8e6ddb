"""How an escalation went: the levels that were paged, who answered, and whether that is enough."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.escalation.policy import Need
from bot.domain.escalation.steps import LATE, Place


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
        if self.groups or self.vendors:
            return True
        return bool({*self.people, *self.services} - {*self.gone, *declined})

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


SILENT = "silent"
REASONS = ("due", "nobody left", "cannot go on", SILENT, "end")
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


def first_silence(answers: Sequence[Answer]) -> Answer | None:
    """
    The acknowledgement that was enough, and after which nothing was heard of whoever gave it; None if there was none.

    It was one all the same: the first acknowledgement of an escalation is on record, whatever came of it.
    """
    silent = [each for each in answers if each.is_silent and each.withdrawn_at is not None]
    first = min((each.withdrawn_at for each in silent if each.withdrawn_at), default=None)
    return max((each for each in silent if each.withdrawn_at == first), key=lambda each: each.at, default=None)


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
    answered = {_last_called(called, answer.place) for answer in standing if answer.place is not None}
    return any(_is_met(level, standing, declined, level.place in answered) for level in called)


def _last_called(called: Sequence[Called], place: Place) -> Place | None:
    """The level that had been paged last when it stood there: those that mean nobody are passed without a page."""
    before = [level.place for level in called if _order(level.place) <= _order(place)]
    return max(before, key=_order, default=None)


def _order(place: Place) -> tuple[int, int]:
    return place.round, place.level


def _is_met(level: Called, standing: Sequence[Answer], declined: Collection[str], was_last: bool) -> bool:
    """`was_last`: whether anybody acknowledged while it was the last."""
    by = {answer.by for answer in standing}
    needed = set(level.people) - set(level.gone) - set(declined)
    if level.need == Need.ALL and needed:
        return needed <= by
    return was_last or bool(set(level.people) & by)


def still_needed(called: Sequence[Called], answers: Sequence[Answer], declined: Collection[str] = ()) -> list[str]:
    """Of a level that needs all, whose acknowledgement is still waited for once somebody's is there."""
    if not called or called[-1].need != Need.ALL:
        return []
    by = {answer.by for answer in answers if answer.withdrawn_at is None}
    last = called[-1]
    return [each for each in last.people if each not in {*last.gone, *declined, *by}]
