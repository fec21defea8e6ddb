"""Values of the incident's page: the whole record in words, with anchors for links."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.domain.alerts.links import VALUE, find_description, find_links
from bot.domain.drafting.annotations import alert_summary, format_labels
from bot.domain.drafting.block_builder import BlockBuilder
from bot.domain.drafting.escalations import history_steps
from bot.domain.findings import Finding
from bot.domain.findings.wording import english_formatter
from bot.domain.incidents.roles import LEAD
from bot.domain.languages import get_language
from bot.domain.paging.contact_methods import contact_method_label
from bot.domain.record.escalations import Escalation
from bot.domain.record.model import Action, Alert, Entry, Record, RoleAssignment, Statement, Update
from bot.domain.record.sources import Source
from bot.domain.terms import Precision
from bot.domain.text.durations import duration_between, format_duration
from bot.domain.text.mentions import resolve_mentions
from bot.domain.timeline.kept_files import REFUSAL_TEXTS, KeptFile
from bot.domain.timeline.lines import TimelineLine, iter_timeline_lines
from bot.domain.times import format_time
from bot.lazy_dataclass import dataclass
from bot.lazy_loader import LazyModule
from bot.web.pages.incidents.change_view import change_values

if TYPE_CHECKING:
    from jinja2 import filters

    from bot.export.plot import figure
else:
    figure, filters = LazyModule("bot.export.plot.figure"), LazyModule("jinja2.filters")

Values = dict[str, Any]

UNKNOWN_TIME = "time not known"


@dataclass(frozen=True, slots=True)
class ShownFiles:
    """Kept files by the ref of their entry, and the path of the page below which they are."""

    path: str = ""
    by_entry: Mapping[str, Sequence[KeptFile]] = field(default_factory=dict)

    def values(self, ref: str) -> list[Values]:
        return [
            {
                "name": file.name,
                "url": f"{self.path}/files/{file.key}" if file.media_type else "",
                "is_image": file.media_type is not None and file.media_type.is_image,
                "refusal": REFUSAL_TEXTS[file.refusal] if file.refusal else "",
            }
            for file in self.by_entry.get(ref, ())
        ]


NO_FILES = ShownFiles()
"""For readers without a session, who see no files."""


def template_values(
    record: Record,
    findings: Sequence[Finding],
    selected: Sequence[TimelineLine] | None = None,
    files: ShownFiles = NO_FILES,
) -> Values:
    """
    Values of `web/incidents/incident_link.html.j2`, in English, without those of its head.

    `selected`: the entries to show, None: all. `entries` is a generator: there may be ten thousand.
    """
    return _PageValues(record, files).values(findings, selected)


class _PageValues:
    def __init__(self, record: Record, files: ShownFiles) -> None:
        self.record = record
        self.files = files
        self.zone = record.incident.zone
        self.builder = BlockBuilder.in_english(record)
        self.anchors = {each.source.ref for each in record.escalations}
        self.anchors |= {each.source.ref for each in record.actions} | {each.source.ref for each in record.alerts}

    def values(self, findings: Sequence[Finding], selected: Sequence[TimelineLine] | None) -> Values:
        record = self.record
        lines = iter_timeline_lines(record, record.entries) if selected is None else selected
        return {
            "base": "",
            "reference": record.incident.reference,
            "title": self.plain_text(record.incident.title),
            "standing": self.standing(),
            "facts": self.facts(),
            "plot": filters.do_mark_safe(figure.render_plot(record)),
            "statements": [
                self.statement(name, each)
                for name, each in (
                    *(("Impact", each) for each in record.impacts),
                    *(("Cause", each) for each in record.causes),
                    *(("Resolution", each) for each in record.resolutions),
                )
            ],
            "findings": self.findings(findings),
            "entries": (self.entry(line) for line in lines),
            "updates": [self.update(each) for each in record.updates],
            "escalations": [self.escalation(each) for each in record.escalations],
            "actions": [self.action(each) for each in record.actions],
            "alerts": [self.alert(each) for each in record.alerts],
            "changes": [change_values(each, self.zone) for each in record.changes],
            "vendor_incidents": [
                {
                    "ref": each.source.ref,
                    "link": each.source.link,
                    "vendor": each.vendor,
                    "title": each.title,
                    "first_word": self.time(each.first_word_at),
                    "resolved": self.time(each.resolved_at) if each.resolved_at else "",
                }
                for each in record.vendor_incidents
            ],
        }

    def plain_text(self, text: str) -> str:
        return resolve_mentions(text, self.record.people)

    def name(self, user_id: str | None) -> str:
        return self.record.people.get(user_id, user_id) if user_id else ""

    def time(self, at: datetime | None, precision: Precision = Precision.EXACT) -> str:
        if at is None:
            return UNKNOWN_TIME
        return ("about " if precision is Precision.APPROXIMATE else "") + format_time(at, self.zone)

    def standing(self) -> str:
        """`SEV2 · Resolved · checkout`, for a preview of the link."""
        incident = self.record.incident
        return " · ".join(filter(None, (incident.severity_label, incident.status_label, ", ".join(incident.services))))

    def facts(self) -> list[tuple[str, str]]:
        """Names and values of the facts that are recorded."""
        incident = self.record.incident
        length = ""
        if incident.ended and incident.ended.at >= incident.started.at:
            length = format_duration(duration_between(incident.started.at, incident.ended.at))
        facts = [
            ("Severity", incident.severity_label),
            ("Status", incident.status_label),
            ("Reference", incident.outside_reference or ""),
            ("Services", ", ".join(incident.services)),
            ("Category", incident.category or ""),
            ("Responsibility", incident.responsibility or ""),
            ("Why cancelled", self.plain_text(incident.closure_reason or "")),
            *self.roles(),
            ("Duration", length),
            *(
                (name.capitalize(), self.time(moment.at, moment.precision))
                for name, moment in incident.recorded_moments
            ),
        ]
        return [(name, value) for name, value in facts if value]

    def roles(self) -> list[tuple[str, str]]:
        """Holders of each role, in order; the lead first, even without a role assignment."""
        assignments: dict[str, list[RoleAssignment]] = {}
        for each in self.record.roles:
            assignments.setdefault(each.role, []).append(each)
        roles = {role: (had[-1].label, self.holders(had)) for role, had in assignments.items()}
        lead = roles.pop(LEAD, ("Lead", self.name(self.record.incident.lead)))
        return [lead, *roles.values()]

    def holders(self, had: Sequence[RoleAssignment]) -> str:
        return ", ".join(self.holder(each, is_alone=len(had) == 1) for each in had)

    def holder(self, assignment: RoleAssignment, *, is_alone: bool) -> str:
        """The person, with times unless they had the role all the time."""
        person, since, until = self.name(assignment.person), assignment.since, assignment.until
        if is_alone and until is None:
            return person
        if until is None:
            return f"{person} (since {self.time(since)})"
        is_other_day = since.astimezone(self.zone).date() != until.astimezone(self.zone).date()
        began = format_time(since, self.zone, with_zone=False)
        return f"{person} ({began} to {format_time(until, self.zone, with_date=is_other_day)})"

    def statement(self, name: str, statement: Statement) -> Values:
        return {
            "name": name,
            "text": self.plain_text(statement.text),
            "language": statement.language,
            "language_name": get_language("en").language_name(statement.language) if statement.language else "",
            "users": statement.users.in_english() if statement.users else "",
            "places": list(dict.fromkeys(each.ref for each in (statement.source, statement.users_source) if each)),
        }

    def findings(self, findings: Sequence[Finding]) -> list[Values]:
        formatter = english_formatter(self.record)
        places = [[(formatter.source_label(ref), ref) for ref in each.entries] for each in findings]
        texts = map(formatter.format_finding, findings)
        return [{"text": text, "places": found} for text, found in zip(texts, places, strict=True)]

    def entry(self, line: TimelineLine) -> Values:
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
            "about": entry.about if entry.about in self.anchors else None,
            "also": [each.ref for each in entry.also],
            "link": self.link(entry.source),
            "files": self.files.values(entry.source.ref),
        }

    def fate(self, entry: Entry) -> list[str]:
        """Changes to the entry after it was recorded."""
        done = [f"amended {self.time(entry.amended_at)}"] if entry.amended_at else []
        if entry.withdrawn_at is not None and entry.merged_into is None:
            by = f" by {self.name(entry.withdrawn_by)}" if entry.withdrawn_by else ""
            why = f": {self.plain_text(entry.withdrawal_reason)}" if entry.withdrawal_reason else ""
            done.append(f"withdrawn {self.time(entry.withdrawn_at)}{by}{why}")
        return done

    def link(self, source: Source) -> str | None:
        """The source's URL; None for an anchor of this page, or a scheme other than HTTP."""
        link = source.link or ""
        is_here = link.endswith(f"#{source.ref}")
        return link if link.startswith(("http://", "https://")) and not is_here else None

    def update(self, update: Update) -> Values:
        languages = get_language("en")
        return {
            "time": self.time(update.published_at),
            "state": update.state.value,
            "by": self.name(update.by),
            "texts": [
                {"code": code, "name": languages.language_name(code) if code else "", "text": self.plain_text(text)}
                for code, text in update.texts.items()
            ],
            "places": [each.ref for each in update.sources],
        }

    def escalation(self, each: Escalation) -> Values:
        is_waiting = self.record.incident.status.is_open and not (each.exhausted_at or each.stopped_at)
        answer, answered_at = "no answer yet" if is_waiting else "nobody acknowledged", each.acknowledged_at
        if answered_at:
            outside = each.outside_answer
            by = self.name(each.acknowledged_by) or (outside.name if outside else "") or "somebody"
            by += f" by {contact_method_label(outside.method)}" if outside else ""
            answer = f"acknowledged by {by} at {self.time(answered_at)}"
            if each.paged_at and each.paged_at <= answered_at:
                answer += f", after {format_duration(duration_between(each.paged_at, answered_at))}"
        declined = ", ".join(self.name(user_id) for user_id in each.declined_by)
        return {
            "ref": each.source.ref,
            "target": self.plain_text(each.target),
            "is_external": each.external,
            "reason": self.plain_text(each.reason),
            "paged": self.time(each.paged_at, each.precision),
            "answer": answer,
            "answered_in": each.acknowledgement.ref if each.acknowledgement else None,
            "declined": f"declined by {declined}" if declined else "",
            "steps": self.steps(each),
            "link": self.link(each.source),
        }

    def steps(self, escalation: Escalation) -> list[Values]:
        """The escalation's history: levels, pages and answers."""
        return [
            {"time": self.time(at), "label": block.label, "notes": block.notes}
            for at, block in history_steps(self.builder, "chain", escalation)
        ]

    def action(self, each: Action) -> Values:
        notes = [
            f"symptom: {self.plain_text(each.symptom)}" if each.symptom else "",
            f"owner: {each.owner_group or self.name(each.owner)}" if each.owner else "",
            f"due {each.due}" if each.due else "",
            "done" if each.done else "",
        ]
        return {
            "ref": each.source.ref,
            "kind": each.kind.value,
            "number": each.number,
            "text": self.plain_text(each.text),
            "notes": [note for note in notes if note],
            "link": self.link(each.source),
        }

    def alert(self, each: Alert) -> Values:
        summary, description = alert_summary(each), find_description(each.annotations)
        return {
            "ref": each.source.ref,
            "name": each.name,
            "summary": summary,
            "description": description if description != summary else "",
            "value": each.annotations.get(VALUE, ""),
            "labels": format_labels({name: text for name, text in each.labels.items() if name != "alertname"}),
            "links": [(link.label, link.url) for link in find_links(each.annotations, None)],
            "from": self.time(each.starts_at, each.starts_at_precision),
            "to": f"to {self.time(each.ended_at)}" if each.ended_at else each.status.value,
            "origin": each.origin,
            "count": each.count,
            "link": self.link(each.source),
        }
