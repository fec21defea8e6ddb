"""Builds an incident's record step by step."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.incidents.impact import AffectedUsers
from bot.domain.record.escalations import Escalation
from bot.domain.record.facts import EscalationAcknowledged, Fact
from bot.domain.record.model import Action, Alert, Entry, Incident, Record, RoleAssignment, Statement
from bot.domain.record.sources import Moment, Source
from bot.domain.terms import ActionKind, AlertStatus, Kind, Precision, Severity, SourceKind, Status, TargetKind

WORKSPACE = "https://acme.example/archives/C01"
DOGWATCH = "https://dogwatch.example/incidents/INC-1"


@dataclass
class RecordBuilder:
    """
    Builds an incident's record step by step.

    `at` is local wall-clock time (`"08:45"`, or `"2023-11-08 00:10"` on another day); None is a time nobody knows. The
    moment at which a thing was recorded moves on by a second with each step.
    """

    day: str
    zone: str
    title: str
    service: str
    severity: Severity = Severity.SEV2
    languages: tuple[str, ...] = ("en",)
    people: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    escalations: list[Escalation] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    roles: list[RoleAssignment] = field(default_factory=list)
    statements: dict[Kind, list[Statement]] = field(default_factory=dict)
    moments: dict[str, Moment] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    def at(self, text: str) -> datetime:
        """Local time as an aware UTC datetime."""
        whole = text if " " in text else f"{self.day} {text}"
        return datetime.fromisoformat(whole).replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def person(self, name: str | None) -> str | None:
        if name is None:
            return None
        user_id = "U" + name.upper().replace("-", "")
        self.people[user_id] = name
        return user_id

    def entry(
        self,
        at: str | None,
        who: str | None,
        text: str | Fact,
        *kinds: Kind,
        source: SourceKind = SourceKind.MESSAGE,
        precision: Precision = Precision.EXACT,
        **more: Any,
    ) -> Entry:
        seq = len(self.entries) + 1
        happened_at = self.at(at) if at else None
        last = self.entries[-1].sort_at if self.entries else self.at("00:00")
        link = f"{WORKSPACE}/p{seq:06}" if source is SourceKind.MESSAGE else f"{DOGWATCH}#entry-{seq}"
        made = Entry(
            source=Source(source, f"entry-{seq}", more.pop("link", link)),
            seq=seq,
            kinds=kinds,
            text=text.in_english() if isinstance(text, Fact) else text,
            fact=text if isinstance(text, Fact) else None,
            happened_at=happened_at,
            precision=precision if happened_at else Precision.UNKNOWN,
            sort_at=happened_at or last,
            recorded_at=(happened_at or last) + timedelta(seconds=seq),
            author=self.person(who),
            recorded_by=self.person(who),
            **more,
        )
        self.entries.append(made)
        return made

    def typed(self, at: str | None, who: str | None, text: str | Fact, *kinds: Kind, **more: Any) -> Entry:
        return self.entry(at, who, text, *kinds, source=SourceKind.COMMAND, **more)

    def sets(self, name: str, entry: Entry, because: str, at: str | None = None, source: Source | None = None) -> None:
        moment = self.at(at) if at else entry.happened_at
        assert moment is not None
        self.moments[name] = Moment(moment, because, source or entry.source, Precision.EXACT)

    def declared_by_alert(self, at: str, name: str, summary: str, *, origin: str) -> None:
        """The alert that opens the incident: declaration, detection, and the alert's times."""
        declared = self.entry(at, None, self.title, Kind.DECLARED, source=SourceKind.ALERT)
        link = f"https://monitor.example/alerts/{name}"
        self.entry(at, None, f"{name}: {summary}", Kind.DETECTION, source=SourceKind.ALERT, link=link)
        self.alerts.append(
            Alert(
                source=Source(SourceKind.ALERT, f"alert-{len(self.alerts) + 1}", link),
                name=name,
                status=AlertStatus.FIRING,
                starts_at=self.at(at),
                starts_at_precision=Precision.EXACT,
                ended_at=None,
                first_seen_at=self.at(at),
                last_seen_at=self.at(at),
                count=1,
                labels={"alertname": name, "service": self.service, "severity": "critical"},
                annotations={"summary": summary},
                origin=origin,
            )
        )
        self.sets("declared", declared, "declared")
        for moment in ("started", "detected"):
            self.sets(moment, declared, "earliest alert", source=self.alerts[0].source)

    def escalated(
        self, at: str | None, who: str, target: str, why: str, *, kind: TargetKind = TargetKind.TEAM
    ) -> Escalation:
        ref = f"escalation-{len(self.escalations) + 1}"
        entry = self.typed(at, who, why, Kind.ESCALATION, about=ref)
        made = Escalation(
            source=Source(SourceKind.COMMAND, ref, f"{DOGWATCH}#{ref}"),
            target=target,
            target_kind=kind,
            external=kind is TargetKind.VENDOR,
            reason=why,
            paged_at=entry.happened_at,
            precision=entry.precision,
            acknowledged_at=None,
            acknowledged_by=None,
            acknowledgement=None,
        )
        self.escalations.append(made)
        return made

    def acknowledged(self, at: str, who: str, target: str) -> None:
        text = EscalationAcknowledged(target)
        place, escalation = next((n, each) for n, each in enumerate(self.escalations) if each.target == target)
        entry = self.typed(at, who, text, Kind.ACKNOWLEDGED, about=escalation.source.ref)
        values = {name: getattr(escalation, name) for name in escalation.__slots__}
        values |= {
            "acknowledged_at": entry.happened_at,
            "acknowledged_by": self.person(who),
            "acknowledgement": entry.source,
        }
        self.escalations[place] = Escalation(**values)
        if "acknowledged" not in self.moments:
            self.sets("acknowledged", entry, "first acknowledgement")

    def states(self, entry: Entry, *, users: AffectedUsers | None = None) -> None:
        """The entry says what the impact, the cause or the resolution is."""
        assert entry.happened_at is not None
        at, fact = entry.happened_at, entry.fact
        statement = Statement(entry.text, entry.language, entry.source, at, entry.author, users, fact=fact)
        self.statements.setdefault(entry.kinds[0], []).append(statement)

    def impact(
        self, at: str, who: str, text: str | Fact, *, percent: float | None = None, users: AffectedUsers | None = None
    ) -> None:
        figure = AffectedUsers(percent=percent) if percent is not None else users
        self.states(self.typed(at, who, text, Kind.IMPACT), users=figure)

    def cause(self, at: str, who: str, text: str) -> None:
        entry = self.typed(at, who, text, Kind.CAUSE)
        self.states(entry)
        self.sets("identified", entry, "first cause")

    def resolved(self, at: str, who: str, text: str) -> None:
        entry = self.typed(at, who, text, Kind.RESOLVED, was="investigating", became="resolved")
        self.states(entry)
        self.sets("resolved", entry, "resolved")
        self.sets("ended", entry, "resolve was typed")

    def follow_ups(self, at: str, who: str, improvements: list[str], tasks: list[str]) -> None:
        for kind, mark, texts in (
            (ActionKind.IMPROVEMENT, Kind.IMPROVEMENT, improvements),
            (ActionKind.TASK, Kind.TASK, tasks),
        ):
            for text in texts:
                number = len(self.actions) + 1
                ref = f"action-{number}"
                self.typed(at, who, text, mark, about=ref)
                link = f"{WORKSPACE}/p{999_000 + number}"
                self.actions.append(Action(Source(SourceKind.COMMAND, ref, link), number, kind, text))

    def role(self, since: str, label: str, person: str, until: str | None = None) -> None:
        """Assign a role, with an end if `until` is given."""
        source = Source(SourceKind.COMMAND, f"role-{len(self.roles) + 1}", f"{WORKSPACE}/p{998_000 + len(self.roles)}")
        ended = self.at(until) if until else None
        self.roles.append(
            RoleAssignment(source, label.split(maxsplit=1)[0].lower(), label, person, self.at(since), ended)
        )

    def record(self) -> Record:
        incident = Incident(
            reference="INC-1",
            outside_reference=None,
            titles={"": self.title},
            status=Status.RESOLVED if "resolved" in self.moments else Status.INVESTIGATING,
            severity=self.severity,
            severity_label=self.severity.value,
            services=(self.service,),
            zone=ZoneInfo(self.zone),
            languages=self.languages,
            declared_by=None,
            **self.moments,
            **self.details,
        )
        entries = sorted(self.entries, key=lambda entry: (entry.sort_at, entry.seq))
        said = {name: tuple(self.statements.get(kind, ())) for name, kind in _STATED.items()}
        return Record(
            incident, entries, self.alerts, self.escalations, self.actions, self.roles, **said, people=dict(self.people)
        )


_STATED = {"impacts": Kind.IMPACT, "causes": Kind.CAUSE, "resolutions": Kind.RESOLVED}
