"""
Rules for on-call overrides: taking, giving and swapping shifts.

An override starts now at the earliest: the past does not change.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.errors import UserError
from bot.domain.oncall.schedule import Override, Schedule, Shift, shifts_between
from bot.lazy_dataclass import dataclass

MAX_LENGTH = timedelta(days=62)
"""Longest override; beyond it the rotation is to be changed."""
SEARCH_AHEAD = timedelta(days=92)
"""Search range of `next_shift`."""
MAX_AHEAD = timedelta(days=366)
"""Latest start of an override, from now."""
TOO_LONG = "A change lasts {days} days at most. For longer, ask an operator to change the rotation in dogwatch.toml."


@dataclass(frozen=True, slots=True)
class Span:
    """From `starts_at` up to `ends_at` (aware)."""

    starts_at: datetime
    ends_at: datetime


def override_span(starts: datetime, ends: datetime, now: datetime) -> Span:
    """
    Time span of an override, from now at the earliest.

    Raises UserError if it has passed, has no length, is too long or starts too late.
    """
    if ends <= starts:
        raise UserError("The end is not after the start. Change one of them.")
    if ends <= now:
        raise UserError("That time is over. Choose an end in the future.")
    if starts - now > MAX_AHEAD:
        raise UserError("That is more than a year ahead. Ask an operator to change the rotation in dogwatch.toml.")
    found = Span(max(starts, now), ends)
    if found.ends_at - found.starts_at > MAX_LENGTH:
        raise UserError(TOO_LONG.format(days=MAX_LENGTH.days))
    return found


def next_shift(schedule: Schedule, overrides: Sequence[Override], person: str, after: datetime) -> Span | None:
    """
    The rest of a person's shift at `after`, or their next one within SEARCH_AHEAD, or None.

    Adjacent shifts of the person count as one.
    """
    found: Span | None = None
    for shift in shifts_between(schedule, overrides, after, after + SEARCH_AHEAD + MAX_LENGTH):
        if found is None and shift.starts_at >= after + SEARCH_AHEAD:
            break
        if person not in shift.people:
            continue
        if found is not None and shift.starts_at > found.ends_at:
            break
        found = Span(found.starts_at if found else shift.starts_at, shift.ends_at)
    return found


def shifts_of(
    schedule: Schedule, overrides: Sequence[Override], person: str, since: datetime, until: datetime
) -> list[Shift]:
    return [each for each in shifts_between(schedule, overrides, since, until) if person in each.people]


def limit_to_replaced(schedule: Schedule, overrides: Sequence[Override], new: Override) -> Override:
    """Shorten an override to the shifts of the person it replaces; unchanged if there are none."""
    replaced = shifts_of(schedule, overrides, new.replaces, new.starts_at, new.ends_at) if new.replaces else []
    return replace(new, starts_at=replaced[0].starts_at, ends_at=replaced[-1].ends_at) if replaced else new


def relieved_people(schedule: Schedule, overrides: Sequence[Override], new: Override) -> tuple[str, ...]:
    """People whose shifts an override takes over, wholly or in part, in order."""
    return tuple(dict.fromkeys(_relieved(schedule, overrides, new)))


def _relieved(schedule: Schedule, overrides: Sequence[Override], new: Override) -> Iterator[str]:
    for shift in shifts_between(schedule, overrides, new.starts_at, new.ends_at):
        if new.replaces is None:
            yield from (each for each in shift.people if each != new.user)
        elif new.replaces in shift.people:
            yield new.replaces


def check_override(schedule: Schedule, overrides: Sequence[Override], new: Override) -> None:
    """Raise UserError for an override without effect, or one that removes several people."""
    before = shifts_between(schedule, overrides, new.starts_at, new.ends_at)
    after = shifts_between(schedule, [*overrides, new], new.starts_at, new.ends_at)
    if [(each.starts_at, each.ends_at, each.people) for each in before] == [
        (each.starts_at, each.ends_at, each.people) for each in after
    ]:
        raise UserError(_no_effect_message(new))
    several = next((each for each in before if new.replaces is None and len(each.people) > 1), None)
    if several is not None:
        named = " and ".join(f"<@{each}>" for each in several.people)
        raise UserError(
            f"{named} are on call together then. Name one of them after the schedule, as in `take {schedule.name} "
            "@somebody`."
        )


def _no_effect_message(new: Override) -> str:
    if new.replaces is not None:
        return f"<@{new.replaces}> is not on call then. `/incident oncall` shows the shifts."
    return f"<@{new.user}> is already on call then. Nothing was changed."


def may_override(actor: str, concerned: Collection[str | None], people: Collection[str]) -> bool:
    """True for people concerned and for people who have shifts in the schedule."""
    return actor in concerned or actor in people
