"""
The record of one incident as plain values: input of postmortems, findings and exports.

`bot.services.postmortem.load_record.load_record` builds it. Free text may hold mentions as `<@U123>`: `Record.people`
has the names, and the renderer puts them in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.changes.change import Change
from bot.domain.escalation.vendors import VendorEvent
from bot.domain.incidents.impact import AffectedUsers
from bot.domain.incidents.milestones import DECLARED, FIRST_LEAD
from bot.domain.record.escalations import Escalation
from bot.domain.record.facts import Fact, StormTitle, change_subject
from bot.domain.record.sources import Moment, Source
from bot.domain.record.translations import Translation
from bot.domain.terms import ActionKind, AlertStatus, Kind, Precision, Severity, SourceKind, Status, UpdateState
from bot.domain.text.durations import to_minute
from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Statement:
    """
    An impact, a cause or a resolution. `users` is the figure of an impact, or None.

    `users_source` is the source of the figure, if that is another one: a restated impact keeps the figure.
    """

    text: str
    language: str | None
    source: Source
    at: datetime
    by: str | None
    users: AffectedUsers | None = None
    users_source: Source | None = None
    fact: Fact | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One line of the timeline.

    `happened_at` is None exactly when `precision` is UNKNOWN. Entries come in the incident's order, (sort_at, seq).
    `author` wrote it, `recorded_by` put it on the timeline (they differ when someone reacts to another's message); both
    are user ids, None where a machine did it. `text` is empty once the message was deleted.

    `about` is the ref of its subject (`escalation-2`, `action-4`), None without one. `was` and `became` are the values
    before and after, of an entry that changes status or severity. `role` and `person` (a user id) are the role and the
    new holder in a ROLE entry, `role_label` the role's label then and `person_before` the one who handed it over or
    gave it up. `changes` are the fields that a DETAILS entry set, each with its new value. `public` is the state of a
    public update. `states_start` and `states_end` are the ends of the impact that it states (`impact started:`,
    `resolve at:`), whether or not they still hold.
    """

    source: Source
    seq: int
    kinds: tuple[Kind, ...]
    text: str
    happened_at: datetime | None
    precision: Precision
    sort_at: datetime
    recorded_at: datetime
    author: str | None = None
    recorded_by: str | None = None
    language: str | None = None
    translations: tuple[Translation, ...] = ()
    withdrawn_at: datetime | None = None
    files: tuple[str, ...] = ()
    about: str | None = None
    was: str | None = None
    became: str | None = None
    role: str | None = None
    person: str | None = None
    role_label: str | None = None
    person_before: str | None = None
    changes: tuple[tuple[str, str], ...] = ()
    public: UpdateState | None = None
    states_start: datetime | None = None
    states_end: datetime | None = None
    fact: Fact | None = None
    """What Dogwatch recorded itself; None once somebody amended the text, which else words it in English."""
    amended_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawal_reason: str | None = None
    merged_into: str | None = None
    """Ref of the entry that took this one in; such an entry is withdrawn."""
    came_from: str | None = None
    """Merged incident that it was carried over from."""
    also: tuple[Source, ...] = ()
    """Sources of the entries that this one took in."""
    redacted_at: datetime | None = None
    redacted_by: str | None = None
    redaction_reason: str | None = None
    """Reason why its words were removed on request."""
    vendor: VendorEvent | None = None
    """Event of the vendor of the escalation `about`."""
    thread: str | None = None
    """Key of its message's thread; None if it is no message."""
    posted_at: datetime | None = None
    """When its message was posted; None if it is no message, or if that is unknown."""
    marked_misleading_at: datetime | None = None
    """When it was marked as a misleading path; None if it is none, or if that is unknown."""


