"""Load an incident's record from the tables into plain values."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.config.crypto import incident_page_link
from bot.domain.changes.rollbacks import find_rolled_back
from bot.domain.record.escalations import Escalation
from bot.domain.record.facts import StormTitle, read_fact
from bot.domain.record.model import Entry, Incident, Record, RecordedChange, RecordedVendorIncident
from bot.domain.record.sources import Moment, Source
from bot.domain.record.translations import read_translations
from bot.domain.terms import Kind, Precision, Severity, SourceKind, Status
from bot.domain.text.links import channel_link
from bot.lazy_dataclass import dataclass
from bot.services.changes import find_recent_changes, reports_changes
from bot.services.postmortem.escalation_history import build_escalation, load_pages_by_escalation
from bot.services.postmortem.mark_times import load_misleading_mark_times
from bot.services.postmortem.record_parts import (
    Links,
    build_action,
    build_alert,
    build_entry,
    build_updates,
    latest_by_language,
    merged_sources,
)
from bot.services.postmortem.role_history import load_role_history, people_in_roles
from bot.services.vendors.lookup import vendor_names
from bot.services.workspace.people import MENTION
from bot.store import vendors
from bot.store.alerts import alerts
from bot.store.escalation import escalations, progress
from bot.store.incidents import action_items, incidents, installations, timeline
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.slack_messages import SlackView, find_ts
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import people


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of an incident's record; no escalation or action item of a withdrawn entry."""

    incident: incidents.Incident
    entries: list[TimelineEntry]
    alert_rows: list[alerts.Alert]
    escalation_rows: list[escalations.Escalation]
    items: list[ActionItem]
    vendor_rows: list[vendors.VendorIncident]

    @property
    def standing(self) -> list[TimelineEntry]:
        """Entries that are not withdrawn."""
        return [entry for entry in self.entries if entry.withdrawn_at is None]


def _load_rows(session: Session, incident_id: int) -> _Rows:
    entries = timeline.read_entries(session, incident_id)
    withdrawn = {entry.key for entry in entries if entry.withdrawn_at is not None}
    return _Rows(
        incidents.get(session, incident_id),
        entries,
        alerts.find_by_incident(session, incident_id),
        [each for each in escalations.find_by_incident(session, incident_id) if each.entry_id not in withdrawn],
        [item for item in action_items.find_by_incident(session, incident_id) if item.entry_id not in withdrawn],
        _load_vendor_rows(session, entries),
    )


def _load_vendor_rows(session: Session, entries: Sequence[TimelineEntry]) -> list[vendors.VendorIncident]:
    """The linked vendors' incidents, also those of merged incidents: they have an entry."""
    standing = (entry for entry in entries if entry.details and entry.withdrawn_at is None)
    found = {entry.values.vendor_incident_id for entry in standing} - {None}
    return vendors.find_incidents(session, [each for each in found if each is not None]) if found else []


def load_record(session: Session, settings: Settings, incident_id: int) -> Record:
    """
    The complete record, in the incident's order.

    The link of a statement is the first that exists of: its message, the monitor's own link, the bot's message about
    it, and its anchor on Dogwatch's page.
    """
    rows = _load_rows(session, incident_id)
    installation = installations.find_installation(session)
    page_url = incident_page_link(settings, rows.incident.reference, rows.incident.active_link)
    links = Links(installation.url if installation else "", page_url, rows.incident, _posted(session, incident_id))
    sources = _entry_sources(links, rows)
    standing = rows.standing
    alert_links = {entry.values.alert_id: sources[entry.key].link for entry in standing if entry.details}
    built_alerts = [build_alert(links, row, alert_links.get(row.key)) for row in rows.alert_rows]
    refs = {source.ref: source for source in (*sources.values(), *(alert.source for alert in built_alerts))}
    first = next(iter(sources.values()), Source(SourceKind.SYSTEM, "declared", links.page("declared")))
    roles = load_role_history(session, settings, rows.incident, standing, sources, first)
    known = {*_mentioned_people(session, rows), *people_in_roles(roles)}
    by_id = {entry.key: entry for entry in rows.entries}
    typed_causes = [entry for entry in standing if entry.has(Kind.CAUSE) and entry.source == SourceKind.COMMAND]
    return Record(
        incident=_build_incident(links, settings, rows.incident, refs, _load_merge_links(session, rows.incident)),
        entries=_build_entries(session, settings, rows, sources),
        alerts=built_alerts,
        escalations=_build_escalations(session, links, rows, sources),
        actions=[build_action(links, item, by_id.get(item.entry_id or 0)) for item in rows.items],
        impacts=latest_by_language(standing, Kind.IMPACT, sources),
        causes=latest_by_language(typed_causes or standing, Kind.CAUSE, sources),
        resolutions=[] if not rows.incident.is_resolved else latest_by_language(standing, Kind.RESOLVED, sources),
        roles=roles,
        updates=build_updates(standing, sources),
        changes=_build_changes(session, settings, links, rows, sources),
        reports_changes=reports_changes(session, settings, rows.incident),
        vendor_incidents=_build_vendor_incidents(settings, links, rows),
        people=people.find_names(session, rows.incident.team_id, known),
    )


