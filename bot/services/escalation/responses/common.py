"""Locks, checks and messages that all responses to an escalation share."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import StateError, UserError
from bot.domain.escalation import Acknowledgement, PagedLevel, is_acknowledged, level_paged_instead, people_still_needed
from bot.domain.terms import TargetKind
from bot.services import outbox
from bot.services.escalation.state import acknowledgements_of, active_acknowledgements, paged_levels
from bot.services.oncall.targets import target_text
from bot.services.workspace.actor import Actor
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents, timeline
from bot.store.incidents.incidents import Incident

ENDED_BEFORE_REOPENING = (
    "That escalation ended when {} was over, before it was reopened. To page again, type `/incident escalate`."
)


def lock_same_policy(session: Session, escalation_id: int) -> list[Escalation]:
    """
    Lock the escalations of an incident that follow the same policy; return the others.

    They are locked in key order. One acknowledgement counts for all of them. There are several after a merge, or if
    a policy was started again.
    """
    row = escalations.get(session, escalation_id)
    if row is None or row.target_kind != TargetKind.POLICY:
        return []
    known = escalations.find_siblings(session, row)
    keys = [each.key for each in known if (each.target_kind, each.target_id) == (row.target_kind, row.target_id)]
    if keys == [escalation_id]:
        return []
    locked = [found for key in sorted(keys) if (found := escalations.lock(session, key)) is not None]
    return [
        each
        for each in locked
        if each.key != escalation_id and each.pages_people and not escalations.is_called_off(session, each)
    ]


def current_acknowledgements(session: Session, escalation: Escalation) -> list[Acknowledgement]:
    """Active acknowledgements, without those from before the incident was reopened."""
    since = reopened_after(session, escalation)
    return [each for each in active_acknowledgements(session, escalation) if since is None or each.at >= since]


def reopened_after(session: Session, escalation: Escalation) -> datetime | None:
    return timeline.find_reopened_at(session, escalation.entry_id)


def has_acknowledged(session: Session, escalation: Escalation, actor: Actor) -> bool:
    """True if the actor has an active acknowledgement; false for actors unknown in Slack."""
    return actor.user_id is not None and actor.user_id in {
        each.by for each in active_acknowledgements(session, escalation)
    }


def lock_waiting(session: Session, settings: Settings, escalation_id: int) -> tuple[Incident, Escalation]:
    """Lock an unacknowledged escalation and its incident. Raises UserError for any other."""
    escalation = escalations.lock(session, escalation_id)
    if escalation is None:
        raise UserError("That escalation does not exist.")
    if escalation.acknowledged_at is not None:
        by = f"<@{escalation.acknowledged_by}>" if escalation.acknowledged_by else "Somebody"
        raise StateError(f"{by} acknowledged it already. Nothing was changed.")
    incident = incidents.lock(session, escalation.incident_id)
    check_waiting(session, settings, incident, escalation)
    return incident, escalation


def check_waiting(session: Session, settings: Settings, incident: Incident, escalation: Escalation) -> None:
    """Raise UserError if the escalation was called off, or ended with its incident."""
    if escalations.is_called_off(session, escalation):
        raise StateError("That escalation was called off: no action is needed.")
    if not incident.is_open:
        label = settings.status_label(incident.status)
        raise StateError(f"{incident.reference} is {label}: no action is needed.")
    if escalation.stopped_at is not None:
        raise UserError(ENDED_BEFORE_REOPENING.format(incident.reference))


def find_level_paged_instead(session: Session, escalation_id: int, actor: Actor) -> PagedLevel | None:
    """
    The level that was paged instead of the actor, who may acknowledge by mistake.

    None if they were paged, or may have been, and for an escalation that does not wait, which `acknowledge` refuses.
    """
    escalation = escalations.get(session, escalation_id)
    if escalation is None or actor.user_id is None or escalation.is_external:
        return None
    incident = incidents.get(session, escalation.incident_id)
    if escalation.acknowledged_at is not None or escalations.is_over(session, escalation, incident):
        return None
    is_caller = actor.user_id == escalation.asked_by
    return level_paged_instead(paged_levels(session, escalation), actor.user_id, is_caller=is_caller)


def has_enough_acknowledgements(session: Session, escalation: Escalation) -> bool:
    return is_acknowledged(
        paged_levels(session, escalation), acknowledgements_of(session, escalation), escalation.declined_by
    )


def missing_people(session: Session, escalation: Escalation) -> list[str]:
    return people_still_needed(
        paged_levels(session, escalation), acknowledgements_of(session, escalation), escalation.declined_by
    )


def mention_people(users: Sequence[str]) -> str:
    return " ".join(f"<@{each}>" for each in users) or "somebody else"


def refresh_messages(session: Session, incident: Incident, escalation: Escalation, actor: Actor) -> None:
    outbox.refresh_escalation(session, incident, escalation.key, actor.at)
    outbox.refresh_pages(session, incident, escalation.key, actor.at)
    outbox.refresh_card(session, incident, actor.at)


def check_not_handed_over(session: Session, escalation: Escalation) -> None:
    """Raise UserError for an escalation that was handed over: people would be paged twice."""
    later = escalations.find_handover(session, escalation)
    if later is not None:
        raise StateError(
            f"It was handed over to {target_text(later)} and continues in a separate message. Answer or hand over"
            " there."
        )
