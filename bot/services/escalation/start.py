"""Start an escalation, by hand or as an incident opens."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.escalation import Policy
from bot.domain.terms import Severity, TargetKind
from bot.domain.times import ParsedTime, refuse_future
from bot.services import outbox
from bot.services.escalation.advance import start_escalation
from bot.services.escalation.state import record_escalation
from bot.services.escalation.target_lookup import EscalationTarget
from bot.services.oncall.policies import ad_hoc_policy, configured_policy, find_policy
from bot.services.oncall.targets import resolve_targets
from bot.services.vendors.updates import start_vendor_escalation
from bot.services.workspace.actor import Actor
from bot.services.workspace.people import ensure_known
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident

PERSON, POLICY, HANDOVER = "person", "policy", "handover"
"""Values of `Escalation.started_by`."""


def escalate(
    session: Session,
    settings: Settings,
    incident_id: int,
    actor: Actor,
    target: EscalationTarget,
    reason: str,
    *,
    when: ParsedTime | None = None,
    case: str = "",
) -> Escalation:
    """
    Page a target or start a policy; with `when` record a past escalation.

    `case`: a vendor's case reference.

    Raises UserError for a time in the future, an incident that is over, and a schedule without anybody on call.
    """
    incident = incidents.lock(session, incident_id)
    is_vendor = target.kind == TargetKind.VENDOR
    if case and not is_vendor:
        raise UserError("Only a vendor has a case reference: `/incident escalate vendor:NAME case:CS-123 WHY`.")
    if when is not None:
        refuse_future(when, now=actor.at, zone=ZoneInfo(incident.zone))
        made = _record_past_escalation(session, settings, incident, actor, target, reason, when)
    else:
        check_open(settings, incident)
        made = _escalate_now(session, settings, incident, actor, target, reason)
    if is_vendor:
        start_vendor_escalation(session, settings, incident, made, actor, case)
    return made


def escalate_to_all(
    session: Session,
    settings: Settings,
    incident_id: int,
    actor: Actor,
    targets: Sequence[EscalationTarget],
    reason: str,
    *,
    when: ParsedTime | None = None,
    case: str = "",
) -> list[Escalation]:
    """
    Start one escalation for each target, so that each of them has to answer.

    Raises UserError as `escalate` does, and for a case reference beside several vendors.
    """
    vendors_named = [each for each in targets if each.kind == TargetKind.VENDOR]
    if case and len(vendors_named) > 1:
        raise UserError("A case reference belongs to one vendor. Escalate to each vendor separately.")
    return [
        escalate(
            session,
            settings,
            incident_id,
            actor,
            each,
            reason,
            when=when,
            case=case if each in vendors_named or not vendors_named else "",
        )
        for each in targets
    ]


def _escalate_now(
    session: Session, settings: Settings, incident: Incident, actor: Actor, target: EscalationTarget, reason: str
) -> Escalation:
    if target.kind == TargetKind.POLICY:
        return start_new(session, settings, incident, actor, target, find_policy(settings, target.id), reason)
    if target.kind == TargetKind.SCHEDULE:
        resolved = resolve_targets(session, settings, actor.team_id, (target.as_target,), actor.at)
        if not resolved.people:
            raise UserError(f"{' '.join(resolved.why)} Nobody was paged.")
    policy = None if target.kind == TargetKind.VENDOR else ad_hoc_policy(settings, target.as_target)
    return start_new(session, settings, incident, actor, target, policy, reason)


def check_open(settings: Settings, incident: Incident) -> None:
    if incident.is_retro:
        raise UserError(
            f"{incident.reference} is recorded after the fact, so nobody was paged. To record a call, add `at:TIME`."
        )
    if not incident.is_open:
        way = "If it is not over, type `/incident status investigating`; to record an earlier call, add `at:TIME`."
        if incident.merged_into_id is not None:
            way = "Escalate in the incident that its card names."
        raise UserError(f"{incident.reference} is {settings.status_label(incident.status)}, so nobody was paged. {way}")


def _record_past_escalation(
    session: Session,
    settings: Settings,
    incident: Incident,
    actor: Actor,
    target: EscalationTarget,
    reason: str,
    when: ParsedTime,
) -> Escalation:
    made = record_escalation(
        session,
        incident,
        actor,
        target.kind,
        target.id,
        target.name,
        reason,
        when=when,
        paged_at=when.at,
        precision=when.precision.value,
        members=list(target.members),
        working_hours=_working_hours(settings, incident, target.kind, target.id, target.members),
        started_by=PERSON,
    )
    ensure_known(session, incident.team_id, target.members, actor.at)
    outbox.refresh_card(session, incident, actor.at)
    return made


def start_new(
    session: Session,
    settings: Settings,
    incident: Incident,
    actor: Actor,
    target: EscalationTarget,
    policy: Policy | None,
    reason: str,
    *,
    started_by: str = PERSON,
    follows: Escalation | None = None,
) -> Escalation:
    """Without a policy it is only recorded: people contact a vendor themselves."""
    made = record_escalation(
        session,
        incident,
        actor,
        target.kind,
        target.id,
        target.name,
        reason,
        started_by=started_by,
        follows_id=follows.key if follows else None,
    )
    if policy is not None:
        start_escalation(session, settings, incident, made, policy)
    made.working_hours = _working_hours(settings, incident, target.kind, target.id, made.members)
    session.add(made)
    outbox.refresh_card(session, incident, actor.at)
    return made


def _working_hours(
    settings: Settings, incident: Incident, kind: TargetKind, target_id: str, members: Sequence[str]
) -> dict[str, Any] | None:
    if kind == TargetKind.VENDOR:
        return None  # set by `start_vendor_escalation`
    team = target_id if kind == TargetKind.TEAM else None
    hours = settings.working_hours_of(team, members, incident.services, ZoneInfo(incident.zone))
    return hours.as_json() if hours else None


def start_configured_policy(
    session: Session,
    settings: Settings,
    incident: Incident,
    actor: Actor,
    *,
    services: Sequence[str] = (),
    again: bool = False,
) -> Escalation | None:
    """
    Start the policy configured for the incident's services and severity, if any.

    `services`: those that were added to the incident; their own policy starts beside one that runs. Otherwise None
    while another policy runs, if the incident had this one before (unless `again`), and for replays and incidents
    recorded after the fact.
    """
    if incident.is_retro or incident.drill_of is not None or not incident.is_open:
        return None
    severity = Severity(incident.severity)
    name = configured_policy(settings, severity, services or incident.services)
    if name is None:
        return None
    known = [
        each for each in escalations.find_by_incident(session, incident.key) if each.target_kind == TargetKind.POLICY
    ]
    is_of_added = bool(services) and name != configured_policy(settings, severity, ())
    if not is_of_added and any(each.next_step_at is not None for each in known):
        return None
    if not again and name in {each.target_id for each in known}:
        return None
    target, policy = EscalationTarget(TargetKind.POLICY, name, name), find_policy(settings, name)
    return start_new(session, settings, incident, actor, target, policy, "", started_by=POLICY)


def record_escalation_message(session: Session, escalation_id: int, ts: str) -> None:
    escalation = escalations.lock(session, escalation_id)
    if escalation is not None:
        escalation.message_ts = ts
        session.add(escalation)
