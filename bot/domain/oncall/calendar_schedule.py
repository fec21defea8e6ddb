"""
A calendar that another tool keeps, as an on-call schedule: whom the words of its events mean.

An event says who is on call by its guests, or by its title. Nobody is guessed: what cannot be told is handed back.
"""

import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from bot.domain.oncall.schedule import Fixed, Turn

USER_ID = re.compile(r"\b[UW](?=[A-Z]*\d)[A-Z0-9]{8,}\b")
"""With a digit: tools write UNASSIGNED and UNAVAILABLE where nobody is."""
MAIL = re.compile(r"\w[\w.+%'-]*@\w[\w.-]*\.\w+")
BLANK = "\n"
"""In place of what of a title is understood. No word has it."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Whom an event invites. Either may be empty."""

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
class Copy:
    """
    What was read of a calendar at `read_at` (aware): its events from then on for some months, and what could not be.

    `source` tells it from a copy of another address, or one that was read for another zone. `found` are the mail
    addresses in it for which Slack was asked at `found_at`, each with the user id, empty where Slack knows nobody.
    """

    source: str
    read_at: datetime
    events: tuple[Event, ...]
    problems: tuple[str, ...] = ()
    found: tuple[tuple[str, str], ...] = ()
    found_at: datetime | None = None

    def known(self, names: Mapping[str, str]) -> dict[str, str]:
        """Whom its words mean: what `names` says goes before what Slack knows."""
        return {**{mail: user for mail, user in self.found if user}, **names}


@dataclass(frozen=True, slots=True)
class Understood:
    """What a calendar says once its words are known. `unknown`: the words that mean nobody, each once, in order."""

    layer: Fixed
    unknown: tuple[str, ...]


def as_json(copy: Copy) -> str:
    rows = [
        [
            each.starts_at.isoformat(),
            each.ends_at.isoformat(),
            each.title,
            [[one.name, one.mail] for one in each.guests],
        ]
        for each in copy.events
    ]
    kept = {
        "source": copy.source,
        "read_at": copy.read_at.isoformat(),
        "problems": copy.problems,
        "events": rows,
        "found": copy.found,
        "found_at": copy.found_at.isoformat() if copy.found_at else None,
    }
    return json.dumps(kept, ensure_ascii=False)


@lru_cache(maxsize=64)
def from_json(kept: str) -> Copy:
    """What `as_json` gave. Kept: it is asked for with every page, and changes every few minutes at most."""
    found: dict[str, Any] = json.loads(kept)
    events = (
        Event(datetime.fromisoformat(begin), datetime.fromisoformat(end), title, tuple(Guest(*each) for each in guests))
        for begin, end, title, guests in found["events"]
    )
    read_at = datetime.fromisoformat(found["read_at"])
    asked = datetime.fromisoformat(found["found_at"]) if found["found_at"] else None
    people = tuple((mail, user) for mail, user in found["found"])
    return Copy(found["source"], read_at, tuple(events), tuple(found["problems"]), people, asked)


def understand(events: Sequence[Event], names: Mapping[str, str]) -> Understood:
    """`names`: words of the calendar (names, parts of titles, mail addresses), and whom each means by user id."""
    known = {_folded(word): user for word, user in names.items()}
    longest_first = sorted(known, key=len, reverse=True)
    unknown: dict[str, None] = {}
    meant: list[tuple[Event, tuple[str, ...]]] = []
    for each in events:
        people, strange = _meant_by(each, known, longest_first)
        unknown |= dict.fromkeys(strange)
        if people:
            meant.append((each, people))
    return Understood(Fixed(tuple(_turns(meant))), tuple(unknown))


@lru_cache(maxsize=64)
def understood(kept: str, names: tuple[tuple[str, str], ...]) -> Understood:
    """The same of what `as_json` gave."""
    copy = from_json(kept)
    return understand(copy.events, copy.known(dict(names)))


def mails_in(events: Iterable[Event], names: Mapping[str, str]) -> list[str]:
    """The addresses, in small letters, that `names` does not explain: each once."""
    known = {_folded(word) for word in names}
    found = (
        _folded(mail) for each in events for mail in (*(guest.mail for guest in each.guests), *MAIL.findall(each.title))
    )
    return [mail for mail in dict.fromkeys(found) if mail and mail not in known]


def _meant_by(event: Event, known: Mapping[str, str], words: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """The people, and what of the event means nobody."""
    found: list[str] = []
    strange: list[str] = []
    for guest in event.guests:
        user = known.get(_folded(guest.mail)) or known.get(_folded(guest.name)) or _id_in(guest.name)
        if user:
            found.append(user)
        else:
            strange.append(str(guest))
    named, mails = _named_in(event.title, known, words)
    if named and not found:
        strange = []  # the title says it, and the guests were not asked
    found += named
    strange += mails if found or strange else [event.title or "an event without a title"]
    return tuple(dict.fromkeys(found)), strange


def _named_in(title: str, known: Mapping[str, str], words: Sequence[str]) -> tuple[list[str], list[str]]:
    """
    Whom a title names: by words that are known, the longer ones first, else by user ids in it. And the mail addresses
    in it that mean nobody: of an address no part is a word.
    """
    rest = _folded(title)
    mails = [(match.span(), match[0]) for match in MAIL.finditer(rest)]
    found: dict[tuple[int, int], str] = {}
    for word in words:
        for match in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", rest):
            if not any(_cuts(match.span(), mail) for mail, _ in mails):
                found[match.span()] = known[word]
                rest = f"{rest[: match.start()]}{BLANK * len(match[0])}{rest[match.end() :]}"
    people = [found[place] for place in sorted(found)]
    strange = [mail for place, mail in mails if rest[place[0]] != BLANK]
    return people or USER_ID.findall(MAIL.sub(" ", title)), strange


def _cuts(piece: tuple[int, int], whole: tuple[int, int]) -> bool:
    """Whether it has a part of the whole, and not all of it."""
    return piece[0] < whole[1] and whole[0] < piece[1] and not (piece[0] <= whole[0] and whole[1] <= piece[1])


def _id_in(text: str) -> str | None:
    match = USER_ID.search(text)
    return match[0] if match else None


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _turns(meant: Sequence[tuple[Event, tuple[str, ...]]]) -> Iterable[Turn]:
    """In order, none over another: whose events are at the same time are on call together."""
    edges = sorted({moment for event, _ in meant for moment in (event.starts_at, event.ends_at)})
    begins = sorted(meant, key=lambda each: each[0].starts_at)
    under_way: list[tuple[Event, tuple[str, ...]]] = []
    following = 0
    for begin, end in itertools.pairwise(edges):
        while following < len(begins) and begins[following][0].starts_at <= begin:
            under_way.append(begins[following])
            following += 1
        under_way = [each for each in under_way if each[0].ends_at > begin]
        people = tuple(dict.fromkeys(user for _, users in under_way for user in users))
        if people:
            yield Turn(begin, end, people)
