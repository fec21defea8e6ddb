"""Paged levels and acknowledgements of an escalation, and whether these suffice."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.escalation.policy import Need
from bot.domain.escalation.steps import LATE_AFTER, Position


@dataclass(frozen=True, slots=True)
class PagedLevel:
    """
    A level that was paged, with its targets as resolved then.

    `gone`: people of it without a working contact method. `missing`: targets that resolved to nobody.
    `because`: one of PAGE_REASONS. `passed_over`: levels that had been due before it and were skipped.
    """

    position: Position
    due_at: datetime
    paged_at: datetime
    need: Need = Need.ANY
    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    because: str = "due"
    passed_over: tuple[tuple[Position, datetime], ...] = ()
    services: tuple[str, ...] = ()
    """Paging services, such as `pagerduty:payments`."""

    def has_reachable_target(self, declined: Collection[str]) -> bool:
        """True if a target can still respond; a user group always can, as its members are unknown."""
        if self.groups or self.vendors:
            return True
        return bool({*self.people, *self.services} - {*self.gone, *declined})

    @property
    def late(self) -> timedelta | None:
        """Delay of the page after its due time; None below LATE_AFTER."""
        waited = self.paged_at - self.due_at
        return waited if waited >= LATE_AFTER else None

    def as_json(self) -> dict[str, Any]:
        return {
            "level": self.position.level,
            "round": self.position.round,
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
                {"level": position.level, "round": position.round, "due_at": due_at.isoformat()}
                for position, due_at in self.passed_over
            ],
            "services": list(self.services),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "PagedLevel":
        return cls(
            Position(stored["level"], stored["round"]),
            datetime.fromisoformat(stored["due_at"]),
            datetime.fromisoformat(stored["paged_at"]),
            Need(stored["need"]),
            tuple(stored["people"]),
            tuple(stored["groups"]),
            tuple(stored["vendors"]),
            tuple(stored["gone"]),
            tuple(stored["missing"]),
            stored["because"],
            tuple(
                (Position(each["level"], each["round"]), datetime.fromisoformat(each["due_at"]))
                for each in stored["passed_over"]
            ),
            tuple(stored.get("services", ())),
        )


ACK_TIMED_OUT = "silent"
PAGE_REASONS = ("due", "nobody left", "cannot go on", ACK_TIMED_OUT, "end")
"""Reasons for paging a level: due; nobody of the one before could respond; the acknowledger withdrew or timed out;
the fallback after the last one."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """`position`: the level paged last before it. It holds until it is withdrawn."""

    by: str | None
    at: datetime
    method: str
    position: Position | None = None
    withdrawn_at: datetime | None = None
    entry_id: int | None = None
    """Its timeline entry."""
    why: str = ""
    """Reason given for withdrawing it."""
    name: str = ""
    """Name given by a paging service for a person unknown in Slack."""
    is_timed_out: bool = False
    """It was withdrawn by the acknowledgement timeout."""

    def as_json(self) -> dict[str, Any]:
        return {
            "by": self.by,
            "at": self.at.isoformat(),
            "means": self.method,
            "level": self.position.level if self.position else None,
            "round": self.position.round if self.position else None,
            "withdrawn_at": self.withdrawn_at.isoformat() if self.withdrawn_at else None,
            "entry_id": self.entry_id,
            "why": self.why,
            "name": self.name,
            **({"silent": True} if self.is_timed_out else {}),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Acknowledgement":
        position = None if stored["level"] is None else Position(stored["level"], stored["round"])
        withdrawn = datetime.fromisoformat(stored["withdrawn_at"]) if stored["withdrawn_at"] else None
        at = datetime.fromisoformat(stored["at"])
        why, name, is_timed_out = stored["why"], stored.get("name", ""), bool(stored.get("silent"))
        return cls(stored["by"], at, stored["means"], position, withdrawn, stored["entry_id"], why, name, is_timed_out)


def first_timed_out_ack(answers: Sequence[Acknowledgement]) -> Acknowledgement | None:
    """
    The acknowledgement that completed the first ones to time out; None if none did.

    It still counts as the first acknowledgement of the escalation.
    """
    timed_out = [each for each in answers if each.is_timed_out and each.withdrawn_at is not None]
    first = min((each.withdrawn_at for each in timed_out if each.withdrawn_at), default=None)
    return max((each for each in timed_out if each.withdrawn_at == first), key=lambda each: each.at, default=None)


def is_acknowledged(
    levels: Sequence[PagedLevel], answers: Sequence[Acknowledgement], declined: Collection[str] = ()
) -> bool:
    """
    True if one of the paged levels has the acknowledgements that it needs.

    A level that needs any: one by its people, or by anybody while it was the last level. One that needs all: by all
    of its people who can respond; if these are unknown, one by anybody. Before the first page, one by anybody.
    """
    standing = [each for each in answers if each.withdrawn_at is None]
    if not levels:
        return bool(standing)
    answered = {_last_paged(levels, answer.position) for answer in standing if answer.position is not None}
    return any(_is_met(level, standing, declined, level.position in answered) for level in levels)


def _last_paged(levels: Sequence[PagedLevel], position: Position) -> Position | None:
    """The last level paged up to `position`; levels that resolve to nobody are not paged."""
    before = [level.position for level in levels if _order(level.position) <= _order(position)]
    return max(before, key=_order, default=None)


def _order(position: Position) -> tuple[int, int]:
    return position.round, position.level


def _is_met(level: PagedLevel, standing: Sequence[Acknowledgement], declined: Collection[str], was_last: bool) -> bool:
    """`was_last`: somebody acknowledged while this was the last level."""
    by = {answer.by for answer in standing}
    needed = set(level.people) - set(level.gone) - set(declined)
    if level.need == Need.ALL and needed:
        return needed <= by
    return was_last or bool(set(level.people) & by)


def people_still_needed(
    levels: Sequence[PagedLevel], answers: Sequence[Acknowledgement], declined: Collection[str] = ()
) -> list[str]:
    """People of the last level whose acknowledgement is missing, if it needs all."""
    if not levels or levels[-1].need != Need.ALL:
        return []
    by = {answer.by for answer in answers if answer.withdrawn_at is None}
    last = levels[-1]
    return [each for each in last.people if each not in {*last.gone, *declined, *by}]
