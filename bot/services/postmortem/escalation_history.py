"""Build the escalation history from its rows."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlmodel import Session

from bot.domain.escalation import first_timed_out_ack
from bot.domain.escalation.vendors import VendorEvent
from bot.domain.oncall.working_hours import hours_from_json, is_outside_hours
from bot.domain.record.escalations import Escalation, PageOutcome, RecordedPage, VendorFacts
from bot.domain.record.sources import Source
from bot.domain.terms import Precision, SourceKind, TargetKind
from bot.services.vendors.entry_sync import newest_event_entry
from bot.store.escalation import escalations, progress
from bot.store.escalation.pages import LEFT_BEHIND, NOT_NEEDED, Page, find_pages_by_incident
from bot.store.incidents.timeline import TimelineEntry


def load_pages_by_escalation(session: Session, incident_id: int) -> Mapping[int, list[Page]]:
    """Pages of all escalations of an incident, in the order of writing."""
    found: dict[int, list[Page]] = {}
    for page in find_pages_by_incident(session, incident_id):
        found.setdefault(page.escalation_id, []).append(page)
    return found


def build_escalation(
    session: Session,
    row: escalations.Escalation,
    link: str,
    sources: Mapping[int, Source],
    entries: Mapping[int, TimelineEntry],
    pages: Sequence[Page],
) -> Escalation:
    """
    Build one escalation with its pages, answers and vendor.

    `link` leads to the escalation itself; `entries` are the active ones, `sources` their links.
    """
    ref = f"escalation-{row.key}"
    is_person = row.target_kind == TargetKind.PERSON
    answer_id = row.acknowledgement_entry_id or 0
    policy = row.policy or {}
    answers = progress.find_responses(session, row.key)
    silent = first_timed_out_ack(answers)
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
        out_of_hours=is_outside_hours(hours_from_json(row.working_hours), row.paged_at),
        acknowledged_precision=_entry_precision(entries.get(answer_id)),
        policy=row.policy_name or "",
        levels=len(policy.get("levels", ())) if row.policy_name else 0,
        started_by=row.started_by,
        follows=f"escalation-{row.follows_id}" if row.follows_id else None,
        called=progress.find_steps(session, row.key),
        pages=tuple(_build_page(page) for page in pages if page.method != LEFT_BEHIND),
        answers=answers,
        exhausted_at=row.exhausted_at,
        stopped_at=row.stopped_at,
        vendor=_vendor_facts(row, sources, entries) if row.is_external else None,
    )


def _entry_precision(entry: TimelineEntry | None) -> Precision:
    return Precision(entry.precision) if entry else Precision.EXACT


def _build_page(page: Page) -> RecordedPage:
    outcome, problem = _page_outcome(page)
    return RecordedPage(
        person=page.user_id,
        method=page.method,
        level=page.level,
        round=page.round,
        due_at=page.due_at or page.queued_at,
        sent_at=page.sent_at,
        outcome=outcome,
        problem=problem,
        out_of_hours=page.out_of_hours,
        late=timedelta(seconds=page.late_seconds) if page.late_seconds else None,
    )


def _page_outcome(page: Page) -> tuple[PageOutcome, str]:
    """The outcome, and why the page was not delivered or not sent."""
    if page.skipped:
        return PageOutcome.SKIPPED, page.skipped
    if page.sent_at is not None:
        return PageOutcome.SENT, ""
    if page.outcome == NOT_NEEDED:
        return PageOutcome.NOT_NEEDED, ""
    return (PageOutcome.FAILED, page.outcome) if page.outcome else (PageOutcome.WAITING, "")


def _vendor_facts(
    row: escalations.Escalation, sources: Mapping[int, Source], entries: Mapping[int, TimelineEntry]
) -> VendorFacts:
    case = newest_event_entry(VendorEvent.CASE, row.key, entries.values())
    fixed = row.fixed_entry_id or 0
    return VendorFacts(
        case=row.case_reference or "",
        case_source=sources.get(case.key) if case else None,
        case_asked=bool(row.case_asked),
        fixed_at=row.fixed_at,
        fixed_precision=_entry_precision(entries.get(fixed)),
        fixed=sources.get(fixed) if fixed in entries else None,
    )
