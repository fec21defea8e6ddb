"""What people look for: a list of incidents, or those whose record holds certain words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.crypto.signed_links import page_link
from bot.domain.errors import UserError, did_you_mean
from bot.domain.terms import Severity, Status
from bot.domain.text.links import channel_link, message_link
from bot.domain.text.search_key import folded, words_of
from bot.services.workspace.people import MENTION
from bot.store.incidents import incidents
from bot.store.incidents import search as searching
from bot.store.incidents.incidents import Incident, Installation
from bot.store.incidents.search import Wanted
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Sight
from bot.store.shared import people

OPEN = frozenset(status for status in Status if status.is_open)
OVER = frozenset({Status.RESOLVED, Status.CLOSED})
ON_A_PAGE = 8
"""Incidents of one page of an answer."""
LINE = 200
"""Characters of the line that fits, around the word that was looked for."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One incident in a list. `line` is the entry that fits a search, None where only the head does."""

    incident_id: int
    reference: str
    title: str
    severity: str
    severity_rank: int
    status: Status
    status_label: str
    """The workspace\'s own word for it."""
    lead: str | None
    services: tuple[str, ...]
    is_drill: bool
    is_private: bool
    declared_at: datetime
    channel_id: str | None
    channel_url: str | None
    line: str | None = None
    line_url: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """
    One page of a list, the newest first. `text` is what was typed, so that the next page asks for the same.

    `first` counts from 0; `count` are all that fit.
    """

    what: str
    text: str
    count: int
    first: int
    listed: tuple[Listed, ...]
    names: Mapping[str, str]
    with_drills: bool = False
    guess: str = ""
    """Behind the sentence that there are none: the word that was probably meant."""


def list_of(session: Session, settings: Settings, sight: Sight, text: str, first: int = 0) -> Listing:
    """The incidents that the words of `/incident list` ask for."""
    wanted, what = read_wanted(settings, text)
    ids = searching.newest(session, sight, wanted)
    found = _page(session, settings, ids, what, text, first)
    return found if ids else replace(found, guess=_guess(settings, wanted))


def _guess(settings: Settings, wanted: Wanted) -> str:
    """What a word that no service has in its name was probably meant to be."""
    known = ["open", "all", "resolved", "drills", *settings.status_words, *settings.severity_words()]
    return next(filter(None, (did_you_mean(each, known) for each in wanted.services)), "")


def read_wanted(settings: Settings, text: str) -> tuple[Wanted, str]:
    """
    What `open`, `all`, `resolved`, `drills`, statuses, severities and services in a line ask for, and in plain words.

    Words that are none of these are parts of services' names. Without a status it is the open ones.
    """
    statuses: set[Status] = set()
    severities: set[Severity] = set()
    services: list[str] = []
    drills: bool | None = False
    has_status = False
    states = {folded(word): _meant_by(status) for word, status in settings.status_words.items()}
    states |= {"open": OPEN, "all": frozenset(Status)}
    rated = {folded(word): severity for word, severity in settings.severity_words().items()}
    for word in _names_joined(words_of(text), {*states, *rated}):
        if word in states:
            has_status = True
            statuses |= states[word]
        elif word in {"drill", "drills"}:
            drills = True
        elif word in rated:
            severities.add(rated[word])
        else:
            services.append(word)
    if not has_status:
        statuses = set(Status) if drills else set(OPEN)
    wanted = Wanted(
        frozenset() if statuses == set(Status) else frozenset(statuses), frozenset(severities), tuple(services), drills
    )
    return wanted, _in_words(settings, wanted)


def _meant_by(status: Status) -> frozenset[Status]:
    """Whoever asks for what is resolved wants what was closed since, too."""
    return OVER if status is Status.RESOLVED else frozenset({status})


def _names_joined(words: Sequence[str], names: Collection[str]) -> list[str]:
    """`words`, with those in one piece that make one of `names` only together: `cause known`."""
    longest = max(len(name.split()) for name in names)
    joined: list[str] = []
    left = list(words)
    while left:
        count = next((n for n in range(longest, 1, -1) if " ".join(left[:n]) in names), 1)
        joined.append(" ".join(left[:count]))
        del left[:count]
    return joined


