"""Paged levels and acknowledgements of an escalation, and whether these suffice."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from bot.domain.escalation.policy import Need
from bot.domain.escalation.steps import LATE_AFTER, Position
from bot.lazy_dataclass import dataclass


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


ACK_TIMED_OUT = "silent"
PAGE_REASONS = ("due", "nobody left", "cannot go on", ACK_TIMED_OUT, "end")
"""Reasons for paging a level: due; nobody of the one before could respond; the acknowledger withdrew or timed out;
the fallback after the last one."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """`position`: the level paged last before it. It counts until it is withdrawn."""

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


def level_paged_instead(levels: Sequence[PagedLevel], user_id: str, *, is_caller: bool) -> PagedLevel | None:
    """
    The last level that was paged if the person was not; None if they were, or may have been.

    Members of user groups and people behind paging services are unknown: only the caller was surely not meant there.
    """
    reached = [level for level in levels if level.groups or level.services or set(level.people) - set(level.gone)]
    was_paged = any(user_id in level.people for level in levels)
    is_unknown = any(level.groups or level.services for level in levels)
    if not reached or was_paged or (is_unknown and not is_caller):
        return None
    return reached[-1]
