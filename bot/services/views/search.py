"""Incident lists: by status, severity and service, or by a text search."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.config.crypto import incident_page_link
from bot.domain.errors import UserError, did_you_mean
from bot.domain.record.translations import read_translations
from bot.domain.terms import Severity, Status
from bot.domain.text.links import channel_link, message_link
from bot.domain.text.search_key import search_key, search_words
from bot.domain.text.search_terms import (
    Excerpt,
    SearchTerm,
    has_formatting,
    make_excerpt,
    make_written_excerpt,
    search_terms,
)
from bot.lazy_dataclass import dataclass
from bot.services.workspace.people import MENTION
from bot.store.incidents import installations
from bot.store.incidents.incidents import Incident
from bot.store.incidents.installations import Installation
from bot.store.incidents.search.filter import IncidentFilter, find_by_ids, find_ids
from bot.store.incidents.search.text_index import find_matches, load_entries, load_postmortem_texts
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Visibility
from bot.store.shared import people

OPEN_STATUSES = frozenset(status for status in Status if status.is_open)
RESOLVED_STATUSES = frozenset({Status.RESOLVED, Status.CLOSED})
PAGE_SIZE = 8
"""Incidents on one page of an answer."""


@dataclass(frozen=True, slots=True)
class ListedIncident:
    """
    One incident in a list.

    `line`: excerpt of the matching entry, else of the matching part of the postmortem. `formatted`: the entry's whole
    text, if that has formatting.
    """

    incident_id: int
    reference: str
    title: str
    severity: str
    severity_rank: int
    status: Status
    status_label: str
    """The workspace's own word for it."""
    lead: str | None
    services: tuple[str, ...]
    is_drill: bool
    is_private: bool
    declared_at: datetime
    channel_id: str | None
    channel_url: str | None
    line: Excerpt | None = None
    formatted: str = ""
    line_url: str | None = None


@dataclass(frozen=True, slots=True)
class IncidentListView:
    """
    One page of a list: the newest or most severe first, of a search the best title.

    `text` is the typed text, for the next page. `first` counts from 0; `count` are all matches.
    """

    what: str
    text: str
    count: int
    first: int
    listed: tuple[ListedIncident, ...]
    names: Mapping[str, str]
    with_drills: bool = False
    guess: str = ""
    """Suggested word, shown if there are no matches."""
    is_by_severity: bool = False
    is_search: bool = False


def list_incidents(
    session: Session, settings: Settings, visibility: Visibility, text: str, first: int = 0
) -> IncidentListView:
    """The incidents that match the words of `/incident list`; open ones by severity."""
    wanted, what = parse_filter(settings, text)
    is_by_severity = wanted.statuses == OPEN_STATUSES
    ids = find_ids(session, visibility, wanted, by_severity=is_by_severity)
    found = replace(_load_page(session, settings, ids, what, text, first), is_by_severity=is_by_severity)
    return found if ids else replace(found, guess=_suggest_word(settings, wanted))


def _suggest_word(settings: Settings, wanted: IncidentFilter) -> str:
    """The word that was probably meant, for a service that does not exist."""
    known = ["open", "all", "resolved", "drills", *settings.status_words, *settings.severity_words()]
    return next(filter(None, (did_you_mean(each, known) for each in wanted.services)), "")


def parse_filter(settings: Settings, text: str) -> tuple[IncidentFilter, str]:
    """
    The filter in a line, and the same in plain words.

    Words are `open`, `all`, `resolved`, `drills`, statuses, severities, and else parts of services' names. Without a
    status it is the open ones.
    """
    statuses: set[Status] = set()
    severities: set[Severity] = set()
    services: list[str] = []
    drills: bool | None = False
    has_status = False
    states = {search_key(word): _matching_statuses(status) for word, status in settings.status_words.items()}
    states |= {"open": OPEN_STATUSES, "all": frozenset(Status)}
    rated = {search_key(word): severity for word, severity in settings.severity_words().items()}
    for word in _join_names(search_words(text), {*states, *rated}):
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
        statuses = set(Status) if drills else set(OPEN_STATUSES)
    wanted = IncidentFilter(
        frozenset() if statuses == set(Status) else frozenset(statuses), frozenset(severities), tuple(services), drills
    )
    return wanted, _describe_filter(settings, wanted)


def _matching_statuses(status: Status) -> frozenset[Status]:
    """Resolved includes closed."""
    return RESOLVED_STATUSES if status is Status.RESOLVED else frozenset({status})


