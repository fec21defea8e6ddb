"""People of a record: their roles, and the names that stand for them in texts."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from bot.domain.drafting.public.model import PublicPolicy
from bot.domain.incidents.roles import COMMUNICATIONS, LEAD, SCRIBE
from bot.domain.record.model import Record
from bot.domain.text.normalize import strip_accents

ON_CALL, RESPONDER = "on_call", "responder"
SHORTEST_NAME = 2
"""Characters of a whole name."""
SHORTEST_HANDLE = 5
"""Letters of a handle that is recognised without `@`: `will` and `mark` are words, too."""
SHORTEST_PART = 3
"""Letters of a first or last name."""
JOBS = frozenset(
    [
        "admin",
        "administrator",
        "analyst",
        "call",
        "commander",
        "communications",
        "customer",
        "data",
        "database",
        "developer",
        "duty",
        "engineer",
        "engineering",
        "guest",
        "lead",
        "manager",
        "network",
        "on",
        "oncall",
        "operator",
        "operations",
        "owner",
        "platform",
        "release",
        "responder",
        "scribe",
        "security",
        "service",
        "site",
        "support",
        "team",
    ]
)
"""Words of names and handles of accounts by function: `On-call engineer`, `support`."""
_PLAIN_WORD = re.compile(r"[^\W\d_]+")


def roles_by_person(record: Record) -> Mapping[str, str]:
    """By user id `lead`, `communications`, `scribe` or `on_call`. Other people are responders."""
    found = dict.fromkeys(_on_call_people(record), ON_CALL)
    for role in (SCRIBE, COMMUNICATIONS, LEAD):
        found |= {each.person: role for each in record.roles if each.role == role}
    if record.incident.lead:
        found[record.incident.lead] = LEAD
    return found


def _on_call_people(record: Record) -> Iterator[str]:
    for escalation in record.escalations:
        people = [page.person for page in escalation.pages]
        people += [answer.by for answer in escalation.answers if answer.by]
        yield from [*people, *([escalation.acknowledged_by] if escalation.acknowledged_by else [])]


def known_people(record: Record, policy: PublicPolicy) -> tuple[str, ...]:
    """Ids of everybody who is named or mentioned by id in the record, or known to the workspace."""
    named = {*record.people, *policy.aliases, *roles_by_person(record)}
    named |= {each for entry in record.entries for each in (entry.author, entry.recorded_by, entry.person) if each}
    named |= {each.owner for each in record.actions if each.owner}
    return tuple(sorted(named))


class NameIndex:
    """Finds names in a text. Positions are those of the text, which is in NFC."""

    def __init__(self, record: Record, policy: PublicPolicy) -> None:
        self._any_case: dict[str, str] = {}
        self._exact: dict[str, str] = {}
        for person in known_people(record, policy):
            names = [record.people.get(person, ""), *policy.aliases.get(person, ())]
            self._add_person(person, [" ".join(name.split()) for name in names], is_here=person in record.people)
        self._patterns = tuple(
            (_any_of(known, flags), known)
            for known, flags in ((self._any_case, re.IGNORECASE), (self._exact, re.NOFLAG))
            if known
        )

    def _add_person(self, person: str, names: Sequence[str], *, is_here: bool) -> None:
        self._any_case.setdefault(person.lower(), person)
        for name in names:
            if not name:
                continue
            bare = strip_accents(name)
            self._any_case.setdefault(f"@{bare}".lower(), person)
            if is_job(name):
                continue
            if is_recognisable(name):
                self._any_case.setdefault(bare.lower(), person)
            exact = [*(_proper_parts(name) if is_here else ()), *([name] if name[:1].isupper() else [])]
            for part in exact:
                self._exact |= {strip_accents(part): person, strip_accents(part).upper(): person}

    def find_all(self, text: str) -> list[tuple[int, int, str]]:
        """Start, end and user id of each name, none overlapping, in order."""
        bare = strip_accents(text)
        found: list[tuple[int, int, str]] = []
        for pattern, known in self._patterns:
            taken = tuple(found)
            for match in pattern.finditer(bare):
                key = " ".join(match["name"].split())
                person = known.get(key) or known.get(key.lower())
                if person and not _overlaps(match, taken):
                    found.append((match.start(), match.end(), person))
            found.sort()
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """Names and ids that must not remain, without accents, in lower case."""
        return tuple(name for name in self._any_case if not name.startswith("@"))


def _overlaps(match: re.Match[str], taken: Sequence[tuple[int, int, str]]) -> bool:
    """Return whether it shares a sign with one of these places, which are in order and apart."""
    behind = bisect_left(taken, match.end(), key=lambda each: each[0])
    return behind > 0 and match.start() < taken[behind - 1][1]


def is_recognisable(name: str) -> bool:
    """Return whether a name in any case is surely a person: not a short word like `will`."""
    return len(name) >= (SHORTEST_HANDLE if _PLAIN_WORD.fullmatch(name) else SHORTEST_NAME)


def is_job(name: str) -> bool:
    """Return whether a name says what somebody does, and so identifies nobody."""
    words = re.findall(r"[^\W\d_]+", name.lower())
    return bool(words) and JOBS.issuperset(words)


def _proper_parts(name: str) -> list[str]:
    """First and last names, if all have capitals: none of `Database administrator`."""
    parts = [part for part in re.split(r"[\s,]+", name) if part]
    if len(parts) < 2 or not all(part[0].isupper() for part in parts):
        return []
    return [part for part in parts if len(part) >= SHORTEST_PART]


def _any_of(names: Mapping[str, str], flags: re.RegexFlag) -> re.Pattern[str]:
    """A pattern for whole names, the longest first, with or without `@`."""
    longest_first = sorted(names, key=len, reverse=True)
    either = "|".join(r"\s+".join(map(re.escape, name.split())) for name in longest_first)
    return re.compile(rf"(?<!\w)(?:@(?!@))?(?P<name>{either})(?!\w)", flags)
