"""
Who may change who is on call, and for when: taking a turn, giving one away, and two people swapping theirs.

A change holds from now on at the earliest: who was on call stays as it was.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.errors import UserError
from bot.domain.oncall.schedule import Override, Schedule, Shift, shifts

LONGEST = timedelta(days=62)
"""What lasts longer is no exception any more: it belongs into the rotation."""
AHEAD = timedelta(days=92)
"""How far ahead somebody's next turn is looked for."""
FARTHEST = timedelta(days=366)
TOO_LONG = (
    "A change lasts {days} days at most. For longer, change the rotation in dogwatch.toml, which an operator can do."
)


@dataclass(frozen=True, slots=True)
class Span:
    """From `starts_at` up to `ends_at` (aware)."""

    starts_at: datetime
    ends_at: datetime


def span(starts: datetime, ends: datetime, now: datetime) -> Span:
    """
    The time of a change, from now on at the earliest.

    Raises UserError for one that is over, has no length, is too long or begins too late.
    """
    if ends <= starts:
        raise UserError("That ends before it begins. Mend when it begins, or when it ends.")
    if ends <= now:
        raise UserError("That is over: who was on call then stays as it was. Write a time that is to come.")
    if starts - now > FARTHEST:
        raise UserError("That is more than a year ahead. Change the rotation in dogwatch.toml instead.")
    found = Span(max(starts, now), ends)
    if found.ends_at - found.starts_at > LONGEST:
        raise UserError(TOO_LONG.format(days=LONGEST.days))
    return found


def next_turn(schedule: Schedule, overrides: Sequence[Override], person: str, after: datetime) -> Span | None:
    """
    The turn that somebody has at `after`, from then on, or else their next one; None: none in the next months.

    Shifts that follow one another without a break and have them on call are one turn.
    """
    found: Span | None = None
    for shift in shifts(schedule, overrides, after, after + AHEAD + LONGEST):
        if found is None and shift.starts_at >= after + AHEAD:
            break
        if person not in shift.people:
            continue
        if found is not None and shift.starts_at > found.ends_at:
            break
        found = Span(found.starts_at if found else shift.starts_at, shift.ends_at)
    return found


def turns(
    schedule: Schedule, overrides: Sequence[Override], person: str, since: datetime, until: datetime
) -> list[Shift]:
    """Somebody's shifts between two moments."""
    return [each for each in shifts(schedule, overrides, since, until) if person in each.people]


def of_whom_it_replaces(schedule: Schedule, overrides: Sequence[Override], new: Override) -> Override:
    """The change, for no longer than the one whom it names is on call in it; as it is where they never are."""
    theirs = turns(schedule, overrides, new.replaces, new.starts_at, new.ends_at) if new.replaces else []
    return replace(new, starts_at=theirs[0].starts_at, ends_at=theirs[-1].ends_at) if theirs else new


def relieved(schedule: Schedule, overrides: Sequence[Override], new: Override) -> tuple[str, ...]:
    """Who is on call in that time, wholly or in part, and will not be any more. In the order of their turns."""
    return tuple(dict.fromkeys(_relieved(schedule, overrides, new)))


def _relieved(schedule: Schedule, overrides: Sequence[Override], new: Override) -> Iterator[str]:
    for shift in shifts(schedule, overrides, new.starts_at, new.ends_at):
        if new.replaces is None:
            yield from (each for each in shift.people if each != new.user)
        elif new.replaces in shift.people:
            yield new.replaces


def check_changes(schedule: Schedule, overrides: Sequence[Override], new: Override) -> None:
    """
    Raises UserError for a change that changes nothing, and for one that would leave out a second person who is on call
    at the same time.
    """
    before = shifts(schedule, overrides, new.starts_at, new.ends_at)
    after = shifts(schedule, [*overrides, new], new.starts_at, new.ends_at)
    if [(each.starts_at, each.ends_at, each.people) for each in before] == [
        (each.starts_at, each.ends_at, each.people) for each in after
    ]:
        raise UserError(_nothing_changes(new))
    several = next((each for each in before if new.replaces is None and len(each.people) > 1), None)
    if several is not None:
        named = " and ".join(f"<@{each}>" for each in several.people)
        raise UserError(
            f"{named} are on call together then. Say whose turn it is: name them behind the schedule, as in "
            f"`take {schedule.name} @somebody`."
        )


def _nothing_changes(new: Override) -> str:
    if new.replaces is not None:
        return f"<@{new.replaces}> is not on call then, so there is nothing to take over. Look with `/incident oncall`."
    return f"<@{new.user}> is on call then already. Nothing was changed."


def may_change(actor: str, concerned: Collection[str | None], people: Collection[str]) -> bool:
    """Those whom it concerns, and those who have turns in the schedule: they arrange it among themselves."""
    return actor in concerned or actor in people
