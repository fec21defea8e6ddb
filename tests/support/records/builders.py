"""Records built by hand, as the services would store them, and hypothesis strategies of random ones."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot.domain.record.model import (
    Action,
    Alert,
    Entry,
    Escalation,
    Incident,
    Moment,
    Record,
    RoleHeld,
    Source,
    Statement,
    Update,
)
from bot.domain.terms import (
    ActionKind,
    AlertStatus,
    Kind,
    Precision,
    Severity,
    SourceKind,
    Status,
    TargetKind,
    UpdateState,
)

WORKSPACE = "https://acme.example/archives/C01"
DOGWATCH = "https://dogwatch.example/incidents/INC-1"


@dataclass
class RecordBuilder:
    """
    Tells an incident step by step, as it is recorded: what happened at which local time, by whom.

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
    roles: list[RoleHeld] = field(default_factory=list)
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
        text: str,
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
            text=text,
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

    def typed(self, at: str | None, who: str | None, text: str, *kinds: Kind, **more: Any) -> Entry:
        return self.entry(at, who, text, *kinds, source=SourceKind.COMMAND, **more)

    def sets(self, name: str, entry: Entry, because: str, at: str | None = None, source: Source | None = None) -> None:
        moment = self.at(at) if at else entry.happened_at
        assert moment is not None
        self.moments[name] = Moment(moment, because, source or entry.source, Precision.EXACT)

    def declared_by_alert(self, at: str, name: str, summary: str, *, origin: str) -> None:
        """The alert that opens the incident: its declaration, its detection, and the times that follow."""
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
        text = f"Escalation to {target} acknowledged"
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

    def states(self, entry: Entry, *, percent: float | None = None) -> None:
        """The entry says what the impact, the cause or the resolution is."""
        assert entry.happened_at is not None
        statement = Statement(entry.text, entry.language, entry.source, entry.happened_at, entry.author, percent)
        self.statements.setdefault(entry.kinds[0], []).append(statement)

    def impact(self, at: str, who: str, text: str, *, percent: float | None = None) -> None:
        self.states(self.typed(at, who, text, Kind.IMPACT), percent=percent)

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
        """Somebody had a role, or has it still."""
        source = Source(SourceKind.COMMAND, f"role-{len(self.roles) + 1}", f"{WORKSPACE}/p{998_000 + len(self.roles)}")
        ended = self.at(until) if until else None
        self.roles.append(RoleHeld(source, label.split(maxsplit=1)[0].lower(), label, person, self.at(since), ended))

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


def checkout_500s(**more: Any) -> Record:
    """The checkout page crashed for two hours, in Nairobi."""
    title = "CheckoutHTTP500Spike: Spike in 500 failures on the checkout page"
    told = RecordBuilder("2023-05-15", "Africa/Nairobi", title, "checkout", **more)
    told.declared_by_alert(
        "12:00", "CheckoutHTTP500Spike", "Spike in 500 failures on the checkout page", origin="alertmanager"
    )
    told.entry("12:05", "oncall", "Engineering alerted, looking into it.", Kind.NOTE)
    told.entry(
        "12:10",
        "engineer",
        "First analysis points at the website's database: reading database logs and running queries to pinpoint it.",
        Kind.MISLEADING_PATH,
    )
    gateway = "It is connected to the payment gateway integration: reading the gateway logs and code."
    told.entry("12:20", "engineer", gateway, Kind.INVESTIGATION)
    told.entry("12:40", "engineer", gateway, Kind.INVESTIGATION)
    told.escalated("13:00", "oncall", "senior-engineers", "Problem is in the payment gateway integration")
    told.escalated("13:00", "oncall", "payment-gateway", "Checkout crashes in your integration", kind=TargetKind.VENDOR)
    told.entry("13:30", "engineer", "Working with the gateway supplier on a fix and putting it in place.", Kind.ACTION)
    told.impact(
        "13:40", "oncall", "20% of users could not reach the checkout page; potential purchases were lost", percent=20.0
    )
    told.cause(
        "13:50",
        "engineer",
        "A flaw in the integration code for the payment gateway crashed the checkout page when customers used a "
        "specific credit card type; a recent update to the integration exposed it",
    )
    told.resolved(
        "14:00",
        "oncall",
        "The integration code was rewritten to handle the faulty credit card type correctly; users can reach the "
        "checkout page again",
    )
    told.follow_ups(
        "14:10",
        "oncall",
        [
            "Review each integration with a payment gateway in detail",
            "More stringent testing of website and integration changes",
            "Better monitoring and warning systems to spot comparable problems sooner",
            "Write and keep incident response guidelines",
        ],
        [
            "Review and update the payment gateway integration code",
            "Create new testing protocols for website integrations and upgrades",
            "Update monitoring to identify similar problems faster",
            "Create and maintain incident response guidelines",
        ],
    )
    return told.record()


