"""Read model of the history: past and open incidents by filters, page by page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta, tzinfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.drafting.document.publication import PostmortemState
from bot.domain.incidents.statistics import Figure
from bot.domain.paging.statistics import months_until
from bot.domain.terms import Severity
from bot.domain.text.mentions import MENTION, resolve_mentions
from bot.domain.text.search_terms import Excerpt, ExcerptPart, SearchTerm, make_written_excerpt, search_terms
from bot.lazy_dataclass import dataclass
from bot.services.paging.statistics import current_month
from bot.services.postmortem.findings import find_in_record
from bot.services.postmortem.load_record import load_record
from bot.services.views.search import entry_excerpt
from bot.services.web_pages.history.filter import MAX_MONTHS, HistoryFilter, Presence
from bot.services.web_pages.history.samples import load_samples
from bot.services.web_pages.history.similarity import find_similar
from bot.services.web_pages.now import viewer_zone
from bot.services.web_pages.sessions import Viewer
from bot.store.incidents import action_items
from bot.store.incidents.incidents import Incident
from bot.store.incidents.search.choices import find_first_declaration, find_services_and_leads
from bot.store.incidents.search.filter import find_by_ids, find_ids
from bot.store.incidents.search.statements import find_with_cause
from bot.store.incidents.search.text_index import find_matches, load_entries, load_postmortem_texts
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Visibility
from bot.store.shared import people

PAGE_ROWS = 50
MAX_CHECKED = 50
"""Incidents whose records are read for their findings: the newest of those that match the rest."""
BATCH = 500
"""Incidents that one statement asks for."""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """
    One incident. `length` is its impact; None while it lasts.

    `findings` None: not asked for. `entry` is the entry that matches the text best, or a part of the postmortem, with
    its address below the incident's page. `reasons` say why it is similar.
    """

    reference: str
    title: str
    severity: str
    severity_rank: int
    status: str
    services: Sequence[str]
    lead_id: str | None
    lead: str | None
    declared_at: datetime
    length: timedelta | None
    is_private: bool
    is_drill: bool
    has_cause: bool
    follow_ups: int
    findings: int | None
    entry: tuple[Excerpt, str] | None
    reasons: Sequence[str]
    postmortem: PostmortemState


@dataclass(frozen=True, slots=True)
class HistoryChoices:
    """
    Values that the filters offer, of visible incidents.

    `leads` are names by id; `months` come the newest first.
    """

    services: Sequence[str]
    leads: Mapping[str, str]
    months: Sequence[str]
    severities: Mapping[Severity, str]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """
    The rows of one page, or all. `page` counts from 1; `zone` is the viewer's.

    `unchecked` incidents were not read for findings, and are left out.
    """

    wanted: HistoryFilter
    rows: Sequence[HistoryRow]
    count: int
    page: int
    pages: int
    zone: tzinfo
    choices: HistoryChoices
    unchecked: int
    names: Mapping[str, str]
    like_title: str


@dataclass(frozen=True, slots=True)
class _Matches:
    """Ids in their order; by id the entry to show (`best`), findings and reasons."""

    ids: list[int]
    text: str = ""
    best: Mapping[int, int | None] = field(default_factory=dict)
    findings: Mapping[int, int] = field(default_factory=dict)
    reasons: Mapping[int, Sequence[str]] = field(default_factory=dict)
    unchecked: int = 0
    like_title: str = ""


def load_history(
    session: Session,
    settings: Settings,
    visibility: Visibility,
    wanted: HistoryFilter,
    viewer: Viewer,
    at: datetime,
    *,
    page: int | None = 1,
) -> HistoryPage:
    """
    One page of the incidents that match; `page` None: all of them.

    Raises IncidentNotFound if `like` is missing or invisible.
    """
    matches = _find_matches(session, settings, visibility, wanted, at)
    pages = max(1, -(-len(matches.ids) // PAGE_ROWS))
    current = min(max(page or 1, 1), pages)
    shown = matches.ids if page is None else matches.ids[(current - 1) * PAGE_ROWS : current * PAGE_ROWS]
    choices = _load_choices(session, settings, visibility, at)
    return HistoryPage(
        wanted=wanted,
        rows=list(_load_rows(session, settings, visibility.team_id, matches, shown)),
        count=len(matches.ids),
        page=current,
        pages=pages,
        zone=viewer_zone(settings, viewer),
        choices=choices,
        unchecked=matches.unchecked,
        names=people.find_names(session, visibility.team_id, [value for _, value in wanted.groups]),
        like_title=matches.like_title,
    )


def _find_matches(
    session: Session, settings: Settings, visibility: Visibility, wanted: HistoryFilter, at: datetime
) -> _Matches:
    ids, best = _find_by_fields_and_text(session, visibility, wanted)
    if wanted.figure is not None:
        counted = _find_counted(session, settings, visibility.team_id, wanted, wanted.figure, at)
        ids = [each for each in ids if each in counted]
    reasons: Mapping[int, Sequence[str]] = {}
    like_title = ""
    if wanted.like:
        target = visibility.find(session, wanted.like)
        reasons = find_similar(session, visibility, target, ids)
        ids, like_title = list(reasons), target.title
    matches = _Matches(ids, wanted.text, best, {}, reasons, 0, like_title)
    return matches if wanted.findings is None else _check_findings(session, settings, wanted.findings, matches)


def _find_by_fields_and_text(
    session: Session, visibility: Visibility, wanted: HistoryFilter
) -> tuple[list[int], Mapping[int, int | None]]:
    """The last declared first; with a text those with its words in their fields come before."""
    terms, fields = search_terms(wanted.text), wanted.incident_filter
    if wanted.text.strip() and not terms:
        return [], {}
    best = find_matches(session, visibility, terms, fields) if terms else {}
    if terms and not fields.is_by_row:
        return list(best), best
    ids = find_ids(session, visibility, fields, by_declaration=True)
    if not terms:
        return ids, {}
    allowed = set(ids)
    return [each for each in best if each in allowed], best


def _find_counted(
    session: Session, settings: Settings, team_id: str, wanted: HistoryFilter, figure: Figure, at: datetime
) -> set[int]:
    months = wanted.months or months_until(current_month(at, settings.incidents.zone), MAX_MONTHS)
    chosen = wanted.sample_values
    return {each.incident_id for each in load_samples(session, team_id, figure, months, at) if each.matches(chosen)}


def _check_findings(session: Session, settings: Settings, wanted: Presence, matches: _Matches) -> _Matches:
    """Read the newest records: findings follow from them by rules and are not stored."""
    checked = matches.ids[:MAX_CHECKED]
    counts = {each: len(find_in_record(settings, load_record(session, settings, each))) for each in checked}
    ids = [each for each in checked if bool(counts[each]) is (wanted is Presence.YES)]
    return replace(matches, ids=ids, findings=counts, unchecked=len(matches.ids) - len(checked))


def _load_choices(session: Session, settings: Settings, visibility: Visibility, at: datetime) -> HistoryChoices:
    services, leads = find_services_and_leads(session, visibility)
    names = people.find_names(session, visibility.team_id, leads)
    first = find_first_declaration(session, visibility)
    newest = current_month(at, settings.incidents.zone)
    months = months_until(newest, MAX_MONTHS)
    oldest = current_month(first, settings.incidents.zone) if first else newest
    return HistoryChoices(
        services=sorted({*services, *settings.services}, key=str.casefold),
        leads=dict(sorted(((each, names.get(each, each)) for each in leads), key=lambda pair: pair[1].casefold())),
        months=[each for each in reversed(months) if each >= oldest],
        severities=settings.severity_labels,
    )


def _load_rows(
    session: Session, settings: Settings, team_id: str, matches: _Matches, shown: Sequence[int]
) -> Iterator[HistoryRow]:
    terms = search_terms(matches.text)
    for first in range(0, len(shown), BATCH):
        rows = find_by_ids(session, shown[first : first + BATCH])
        keys = [each.key for each in rows]
        best = {each: matches.best.get(each) for each in keys}
        entries, parts = load_entries(session, best), load_postmortem_texts(session, best)
        causes = find_with_cause(session, keys)
        follow_ups = action_items.count_open(session, keys)
        texts = "\n".join([*(each.title for each in rows), *(each.text for each in entries.values()), *parts.values()])
        mentioned = {*MENTION.findall(texts), *(each.lead for each in rows if each.lead)}
        names = people.find_names(session, team_id, mentioned)
        for row in rows:
            yield HistoryRow(
                reference=row.reference,
                title=resolve_mentions(row.title, names),
                severity=settings.severity_label(Severity(row.severity)),
                severity_rank=list(Severity).index(Severity(row.severity)) + 1,
                status=settings.status_label(row.status),
                services=row.services,
                lead_id=row.lead,
                lead=names.get(row.lead, row.lead) if row.lead else None,
                declared_at=row.declared_at,
                length=_length(row),
                is_private=row.is_private,
                is_drill=row.is_drill,
                has_cause=row.key in causes,
                follow_ups=follow_ups.get(row.key, 0),
                findings=matches.findings.get(row.key),
                entry=_excerpt(entries.get(row.key), parts.get(row.key), terms, names),
                reasons=matches.reasons.get(row.key, ()),
                postmortem=PostmortemState(row.postmortem_state),
            )


def _length(row: Incident) -> timedelta | None:
    return row.ended_at - row.started_at if row.ended_at and row.ended_at >= row.started_at else None


def _excerpt(
    entry: TimelineEntry | None, part: str | None, terms: Sequence[SearchTerm], names: Mapping[str, str]
) -> tuple[Excerpt, str] | None:
    """Parts of the text, and its address: an anchor or the postmortem."""
    if entry is not None:
        found, place = entry_excerpt(entry, terms), f"#entry-{entry.key}"
    elif part is not None:
        found, place = make_written_excerpt(part, terms), "/postmortem"
    else:
        return None
    return tuple(ExcerptPart(resolve_mentions(each.text, names), each.is_match) for each in found), place
