"""The record of an incident, from the tables to plain values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.crypto.signed_links import page_link
from bot.domain.record.model import Action, Alert, Entry, Incident, Moment, Record, Source, Statement, Update
from bot.domain.terms import ActionKind, AlertStatus, Kind, Precision, Severity, SourceKind, Status, UpdateState
from bot.domain.text.links import channel_link, message_link
from bot.services.postmortem import escalation_history as chain
from bot.services.postmortem.role_history import handed_over_by, history, people_of
from bot.services.timeline.entries import CAME_FROM
from bot.services.vendors.calls import act_of
from bot.services.workspace.people import MENTION
from bot.store.alerts import alerts
from bot.store.alerts.alerts import Alert as AlertRow
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation as EscalationRow
from bot.store.incidents import action_items as actions
from bot.store.incidents import incidents, timeline
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.incidents import Incident as IncidentRow
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import people


@dataclass(frozen=True, slots=True)
class _Places:
    """Where this incident's things can be looked at."""

    workspace_url: str
    page_url: str
    row: IncidentRow

    def message(self, ts: str | None, *, channel_id: str | None = None, thread_ts: str | None = None) -> str | None:
        channel = channel_id or self.row.channel_id
        if not (ts and channel and self.workspace_url):
            return None
        return message_link(self.workspace_url, channel, ts, thread_ts)

    def page(self, ref: str) -> str:
        return f"{self.page_url}#{ref}"


def load(session: Session, settings: Settings, incident_id: int) -> Record:
    """
    The whole record, in the incident's order.

    The link of a statement is, the first that exists: the message it was made from, what the monitor names, the bot's
    message that told of it, and else its anchor on Dogwatch's own page.
    """
    row = incidents.get(session, incident_id)
    installation = incidents.installation(session)
    places = _Places(installation.url if installation else "", page_link(settings, row.reference), row)
    entry_rows = timeline.in_order(session, incident_id)
    alert_rows = alerts.of_incident(session, incident_id)
    alert_links = {alert.key: alert.link for alert in alert_rows if alert.link}
    withdrawn = {entry.key for entry in entry_rows if entry.withdrawn_at is not None}
    escalation_rows = [each for each in escalations.of_incident(session, incident_id) if each.entry_id not in withdrawn]
    told_at = {each.key: each.message_ts for each in escalation_rows}
    sources = {entry.key: _entry_source(places, entry, alert_links, told_at) for entry in entry_rows}
    also = _taken_in(entry_rows, sources)
    standing = [entry for entry in entry_rows if entry.withdrawn_at is None]
    by_id = {entry.key: entry for entry in standing}
    pages = chain.pages_by_escalation(session, incident_id) if escalation_rows else {}
    told = {entry.details.get("alert_id"): sources[entry.key].link for entry in standing}
    alert_values = [_alert(places, alert, told.get(alert.key)) for alert in alert_rows]
    action_rows = [item for item in actions.of_incident(session, incident_id) if item.entry_id not in withdrawn]
    numbers = {item.key: item.number for item in action_rows}
    refs = {source.ref: source for source in sources.values()}
    refs.update({alert.source.ref: alert.source for alert in alert_values})
    declared = Source(SourceKind.SYSTEM, "declared", places.page("declared"))
    held = history(session, settings, row, standing, sources, next(iter(sources.values()), declared))
    typed_causes = [entry for entry in standing if entry.has(Kind.CAUSE) and entry.source == SourceKind.COMMAND]
    return Record(
        incident=_incident(places, settings, row, refs, _belonging(session, row)),
        entries=[_entry(entry, sources[entry.key], numbers, tuple(also.get(entry.key, ()))) for entry in entry_rows],
        alerts=alert_values,
        escalations=[
            chain.escalation(
                each,
                places.message(each.message_ts) or places.page(f"escalation-{each.key}"),
                sources,
                by_id,
                pages.get(each.key, ()),
            )
            for each in escalation_rows
        ],
        actions=[_action(places, item) for item in action_rows],
        impacts=_latest_by_language(standing, Kind.IMPACT, sources),
        causes=_latest_by_language(typed_causes or standing, Kind.CAUSE, sources),
        resolutions=[] if not row.is_resolved else _latest_by_language(standing, Kind.RESOLVED, sources),
        roles=held,
        updates=_updates(standing, sources),
        people=people.names(
            session, row.team_id, {*_people_in(row, entry_rows, escalation_rows, action_rows), *people_of(held)}
        ),
    )