def _build_changes(
    session: Session, settings: Settings, links: Links, rows: _Rows, sources: Mapping[int, Source]
) -> list[RecordedChange]:
    recent = find_recent_changes(session, settings, rows.incident)
    if not recent:
        return []
    causes = {entry.values.change_id for entry in rows.standing if entry.details and entry.has(Kind.CAUSE)}
    cause_ids = frozenset(each for each in causes if each is not None)
    rollbacks: dict[int, TimelineEntry] = {}
    for entry in (each for each in rows.standing if each.has(Kind.ROLLBACK)):
        if (taken_back := find_rolled_back(entry.text, recent, cause_ids)) is not None:
            rollbacks.setdefault(taken_back.change_id, entry)
    return [
        RecordedChange(
            Source(SourceKind.CHANGE, each.ref, each.link or links.page(each.ref)),
            each,
            each.change_id in cause_ids,
            sources[rollback.key] if (rollback := rollbacks.get(each.change_id)) else None,
            rollback.happened_at if rollback else None,
        )
        for each in recent
    ]


def _build_vendor_incidents(settings: Settings, links: Links, rows: _Rows) -> list[RecordedVendorIncident]:
    return [
        RecordedVendorIncident(
            _vendor_source(links, row),
            vendor_names(settings, [row.vendor])[0],
            row.title,
            row.state,
            row.first_word_at,
            row.seen_at,
            row.resolved_at,
            row.is_gone,
            _has_cases(settings, row.vendor),
        )
        for row in rows.vendor_rows
    ]


def _has_cases(settings: Settings, vendor: str) -> bool:
    section = settings.vendors.get(vendor)
    return section is not None and section.ask_for_case_minutes > 0


def _vendor_source(links: Links, row: vendors.VendorIncident) -> Source:
    ref = f"vendor-incident-{row.key}"
    return Source(SourceKind.VENDOR, ref, row.link or links.page(ref))


def _entry_sources(links: Links, rows: _Rows) -> dict[int, Source]:
    alert_links = {alert.key: alert.link for alert in rows.alert_rows if alert.link}
    message_ts = {each.key: each.message_ts for each in rows.escalation_rows}
    vendor_links = {row.key: row.link for row in rows.vendor_rows if row.link}
    return {entry.key: _entry_source(links, entry, alert_links, vendor_links, message_ts) for entry in rows.entries}


def _build_entries(session: Session, settings: Settings, rows: _Rows, sources: Mapping[int, Source]) -> list[Entry]:
    also = merged_sources(rows.entries, sources)
    numbers = {item.key: item.number for item in rows.items}
    marked = load_misleading_mark_times(session, settings, rows.incident.team_id, rows.entries)
    return [
        build_entry(row, sources[row.key], numbers, tuple(also.get(row.key, ())), marked.get(row.key))
        for row in rows.entries
    ]


def _build_escalations(session: Session, links: Links, rows: _Rows, sources: Mapping[int, Source]) -> list[Escalation]:
    entries = {entry.key: entry for entry in rows.standing}
    pages = load_pages_by_escalation(session, rows.incident.key) if rows.escalation_rows else {}
    progress.preload(session, [each.key for each in rows.escalation_rows])
    return [
        build_escalation(
            session,
            each,
            links.message(each.message_ts) or links.page(f"escalation-{each.key}"),
            sources,
            entries,
            pages.get(each.key, ()),
        )
        for each in rows.escalation_rows
    ]


def _entry_source(
    links: Links,
    entry: TimelineEntry,
    alert_links: Mapping[int, str],
    vendor_links: Mapping[int, str],
    message_ts: Mapping[int, str | None],
) -> Source:
    ref, values = f"entry-{entry.key}", entry.values
    view_ts = message_ts.get(values.escalation_id or 0)
    if values.action_id is not None:
        view_ts = links.posted.get(SlackView.FOLLOWUPS)
    elif entry.has(Kind.DECLARED):
        view_ts = links.posted.get(SlackView.CARD)
    elsewhere = values.posted or values.came_from.get("posted") or {}
    link = (
        links.message(entry.message_ts, channel_id=entry.channel_id, thread_ts=entry.thread_ts)
        or alert_links.get(values.alert_id or 0)
        or vendor_links.get(values.vendor_incident_id or 0)
        or links.message(entry.posted_ts)
        or links.message(elsewhere.get("ts"), channel_id=elsewhere.get("channel"))
        or links.message(view_ts)
        or links.page(ref)
    )
    return Source(SourceKind(entry.source), ref, link)