def payment_outage(**more: Any) -> Record:
    """Payments were down for an hour and three quarters, in California; two teams were called and answered."""
    title = "Payment processing service complete outage"
    told = RecordBuilder("2023-11-07", "America/Los_Angeles", title, "payments", Severity.SEV1, **more)
    told.declared_by_alert("08:45", "FailedTransactionsSpike", "Sudden spike in failed transactions", origin="grafana")
    told.entry("08:52", "oncall", "Reading server logs, suspecting a server overload.", Kind.INVESTIGATION)
    told.entry("08:59", "oncall", "Assuming a database issue: checking for slow queries.", Kind.INVESTIGATION)
    told.entry("09:06", "oncall", "Exploring network issues, suspecting connectivity problems.", Kind.MISLEADING_PATH)
    for target in ("development", "operations"):
        told.escalated("09:15", "oncall", target, "Initial investigation did not find the cause")
    told.acknowledged("09:20", "developer", "development")
    told.acknowledged("09:27", "operator", "operations")
    told.entry("09:40", "developer", "Rolling back the recent payment gateway code deployment.", Kind.ROLLBACK)
    told.entry("09:55", "developer", "Previous version restored, transactions work again.", Kind.FIXED)
    told.impact(
        "10:05",
        "oncall",
        "Complete outage of the customer-facing payment processing service: users were unable to make purchases; 30% "
        "drop in completed transactions",
    )
    told.cause(
        "10:15",
        "developer",
        "The recent code deployment introduced a misconfiguration in the payment gateway integration, causing "
        "transaction failures",
    )
    told.resolved(
        "10:30",
        "oncall",
        "Rolled back to the previous version, eliminating the misconfiguration; added pre-deployment tests for payment "
        "gateway integrations",
    )
    told.follow_ups(
        "10:40",
        "oncall",
        [
            "Strengthen the pre-deployment testing process to catch integration issues early",
            "Enhance monitoring for real-time transaction success rates",
            "Improve communication channels between development and operations teams",
        ],
        [
            "Review the payment gateway integration code for potential vulnerabilities",
            "Implement a monitoring alert for rapid spikes in failed transactions",
            "Establish a post-deployment validation step for critical services",
            "Schedule regular audits of server logs",
            "Enhance documentation on the payment gateway integration process",
        ],
    )
    return told.record()


HOSTILE = (
    "<!channel> *bold* {{7*7}} <script>alert(1)</script> [x](http://e) | # - 1.",
    "# heading",
    "- item\n- item",
    "1. one\n2) two",
    "> quote",
    "```\ncode\n```",
    "    indented",
    "a\n===\nb\n---",
    "| a | b |\n| --- | --- |\n| 1 | 2 |",
    "<b>x</b> <!-- y --> <https://e.example> &lt;i&gt; &#42;",
    "![p](http://e/x.png) [r][1]\n\n[1]: http://e",
    "__strong__ _em_ **strong** ~~gone~~ `code` snake_case \\*not\\* trailing\\\\",
    "{% for x in y %}{{ x }}{% endfor %}{# c #}",
    "<@UONCALL> and <@UNKNOWN>",
    "line\r\nline\u2028line\x0bline\x00\x07",
    "ends with a backslash\\",
    "***",
    "+",
    "#",
    "title #",
)
"""Texts that Markdown, HTML, Jinja2 or Slack would act upon if they were let."""

PEOPLE = {"UONCALL": "oncall", "UDBA": "dba *[x](y)*", "UENG": "engineer"}
START = datetime(2024, 3, 9, 20, 0, tzinfo=UTC)


def texts(min_size: int = 0) -> st.SearchStrategy[str]:
    return st.one_of(st.sampled_from(HOSTILE), st.text(min_size=min_size, max_size=60))


def _said() -> st.SearchStrategy[str]:
    """A text that says something: blanks and control characters alone would be shown as nothing."""
    return texts(1).filter(lambda text: any(char.isprintable() and not char.isspace() for char in text))


