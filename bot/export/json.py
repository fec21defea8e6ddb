"""`incident.json`: the whole record. Keys: `docs/reference/export.md`."""

import json
from collections.abc import Mapping, Sequence

from bot.domain.drafting.sections import marked_follow_ups
from bot.domain.findings import Finding
from bot.domain.findings.wording import english_formatter
from bot.domain.record.model import Action, Alert, Entry, Record, RecordedChange, RecordedVendorIncident, Update
from bot.domain.record.transcript import Transcript, TranscriptMessage
from bot.domain.record.translations import Translation
from bot.domain.terms import ActionKind, SourceKind
from bot.domain.text.mentions import resolve_mentions
from bot.export.json_escalation import escalation_fields
from bot.export.json_fields import Json, RecordFields
from bot.export.json_incident import incident_fields


def incident_json(record: Record, findings: Sequence[Finding] = (), *, transcript: Transcript | None = None) -> Json:
    """
    The record as plain JSON values.

    A `transcript` adds two keys: its messages, and the time up to which retention deleted messages.
    """
    fields = RecordFields(record)
    document: Json = {
        "incident": incident_fields(fields),
        "timeline": [_entry(fields, entry) for entry in record.entries],
        "escalations": [escalation_fields(fields, each) for each in record.escalations],
        "actions": [
            *(_action(fields, action) for action in record.actions),
            *(_follow_up(fields, kind, entry) for kind, entry in marked_follow_ups(record)),
        ],
        "updates": [_update(fields, update) for update in record.updates],
        "alerts": [_alert(fields, alert) for alert in record.alerts],
        "changes": [_change(fields, each) for each in record.changes],
        "vendor_incidents": [_vendor_incident(fields, each) for each in record.vendor_incidents],
        "findings": _findings(record, findings),
    }
    if transcript is not None:
        document["transcript"] = [_message(fields, each, transcript.people) for each in transcript.messages]
        document["transcript_deleted_to"] = fields.at(transcript.purged_to)
    return document


def _findings(record: Record, findings: Sequence[Finding]) -> list[Json]:
    """Findings, in English like all texts that the JSON adds."""
    formatter = english_formatter(record)
    return [
        {"code": each.code, "message": formatter.format_finding(each), "entries": list(each.entries)}
        for each in findings
    ]


