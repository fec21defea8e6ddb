"""Contact rules: a person's contact methods with their delays; bundling of pages."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.errors import UserError
from bot.domain.paging.contact_methods import ContactMethodKind, parse_contact_method
from bot.lazy_dataclass import dataclass

LONGEST_DELAY = 24 * 60
"""Longest delay in minutes."""
BUNDLE_DELAY = timedelta(seconds=5)
"""Time that a bundle collects pages: those of a storm come within a moment."""
MINUTE = timedelta(minutes=1)
_RULE = re.compile(r"(?P<means>\S+)(?:\s+after\s+(?P<delay>\d{1,4})(?:\s*min(?:utes?)?)?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ContactRule:
    """
    A contact method of one person. `delay` counts from when they are first paged.

    `contact_id` None: of the defaults.
    """

    method: str
    delay: timedelta = timedelta(0)
    contact_id: int | None = None


def parse_contact_rule(text: str) -> ContactRule:
    """
    Parse `slack` or `pagerduty:payments after 5` of the configuration's `default`.

    Raises UserError for an unknown contact method, and for one that needs each person's own address.
    """
    found = _RULE.fullmatch(text.strip())
    named = parse_contact_method(found["means"]) if found else None
    if found is None or named is None:
        raise UserError("Write a contact method and its delay in minutes: `slack`, or `pagerduty:payments after 5`.")
    if named.kind is not ContactMethodKind.SLACK and not named.service:
        raise UserError(
            f"`{named}` needs an address, which each person sets with `/incident pages`. Use `slack`, or a service "
            "like `pagerduty:payments`."
        )
    delay = int(found["delay"] or 0)
    if delay > LONGEST_DELAY:
        raise UserError(f"The longest delay is {LONGEST_DELAY} minutes.")
    return ContactRule(str(named), timedelta(minutes=delay))


def sort_contact_rules(rules: Sequence[ContactRule]) -> list[ContactRule]:
    """Sort by delay; rules of one delay keep the person's order."""
    return sorted(rules, key=lambda rule: rule.delay)


@dataclass(frozen=True, slots=True)
class Bundle:
    """The page waits for others until `at`, and goes out with them."""

    at: datetime


def plan_bundle(recent: int, last_bundle: datetime | None, now: datetime, limit: int) -> Bundle | None:
    """
    Decide if one more page to a person by a contact method is bundled. None: send it at once.

    `recent`: number of pages sent or queued within the last minute; `last_bundle`: when the last bundle went or is to
    go. A bundle goes a moment after it began, and the next one a minute later at the earliest: so nobody gets more than
    `limit` messages and one bundle within a minute.
    """
    if recent < limit and (last_bundle is None or now - last_bundle >= MINUTE):
        return None
    if last_bundle is None or now - last_bundle >= MINUTE:
        return Bundle(now + BUNDLE_DELAY)
    return Bundle(last_bundle if last_bundle > now else max(last_bundle + MINUTE, now + BUNDLE_DELAY))
