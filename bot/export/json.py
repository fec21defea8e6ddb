"""`incident.json`: the whole record. Every key is described in `docs/export.md`."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.drafting.entries import with_names
from bot.domain.drafting.sections import marked_follow_ups
from bot.domain.escalation import Answer, Called
from bot.domain.findings import Finding
from bot.domain.findings.wording import in_english
from bot.domain.postmortem.assemble import assemble
from bot.domain.record.model import Action, Alert, Entry, Escalation, Moment, Paged, Record, RoleHeld, Statement, Update
from bot.domain.record.transcript import Said, Transcript
from bot.domain.terms import ActionKind, SourceKind
from bot.domain.text.durations import between, show_duration

Json = dict[str, Any]

MOMENTS = ("started", "ended", "detected", "declared", "acknowledged", "identified", "mitigated", "resolved")


def incident_json(record: Record, findings: Sequence[Finding] = (), *, transcript: Transcript | None = None) -> Json:
    """
    The record as plain JSON values: times as ISO 8601 in the incident's zone, people by name and by id.

    With a `transcript` it has two more keys: that one, and up to when messages were deleted from it.
    """
    writer = _Writer(record)
    whole: Json = {
        "incident": writer.incident(),
        "timeline": [writer.entry(entry) for entry in record.entries],
        "escalations": [writer.escalation(each) for each in record.escalations],
        "actions": [
            *(writer.action(action) for action in record.actions),
            *(writer.marked(kind, entry) for kind, entry in marked_follow_ups(record)),
        ],
        "updates": [writer.update(update) for update in record.updates],
        "alerts": [writer.alert(alert) for alert in record.alerts],
        "findings": _findings(record, findings),
    }
    if transcript is not None:
        whole["transcript"] = [writer.said(said, transcript.people) for said in transcript.messages]
        whole["transcript_deleted_to"] = writer.at(transcript.forgotten_to)
    return whole


def _findings(record: Record, findings: Sequence[Finding]) -> list[Json]:
    """In English, as all that the JSON says by itself."""
    wording = in_english(record)
    return [{"code": found.code, "message": wording.tell(found), "entries": list(found.entries)} for found in findings]


def json_text(value: Json) -> str:
    """As it is written to a file: readable, in UTF-8, ending with a line feed."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