def json_text(value: Json) -> str:
    """Indented JSON with a final line feed."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _entry(fields: RecordFields, entry: Entry) -> Json:
    return {
        "ref": entry.source.ref,
        "happened_at": fields.at(entry.happened_at),
        "precision": entry.precision.value,
        "kinds": [kind.value for kind in entry.kinds],
        "text": fields.text(entry.text),
        "language": entry.language,
        "translations": _translations(fields, entry.translations),
        "author": fields.person(entry.author),
        "author_id": entry.author,
        "recorded_at": fields.at(entry.recorded_at),
        "recorded_by": fields.person(entry.recorded_by),
        "recorded_by_id": entry.recorded_by,
        "source": entry.source.kind.value,
        "link": entry.source.link,
        "files": list(entry.files),
        "about": entry.about,
        "vendor": entry.vendor.value if entry.vendor else None,
        "was": entry.was,
        "became": entry.became,
        "role": entry.role,
        "person": fields.person(entry.person),
        "person_id": entry.person,
        "changes": {name: fields.text(value) for name, value in entry.changes},
        "public": entry.public.value if entry.public else None,
        "deleted": _is_deleted(entry),
        **_entry_changes(fields, entry),
    }


def _translations(fields: RecordFields, translations: Sequence[Translation]) -> list[Json]:
    return [
        {
            "language": each.language,
            "text": fields.text(each.text),
            "symptom": fields.text(each.symptom) if each.symptom else None,
            "at": fields.at(each.at),
            "by": fields.person(each.by),
            "by_id": each.by,
            "source": each.source.value,
        }
        for each in translations
    ]


def _entry_changes(fields: RecordFields, entry: Entry) -> Json:
    return {
        "withdrawn_at": fields.at(entry.withdrawn_at),
        "withdrawn_by": fields.person(entry.withdrawn_by),
        "withdrawn_by_id": entry.withdrawn_by,
        "withdrawn_why": fields.text(entry.withdrawal_reason) if entry.withdrawal_reason else None,
        "amended_at": fields.at(entry.amended_at),
        "merged_into": entry.merged_into,
        "from_incident": entry.came_from,
        "also": [{"ref": source.ref, "link": source.link} for source in entry.also],
        "redacted_at": fields.at(entry.redacted_at),
        "redacted_by": fields.person(entry.redacted_by),
        "redacted_by_id": entry.redacted_by,
        "redacted_why": fields.text(entry.redaction_reason) if entry.redaction_reason else None,
    }


def _action(fields: RecordFields, action: Action) -> Json:
    return {
        "ref": action.source.ref,
        "number": action.number,
        "kind": action.kind.value,
        "text": fields.text(action.text),
        "owner": action.owner_group or fields.person(action.owner),
        "owner_id": action.owner,
        "due": action.due,
        "symptom": fields.text(action.symptom) if action.symptom else None,
        "language": action.language,
        "translations": _translations(fields, action.translations),
        "done": action.done,
        "link": action.source.link,
    }


def _follow_up(fields: RecordFields, kind: ActionKind, entry: Entry) -> Json:
    """A message marked as an improvement or a task, which has no number, owner or date."""
    empty = dict.fromkeys(("number", "owner", "owner_id", "due", "symptom"))
    return {
        "ref": entry.source.ref,
        "kind": kind.value,
        "text": fields.text(entry.text),
        **empty,
        "language": entry.language,
        "translations": _translations(fields, entry.translations),
        "done": False,
        "link": entry.source.link,
    }


def _message(fields: RecordFields, message: TranscriptMessage, people: Mapping[str, str]) -> Json:
    return {
        "id": message.id,
        "at": fields.at(message.at),
        "author": people.get(message.author, message.author) if message.author else None,
        "author_id": message.author,
        "text": resolve_mentions(message.text, people),
        "files": list(message.files),
        "thread": message.thread,
        "edited": message.is_edited,
        "deleted": message.is_deleted,
        "redacted": message.is_redacted,
        "entry": message.entry,
        "link": message.link,
    }


def _update(fields: RecordFields, update: Update) -> Json:
    return {
        "state": update.state.value,
        "published_at": fields.at(update.published_at),
        "precision": update.precision.value,
        "texts": {code: fields.text(text) for code, text in update.texts.items()},
        "languages": list(update.languages),
        "by": fields.person(update.by),
        "by_id": update.by,
        "refs": [source.ref for source in update.sources],
        "links": [source.link for source in update.sources],
    }


def _alert(fields: RecordFields, alert: Alert) -> Json:
    return {
        "ref": alert.source.ref,
        "name": alert.name,
        "origin": alert.origin,
        "status": alert.status.value,
        "starts_at": fields.at(alert.starts_at),
        "starts_at_precision": alert.starts_at_precision.value,
        "ended_at": fields.at(alert.ended_at),
        "first_seen_at": fields.at(alert.first_seen_at),
        "last_seen_at": fields.at(alert.last_seen_at),
        "count": alert.count,
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "link": alert.source.link,
    }


def _change(fields: RecordFields, recorded: RecordedChange) -> Json:
    change = recorded.change
    return {
        "ref": change.ref,
        "kind": change.kind.value,
        "title": change.title,
        "services": list(change.services),
        "status": change.status.value,
        "started_at": fields.at(change.started_at),
        "finished_at": fields.at(change.finished_at),
        "environment": change.environment,
        "version": change.version,
        "author": change.author,
        "origin": change.source,
        "link": change.link,
        "is_cause": recorded.is_cause,
        "rolled_back_by": recorded.rolled_back_by.ref if recorded.rolled_back_by else None,
    }


def _vendor_incident(fields: RecordFields, recorded: RecordedVendorIncident) -> Json:
    return {
        "ref": recorded.source.ref,
        "vendor": recorded.vendor,
        "title": fields.text(recorded.title),
        "state": recorded.state,
        "first_word_at": fields.at(recorded.first_word_at),
        "seen_at": fields.at(recorded.seen_at),
        "resolved_at": fields.at(recorded.resolved_at),
        "is_gone": recorded.is_gone,
        "link": recorded.source.link,
    }


def _is_deleted(entry: Entry) -> bool:
    is_empty = not entry.text and not entry.files and entry.redacted_at is None
    return entry.source.kind is SourceKind.MESSAGE and is_empty