@dataclass(frozen=True, slots=True)
class Update:
    """
    A public update in one or more languages.

    `texts` by language, `""` if unknown; empty for a published postmortem, whose `languages` are the ones it is
    published in. `sources` has the entries that it was recorded by, in the order of the languages.
    """

    state: UpdateState
    published_at: datetime | None
    texts: Mapping[str, str]
    languages: tuple[str, ...]
    sources: tuple[Source, ...]
    by: str | None = None
    precision: Precision = Precision.EXACT
    """Of `published_at`."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One firing of an alert. `ended_at` is None while it fires, or if its end is unknown."""

    source: Source
    name: str
    status: AlertStatus
    starts_at: datetime
    starts_at_precision: Precision
    ended_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    count: int
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    origin: str
    """The monitor: `alertmanager`, `grafana`, `generic`."""
    service: str | None = None
    """Service named by its route or label on arrival."""
    fingerprint: str = ""
    """Common to an alert's firings within `origin`. Empty: unknown."""

    @property
    def identity(self) -> tuple[str, str]:
        return (self.origin, self.fingerprint) if self.fingerprint else ("", self.source.ref)


def newest_firings(alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    """The newest firing of each alert, in order of start."""
    return tuple({alert.identity: alert for alert in sorted(alerts, key=lambda each: each.starts_at)}.values())


@dataclass(frozen=True, slots=True)
class Action:
    """
    An improvement or a task. `due` is an ISO 8601 date.

    `owner` is the id of a person or a user group; `owner_group` is the group's name without `@`, None for a person.
    """

    source: Source
    number: int
    kind: ActionKind
    text: str
    owner: str | None = None
    due: str | None = None
    symptom: str | None = None
    done: bool = False
    owner_group: str | None = None
    language: str | None = None
    translations: tuple[Translation, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """
    A person's time in a role. `until` is None for the present holder. People are user ids.

    `label` is the workspace's own for the role, empty where it has none. `handed_to` is the next holder.
    """

    source: Source
    role: str
    label: str
    person: str
    since: datetime
    until: datetime | None = None
    assigned_by: str | None = None
    handed_to: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """Facts about the incident as a whole. A milestone that was not reached is None."""

    reference: str
    """`INC-7`, drills `DRILL-3`."""
    outside_reference: str | None
    titles: Mapping[str, str]
    """By language; the key `""` is the title as typed, in no stated language."""
    status: Status
    severity: Severity
    severity_label: str
    """The workspace's own label (`P1`)."""
    services: tuple[str, ...]
    zone: ZoneInfo
    languages: tuple[str, ...]
    declared: Moment
    declared_by: str | None
    started: Moment
    detected: Moment
    storm_title: StormTitle | None = None
    """Alert counts of a generated title, which is in `titles` too."""
    acknowledged: Moment | None = None
    identified: Moment | None = None
    mitigated: Moment | None = None
    resolved: Moment | None = None
    ended: Moment | None = None
    category: str | None = None
    responsibility: str | None = None
    public_grade: str | None = None
    """Grade that the public reads, such as `Notice`."""
    service_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the services by language."""
    private: bool = False
    drill: bool = False
    template: str = "classic"
    own_status: str = ""
    """The workspace's own label for the status; empty where it has none."""
    severity_labels: Mapping[str, str] = field(default_factory=dict)
    """The workspace's own labels by severity; others are shown by their fixed names."""
    closure_reason: str | None = None
    """Reason of the cancellation."""
    lead: str | None = None
    channel_name: str | None = None
    channel_link: str | None = None
    retro: bool = False
    """Recorded after the fact."""
    drill_of: str | None = None
    """Past incident (`INC-7`) or scenario that a drill replays."""
    merged_into: str | None = None
    """Incident that this one was merged into, with all that it had."""
    took_in: tuple[str, ...] = ()
    """Incidents that were merged into this one."""

    @property
    def is_detection_recorded(self) -> bool:
        """True if an alert or a person recorded the detection; else it is the declaration's time."""
        return self.detected.because != DECLARED or self.declared.source.kind is SourceKind.ALERT

    @property
    def is_detected_by_declaration(self) -> bool:
        """True if a detection is recorded, and it is no later than the declaration."""
        return self.is_detection_recorded and to_minute(self.detected.at) <= to_minute(self.declared.at)

    @property
    def noticed(self) -> Moment:
        """The recorded detection; the declaration where that came first, or none is recorded."""
        return self.detected if self.is_detected_by_declaration else self.declared

    @property
    def recorded_moments(self) -> tuple[tuple[str, Moment], ...]:
        """
        The recorded milestones by name; no detection where only the declaration is one.

        An acknowledgement by a lead alone is the first lead.
        """
        names = ("started", "detected", "declared", "acknowledged", "identified", "mitigated", "resolved", "ended")
        found = ((name, getattr(self, name)) for name in names if name != "detected" or self.is_detection_recorded)
        return tuple((milestone_name(name, moment), moment) for name, moment in found if moment is not None)

    @property
    def status_label(self) -> str:
        """Label of the status that the workspace's people know; documents translate it."""
        return self.own_status or self.status.value

    @property
    def title(self) -> str:
        """
        The title as typed, or else in the first language that has one.

        The first language's own goes before one that no document bears any more, like an alert's.
        """
        typed, named = self.titles.get(""), [self.titles[code] for code in self.languages if code in self.titles]
        if typed and (typed in named or self.titles.get(next(iter(self.languages), "")) is None):
            return typed
        return next(iter(named), typed or "")


def milestone_name(name: str, moment: Moment) -> str:
    return FIRST_LEAD if name == "acknowledged" and moment.because == FIRST_LEAD else name


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """
    A change shortly before the first error. `is_cause`: somebody recorded it as the cause.

    `rolled_back_by`: the entry that took it back, None if there is none. `rolled_back_at`: None if that has no time.
    """

    source: Source
    change: Change
    is_cause: bool = False
    rolled_back_by: Source | None = None
    rolled_back_at: datetime | None = None

    @property
    def subject(self) -> str:
        change = self.change
        return change_subject(change.title, ", ".join(change.services), change.version)


@dataclass(frozen=True, slots=True)
class RecordedVendorIncident:
    """
    An incident on a vendor's status page that people linked. Their times stay theirs.

    `vendor` is its name. `seen_at` is when Dogwatch read the first word, `resolved_at` None if they stated no end;
    `is_gone`: it disappeared from their page. `has_cases`: the vendor is asked for a case reference.
    """

    source: Source
    vendor: str
    title: str
    state: str
    first_word_at: datetime
    seen_at: datetime
    resolved_at: datetime | None = None
    is_gone: bool = False
    has_cases: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """
    The complete record. `entries` in order, withdrawn ones included.

    Exports show withdrawn entries struck, drafts leave them out.
    """

    incident: Incident
    entries: Sequence[Entry] = ()
    alerts: Sequence[Alert] = ()
    escalations: Sequence[Escalation] = ()
    actions: Sequence[Action] = ()
    roles: Sequence[RoleAssignment] = ()
    """Past and present, in the order of assignment."""
    impacts: Sequence[Statement] = ()
    """The latest in each language; so are the causes and resolutions."""
    causes: Sequence[Statement] = ()
    resolutions: Sequence[Statement] = ()
    updates: Sequence[Update] = ()
    """Public updates in the order of publication."""
    changes: Sequence[RecordedChange] = ()
    """The newest first."""
    reports_changes: bool = False
    """Whether tools have reported changes of these services lately."""
    vendor_incidents: Sequence[RecordedVendorIncident] = ()
    """By their first word."""
    people: Mapping[str, str] = field(default_factory=dict)
    """Names by user id. An id that is not in it is shown itself."""

    @property
    def translation_refs(self) -> frozenset[str]:
        """Refs of the entries that repeat a public update in another language."""
        return frozenset(source.ref for update in self.updates for source in update.sources[1:])

    @property
    def postmortem_languages(self) -> tuple[str, ...]:
        """Languages that the postmortem was last published in, or else the incident's own."""
        published = [each.languages for each in self.updates if each.state is UpdateState.POSTMORTEM and each.languages]
        return published[-1] if published else self.incident.languages
