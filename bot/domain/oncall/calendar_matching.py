"""
On-call schedules from external calendars: match the guests and titles of events to users.

Unmatched guests and titles are returned, never guessed.
"""

import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from bot.domain.oncall.schedule import FixedLayer, LayerShift
from bot.lazy_dataclass import dataclass

USER_ID = re.compile(r"\b[UW](?=[A-Z]*\d)[A-Z0-9]{8,}\b")
"""Slack user id. The digit is required: tools write UNASSIGNED or UNAVAILABLE."""
MAIL = re.compile(r"\w[\w.+%'-]*@\w[\w.-]*\.\w+")
BLANK = "\n"
"""Replaces matched words of a title; occurs in no word."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Attendee of an event. Either field may be empty."""

    name: str
    mail: str

    def __str__(self) -> str:
        return f"{self.name} <{self.mail}>" if self.name and self.mail else self.name or self.mail


@dataclass(frozen=True, slots=True)
class Event:
    """One event, or one occurrence of it, from `starts_at` up to `ends_at` (aware, in UTC)."""

    starts_at: datetime
    ends_at: datetime
    title: str
    guests: tuple[Guest, ...] = ()


@dataclass(frozen=True, slots=True)
class CalendarCopy:
    """
    Copy of a calendar: events from `read_at` (aware) for some months, and reading problems.

    `source` identifies the address and zone that it was read for. `found`: e-mail addresses looked up in Slack at
    `found_at`, each with its user id, empty for unknown ones.
    """

    source: str
    read_at: datetime
    events: tuple[Event, ...]
    problems: tuple[str, ...] = ()
    found: tuple[tuple[str, str], ...] = ()
    found_at: datetime | None = None

    def users_by_word(self, names: Mapping[str, str]) -> dict[str, str]:
        """User ids by e-mail address or configured name; `names` takes precedence over Slack."""
        return {**{mail: user for mail, user in self.found if user}, **names}


@dataclass(frozen=True, slots=True)
class MatchedCalendar:
    """A calendar matched to users. `unknown`: distinct unmatched guests and titles, in order."""

    layer: FixedLayer
    unknown: tuple[str, ...]


def copy_to_json(copy: CalendarCopy) -> str:
    rows = [
        [
            each.starts_at.isoformat(),
            each.ends_at.isoformat(),
            each.title,
            [[one.name, one.mail] for one in each.guests],
        ]
        for each in copy.events
    ]
    data = {
        "source": copy.source,
        "read_at": copy.read_at.isoformat(),
        "problems": copy.problems,
        "events": rows,
        "found": copy.found,
        "found_at": copy.found_at.isoformat() if copy.found_at else None,
    }
    return json.dumps(data, ensure_ascii=False)


@lru_cache(maxsize=64)
def copy_from_json(stored: str) -> CalendarCopy:
    """Inverse of `copy_to_json`; cached, because every page reads it and it changes rarely."""
    found: dict[str, Any] = json.loads(stored)
    events = (
        Event(datetime.fromisoformat(begin), datetime.fromisoformat(end), title, tuple(Guest(*each) for each in guests))
        for begin, end, title, guests in found["events"]
    )
    read_at = datetime.fromisoformat(found["read_at"])
    found_at = datetime.fromisoformat(found["found_at"]) if found["found_at"] else None
    people = tuple((mail, user) for mail, user in found["found"])
    return CalendarCopy(found["source"], read_at, tuple(events), tuple(found["problems"]), people, found_at)


def match_events(events: Sequence[Event], names: Mapping[str, str]) -> MatchedCalendar:
    """Match events to users. `names`: user ids by name, part of a title or e-mail address."""
    known = {_normalize(word): user for word, user in names.items()}
    longest_first = sorted(known, key=len, reverse=True)
    unknown: dict[str, None] = {}
    matched: list[tuple[Event, tuple[str, ...]]] = []
    for each in events:
        people, unmatched = _match_event(each, known, longest_first)
        unknown |= dict.fromkeys(unmatched)
        if people:
            matched.append((each, people))
    return MatchedCalendar(FixedLayer(tuple(_merge_events(matched))), tuple(unknown))


@lru_cache(maxsize=64)
def match_copy(stored: str, names: tuple[tuple[str, str], ...]) -> MatchedCalendar:
    """`match_events` for a stored copy; cached."""
    copy = copy_from_json(stored)
    return match_events(copy.events, copy.users_by_word(dict(names)))


def unmatched_emails(events: Iterable[Event], names: Mapping[str, str]) -> list[str]:
    """Distinct lower-case e-mail addresses of events that `names` does not contain."""
    known = {_normalize(word) for word in names}
    found = (
        _normalize(mail)
        for each in events
        for mail in (*(guest.mail for guest in each.guests), *MAIL.findall(each.title))
    )
    return [mail for mail in dict.fromkeys(found) if mail and mail not in known]


def _match_event(event: Event, known: Mapping[str, str], words: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Users, and unmatched guests or title."""
    found: list[str] = []
    unmatched: list[str] = []
    for guest in event.guests:
        user = known.get(_normalize(guest.mail)) or known.get(_normalize(guest.name)) or _find_user_id(guest.name)
        if user:
            found.append(user)
        else:
            unmatched.append(str(guest))
    named, mails = _match_title(event.title, known, words)
    if named and not found:
        unmatched = []  # the title is enough
    found += named
    unmatched += mails if found or unmatched else [event.title or "an event without a title"]
    return tuple(dict.fromkeys(found)), unmatched


def _match_title(title: str, known: Mapping[str, str], words: Sequence[str]) -> tuple[list[str], list[str]]:
    """
    Users named in a title, and e-mail addresses in it that match nobody.

    Longer words match first; user ids count only where no word matches. Part of an address is no word.
    """
    rest = _normalize(title)
    mails = [(match.span(), match[0]) for match in MAIL.finditer(rest)]
    found: dict[tuple[int, int], str] = {}
    for word in words:
        for match in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", rest):
            if not any(_overlaps_partly(match.span(), mail) for mail, _ in mails):
                found[match.span()] = known[word]
                rest = f"{rest[: match.start()]}{BLANK * len(match[0])}{rest[match.end() :]}"
    people = [found[span] for span in sorted(found)]
    unmatched = [mail for span, mail in mails if rest[span[0]] != BLANK]
    return people or USER_ID.findall(MAIL.sub(" ", title)), unmatched


def _overlaps_partly(piece: tuple[int, int], whole: tuple[int, int]) -> bool:
    return piece[0] < whole[1] and whole[0] < piece[1] and not (piece[0] <= whole[0] and whole[1] <= piece[1])


def _find_user_id(text: str) -> str | None:
    match = USER_ID.search(text)
    return match[0] if match else None


def _normalize(text: str) -> str:
    return " ".join(text.split()).casefold()


def _merge_events(matched: Sequence[tuple[Event, tuple[str, ...]]]) -> Iterable[LayerShift]:
    """Consecutive shifts; people of overlapping events are on call together."""
    edges = sorted({moment for event, _ in matched for moment in (event.starts_at, event.ends_at)})
    begins = sorted(matched, key=lambda each: each[0].starts_at)
    under_way: list[tuple[Event, tuple[str, ...]]] = []
    following = 0
    for begin, end in itertools.pairwise(edges):
        while following < len(begins) and begins[following][0].starts_at <= begin:
            under_way.append(begins[following])
            following += 1
        under_way = [each for each in under_way if each[0].ends_at > begin]
        people = tuple(dict.fromkeys(user for _, users in under_way for user in users))
        if people:
            yield LayerShift(begin, end, people)
