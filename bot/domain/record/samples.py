"""Sample records for trying templates: a full one and a bare one."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.changes.change import Change
from bot.domain.changes.events import ChangeKind, ChangeStatus
from bot.domain.record.escalations import Escalation
from bot.domain.record.model import (
    Action,
    Alert,
    Entry,
    Incident,
    Record,
    RecordedChange,
    RecordedVendorIncident,
    Statement,
    Update,
)
from bot.domain.record.sources import Moment, Source
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

START = datetime(2024, 5, 14, 9, 0, tzinfo=UTC)


def bare_record() -> Record:
    """An incident that was just declared."""
    return Record(_incident(), entries=[_entry(1, Kind.DECLARED, "Sample incident", 0)])


def full_record() -> Record:
    """Something of every kind: marks, an alert, escalations, lists, languages, updates."""
    told = [_entry(seq, kind, f"Sample: {kind.value}", seq) for seq, kind in enumerate(Kind, 2)]
    later = len(told) + 2
    told += [
        _entry(later, Kind.NOTE, "Sample: before it began", -30),
        _entry(later + 1, Kind.NOTE, "Sample: nobody knows when", None),
        _entry(later + 2, Kind.ESCALATION, "Sample: why", 5, about="escalation-1"),
    ]
    return Record(
        incident=_incident(is_over=True),
        entries=sorted(told, key=lambda entry: (entry.sort_at, entry.seq)),
        alerts=[_alert()],
        escalations=[_escalation(1, is_answered=True), _escalation(2, is_answered=False)],
        actions=[_action(number, kind) for number, kind in enumerate([*ActionKind, *ActionKind], 1)],
        impacts=_statements("impact"),
        causes=_statements("cause"),
        resolutions=_statements("resolution"),
        updates=[_update(number, state) for number, state in enumerate(UpdateState, 1)],
        changes=[RecordedChange(_source("change-1", SourceKind.CHANGE), _change(), is_cause=True)],
        vendor_incidents=[_vendor_incident()],
        people={"USAMPLE": "someone"},
    )


def _vendor_incident() -> RecordedVendorIncident:
    return RecordedVendorIncident(
        _source("vendor-incident-1", SourceKind.VENDOR),
        "Sample vendor",
        "Sample: their incident",
        "resolved",
        START + timedelta(minutes=31),
        START + timedelta(minutes=33),
        START + timedelta(minutes=60),
    )


def _change() -> Change:
    return Change(
        1,
        "generic",
        ChangeKind.DEPLOYMENT,
        "Sample change",
        ("sample",),
        ChangeStatus.SUCCEEDED,
        _at(-5),
        _at(-5),
        _at(-4),
    )


def _source(ref: str, kind: SourceKind = SourceKind.COMMAND) -> Source:
    return Source(kind, ref, f"https://example.org/sample#{ref}")


def _at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def _moment(name: str, minutes: float) -> Moment:
    return Moment(_at(minutes), "sample", _source(f"moment-{name}"))


def _incident(*, is_over: bool = False) -> Incident:
    return Incident(
        reference="INC-0",
        outside_reference="SAMPLE-1" if is_over else None,
        titles={"": "Sample incident"},
        status=Status.RESOLVED if is_over else Status.INVESTIGATING,
        severity=Severity.SEV2,
        severity_label="SEV2",
        services=("sample service",) if is_over else (),
        zone=ZoneInfo("UTC"),
        languages=("en",),
        declared=_moment("declared", 0),
        declared_by="USAMPLE",
        started=_moment("started", 0),
        detected=_moment("detected", 1),
        category="Sample category" if is_over else None,
        responsibility="Sample team" if is_over else None,
        lead="USAMPLE" if is_over else None,
        channel_name="inc-0-sample" if is_over else None,
        acknowledged=_moment("acknowledged", 6) if is_over else None,
        identified=_moment("identified", 20) if is_over else None,
        mitigated=_moment("mitigated", 30) if is_over else None,
        resolved=_moment("resolved", 45) if is_over else None,
        ended=_moment("ended", 40) if is_over else None,
    )


def _entry(seq: int, kind: Kind, text: str, minutes: float | None, *, about: str | None = None) -> Entry:
    return Entry(
        source=_source(f"entry-{seq}", SourceKind.MESSAGE),
        seq=seq,
        kinds=(kind,),
        text=text,
        happened_at=None if minutes is None else _at(minutes),
        precision=Precision.UNKNOWN if minutes is None else Precision.EXACT,
        sort_at=_at(minutes or 0),
        recorded_at=_at(minutes or 0),
        author="USAMPLE",
        recorded_by="USAMPLE",
        about=about,
    )


def _alert() -> Alert:
    return Alert(
        source=_source("alert-1", SourceKind.ALERT),
        name="SampleAlert",
        status=AlertStatus.RESOLVED,
        starts_at=_at(0),
        starts_at_precision=Precision.EXACT,
        ended_at=_at(40),
        first_seen_at=_at(0),
        last_seen_at=_at(40),
        count=2,
        labels={"alertname": "SampleAlert", "service": "sample service"},
        annotations={"summary": "Sample summary"},
        origin="generic",
    )


def _escalation(number: int, *, is_answered: bool) -> Escalation:
    return Escalation(
        source=_source(f"escalation-{number}"),
        target=f"sample target {number}",
        target_kind=TargetKind.TEAM,
        external=not is_answered,
        reason="Sample reason",
        paged_at=_at(4),
        precision=Precision.EXACT,
        acknowledged_at=_at(6) if is_answered else None,
        acknowledged_by="USAMPLE" if is_answered else None,
        acknowledgement=_source(f"answer-{number}") if is_answered else None,
    )


def _action(number: int, kind: ActionKind) -> Action:
    """An action item; every second one has an owner, a date and a symptom."""
    is_full = number > len(ActionKind)
    return Action(
        source=_source(f"action-{number}"),
        number=number,
        kind=kind,
        text=f"Sample {kind.value}",
        owner="USAMPLE" if is_full else None,
        due="2024-06-01" if is_full else None,
        symptom="Sample symptom" if is_full else None,
    )


def _statements(name: str) -> list[Statement]:
    return [
        Statement(f"Sample {name}", language, _source(f"{name}-{language or 'any'}"), START, "USAMPLE")
        for language in (None, "fr")
    ]


def _update(number: int, state: UpdateState) -> Update:
    source = _source(f"update-{number}")
    if state is UpdateState.POSTMORTEM:
        return Update(state, _at(90), {}, ("en", "fr"), (source,), "USAMPLE")
    return Update(state, _at(10 * number), {"en": "Sample words", "fr": "Quelques mots"}, ("en", "fr"), (source,), None)