def instants() -> st.SearchStrategy[datetime]:
    """Within three days around a clock change, to the second."""
    return st.integers(-3600, 3 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds))


def source_of(kind: SourceKind, ref: str) -> Source:
    return Source(kind, ref, f"https://acme.example/{ref}?a=(1)&b=2")


CHANGES = (
    (("category", "Production *x*"),),
    (("title.fr", "Titre <b>neuf</b>"), ("reference", "TSR-1|2")),
    (("services", ""), ("zone", "Europe/Paris")),
)


def gone(seq: int) -> str:
    """What stands in the text of a withdrawn entry and nowhere else."""
    return f"gone{seq}gone"


@st.composite
def entries(draw: st.DrawFn, seq: int, escalations: int) -> Entry:
    known = draw(st.booleans())
    at = draw(instants())
    kind = draw(st.sampled_from(list(SourceKind)))
    kinds = draw(st.lists(st.sampled_from(list(Kind)), min_size=1, max_size=2, unique=True))
    changes = draw(st.booleans())
    withdrawn_at = draw(st.sampled_from([None, None, None, START]))
    text = draw(st.one_of(st.just(""), _said()))
    return Entry(
        source=source_of(kind, f"entry-{seq}"),
        seq=seq,
        kinds=tuple(kinds),
        text=text if withdrawn_at is None else f"{text} {gone(seq)}",
        happened_at=at if known else None,
        precision=draw(st.sampled_from([Precision.EXACT, Precision.APPROXIMATE])) if known else Precision.UNKNOWN,
        sort_at=at,
        recorded_at=at,
        author=draw(st.sampled_from([None, *PEOPLE])),
        recorded_by=draw(st.sampled_from([None, *PEOPLE])),
        withdrawn_at=withdrawn_at,
        language=draw(st.sampled_from([None, None, "en", "fr", "ja"])),
        changes=draw(st.sampled_from(CHANGES)) if Kind.DETAILS in kinds else (),
        public=draw(st.sampled_from([None, *UpdateState])) if Kind.COMMUNICATION in kinds else None,
        states_start=draw(st.one_of(st.none(), instants())) if Kind.IMPACT in kinds else None,
        states_end=draw(st.one_of(st.none(), instants())) if Kind.RESOLVED in kinds else None,
        files=draw(st.sampled_from([(), ("graph_*1*.png",)])),
        about=f"escalation-{draw(st.integers(1, escalations))}" if escalations and draw(st.booleans()) else None,
        was="investigating" if changes else None,
        became="monitoring" if changes else None,
    )


@st.composite
def escalations(draw: st.DrawFn, number: int) -> Escalation:
    answered = draw(st.one_of(st.none(), instants()))
    paged = draw(st.one_of(st.none(), instants()))
    return Escalation(
        source=source_of(SourceKind.COMMAND, f"escalation-{number}"),
        target=draw(st.one_of(st.just("<@UDBA>"), _said())),
        target_kind=draw(st.sampled_from(list(TargetKind))),
        external=draw(st.booleans()),
        reason=draw(texts()),
        paged_at=paged,
        precision=Precision.EXACT if paged else Precision.UNKNOWN,
        acknowledged_at=answered,
        acknowledged_by=draw(st.sampled_from([None, *PEOPLE])) if answered else None,
        acknowledgement=source_of(SourceKind.COMMAND, f"answer-{number}") if answered else None,
        declined_by=draw(st.sampled_from([(), ("UENG",)])),
    )


@st.composite
def actions(draw: st.DrawFn, number: int) -> Action:
    return Action(
        source=source_of(SourceKind.COMMAND, f"action-{number}"),
        number=number,
        kind=draw(st.sampled_from(list(ActionKind))),
        text=draw(_said()),
        owner=draw(st.sampled_from([None, *PEOPLE])),
        due=draw(st.sampled_from([None, "2024-05-01", "soon"])),
        symptom=draw(st.one_of(st.none(), _said())),
        done=draw(st.booleans()),
    )