def _in_words(settings: Settings, wanted: Wanted) -> str:
    noun = "drills" if wanted.drills else "incidents"
    state = ""
    if wanted.statuses == OPEN:
        state = "open "
    elif wanted.statuses:
        state = f"{' or '.join(settings.status_label(each) for each in Status if each in wanted.statuses)} "
    rated = " or ".join(settings.severity_label(each) for each in sorted(wanted.severities))
    served = " and ".join(wanted.services)
    return f"{state}{noun}{f' of {rated}' if rated else ''}{f' of the service {served}' if served else ''}"


def find(
    session: Session, settings: Settings, sight: Sight, text: str, *, with_drills: bool = False, first: int = 0
) -> Listing:
    """
    The incidents that hold all the words, in what they are called or in their timeline.

    Raises UserError if there is nothing to look for.
    """
    words = words_of(text)
    if not words:
        raise UserError("Say what to look for, for example `/incident find certificate expired`.")
    told = searching.holding(session, sight, words, with_drills=with_drills)
    heads = searching.heads(session, sight, with_drills=with_drills)
    ids = [
        head.incident_id
        for head in heads
        if all(word in told.get(head.incident_id, ()) or word in head.text for word in words)
    ]
    found = _page(session, settings, ids, f"incidents with “{text.strip()}”", text, first, words)
    return found if not with_drills else _with_drills(found)


def _with_drills(found: Listing) -> Listing:
    return replace(found, with_drills=True)


def _page(
    session: Session,
    settings: Settings,
    ids: Sequence[int],
    what: str,
    text: str,
    first: int,
    words: Sequence[str] = (),
) -> Listing:
    first = max(0, min(first, (len(ids) - 1) // ON_A_PAGE * ON_A_PAGE))
    shown = searching.of_ids(session, ids[first : first + ON_A_PAGE])
    lines = searching.best_lines(session, [each.key for each in shown], words) if words and shown else {}
    installation = incidents.installation(session)
    listed = tuple(_listed(settings, installation, each, lines.get(each.key), words) for each in shown)
    said = " ".join(f"{each.title} {each.line or ''}" for each in listed)
    names = (
        people.names(session, shown[0].team_id, [*MENTION.findall(said), *(each.lead for each in listed if each.lead)])
        if shown
        else {}
    )
    return Listing(what, text, len(ids), first, listed, names)


def _listed(
    settings: Settings,
    installation: Installation | None,
    row: Incident,
    entry: TimelineEntry | None,
    words: Sequence[str],
) -> Listed:
    severity, url = Severity(row.severity), installation.url if installation else ""
    place = None
    if entry is not None and url:
        channel, ts = entry.channel_id or row.channel_id, entry.message_ts or entry.posted_ts
        place = message_link(url, channel, ts, entry.thread_ts) if channel and ts else None
    if entry is not None and place is None:
        place = f"{page_link(settings, row.reference)}#entry-{entry.key}"
    return Listed(
        incident_id=row.key,
        reference=row.reference,
        title=row.title,
        severity=settings.severity_label(severity),
        severity_rank=list(Severity).index(severity) + 1,
        status=Status(row.status),
        status_label=settings.status_label(Status(row.status)),
        lead=row.lead,
        services=tuple(row.services),
        is_drill=row.is_drill,
        is_private=row.is_private,
        declared_at=row.declared_at,
        channel_id=row.channel_id,
        channel_url=channel_link(url, row.channel_id) if url and row.channel_id else None,
        line=_around(entry.text, words) if entry is not None else None,
        line_url=place,
    )


def _around(text: str, words: Sequence[str]) -> str:
    """The text on one line; of a long one the part where the first of the words stands."""
    line = " ".join(text.split())
    if len(line) <= LINE:
        return line
    found = [place for place in map(folded(line).find, words) if place >= 0]
    begin = max(0, min(found, default=0) - LINE // 4)
    return f"{'…' if begin else ''}{line[begin : begin + LINE].strip()}{'…' if begin + LINE < len(line) else ''}"
