"""
The record of one incident as plain values: what postmortems, findings and exports are made of.

Built by `bot.services.postmortem.load_record.load`; nothing here knows a database. Free text may hold mentions as
`<@U123>`:
`Record.people` gives the names, and whoever renders the text puts them in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.escalation import Answer, Called
from bot.domain.escalation.vendors import VendorAct
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


class PageOutcome(StrEnum):
    """What came of a page to one person by one means."""

    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not sent on purpose: the person was muted, a maintenance window was open, …"""
    NOT_NEEDED = "not needed"
    """Somebody had answered, or the incident had ended, before it went out."""
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Source:
    """
    Where a statement comes from.

    `ref` is unique within the record and stable (`entry-12`, `alert-3`, `escalation-2`, `action-4`): it is the anchor
    on Dogwatch's own page. `link` is where a reader checks it: the message, the alert's generator, or that anchor.
    """

    kind: SourceKind
    ref: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """One of the incident's times. `because` names the rule that set it (`resolve at:`, `earliest alert`, …)."""

    at: datetime
    because: str
    source: Source
    precision: Precision = Precision.EXACT


@dataclass(frozen=True, slots=True)
class Statement:
    """
    An impact, a cause or a resolution as somebody put it. `users_percent` is 20.0 for 20 %, or None.

    `users_source` is where the figure was said, if that was not with this text: saying the impact anew keeps the
    figure.
    """

    text: str
    language: str | None
    source: Source
    at: datetime
    by: str | None
    users_percent: float | None = None
    users_source: Source | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One line of the timeline.

    `happened_at` is None exactly when `precision` is UNKNOWN. Entries come in the incident's order, (sort_at, seq).
    `author` wrote it, `recorded_by` put it on the timeline (they differ when someone reacts to another's message);
    both are user ids, None where a machine did it. `text` is empty once the message was deleted.

    `about` is the ref of what the entry tells of (`escalation-2`, `action-4`), None where it stands for itself.
    `was` and `became` are the values before and after, of an entry that changes status or severity. `role` and
    `person` (a user id) are what a ROLE entry gives to whom, `role_label` the word for it then and `person_before` who
    handed it over or gave it up. `changes` are the fields that a DETAILS entry set, each
    with its new value. `public` is the state that an entry told the public. `states_start` and `states_end` are the
    ends of the impact that it states (`impact started:`, `resolve at:`), whether or not they still hold.
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
    amended_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_why: str | None = None
    merged_into: str | None = None
    """The ref of the entry that took this one in; such an entry is withdrawn."""
    came_from: str | None = None
    """The incident that it was carried over from, when that one was merged into this."""
    also: tuple[Source, ...] = ()
    """The sources of the entries that this one took in."""
    redacted_at: datetime | None = None
    redacted_by: str | None = None
    redacted_why: str | None = None
    """Its words were removed on request: by whom, and why."""
    vendor: VendorAct | None = None
    """What it tells of the vendor whom the escalation `about` called."""
    thread: str | None = None
    """Which thread its message belongs to, the same text for all of one thread; None where it is no message."""


@dataclass(frozen=True, slots=True)
class Update:
    """
    What the public was told at one time, in one or more languages.

    `texts` by language, `""` where nobody said which; empty for a published postmortem, whose `languages` are the ones
    it is published in. `sources` has the entries that it was recorded by, in the order of the languages.
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
    """One alert, from its first firing to its end. `ended_at` is None while it fires or if nobody told its end."""

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
    """Which monitor sent it: `alertmanager`, `grafana`, `generic`."""
    service: str | None = None
    """What its route or label named when it came."""
    fingerprint: str = ""
    """What its firings have in common, within `origin`: each of them stands here by itself. Empty: nothing is known."""

    @property
    def identity(self) -> tuple[str, str]:
        return (self.origin, self.fingerprint) if self.fingerprint else ("", self.source.ref)


def newest_firings(alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    """Each alert once, by its newest firing: whether that ended says whether the alert has. In the order of these."""
    return tuple({alert.identity: alert for alert in sorted(alerts, key=lambda each: each.starts_at)}.values())


@dataclass(frozen=True, slots=True)
class Paged:
    """
    One page to one person by one means: what came of it, and in `problem` why it did not arrive or was not sent.

    `due_at` is when it was to go out, `sent_at` when it did, None if it never did. `late` is how long after its level
    was due it was written, where the bot was not there in time.
    """

    person: str
    means: str
    level: int
    round: int
    due_at: datetime
    sent_at: datetime | None
    outcome: PageOutcome
    problem: str = ""
    out_of_hours: bool | None = None
    late: timedelta | None = None


@dataclass(frozen=True, slots=True)
class VendorFacts:
    """
    What a vendor did who was called. The first answer is the escalation's acknowledgement.

    A time is None if it did not happen, or if nobody knows when: then its source tells the two apart.
    """

    case: str = ""
    case_source: Source | None = None
    case_asked: bool = False
    """Whether it was asked for, because nobody gave it in time."""
    fixed_at: datetime | None = None
    fixed_precision: Precision = Precision.EXACT
    fixed: Source | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """
    Who was asked for help, when, why, and who answered after how long.

    `paged_at` is None if the time is unknown (`at:?`); then `precision` is UNKNOWN. `external` is true for vendors.
    `out_of_hours`: whether that was outside the working hours of those called; None where these are not known.
    `acknowledged_at` is None too where nobody knows when a vendor answered: `is_answered` tells.

    The chain: `policy` is the name of the policy and `levels` how many it has, empty and 0 for a call without one;
    `called` the levels that were paged, `pages` each page, `answers` each acknowledgement, also those that were taken
    back. `started_by` is `person`, `policy` or `handover`, `follows` the ref of the escalation that this goes on from.
    `gave_up_at` is when it ended without an answer.
    """

    source: Source
    target: str
    target_kind: TargetKind
    external: bool
    reason: str
    paged_at: datetime | None
    precision: Precision
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledgement: Source | None
    declined_by: tuple[str, ...] = ()
    out_of_hours: bool | None = None
    acknowledged_precision: Precision = Precision.EXACT
    policy: str = ""
    levels: int = 0
    started_by: str = "person"
    follows: str | None = None
    called: tuple[Called, ...] = ()
    pages: tuple[Paged, ...] = ()
    answers: tuple[Answer, ...] = ()
    gave_up_at: datetime | None = None
    vendor: VendorFacts | None = None

    @property
    def is_answered(self) -> bool:
        return self.acknowledged_at is not None or (self.external and self.acknowledgement is not None)

    @property
    def time_to_acknowledge(self) -> timedelta | None:
        """None without an answer, or where one of the two times is unknown or they contradict one another."""
        if self.paged_at is None or self.acknowledged_at is None or self.acknowledged_at < self.paged_at:
            return None
        return self.acknowledged_at - self.paged_at


@dataclass(frozen=True, slots=True)
class Action:
    """An improvement or a task. `owner` is a user id; `due` a date as ISO 8601 text; None where nobody said."""

    source: Source
    number: int
    kind: ActionKind
    text: str
    owner: str | None = None
    due: str | None = None
    symptom: str | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class RoleHeld:
    """
    One person in one role, from `since` to `until`; None while they have it. People are user ids.

    `label` is the workspace's word for the role, empty where it has none of its own. `handed_to` had it next.
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
    """What is said of the incident as a whole. A time that has not come is None."""

    reference: str
    """`INC-7`, drills `DRILL-3`."""
    outside_reference: str | None
    titles: Mapping[str, str]
    """By language; the key `""` is the title as typed, in no stated language."""
    status: Status
    severity: Severity
    severity_label: str
    """The workspace's own word for it (`P1`)."""
    services: tuple[str, ...]
    zone: ZoneInfo
    languages: tuple[str, ...]
    declared: Moment
    declared_by: str | None
    started: Moment
    detected: Moment
    acknowledged: Moment | None = None
    identified: Moment | None = None
    mitigated: Moment | None = None
    resolved: Moment | None = None
    ended: Moment | None = None
    category: str | None = None
    responsibility: str | None = None
    private: bool = False
    drill: bool = False
    template: str = "classic"
    own_status: str = ""
    """The workspace's own word for the status; empty where it has none."""
    severity_labels: Mapping[str, str] = field(default_factory=dict)
    """The workspace's own words for all severities; one that is not in it is shown by its fixed name."""
    closure_reason: str | None = None
    """Why it was cancelled, where it was."""
    lead: str | None = None
    channel_name: str | None = None
    channel_link: str | None = None
    retro: bool = False
    """Recorded after the fact."""
    drill_of: str | None = None
    """What a drill replays: a past incident (`INC-7`) or the name of a scenario."""
    merged_into: str | None = None
    """The incident that this one was merged into; what it had was carried over to that one."""
    took_in: tuple[str, ...] = ()
    """The incidents that were merged into this one."""

    @property
    def status_label(self) -> str:
        """The word for its status that the workspace's people know; documents say it in their own language."""
        return self.own_status or self.status.value

    @property
    def title(self) -> str:
        """
        The title as typed, or else in the first language that has one.

        The first language's own goes before one that no document bears any more, as what an alert said.
        """
        typed, named = self.titles.get(""), [self.titles[code] for code in self.languages if code in self.titles]
        if typed and (typed in named or self.titles.get(next(iter(self.languages), "")) is None):
            return typed
        return next(iter(named), typed or "")


@dataclass(frozen=True, slots=True)
class Record:
    """The whole of it. `entries` in order, withdrawn ones included (shown struck in exports, left out of drafts)."""

    incident: Incident
    entries: Sequence[Entry] = ()
    alerts: Sequence[Alert] = ()
    escalations: Sequence[Escalation] = ()
    actions: Sequence[Action] = ()
    roles: Sequence[RoleHeld] = ()
    """Who had which role, past and present, in the order in which they got it."""
    impacts: Sequence[Statement] = ()
    """The latest that stands in each language; so are the causes and resolutions."""
    causes: Sequence[Statement] = ()
    resolutions: Sequence[Statement] = ()
    updates: Sequence[Update] = ()
    """What the public was told, in the order in which it was published."""
    people: Mapping[str, str] = field(default_factory=dict)
    """User id to the name people know. An id that is not in it is shown as it is."""

    @property
    def postmortem_languages(self) -> tuple[str, ...]:
        """The languages that the postmortem was last published in, or else the incident's own."""
        published = [each.languages for each in self.updates if each.state is UpdateState.POSTMORTEM and each.languages]
        return published[-1] if published else self.incident.languages