@st.composite
def alerts(draw: st.DrawFn, number: int) -> Alert:
    at = draw(instants())
    return Alert(
        source=source_of(SourceKind.ALERT, f"alert-{number}"),
        name=draw(_said()),
        status=draw(st.sampled_from(list(AlertStatus))),
        starts_at=at,
        starts_at_precision=draw(st.sampled_from([Precision.EXACT, Precision.APPROXIMATE])),
        ended_at=draw(st.one_of(st.none(), instants())),
        first_seen_at=at,
        last_seen_at=at,
        count=draw(st.integers(1, 3)),
        labels={"alertname": "X", "service": draw(texts())},
        annotations={"summary": draw(texts()), "runbook": draw(texts())},
        origin="generic",
    )


@st.composite
def statements(draw: st.DrawFn, name: str) -> list[Statement]:
    languages = draw(st.lists(st.sampled_from([None, "en", "fr", "ja"]), max_size=3, unique=True))
    percents = st.sampled_from([None, 20.0, 12.5])
    return [
        Statement(
            draw(_said()), language, source_of(SourceKind.COMMAND, f"{name}-{place}"), START, None, draw(percents)
        )
        for place, language in enumerate(languages)
    ]


@st.composite
def moments(draw: st.DrawFn, name: str, at: datetime | None = None) -> Moment:
    when = at or draw(instants())
    return Moment(
        when, "a rule", source_of(SourceKind.COMMAND, f"moment-{name}"), draw(st.sampled_from(list(Precision)[:2]))
    )


def _updates(ordered: list[Entry]) -> list[Update]:
    """What the entries told the public; the same state in another language belongs to the update before."""
    told: list[Update] = []
    for entry in ordered:
        if entry.public is None or entry.withdrawn_at is not None:
            continue
        code = entry.language or ""
        texts = {code: entry.text} if entry.text else {}
        last = told[-1] if told else None
        if last and last.state is entry.public and texts and code and last.texts and code not in last.texts:
            told[-1] = replace(last, texts={**last.texts, **texts}, sources=(*last.sources, entry.source))
        else:
            told.append(Update(entry.public, entry.happened_at, texts, ("fr",), (entry.source,), entry.author))
    return told


@st.composite
def records(draw: st.DrawFn, max_entries: int = 8) -> Record:
    """Any record that the tables could hold, also those that no careful person would make."""
    called = [draw(escalations(number)) for number in range(1, draw(st.integers(0, 3)) + 1)]
    found = [draw(entries(seq, len(called))) for seq in range(1, draw(st.integers(0, max_entries)) + 1)]
    later = {
        name: draw(st.one_of(st.none(), moments(name)))
        for name in ("acknowledged", "identified", "mitigated", "resolved", "ended")
    }
    incident = Incident(
        reference="INC-1",
        outside_reference=draw(st.one_of(st.none(), _said())),
        titles={
            "": draw(_said()),
            **draw(st.sampled_from(({}, {"fr": "Panne *générale*"}, {"it": "Guasto", "en": "Fault"}))),
        },
        status=draw(st.sampled_from(list(Status))),
        severity=Severity.SEV1,
        severity_label=draw(st.sampled_from(["SEV1", "P1 *"])),
        services=tuple(draw(st.lists(_said(), max_size=2))),
        zone=ZoneInfo(draw(st.sampled_from(["UTC", "Africa/Nairobi", "America/Los_Angeles", "Asia/Kolkata"]))),
        languages=tuple(draw(st.lists(st.sampled_from(["en", "fr", "de", "it"]), max_size=2, unique=True))),
        declared=draw(moments("declared")),
        declared_by=None,
        started=draw(moments("started")),
        detected=draw(moments("detected")),
        lead=draw(st.sampled_from([None, "UDBA"])),
        category=draw(st.one_of(st.none(), _said())),
        responsibility=draw(st.one_of(st.none(), _said())),
        closure_reason=draw(st.one_of(st.none(), _said())),
        channel_name=draw(st.sampled_from([None, "inc-1-checkout_is_down"])),
        drill=draw(st.booleans()),
        **later,
    )
    ordered = sorted(found, key=lambda entry: (entry.sort_at, entry.seq))
    return Record(
        incident=incident,
        entries=ordered,
        alerts=[draw(alerts(number)) for number in range(1, draw(st.integers(0, 2)) + 1)],
        escalations=called,
        actions=[draw(actions(number)) for number in range(1, draw(st.integers(0, 3)) + 1)],
        impacts=draw(statements("impact")),
        causes=draw(statements("cause")),
        resolutions=draw(statements("resolution")),
        updates=_updates(ordered),
        people=PEOPLE,
    )