def _entry_source(
    places: _Places, entry: TimelineEntry, alert_links: Mapping[int, str], told_at: Mapping[int, str | None]
) -> Source:
    ref, details = f"entry-{entry.key}", entry.details
    view_ts = told_at.get(details.get("escalation_id", 0))
    if "action_id" in details:
        view_ts = places.row.followups_ts
    elif entry.has(Kind.DECLARED):
        view_ts = places.row.card_ts
    elsewhere = details.get("posted") or (details.get(CAME_FROM) or {}).get("posted") or {}
    link = (
        places.message(entry.message_ts, channel_id=entry.channel_id, thread_ts=entry.thread_ts)
        or alert_links.get(details.get("alert_id", 0))
        or places.message(entry.posted_ts)
        or places.message(elsewhere.get("ts"), channel_id=elsewhere.get("channel"))
        or places.message(view_ts)
        or places.page(ref)
    )
    return Source(SourceKind(entry.source), ref, link)


def _taken_in(rows: Sequence[TimelineEntry], sources: Mapping[int, Source]) -> dict[int, list[Source]]:
    """The sources of the entries that were merged into each, also by way of others."""
    into = {row.key: row.merged_into_id for row in rows if row.merged_into_id is not None}
    found: dict[int, list[Source]] = {}
    for row in rows:
        outer, seen = into.get(row.key), {row.key}
        while outer is not None and outer not in seen:
            found.setdefault(outer, []).append(sources[row.key])
            seen.add(outer)
            outer = into.get(outer)
    return found


def _about(row: TimelineEntry, numbers: Mapping[int, int]) -> str | None:
    details = row.details
    if "escalation_id" in details:
        return f"escalation-{details['escalation_id']}"
    if "action_id" in details:
        return f"action-{numbers.get(details['action_id'], 0)}"
    return f"alert-{details['alert_id']}" if "alert_id" in details else None


def _entry(row: TimelineEntry, source: Source, numbers: Mapping[int, int], also: tuple[Source, ...]) -> Entry:
    changed = "severity" if row.has(Kind.SEVERITY) else "status"
    return Entry(
        source=source,
        seq=row.seq,
        kinds=tuple(Kind(kind) for kind in row.kinds),
        text=row.text,
        happened_at=row.happened_at,
        precision=Precision(row.precision),
        sort_at=row.sort_at,
        recorded_at=row.recorded_at,
        author=row.author,
        recorded_by=row.recorded_by,
        language=row.language,
        withdrawn_at=row.withdrawn_at,
        files=tuple(row.files),
        about=_about(row, numbers),
        was=row.details.get(f"{changed}_before"),
        became=row.details.get(changed),
        role=row.details.get("role"),
        person=row.details.get("user"),
        role_label=row.details.get("role_label"),
        person_before=handed_over_by(row),
        changes=tuple(row.details.get("changes", {}).items()),
        public=UpdateState(row.details["public"]) if "public" in row.details else None,
        states_start=_instant(row.details.get("started")),
        states_end=_instant(row.details.get("ended")),
        amended_at=row.amended_at,
        withdrawn_by=row.withdrawn_by,
        withdrawn_why=row.withdrawn_why,
        merged_into=f"entry-{row.merged_into_id}" if row.merged_into_id else None,
        came_from=(row.details.get(CAME_FROM) or {}).get("reference"),
        also=also,
        redacted_at=row.redacted_at,
        redacted_by=row.redacted_by,
        redacted_why=row.redacted_why,
        vendor=act_of(row),
        thread=f"{row.channel_id}/{row.thread_ts or row.message_ts}" if row.message_ts else None,
    )


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _updates(entries: Iterable[TimelineEntry], sources: Mapping[int, Source]) -> list[Update]:
    """
    What the public was told. What was said in several languages, one after the other, is one update: the same state
    again, with no other between, in a language that it did not have yet.
    """
    told: list[Update] = []
    for entry in entries:
        if "public" not in entry.details:
            continue
        state, code = UpdateState(entry.details["public"]), entry.language or ""
        languages = tuple(entry.details.get("public_languages") or ([code] if code else []))
        texts = {code: entry.text} if entry.text else {}
        last = told[-1] if told else None
        if last is not None and last.state is state and texts and code and last.texts and code not in last.texts:
            told[-1] = replace(
                last,
                texts={**last.texts, **texts},
                languages=tuple(dict.fromkeys([*last.languages, *languages])),
                sources=(*last.sources, sources[entry.key]),
            )
        else:
            precision = Precision(entry.precision)
            told.append(
                Update(state, entry.happened_at, texts, languages, (sources[entry.key],), entry.author, precision)
            )
    return told


