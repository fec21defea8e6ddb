"""Build the parts of an incident's record from table rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.record.facts import UsersAffected, read_fact
from bot.domain.record.model import Action, Alert, Entry, Statement, Update
from bot.domain.record.sources import Source
from bot.domain.record.translations import read_translations
from bot.domain.terms import ActionKind, AlertStatus, Kind, Precision, SourceKind, UpdateState
from bot.domain.text.links import message_link
from bot.lazy_dataclass import dataclass
from bot.services.channel.messages import parse_ts
from bot.services.postmortem.role_history import previous_role_holder
from bot.services.vendors.entry_sync import vendor_event_of
from bot.store.alerts import alerts
from bot.store.incidents import incidents
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.slack_messages import SlackView
from bot.store.incidents.timeline import TimelineEntry


@dataclass(frozen=True, slots=True)
class Links:
    """Build links to the incident's messages and page."""

    workspace_url: str
    page_url: str
    row: incidents.Incident
    posted: Mapping[SlackView, str]

    def message(self, ts: str | None, *, channel_id: str | None = None, thread_ts: str | None = None) -> str | None:
        channel = channel_id or self.row.channel_id
        if not (ts and channel and self.workspace_url):
            return None
        return message_link(self.workspace_url, channel, ts, thread_ts)

    def page(self, ref: str) -> str:
        return f"{self.page_url}#{ref}"


def merged_sources(rows: Sequence[TimelineEntry], sources: Mapping[int, Source]) -> dict[int, list[Source]]:
    """Sources of the entries merged into each entry, directly or through others."""
    into = {row.key: row.merged_into_id for row in rows if row.merged_into_id is not None}
    found: dict[int, list[Source]] = {}
    for row in rows:
        outer, seen = into.get(row.key), {row.key}
        while outer is not None and outer not in seen:
            found.setdefault(outer, []).append(sources[row.key])
            seen.add(outer)
            outer = into.get(outer)
    return found


def _subject_ref(row: TimelineEntry, numbers: Mapping[int, int]) -> str | None:
    values = row.values
    if values.escalation_id is not None:
        return f"escalation-{values.escalation_id}"
    if values.action_id is not None:
        return f"action-{numbers.get(values.action_id, 0)}"
    return f"alert-{values.alert_id}" if values.alert_id is not None else None


def build_entry(
    row: TimelineEntry,
    source: Source,
    numbers: Mapping[int, int],
    also: tuple[Source, ...],
    marked_misleading_at: datetime | None = None,
) -> Entry:
    values = row.values
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
        translations=read_translations(row.translations),
        withdrawn_at=row.withdrawn_at,
        files=tuple(row.files),
        about=_subject_ref(row, numbers),
        was=values.severity_before if changed == "severity" else values.status_before,
        became=values.severity if changed == "severity" else values.status,
        role=values.role,
        person=values.user,
        role_label=values.role_label,
        person_before=previous_role_holder(row),
        changes=tuple(values.changes.items()),
        public=UpdateState(values.public) if values.public is not None else None,
        states_start=_parse_time(values.started),
        states_end=_parse_time(values.ended),
        fact=read_fact(row.fact) if row.fact else None,
        amended_at=row.amended_at,
        withdrawn_by=row.withdrawn_by,
        withdrawal_reason=row.withdrawal_reason,
        merged_into=f"entry-{row.merged_into_id}" if row.merged_into_id else None,
        came_from=(values.came_from or {}).get("reference"),
        also=also,
        redacted_at=row.redacted_at,
        redacted_by=row.redacted_by,
        redaction_reason=row.redaction_reason,
        vendor=vendor_event_of(row),
        thread=f"{row.channel_id}/{row.thread_ts or row.message_ts}" if row.message_ts else None,
        marked_misleading_at=marked_misleading_at,
        posted_at=parse_ts(row.message_ts) if row.message_ts else None,
    )


def _parse_time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def build_updates(entries: Iterable[TimelineEntry], sources: Mapping[int, Source]) -> list[Update]:
    """
    Public status updates.

    The same state again in another language, with no other state between, belongs to one update.
    """
    updates: list[Update] = []
    for entry in entries:
        values = entry.values
        if values.public is None:
            continue
        state, code = UpdateState(values.public), entry.language or ""
        languages = tuple(values.public_languages or ([code] if code else []))
        texts = {code: entry.text} if entry.text else {}
        last = updates[-1] if updates else None
        if last is not None and last.state is state and texts and code and last.texts and code not in last.texts:
            updates[-1] = replace(
                last,
                texts={**last.texts, **texts},
                languages=tuple(dict.fromkeys([*last.languages, *languages])),
                sources=(*last.sources, sources[entry.key]),
            )
        else:
            precision = Precision(entry.precision)
            updates.append(
                Update(state, entry.happened_at, texts, languages, (sources[entry.key],), entry.author, precision)
            )
    return updates


def build_alert(links: Links, row: alerts.Alert, entry_link: str | None) -> Alert:
    ref = f"alert-{row.key}"
    return Alert(
        source=Source(SourceKind.ALERT, ref, row.link or entry_link or links.page(ref)),
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


def build_action(links: Links, row: ActionItem, entry: TimelineEntry | None = None) -> Action:
    """`entry` records it, and has its words in further languages."""
    ref = f"action-{row.number}"
    link = links.message(links.posted.get(SlackView.FOLLOWUPS)) or links.page(ref)
    return Action(
        source=Source(SourceKind.COMMAND, ref, link),
        number=row.number,
        kind=ActionKind(row.kind),
        text=row.text,
        owner=row.owner,
        owner_group=row.owner_group,
        due=row.due,
        symptom=row.symptom,
        done=row.is_done,
        language=row.language,
        translations=read_translations(entry.translations) if entry is not None else (),
    )


def latest_by_language(entries: Iterable[TimelineEntry], kind: Kind, sources: Mapping[int, Source]) -> list[Statement]:
    """
    The last recorded statement in each language, in the order of first mention.

    A figure alone changes the figure of the statements, not their words.
    """
    latest: dict[str | None, Statement] = {}
    for entry in sorted((each for each in entries if each.has(kind)), key=lambda each: (each.recorded_at, each.seq)):
        if not (entry.own_text if kind is Kind.RESOLVED else entry.text):
            continue  # a fact says who resolved, not how
        users = entry.values.affected_users
        fact = read_fact(entry.fact) if entry.fact else None
        worded = {code: each for code, each in latest.items() if not isinstance(each.fact, UsersAffected)}
        if isinstance(fact, UsersAffected) and worded:
            source = sources[entry.key]
            latest |= {code: replace(each, users=users, users_source=source) for code, each in worded.items()}
            continue
        known = latest.get(entry.language)
        is_kept = users is None and known is not None and known.users is not None
        latest[entry.language] = Statement(
            text=entry.text,
            language=entry.language,
            source=sources[entry.key],
            at=entry.happened_at or entry.recorded_at,
            by=entry.author,
            fact=fact,
            users=known.users if known is not None and is_kept else users,
            users_source=known.users_source or known.source if known is not None and is_kept else None,
        )
        for each in read_translations(entry.translations):
            latest[each.language] = Statement(each.text, each.language, sources[entry.key], each.at, each.by)
    return list(latest.values())
