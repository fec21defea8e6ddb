"""The row of an escalation: policy, paged levels, acknowledgements; new rows; audit."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.escalation import Acknowledgement, PagedLevel, Policy, Position, Target
from bot.domain.terms import Kind, Precision, TargetKind
from bot.services import outbox
from bot.services.oncall.policies import ad_hoc_policy
from bot.services.timeline.entries import record_entry
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.store.escalation import progress
from bot.store.escalation.escalations import Escalation
from bot.store.escalation.pages import NOT_NEEDED, SENT, Page
from bot.store.incidents.incidents import Incident

ESCALATION_STEP = "step of an escalation"
"""Kind of the timer."""


def escalation_timer_key(escalation: Escalation) -> str:
    return f"escalation:{escalation.key}"


def policy_of(settings: Settings, escalation: Escalation) -> Policy:
    """The stored policy; for a recorded escalation the ad-hoc policy of its target."""
    if escalation.policy is not None:
        return Policy.from_json(escalation.policy)
    kind = TargetKind(escalation.target_kind)
    groups = (escalation.target_id,) if kind == TargetKind.GROUP else ()
    target = Target(kind, escalation.target_id, tuple(escalation.members), groups)
    return ad_hoc_policy(settings, target)


def paged_levels(session: Session, escalation: Escalation) -> list[PagedLevel]:
    """Paged levels in order. A recorded escalation counts as one level."""
    if steps := progress.find_steps(session, escalation.key):
        return list(steps)
    if escalation.paged_at is None or escalation.policy is not None or escalation.is_external:
        return []
    groups = (escalation.target_id,) if escalation.target_kind == TargetKind.GROUP else ()
    at = escalation.paged_at
    return [PagedLevel(Position(1, escalation.reminders), at, at, people=tuple(escalation.members), groups=groups)]


def acknowledgements_of(session: Session, escalation: Escalation) -> list[Acknowledgement]:
    """All acknowledgements. A vendor's is in the columns of the escalation."""
    answers = progress.find_responses(session, escalation.key)
    if answers or escalation.acknowledged_at is None:
        return list(answers)
    by, at, entry_id = escalation.acknowledged_by, escalation.acknowledged_at, escalation.acknowledgement_entry_id
    return [Acknowledgement(by, at, "slack", last_position(session, escalation), entry_id=entry_id)]


def active_acknowledgements(session: Session, escalation: Escalation) -> list[Acknowledgement]:
    return [each for each in acknowledgements_of(session, escalation) if each.withdrawn_at is None]


def last_position(session: Session, escalation: Escalation) -> Position | None:
    """The level paged last, or found empty; None before the first."""
    if escalation.level:
        return Position(escalation.level, escalation.round)
    return next((each.position for each in reversed(paged_levels(session, escalation))), None)


def record_escalation(
    session: Session,
    incident: Incident,
    actor: Actor,
    kind: TargetKind,
    target_id: str,
    target_name: str,
    reason: str,
    **more: Any,
) -> Escalation:
    """Record a new escalation with its timeline entry, without a page. `more`: further columns."""
    entry = record_entry(session, incident, [Kind.ESCALATION], reason, actor, when=more.pop("when", None))
    values: dict[str, Any] = {"paged_at": actor.at, "precision": Precision.EXACT.value, **more}
    escalation = Escalation(
        incident_id=incident.key,
        entry_id=entry.key,
        target_kind=kind.value,
        target_id=target_id,
        target_name=target_name,
        reason=reason,
        asked_by=actor.user_id,
        asked_at=actor.at,
        is_external=kind == TargetKind.VENDOR,
        **values,
    )
    session.add(escalation)
    session.flush()
    progress.init_new(session, escalation.key)
    entry.details = {**entry.details, "escalation_id": escalation.key}
    session.add(entry)
    outbox.refresh_escalation(session, incident, escalation.key, actor.at, is_new=True)
    return escalation


def record_audit(
    session: Session, incident: Incident, escalation: Escalation, actor: Actor, action: str, **details: Any
) -> None:
    audit_action(session, actor, action, incident=incident, escalation=escalation.key, **details)


def unreached_people(pages: Sequence[Page]) -> tuple[str, ...]:
    """People without a page that arrived or is pending."""
    tried = [page for page in pages if page.skipped is None]
    fine = {page.recipient for page in tried if page.outcome in {"", SENT, NOT_NEEDED}}
    return tuple(dict.fromkeys(page.recipient for page in tried if page.recipient not in fine))
