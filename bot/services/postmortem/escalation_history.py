"""What the record keeps of an escalation: who was called by which level, each page, each answer, and of a vendor."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlmodel import Session

from bot.domain.escalation import Answer, Called, first_silence
from bot.domain.escalation.vendors import VendorAct
from bot.domain.oncall.working_hours import from_json, is_outside
from bot.domain.record.model import Escalation, Paged, PageOutcome, Source, VendorFacts
from bot.domain.terms import Precision, SourceKind, TargetKind
from bot.services.vendors.calls import newest
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation as EscalationRow
from bot.store.escalation.escalations import Page
from bot.store.incidents.timeline import TimelineEntry


def pages_by_escalation(session: Session, incident_id: int) -> Mapping[int, list[Page]]:
    """Of all escalations of an incident, in the order in which they were written."""
    found: dict[int, list[Page]] = {}
    for page in escalations.pages_of_incident(session, incident_id):
        found.setdefault(page.escalation_id, []).append(page)
    return found


def escalation(
    row: EscalationRow,
    link: str,
    sources: Mapping[int, Source],
    entries: Mapping[int, TimelineEntry],
    pages: Sequence[Page],
) -> Escalation:
    """`link` is where the escalation itself is checked; `entries` are those that stand, `sources` where each is."""
    ref = f"escalation-{row.key}"
    is_person = row.target_kind == TargetKind.PERSON
    answer_id = row.acknowledgement_entry_id or 0
    policy = row.policy or {}
    answers = tuple(Answer.from_json(each) for each in row.answers or ())
    silent = first_silence(answers)
    return Escalation(
        source=Source(SourceKind.COMMAND, ref, link),
        target=f"<@{row.target_id}>" if is_person else row.target_name,
        target_kind=TargetKind(row.target_kind),
        external=row.is_external,
        reason=row.reason,
        paged_at=row.paged_at,
        precision=Precision(row.precision),
        acknowledged_at=silent.at if silent else row.acknowledged_at,
        acknowledged_by=silent.by if silent else row.acknowledged_by,
        acknowledgement=sources.get(answer_id),
        declined_by=tuple(row.declined_by),
        out_of_hours=is_outside(from_json(row.working_hours), row.paged_at),
        acknowledged_precision=_precision(entries.get(answer_id)),
        policy=row.policy_name or "",
        levels=len(policy.get("levels", ())) if row.policy_name else 0,
        started_by=row.started_by or "person",
        follows=f"escalation-{row.follows_id}" if row.follows_id else None,
        called=tuple(Called.from_json(each) for each in row.steps or ()),
        pages=tuple(_paged(page) for page in pages if page.means != escalations.LEFT_BEHIND),
        answers=answers,
        gave_up_at=row.gave_up_at,
        vendor=_vendor(row, sources, entries) if row.is_external else None,
    )


def _precision(entry: TimelineEntry | None) -> Precision:
    return Precision(entry.precision) if entry else Precision.EXACT


def _paged(page: Page) -> Paged:
    outcome, problem = _outcome(page)
    return Paged(
        person=page.user_id,
        means=page.means,
        level=page.level or 1,
        round=page.round or 0,
        due_at=page.due_at or page.queued_at,
        sent_at=page.sent_at,
        outcome=outcome,
        problem=problem,
        out_of_hours=page.out_of_hours,
        late=timedelta(seconds=page.late_seconds) if page.late_seconds else None,
    )


def _outcome(page: Page) -> tuple[PageOutcome, str]:
    """What the columns say, and why it did not arrive or was not sent."""
    if page.skipped:
        return PageOutcome.SKIPPED, page.skipped
    if page.sent_at is not None:
        return PageOutcome.SENT, ""
    if page.outcome == escalations.NOT_NEEDED:
        return PageOutcome.NOT_NEEDED, ""
    return (PageOutcome.FAILED, page.outcome) if page.outcome else (PageOutcome.WAITING, "")


def _vendor(row: EscalationRow, sources: Mapping[int, Source], entries: Mapping[int, TimelineEntry]) -> VendorFacts:
    case = newest(VendorAct.CASE, row.key, entries.values())
    fixed = row.fixed_entry_id or 0
    return VendorFacts(
        case=row.case_reference or "",
        case_source=sources.get(case.key) if case else None,
        case_asked=bool(row.case_asked),
        fixed_at=row.fixed_at,
        fixed_precision=_precision(entries.get(fixed)),
        fixed=sources.get(fixed) if fixed in entries else None,
    )