class _Writer:
    def __init__(self, record: Record) -> None:
        self.record = record
        self.zone: ZoneInfo = record.incident.zone

    def at(self, at: datetime | None) -> str | None:
        """To the second, as Slack shows it: what is smaller is cut off, so that no time is later than it was."""
        return at.astimezone(self.zone).isoformat(timespec="seconds") if at else None

    def text(self, text: str) -> str:
        return with_names(text, self.record.people)

    def person(self, user_id: str | None) -> str | None:
        return self.record.people.get(user_id, user_id) if user_id else None

    def incident(self) -> Json:
        incident = self.record.incident
        moments: Mapping[str, Moment | None] = {name: getattr(incident, name) for name in MOMENTS}
        return {
            "reference": incident.reference,
            "outside_reference": incident.outside_reference,
            "title": self.text(incident.title),
            "titles": {code: self.text(title) for code, title in incident.titles.items()},
            "status": incident.status.value,
            "status_label": incident.status_label,
            "severity": incident.severity.value,
            "severity_label": incident.severity_label,
            "services": list(incident.services),
            "category": incident.category,
            "responsibility": incident.responsibility,
            "template": incident.template,
            "closure_reason": self.text(incident.closure_reason) if incident.closure_reason else None,
            "zone": incident.zone.key,
            "languages": list(incident.languages),
            "private": incident.private,
            "drill": incident.drill,
            "drill_of": incident.drill_of,
            "retro": incident.retro,
            "lead": self.person(incident.lead),
            "lead_id": incident.lead,
            "roles": [self.role(each) for each in self.record.roles],
            "declared_by": self.person(incident.declared_by),
            "declared_by_id": incident.declared_by,
            "channel": incident.channel_name,
            "channel_link": incident.channel_link,
            "merged_into": incident.merged_into,
            "took_in": list(incident.took_in),
            **{f"{name}_at": self.at(moment.at) if moment else None for name, moment in moments.items()},
            "sources": {f"{name}_at": _because(moment) for name, moment in moments.items() if moment},
            **self._duration(),
            "acknowledged_after_seconds": self._time_to_acknowledge(),
            "impact": self._impact(),
            "cause": self._stated(self.record.causes, self._statement),
            "resolution": self._stated(self.record.resolutions, self._statement),
            "conclusion": assemble(self.record).documents[0].conclusion,
        }

    def role(self, held: RoleHeld) -> Json:
        return {
            "role": held.role,
            "label": held.label,
            "person": self.person(held.person),
            "person_id": held.person,
            "since": self.at(held.since),
            "until": self.at(held.until),
            "assigned_by": self.person(held.assigned_by),
            "assigned_by_id": held.assigned_by,
            "handed_to": self.person(held.handed_to),
            "handed_to_id": held.handed_to,
            "note": self.text(held.note) if held.note else None,
            "link": held.source.link,
        }

    def _time_to_acknowledge(self) -> int | None:
        """From the detection; None before anybody acknowledged, or where the two contradict one another."""
        detected, acknowledged = self.record.incident.detected, self.record.incident.acknowledged
        if acknowledged is None or acknowledged.at < detected.at:
            return None
        return _seconds(detected.at, acknowledged.at)

    def _duration(self) -> Json:
        """Of the impact. None while it has no end, or if its end is before its start."""
        started, ended = self.record.incident.started.at, self.record.incident.ended
        if ended is None or ended.at < started:
            return {"duration_seconds": None, "duration": None}
        return {"duration_seconds": _seconds(started, ended.at), "duration": show_duration(between(started, ended.at))}

    def _stated(self, statements: Sequence[Statement], write: Callable[[Statement], Json]) -> Json | None:
        """The first statement, with all of them under `texts`; None if there is none."""
        if not statements:
            return None
        texts = [write(each) for each in statements]
        return {**texts[0], "texts": texts}

    def _statement(self, statement: Statement) -> Json:
        return {
            "text": self.text(statement.text),
            "language": statement.language,
            "at": self.at(statement.at),
            "by": self.person(statement.by),
            "by_id": statement.by,
            "ref": statement.source.ref,
            "link": statement.source.link,
        }

    def _impact(self) -> Json | None:
        """The share of users is the first that anybody stated, and has a ref of its own: it may be another's words."""
        impact = self._stated(self.record.impacts, lambda each: {**self._statement(each), **_share(each)})
        if impact is not None:
            shares = [_share(each) for each in self.record.impacts]
            impact |= next((each for each in shares if each["percent_of_users"] is not None), shares[0])
        return impact

    def entry(self, entry: Entry) -> Json:
        return {
            "ref": entry.source.ref,
            "happened_at": self.at(entry.happened_at),
            "precision": entry.precision.value,
            "kinds": [kind.value for kind in entry.kinds],
            "text": self.text(entry.text),
            "language": entry.language,
            "author": self.person(entry.author),
            "author_id": entry.author,
            "recorded_at": self.at(entry.recorded_at),
            "recorded_by": self.person(entry.recorded_by),
            "recorded_by_id": entry.recorded_by,
            "source": entry.source.kind.value,
            "link": entry.source.link,
            "files": list(entry.files),
            "about": entry.about,
            "vendor": entry.vendor.value if entry.vendor else None,
            "was": entry.was,
            "became": entry.became,
            "role": entry.role,
            "person": self.person(entry.person),
            "person_id": entry.person,
            "changes": {name: self.text(value) for name, value in entry.changes},
            "public": entry.public.value if entry.public else None,
            "deleted": _is_deleted(entry),
            "withdrawn_at": self.at(entry.withdrawn_at),
            "withdrawn_by": self.person(entry.withdrawn_by),
            "withdrawn_by_id": entry.withdrawn_by,
            "withdrawn_why": self.text(entry.withdrawn_why) if entry.withdrawn_why else None,
            "amended_at": self.at(entry.amended_at),
            "merged_into": entry.merged_into,
            "from_incident": entry.came_from,
            "also": [{"ref": source.ref, "link": source.link} for source in entry.also],
            "redacted_at": self.at(entry.redacted_at),
            "redacted_by": self.person(entry.redacted_by),
            "redacted_by_id": entry.redacted_by,
            "redacted_why": self.text(entry.redacted_why) if entry.redacted_why else None,
        }

    def escalation(self, each: Escalation) -> Json:
        waited = _seconds(each.paged_at, each.acknowledged_at) if each.acknowledged_at and each.paged_at else None
        return {
            "ref": each.source.ref,
            "target": self.text(each.target),
            "target_kind": each.target_kind.value,
            "external": each.external,
            "reason": self.text(each.reason),
            "paged_at": self.at(each.paged_at),
            "precision": each.precision.value,
            "acknowledged": each.is_answered,
            "acknowledged_at": self.at(each.acknowledged_at),
            "acknowledged_by": self.person(each.acknowledged_by),
            "acknowledged_by_id": each.acknowledged_by,
            "acknowledged_after_seconds": waited,
            "declined_by": [self.person(user_id) for user_id in each.declined_by],
            "out_of_hours": each.out_of_hours,
            "acknowledged_precision": each.acknowledged_precision.value,
            "policy": each.policy or None,
            "levels": each.levels,
            "started_by": each.started_by,
            "follows": each.follows,
            "gave_up_at": self.at(each.gave_up_at),
            "steps": [self.step(called) for called in each.called],
            "pages": [self.paged(page) for page in each.pages],
            "answers": [self.answer(answer) for answer in each.answers],
            "vendor": self.vendor(each),
            "link": each.source.link,
        }

    def step(self, called: Called) -> Json:
        return {
            "level": called.place.level,
            "round": called.place.round,
            "due_at": self.at(called.due_at),
            "paged_at": self.at(called.paged_at),
            "late_seconds": int(called.late.total_seconds()) if called.late else None,
            "because": called.because,
            "people": [self.person(each) for each in called.people],
            "people_ids": list(called.people),
            "groups": list(called.groups),
            "vendors": list(called.vendors),
            "services": list(called.services),
            "unreachable": [self.person(each) for each in called.gone],
            "missing": list(called.missing),
            "passed_over": [place.level for place, _ in called.passed_over],
        }

    def paged(self, page: Paged) -> Json:
        return {
            "person": self.person(page.person),
            "person_id": page.person,
            "means": page.means,
            "level": page.level,
            "round": page.round,
            "due_at": self.at(page.due_at),
            "sent_at": self.at(page.sent_at),
            "outcome": page.outcome.value,
            "problem": page.problem or None,
            "out_of_hours": page.out_of_hours,
            "late_seconds": int(page.late.total_seconds()) if page.late else None,
        }

    def answer(self, answer: Answer) -> Json:
        return {
            "at": self.at(answer.at),
            "by": self.person(answer.by) or answer.name or None,
            "by_id": answer.by,
            "means": answer.means,
            "level": answer.place.level if answer.place else None,
            "withdrawn_at": self.at(answer.withdrawn_at),
            "silent": answer.is_silent,
        }

    def vendor(self, each: Escalation) -> Json | None:
        """The first answer is the escalation's acknowledgement."""
        facts = each.vendor
        if facts is None:
            return None
        return {
            "case": facts.case or None,
            "case_link": facts.case_source.link if facts.case_source else None,
            "fixed": facts.fixed is not None,
            "fixed_at": self.at(facts.fixed_at),
            "fixed_precision": facts.fixed_precision.value,
            "fixed_link": facts.fixed.link if facts.fixed else None,
        }

    def action(self, action: Action) -> Json:
        return {
            "ref": action.source.ref,
            "number": action.number,
            "kind": action.kind.value,
            "text": self.text(action.text),
            "owner": self.person(action.owner),
            "owner_id": action.owner,
            "due": action.due,
            "symptom": self.text(action.symptom) if action.symptom else None,
            "done": action.done,
            "link": action.source.link,
        }

    def marked(self, kind: ActionKind, entry: Entry) -> Json:
        """A message that was marked as an improvement or a task: nobody gave it a number, an owner or a date."""
        nothing = dict.fromkeys(("number", "owner", "owner_id", "due", "symptom"))
        return {
            "ref": entry.source.ref,
            "kind": kind.value,
            "text": self.text(entry.text),
            **nothing,
            "done": False,
            "link": entry.source.link,
        }

    def said(self, said: Said, people: Mapping[str, str]) -> Json:
        return {
            "id": said.id,
            "at": self.at(said.at),
            "author": people.get(said.author, said.author) if said.author else None,
            "author_id": said.author,
            "text": with_names(said.text, people),
            "files": list(said.files),
            "thread": said.thread,
            "edited": said.is_edited,
            "deleted": said.is_deleted,
            "redacted": said.is_redacted,
            "entry": said.entry,
            "link": said.link,
        }

    def update(self, update: Update) -> Json:
        return {
            "state": update.state.value,
            "published_at": self.at(update.published_at),
            "precision": update.precision.value,
            "texts": {code: self.text(text) for code, text in update.texts.items()},
            "languages": list(update.languages),
            "by": self.person(update.by),
            "by_id": update.by,
            "refs": [source.ref for source in update.sources],
            "links": [source.link for source in update.sources],
        }

    def alert(self, alert: Alert) -> Json:
        return {
            "ref": alert.source.ref,
            "name": alert.name,
            "origin": alert.origin,
            "status": alert.status.value,
            "starts_at": self.at(alert.starts_at),
            "starts_at_precision": alert.starts_at_precision.value,
            "ended_at": self.at(alert.ended_at),
            "first_seen_at": self.at(alert.first_seen_at),
            "last_seen_at": self.at(alert.last_seen_at),
            "count": alert.count,
            "labels": dict(alert.labels),
            "annotations": dict(alert.annotations),
            "link": alert.source.link,
        }


def _is_deleted(entry: Entry) -> bool:
    is_empty = not entry.text and not entry.files and entry.redacted_at is None
    return entry.source.kind is SourceKind.MESSAGE and is_empty


def _seconds(start: datetime, end: datetime) -> int:
    """Between two times as they stand in the file: whole seconds."""
    return int((end.replace(microsecond=0) - start.replace(microsecond=0)).total_seconds())


def _share(statement: Statement) -> Json:
    percent = statement.users_percent
    source = statement.users_source or statement.source
    return {"percent_of_users": percent, "percent_of_users_ref": source.ref if percent is not None else None}


def _because(moment: Moment) -> Json:
    return {
        "because": moment.because,
        "precision": moment.precision.value,
        "kind": moment.source.kind.value,
        "ref": moment.source.ref,
        "link": moment.source.link,
    }
