"""By what each person is paged: in which order, after how long, and what goes out together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.errors import UserError
from bot.domain.paging import channels as means
from bot.domain.paging.channels import Kind

LONGEST_DELAY = 24 * 60
"""Minutes: whoever is paged a day later is not paged."""
GATHERED = timedelta(seconds=5)
"""How long a bundle waits for more before it goes: a storm's pages come within a moment."""
MINUTE = timedelta(minutes=1)
_WAY = re.compile(r"(?P<means>\S+)(?:\s+after\s+(?P<delay>\d{1,4})(?:\s*min(?:utes?)?)?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Way:
    """One means of one person. `delay` counts from when they are first paged; `contact_id` None: of the defaults."""

    means: str
    delay: timedelta = timedelta(0)
    contact_id: int | None = None


def read_way(text: str) -> Way:
    """
    `slack`, `pagerduty:payments after 5`: what stands in the configuration's `default`.

    Raises UserError for what is no means, and for one that needs each person's own address.
    """
    found = _WAY.fullmatch(text.strip())
    named = means.read(found["means"]) if found else None
    if found is None or named is None:
        raise UserError("Write a means and after how many minutes it comes: `slack`, or `pagerduty:payments after 5`.")
    if named.kind is not Kind.SLACK and not named.service:
        raise UserError(
            f"`{named}` needs an address of each person, who sets it with `/incident pages`. Here stands what needs "
            "none: `slack`, or a service by name like `pagerduty:payments`."
        )
    delay = int(found["delay"] or 0)
    if delay > LONGEST_DELAY:
        raise UserError(f"{LONGEST_DELAY} minutes are the most.")
    return Way(str(named), timedelta(minutes=delay))


def in_order(ways: Sequence[Way]) -> list[Way]:
    """The order in which they come: by their delays, those of one delay as the person put them."""
    return sorted(ways, key=lambda way: way.delay)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A page waits for others until `at`, and goes out with them."""

    at: datetime


def bundled(recent: int, last_bundle: datetime | None, now: datetime, limit: int) -> Bundle | None:
    """
    Whether one more page to somebody by a means goes out with others. None: by itself, at once.

    `recent`: how many went or wait to go within the last minute; `last_bundle`: when the last bundle went or is to go.
    A bundle goes a moment after it began, and the next one not before a minute has passed: so nobody gets more than
    `limit` messages and one bundle within a minute.
    """
    if recent < limit and (last_bundle is None or now - last_bundle >= MINUTE):
        return None
    if last_bundle is None or now - last_bundle >= MINUTE:
        return Bundle(now + GATHERED)
    return Bundle(last_bundle if last_bundle > now else max(last_bundle + MINUTE, now + GATHERED))