def _alert(places: _Places, row: AlertRow, told: str | None) -> Alert:
    ref = f"alert-{row.key}"
    return Alert(
        source=Source(SourceKind.ALERT, ref, row.link or told or places.page(ref)),
        name=row.name,
        status=AlertStatus(row.status),
        starts_at=row.starts_at,
        starts_at_precision=Precision(row.starts_at_precision),
        ended_at=row.ended_at,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        count=row.count,
        labels=row.labels,
        annotations=row.annotations,
        origin=row.source,
        service=row.service,
        fingerprint=row.fingerprint,
    )


def _action(places: _Places, row: ActionItem) -> Action:
    ref = f"action-{row.number}"
    link = places.message(places.row.followups_ts) or places.page(ref)
    return Action(
        source=Source(SourceKind.COMMAND, ref, link),
        number=row.number,
        kind=ActionKind(row.kind),
        text=row.text,
        owner=row.owner,
        due=row.due,
        symptom=row.symptom,
        done=row.is_done,
    )


def _latest_by_language(entries: Iterable[TimelineEntry], kind: Kind, sources: Mapping[int, Source]) -> list[Statement]:
    """The statement that stands in each language: the one recorded last, in the order of first mention."""
    latest: dict[str | None, Statement] = {}
    for entry in sorted((each for each in entries if each.has(kind)), key=lambda each: (each.recorded_at, each.seq)):
        if not entry.text:
            continue
        percent = entry.details.get("users_percent")
        known = latest.get(entry.language)
        is_kept = percent is None and known is not None and known.users_percent is not None
        latest[entry.language] = Statement(
            text=entry.text,
            language=entry.language,
            source=sources[entry.key],
            at=entry.happened_at or entry.recorded_at,
            by=entry.author,
            users_percent=known.users_percent if known is not None and is_kept else percent,
            users_source=known.users_source or known.source if known is not None and is_kept else None,
        )
    return list(latest.values())


@dataclass(frozen=True, slots=True)
class _Belonging:
    """How the incident belongs together with others."""

    merged_into: str | None
    took_in: tuple[str, ...]


def _belonging(session: Session, row: IncidentRow) -> _Belonging:
    into = incidents.get(session, row.merged_into_id).reference if row.merged_into_id else None
    return _Belonging(into, tuple(each.reference for each in incidents.merged_into(session, row.key)))


def _incident(
    places: _Places, settings: Settings, row: IncidentRow, refs: Mapping[str, Source], belonging: _Belonging
) -> Incident:
    def moment(name: str) -> Moment | None:
        at, origin = getattr(row, f"{name}_at"), row.time_sources.get(f"{name}_at")
        if at is None or origin is None:
            return None
        return _moment(places, refs, at, origin)

    declared, started, detected = moment("declared"), moment("started"), moment("detected")
    if declared is None or started is None or detected is None:
        raise ValueError(f"{row.reference} has no computed times")
    return Incident(
        reference=row.reference,
        outside_reference=row.outside_reference,
        titles=row.titles,
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
        private=row.is_private,
        drill=row.is_drill,
        template=row.template,
        closure_reason=row.closure_reason,
        lead=row.lead,
        channel_name=row.channel_name,
        channel_link=channel_link(places.workspace_url, row.channel_id) if row.channel_id else None,
        retro=bool(row.is_retro),
        drill_of=row.drill_of,
        merged_into=belonging.merged_into,
        took_in=belonging.took_in,
    )


def _moment(places: _Places, refs: Mapping[str, Source], at: Any, origin: Mapping[str, str]) -> Moment:
    ref = origin["ref"]
    source = refs.get(ref) or Source(SourceKind.SYSTEM, ref, places.page(ref))
    return Moment(at, origin["because"], source, Precision(origin["precision"]))


def _people_in(
    row: IncidentRow, entries: Sequence[TimelineEntry], escalated: Sequence[EscalationRow], items: Sequence[ActionItem]
) -> set[str]:
    """Everybody whom the record names, by id."""
    found: set[str | None] = {row.lead, row.declared_by, *MENTION.findall(" ".join(row.titles.values()))}
    for entry in entries:
        found |= {entry.author, entry.recorded_by, entry.withdrawn_by, entry.redacted_by, *MENTION.findall(entry.text)}
        if entry.withdrawn_why or entry.redacted_why:
            found |= set(MENTION.findall(f"{entry.withdrawn_why} {entry.redacted_why}"))
        found |= {found for value in entry.details.get("changes", {}).values() for found in MENTION.findall(value)}
    for escalation in escalated:
        found |= {escalation.asked_by, escalation.acknowledged_by, *escalation.declined_by, *escalation.members}
        found |= {each["by"] for each in escalation.answers or ()}
        found |= {escalation.target_id, *MENTION.findall(escalation.reason)}
    for item in items:
        found |= {item.owner, item.made_by, *MENTION.findall(item.text)}
    return {each for each in found if each}