def _join_names(words: Sequence[str], names: Collection[str]) -> list[str]:
    """Join words that only together make one of `names`: `cause known`."""
    longest = max(len(name.split()) for name in names)
    joined: list[str] = []
    left = list(words)
    while left:
        count = next((n for n in range(longest, 1, -1) if " ".join(left[:n]) in names), 1)
        joined.append(" ".join(left[:count]))
        del left[:count]
    return joined


def _describe_filter(settings: Settings, wanted: IncidentFilter) -> str:
    noun = "drills" if wanted.drills else "incidents"
    state = ""
    if wanted.statuses == OPEN_STATUSES:
        state = "open "
    elif wanted.statuses:
        state = f"{' or '.join(settings.status_label(each) for each in Status if each in wanted.statuses)} "
    rated = " or ".join(settings.severity_label(each) for each in sorted(wanted.severities))
    served = " and ".join(wanted.services)
    return f"{state}{noun}{f' of {rated}' if rated else ''}{f' of the service {served}' if served else ''}"


def find_incidents(
    session: Session,
    settings: Settings,
    visibility: Visibility,
    text: str,
    *,
    with_drills: bool = False,
    first: int = 0,
) -> IncidentListView:
    """
    Incidents with all words, in their fields, their timeline or their postmortem.

    Raises UserError for an empty search.
    """
    terms = search_terms(text)
    if not terms:
        raise UserError("Add words to search for, for example `/incident find certificate expired`.")
    wanted = IncidentFilter(drills=None if with_drills else False)
    matches = find_matches(session, visibility, terms, wanted)
    found = _load_page(session, settings, list(matches), f"incidents with “{text.strip()}”", text, first, matches)
    return replace(found, with_drills=with_drills, is_search=True)


def _load_page(
    session: Session,
    settings: Settings,
    ids: Sequence[int],
    what: str,
    text: str,
    first: int,
    matches: Mapping[int, int | None] | None = None,
) -> IncidentListView:
    first = max(0, min(first, (len(ids) - 1) // PAGE_SIZE * PAGE_SIZE))
    shown = find_by_ids(session, ids[first : first + PAGE_SIZE])
    terms = search_terms(text)
    entries = load_entries(session, {each.key: matches[each.key] for each in shown}) if matches else {}
    parts = load_postmortem_texts(session, {each.key: matches[each.key] for each in shown}) if matches else {}
    installation = installations.find_installation(session)
    listed = tuple(
        _listed_incident(settings, installation, each, entries.get(each.key), parts.get(each.key), terms)
        for each in shown
    )
    texts = " ".join([*(each.title for each in listed), *(each.text for each in entries.values()), *parts.values()])
    names = (
        people.find_names(
            session, shown[0].team_id, [*MENTION.findall(texts), *(each.lead for each in listed if each.lead)]
        )
        if shown
        else {}
    )
    return IncidentListView(what, text, len(ids), first, listed, names)


def _listed_incident(
    settings: Settings,
    installation: Installation | None,
    row: Incident,
    entry: TimelineEntry | None,
    part: str | None,
    terms: Sequence[SearchTerm],
) -> ListedIncident:
    """`part`: text of the postmortem that matches, where no entry does."""
    severity, url = Severity(row.severity), installation.url if installation else ""
    place = None
    if entry is not None and url:
        channel, ts = entry.channel_id or row.channel_id, entry.message_ts or entry.posted_ts
        place = message_link(url, channel, ts, entry.thread_ts) if channel and ts else None
    if entry is not None and place is None:
        place = f"{incident_page_link(settings, row.reference, row.active_link)}#entry-{entry.key}"
    if part is not None:
        place = f"{settings.base_url}/incidents/{row.reference}/postmortem"
    shown = entry_excerpt(entry, terms) if entry is not None else make_written_excerpt(part, terms) if part else None
    return ListedIncident(
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
        line=shown,
        formatted=entry.text if entry is not None and has_formatting(entry.text) else "",
        line_url=place,
    )


def entry_excerpt(entry: TimelineEntry, terms: Sequence[SearchTerm]) -> Excerpt:
    """The part of an entry's text or translation with a term; else its beginning."""
    translations = [each.text for each in read_translations(entry.translations)]
    excerpts = [make_excerpt(text, terms) for text in (entry.text, *translations)]
    return next((each for each in excerpts if any(part.is_match for part in each)), excerpts[0])