def _posted(session: Session, incident_id: int) -> dict[SlackView, str]:
    """The ts of the incident's messages that were posted."""
    views = (SlackView.CARD, SlackView.FOLLOWUPS)
    return {view: ts for view in views if (ts := find_ts(session, incident_id, view)) is not None}


def _storm_title(row: incidents.Incident) -> StormTitle | None:
    fact = read_fact(row.title_fact) if row.title_fact else None
    return fact if isinstance(fact, StormTitle) else None


@dataclass(frozen=True, slots=True)
class _MergeLinks:
    """Merges of the incident with others."""

    merged_into: str | None
    took_in: tuple[str, ...]


def _load_merge_links(session: Session, row: incidents.Incident) -> _MergeLinks:
    into = incidents.get(session, row.merged_into_id).reference if row.merged_into_id else None
    return _MergeLinks(into, tuple(each.reference for each in incidents.find_merged(session, row.key)))


def _build_incident(
    links: Links, settings: Settings, row: incidents.Incident, refs: Mapping[str, Source], merges: _MergeLinks
) -> Incident:
    def moment(name: str) -> Moment | None:
        at, origin = getattr(row, f"{name}_at"), row.time_sources.get(f"{name}_at")
        return None if at is None or origin is None else _build_moment(links, refs, at, origin)

    declared, started, detected = moment("declared"), moment("started"), moment("detected")
    if declared is None or started is None or detected is None:
        raise ValueError(f"{row.reference} has no computed times")
    return Incident(
        reference=row.reference,
        outside_reference=row.outside_reference,
        titles=row.titles,
        storm_title=_storm_title(row),
        status=Status(row.status),
        severity=Severity(row.severity),
        severity_label=settings.severity_label(Severity(row.severity)),
        own_status=label if (label := settings.status_label(Status(row.status))) != row.status else "",
        severity_labels={each.value: settings.severity_label(each) for each in Severity},
        services=tuple(row.services),
        zone=ZoneInfo(row.zone),
        languages=tuple(row.languages),
        declared=declared,
        declared_by=row.declared_by,
        started=started,
        detected=detected,
        acknowledged=moment("acknowledged"),
        identified=moment("identified"),
        mitigated=moment("mitigated"),
        resolved=moment("resolved"),
        ended=moment("ended"),
        category=row.category,
        responsibility=row.responsibility,
        public_grade=row.public_grade,
        service_names={code: tuple(names) for code, names in (row.service_names or {}).items()},
        private=row.is_private,
        drill=row.is_drill,
        template=row.template,
        closure_reason=row.closure_reason,
        lead=row.lead,
        channel_name=row.channel_name,
        channel_link=channel_link(links.workspace_url, row.channel_id) if row.channel_id else None,
        retro=row.is_retro,
        drill_of=row.drill_of,
        merged_into=merges.merged_into,
        took_in=merges.took_in,
    )


def _build_moment(links: Links, refs: Mapping[str, Source], at: Any, origin: Mapping[str, str]) -> Moment:
    ref = origin["ref"]
    source = refs.get(ref) or Source(SourceKind.SYSTEM, ref, links.page(ref))
    return Moment(at, origin["because"], source, Precision(origin["precision"]))


def _mentioned_in_translations(entry: TimelineEntry) -> set[str]:
    translated = read_translations(entry.translations)
    return {each for words in translated for each in MENTION.findall(f"{words.text} {words.symptom or ''}")}


def _mentioned_people(session: Session, rows: _Rows) -> set[str]:
    """Ids of the people in the record."""
    incident = rows.incident
    found: set[str | None] = {incident.lead, incident.declared_by, *MENTION.findall(" ".join(incident.titles.values()))}
    for entry in rows.entries:
        found |= {entry.author, entry.recorded_by, entry.withdrawn_by, entry.redacted_by, *MENTION.findall(entry.text)}
        found |= _mentioned_in_translations(entry)
        if entry.withdrawal_reason or entry.redaction_reason:
            found |= set(MENTION.findall(f"{entry.withdrawal_reason} {entry.redaction_reason}"))
        found |= {found for value in entry.values.changes.values() for found in MENTION.findall(value)}
    for escalation in rows.escalation_rows:
        found |= {escalation.asked_by, escalation.acknowledged_by, *escalation.declined_by, *escalation.members}
        found |= {each.by for each in progress.find_responses(session, escalation.key)}
        found |= {escalation.target_id, *MENTION.findall(escalation.reason)}
    for item in rows.items:
        found |= {item.owner, item.created_by, *MENTION.findall(item.text)}
    return {each for each in found if each}
