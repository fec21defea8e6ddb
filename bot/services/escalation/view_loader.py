"""Load the view of an escalation."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.escalation import (
    ACK_TIMED_OUT,
    Acknowledgement,
    Need,
    PagedLevel,
    Policy,
    Position,
    next_position,
    people_still_needed,
)
from bot.domain.terms import Severity, TargetKind
from bot.lazy_dataclass import dataclass
from bot.services.escalation.start import HANDOVER
from bot.services.escalation.state import acknowledgements_of, unreached_people
from bot.services.escalation.view import (
    DIRECT_METHODS,
    AcknowledgementView,
    Attempt,
    EscalatedIncident,
    EscalationProgress,
    EscalationView,
    HandoverView,
    LevelProgress,
    NextStep,
    PagedLevelView,
    PagedPersonView,
    ResponseView,
    TargetView,
)
from bot.services.oncall.schedule import people_on_call
from bot.services.oncall.targets import target_mention, target_name
from bot.services.paging.addresses import method_label
from bot.services.vendors.lookup import vendor_names
from bot.services.workspace.people import MENTION
from bot.store.escalation import escalations, progress
from bot.store.escalation.escalations import Escalation
from bot.store.escalation.pages import LEFT_BEHIND, NOT_NEEDED, Page, find_pages
from bot.store.incidents import incidents
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import people


def load_escalation_view(session: Session, settings: Settings, escalation_id: int) -> EscalationView | None:
    """None if there is no such escalation."""
    row = escalations.get(session, escalation_id)
    if row is None:
        return None
    incident = incidents.get(session, row.incident_id)
    pages = [page for page in find_pages(session, escalation_id) if page.method != LEFT_BEHIND]
    policy = Policy.from_json(row.policy) if row.policy else None
    levels = progress.find_steps(session, escalation_id)
    answers = [] if row.is_external else acknowledgements_of(session, row)
    builder = _LevelBuilder(settings, pages, row.declined_by, answers)
    left_out = {page.user_id for page in pages if page.skipped is not None}
    names = people.find_names(
        session,
        incident.team_id,
        {*MENTION.findall(f"{row.reason} {incident.title}"), *_policy_people(policy), *left_out},
    )
    return EscalationView(
        escalation_id=escalation_id,
        incident=EscalatedIncident(
            incident.reference,
            incident.title,
            settings.severity_label(Severity(incident.severity)),
            incident.is_open,
            incident.is_private,
            incident.channel_id,
        ),
        target=TargetView(target_mention(row), row.target_name, TargetKind(row.target_kind), row.is_external),
        reason=row.reason,
        asked_by=row.asked_by,
        paged_at=row.paged_at,
        message_ts=row.message_ts,
        is_called_off=escalations.is_called_off(session, row),
        is_stopped=row.stopped_at is not None,
        was_only_recorded=row.was_only_recorded,
        progress=_build_progress(
            row, policy, {**names, **next_on_call_names(session, settings, incident.team_id, row, policy)}
        ),
        responses=_build_responses(row, pages, levels, answers, builder),
        handover=HandoverView(row.asked_by if row.started_by == HANDOVER else None, _handed_to(session, row)),
        paged=tuple(builder.level(each, levels[n + 1 :]) for n, each in enumerate(levels)),
        names=names,
        page_at=_page_time(session, row),
    )


def _page_time(session: Session, row: Escalation) -> datetime | None:
    entry = session.get(TimelineEntry, row.entry_id) if row.entry_id else None
    return entry.recorded_at if entry is not None and entry.values.from_page else None


def _build_progress(row: Escalation, policy: Policy | None, names: Mapping[str, str]) -> LevelProgress:
    return LevelProgress(
        policy=row.policy_name or "",
        level=row.level,
        levels=len(policy.levels) if policy else 1,
        round=row.round,
        rounds=policy.repeat + 1 if policy else 1,
        next=next_step_of(row, policy, names),
        reminders=row.reminders,
        more_time_until=row.more_time_until,
        is_exhausted=row.exhausted_at is not None,
    )


def _build_responses(
    row: Escalation,
    pages: Sequence[Page],
    levels: Sequence[PagedLevel],
    answers: Sequence[Acknowledgement],
    builder: "_LevelBuilder",
) -> ResponseView:
    return ResponseView(
        members=tuple(row.members),
        unreached=unreached_people(pages),
        declined_by=tuple(row.declined_by),
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        answers=tuple(map(builder.acknowledgement, answers)),
        needs_all=bool(levels) and levels[-1].need is Need.ALL,
        still_needed=tuple(people_still_needed(levels, answers, row.declined_by)),
        activity_asked_at=row.activity_asked_at if row.acknowledged_at is not None else None,
    )


def _handed_to(session: Session, row: Escalation) -> str:
    later = escalations.find_handover(session, row)
    return target_mention(later) if later else ""


def load_progress(row: Escalation) -> EscalationProgress:
    policy = Policy.from_json(row.policy) if row.policy else None
    due = next_step_of(row, policy, {})
    return EscalationProgress(row.policy_name or "", row.level, len(policy.levels) if policy else 1, due)


def _policy_people(policy: Policy | None) -> set[str]:
    return {
        person for level in (policy.levels if policy else ()) for target in level.targets for person in target.people
    }


def next_step_of(row: Escalation, policy: Policy | None, names: Mapping[str, str]) -> NextStep | None:
    """The next step; None where none is scheduled."""
    if row.next_step_at is None or row.acknowledged_at is not None or policy is None:
        return None
    at = max(row.next_step_at, row.more_time_until or row.next_step_at)
    position = next_position(policy, Position(row.level, row.round) if row.level else None)
    if position is None:
        targets = tuple(target_name(each, names) for each in policy.at_end.page)
        return NextStep(at, None, targets=targets)
    targets = tuple(target_name(each, names) for each in policy.levels[position.level - 1].targets)
    return NextStep(at, position.level, is_again=position.round > row.round, targets=targets)


def next_on_call_names(
    session: Session, settings: Settings, team_id: str, row: Escalation, policy: Policy | None
) -> dict[str, str]:
    """Names on call when the next step is due, by schedule target; overrides may change them."""
    if policy is None or row.next_step_at is None:
        return {}
    position = next_position(policy, Position(row.level, row.round) if row.level else None)
    targets = policy.levels[position.level - 1].targets if position else policy.at_end.page
    found = {}
    for target in targets:
        if target.kind is TargetKind.SCHEDULE:
            ids = people_on_call(session, settings, target.name, row.next_step_at)
            found[str(target)] = " and ".join(people.find_names(session, team_id, ids).values())
    return found


@dataclass(frozen=True, slots=True)
class _LevelBuilder:
    """Paged levels from the pages and acknowledgements of one escalation."""

    settings: Settings
    pages: Sequence[Page]
    declined: Sequence[str]
    answers: Sequence[Acknowledgement]

    def level(self, paged: PagedLevel, later: Sequence[PagedLevel]) -> PagedLevelView:
        """A level that is paged again after a timeout has the pages from then on, each time."""
        position = (paged.position.level, paged.position.round)
        of_level = [page for page in self.pages if (page.level, page.round) == position]
        if again := next((each.paged_at for each in later if each.position == paged.position), None):
            of_level = [page for page in of_level if page.queued_at < again]
        if paged.because == ACK_TIMED_OUT:
            of_level = [page for page in of_level if page.queued_at >= paged.paged_at]
        return PagedLevelView(
            paged.position.level,
            paged.position.round,
            paged.paged_at,
            self.people(paged.people, of_level, paged.paged_at),
            paged.groups,
            vendor_names(self.settings, paged.vendors),
            paged.missing,
            paged.late,
            paged.because,
            len(paged.passed_over),
        )

    def people(self, asked: Sequence[str], pages: Sequence[Page], began: datetime) -> tuple[PagedPersonView, ...]:
        acknowledged = {each.by: each.at for each in self.answers if each.withdrawn_at is None}
        timed_out = {each.by for each in self.answers if each.is_timed_out and each.at >= began}
        attempts: dict[str, list[Attempt]] = {each: [] for each in asked}
        for page in pages:
            tried = attempts.setdefault(page.recipient, [])
            if page.outcome != NOT_NEEDED:
                tried.append(self.attempt(page, began))
        return tuple(
            PagedPersonView(
                user_id, tuple(tried), acknowledged.get(user_id), user_id in self.declined, user_id in timed_out
            )
            for user_id, tried in attempts.items()
        )

    def attempt(self, page: Page, began: datetime) -> Attempt:
        at = page.sent_at or page.due_at or page.queued_at
        method = method_label(self.settings, page.method)
        return Attempt(method, at, page.outcome, page.skipped, is_due_later=at > began)

    def acknowledgement(self, given: Acknowledgement) -> AcknowledgementView:
        method = given.method if given.method in DIRECT_METHODS else method_label(self.settings, given.method)
        return AcknowledgementView(
            given.by, given.at, method, given.withdrawn_at, given.why, given.name, given.is_timed_out
        )
