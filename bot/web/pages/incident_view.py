"""What an incident's own page shows: the whole record in words, each thing at the anchor that drafts lead to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.domain.catchup.timeline_lines import Line, each_line
from bot.domain.drafting.entries import Teller, summary_of, with_names
from bot.domain.drafting.escalation_history import steps_of
from bot.domain.drafting.localized_times import Clock
from bot.domain.findings import Finding
from bot.domain.findings.wording import in_english
from bot.domain.incidents.roles import LEAD
from bot.domain.languages import language as language_of
from bot.domain.record.model import Action, Alert, Entry, Escalation, Record, RoleHeld, Source, Statement, Update
from bot.domain.terms import Precision
from bot.domain.text.durations import between, show_duration
from bot.domain.times import show_time

Values = dict[str, Any]

TIMES = ("started", "detected", "declared", "acknowledged", "identified", "mitigated", "resolved", "ended")
NOT_KNOWN = "time not known"


def values_of(record: Record, findings: Sequence[Finding]) -> Values:
    """
    For `web/incident.html.j2`. Its words are English, as all that the bot says by itself on a screen.

    The entries can be gone through once, and are put into words meanwhile: there may be ten thousand.
    """
    return _Page(record).values(findings)


class _Page:
    def __init__(self, record: Record) -> None:
        self.record = record
        self.zone = record.incident.zone
        english = language_of("en")
        self.teller = Teller(record, english, Clock(english, self.zone, record.incident.started.at, ()))
        self.shown = {each.source.ref for each in record.escalations}
        self.shown |= {each.source.ref for each in record.actions} | {each.source.ref for each in record.alerts}

    def values(self, findings: Sequence[Finding]) -> Values:
        record = self.record
        return {
            "reference": record.incident.reference,
            "title": self.said(record.incident.title),
            "facts": self.facts(),
            "statements": [
                self.statement(name, each)
                for name, each in (
                    *(("Impact", each) for each in record.impacts),
                    *(("Cause", each) for each in record.causes),
                    *(("Resolution", each) for each in record.resolutions),
                )
            ],
            "findings": self.findings(findings),
            "entries": (self.entry(line) for line in each_line(record, record.entries)),
            "updates": [self.update(each) for each in record.updates],
            "escalations": [self.escalation(each) for each in record.escalations],
            "actions": [self.action(each) for each in record.actions],
            "alerts": [self.alert(each) for each in record.alerts],
        }

    def said(self, text: str) -> str:
        return with_names(text, self.record.people)

    def name(self, user_id: str | None) -> str:
        return self.record.people.get(user_id, user_id) if user_id else ""

    def time(self, at: datetime | None, precision: Precision = Precision.EXACT) -> str:
        if at is None:
            return NOT_KNOWN
        return ("about " if precision is Precision.APPROXIMATE else "") + show_time(at, self.zone)

    def facts(self) -> list[tuple[str, str]]:
        """Names and values; what nobody recorded is left out."""
        incident = self.record.incident
        length = ""
        if incident.ended and incident.ended.at >= incident.started.at:
            length = show_duration(between(incident.started.at, incident.ended.at))
        moments = [(name.capitalize(), getattr(incident, name)) for name in TIMES]
        facts = [
            ("Severity", incident.severity_label),
            ("Status", incident.status_label),
            ("Reference", incident.outside_reference or ""),
            ("Services", ", ".join(incident.services)),
            ("Category", incident.category or ""),
            ("Responsibility", incident.responsibility or ""),
            ("Why cancelled", self.said(incident.closure_reason or "")),
            *self.roles(),
            ("Duration", length),
            *((name, self.time(moment.at, moment.precision)) for name, moment in moments if moment),
        ]
        return [(name, value) for name, value in facts if value]

    def roles(self) -> list[tuple[str, str]]:
        """Who had each role, one after the other. The lead comes first, also where no role says who it was."""
        held: dict[str, list[RoleHeld]] = {}
        for each in self.record.roles:
            held.setdefault(each.role, []).append(each)
        roles = {role: (had[-1].label, self.holders(had)) for role, had in held.items()}
        lead = roles.pop(LEAD, ("Lead", self.name(self.record.incident.lead)))
        return [lead, *roles.values()]

    def holders(self, had: Sequence[RoleHeld]) -> str:
        return ", ".join(self.held(each, is_alone=len(had) == 1) for each in had)

    def held(self, held: RoleHeld, *, is_alone: bool) -> str:
        """With the times where it was not one person all the time."""
        if is_alone and held.until is None:
            return self.name(held.person)
        if held.until is None:
            return f"{self.name(held.person)} (since {self.time(held.since)})"
        since, until = (each.astimezone(self.zone).date() for each in (held.since, held.until))
        began = show_time(held.since, self.zone, with_zone=False)
        return f"{self.name(held.person)} ({began} to {show_time(held.until, self.zone, with_date=since != until)})"

    def statement(self, name: str, statement: Statement) -> Values:
        percent = statement.users_percent
        return {
            "name": name,
            "text": self.said(statement.text),
            "language": statement.language,
            "language_name": language_of("en").name_of(statement.language) if statement.language else "",
            "share": f"{percent:g}% of users" if percent is not None else "",
            "places": list(dict.fromkeys(each.ref for each in (statement.source, statement.users_source) if each)),
        }

    def findings(self, findings: Sequence[Finding]) -> list[Values]:
        wording = in_english(self.record)
        return [
            {"text": wording.tell(each), "places": [(wording.label(ref), ref) for ref in each.entries]}
            for each in findings
        ]

    def entry(self, line: Line) -> Values:
        entry = line.entry
        return {
            "ref": entry.source.ref,
            "time": self.time(entry.happened_at, entry.precision),
            "text": line.text or line.label,
            "notes": line.notes,
            "by": line.by,
            "kinds": line.label if line.text else "",
            "language": entry.language if line.text else None,
            "is_withdrawn": entry.withdrawn_at is not None,
            "fate": self.fate(entry),
            "merged_into": entry.merged_into,
            "about": entry.about if entry.about in self.shown else None,
            "also": [each.ref for each in entry.also],
            "link": self.link(entry.source),
        }

    def fate(self, entry: Entry) -> list[str]:
        """What was done to the entry after it was recorded."""
        done = [f"amended {self.time(entry.amended_at)}"] if entry.amended_at else []
        if entry.withdrawn_at is not None and entry.merged_into is None:
            by = f" by {self.name(entry.withdrawn_by)}" if entry.withdrawn_by else ""
            why = f": {self.said(entry.withdrawn_why)}" if entry.withdrawn_why else ""
            done.append(f"withdrawn {self.time(entry.withdrawn_at)}{by}{why}")
        return done

    def link(self, source: Source) -> str | None:
        """Where else it can be checked: not the place on this page, and no address that could act."""
        link = source.link or ""
        is_here = link.endswith(f"#{source.ref}")
        return link if link.startswith(("http://", "https://")) and not is_here else None

    def update(self, update: Update) -> Values:
        languages = language_of("en")
        return {
            "time": self.time(update.published_at),
            "state": update.state.value,
            "by": self.name(update.by),
            "texts": [
                {"code": code, "name": languages.name_of(code) if code else "", "text": self.said(text)}
                for code, text in update.texts.items()
            ],
            "places": [each.ref for each in update.sources],
        }

    def escalation(self, each: Escalation) -> Values:
        answer, answered_at = "nobody acknowledged", each.acknowledged_at
        if answered_at:
            by = self.name(each.acknowledged_by) or "somebody"
            answer = f"acknowledged by {by} at {self.time(answered_at)}"
            if each.paged_at and each.paged_at <= answered_at:
                answer += f", after {show_duration(between(each.paged_at, answered_at))}"
        declined = ", ".join(self.name(user_id) for user_id in each.declined_by)
        return {
            "ref": each.source.ref,
            "target": self.said(each.target),
            "is_external": each.external,
            "reason": self.said(each.reason),
            "paged": self.time(each.paged_at, each.precision),
            "answer": answer,
            "answered_in": each.acknowledgement.ref if each.acknowledgement else None,
            "declined": f"declined by {declined}" if declined else "",
            "steps": self.steps(each),
            "link": self.link(each.source),
        }

    def steps(self, escalation: Escalation) -> list[Values]:
        """Which level was paged when, whom it reached by what, and who answered."""
        return [
            {"time": self.time(at), "label": block.label, "notes": block.notes}
            for at, block in steps_of(self.teller, "chain", escalation)
        ]

    def action(self, each: Action) -> Values:
        notes = [
            f"symptom: {self.said(each.symptom)}" if each.symptom else "",
            f"owner: {self.name(each.owner)}" if each.owner else "",
            f"due {each.due}" if each.due else "",
            "done" if each.done else "",
        ]
        return {
            "ref": each.source.ref,
            "kind": each.kind.value,
            "number": each.number,
            "text": self.said(each.text),
            "notes": [note for note in notes if note],
            "link": self.link(each.source),
        }

    def alert(self, each: Alert) -> Values:
        return {
            "ref": each.source.ref,
            "name": each.name,
            "summary": summary_of(each),
            "from": self.time(each.starts_at, each.starts_at_precision),
            "to": f"to {self.time(each.ended_at)}" if each.ended_at else each.status.value,
            "origin": each.origin,
            "count": each.count,
            "link": self.link(each.source),
        }
