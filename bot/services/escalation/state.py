"""An escalation as its row keeps it: its policy, the levels that were paged, the answers; and a new one."""

from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.domain.escalation import Answer, Called, Place, Policy, Target
from bot.domain.terms import Kind, Precision, TargetKind
from bot.services import outbox as tell
from bot.services.oncall import policies
from bot.services.timeline import entries as timeline
from bot.services.workspace.actor import Actor
from bot.store.escalation.escalations import Escalation
from bot.store.incidents.incidents import Incident

STEP = "step of an escalation"
REMIND = "remind of an escalation"
"""What the release before calls it. Its timers are carried out as steps."""


def timer_key(escalation: Escalation) -> str:
    return f"escalation:{escalation.key}"


def policy_of(settings: Settings, escalation: Escalation) -> Policy:
    """What it keeps; for one of the release before the reminders that are configured now."""
    if escalation.policy is not None:
        return Policy.from_json(escalation.policy)
    kind = TargetKind(escalation.target_kind)
    groups = (escalation.target_id,) if kind == TargetKind.GROUP else ()
    target = Target(kind, escalation.target_id, tuple(escalation.members), groups)
    return policies.of_reminders(settings, target)


def called_of(escalation: Escalation) -> list[Called]:
    """Every level that was paged, the first one first."""
    if escalation.steps is not None:
        return [Called.from_json(each) for each in escalation.steps]
    if escalation.paged_at is None or escalation.policy is not None or escalation.is_external:
        return []
    groups = (escalation.target_id,) if escalation.target_kind == TargetKind.GROUP else ()
    at = escalation.paged_at
    return [Called(Place(1, escalation.reminders), at, at, people=tuple(escalation.members), groups=groups)]


def answers_of(escalation: Escalation) -> list[Answer]:
    """Every acknowledgement. One of the release before is known by the columns that it wrote."""
    if escalation.answers or escalation.acknowledged_at is None:
        return [Answer.from_json(each) for each in escalation.answers or ()]
    by, at, entry_id = escalation.acknowledged_by, escalation.acknowledged_at, escalation.acknowledgement_entry_id
    return [Answer(by, at, "slack", place_of(escalation), entry_id=entry_id)]


def standing(escalation: Escalation) -> list[Answer]:
    """The acknowledgements that nobody took back."""
    return [each for each in answers_of(escalation) if each.withdrawn_at is None]


def place_of(escalation: Escalation) -> Place | None:
    """The level that was paged last, or found empty; None before the first."""
    if escalation.level:
        return Place(escalation.level, escalation.round)
    return next((each.place for each in reversed(called_of(escalation))), None)


def record(
    session: Session,
    incident: Incident,
    actor: Actor,
    kind: TargetKind,
    target_id: str,
    target_name: str,
    reason: str,
    **more: Any,
) -> Escalation:
    """A new escalation with its entry on the timeline. Nobody is paged yet. `more`: further columns."""
    entry = timeline.record(session, incident, [Kind.ESCALATION], reason, actor, when=more.pop("when", None))
    values: dict[str, Any] = {
        "paged_at": actor.at,
        "precision": Precision.EXACT.value,
        "asked_by": actor.user_id,
        "asked_at": actor.at,
        "is_external": kind == TargetKind.VENDOR,
    }
    escalation = Escalation(
        **{
            **values,
            "incident_id": incident.key,
            "entry_id": entry.key,
            "target_kind": kind.value,
            "target_id": target_id,
            "target_name": target_name,
            "reason": reason,
            **more,
        }
    )
    session.add(escalation)
    session.flush()
    entry.details = {**entry.details, "escalation_id": escalation.key}
    session.add(entry)
    tell.show_escalation(session, incident, escalation.key, actor.at, is_new=True)
    return escalation
