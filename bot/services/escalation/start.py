"""Start an escalation, by hand or as an incident opens; hand one over."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.escalation import Level, Policy
from bot.domain.terms import Severity, TargetKind
from bot.domain.times import ParsedTime, refuse_future
from bot.services import outbox, vendors
from bot.services.escalation.advance import start_escalation, stop_escalation
from bot.services.escalation.responses.acknowledge import acknowledge
from bot.services.escalation.responses.common import check_not_handed_over, has_acknowledged
from bot.services.escalation.state import policy_of, record_escalation
from bot.services.escalation.target_lookup import EscalationTarget
from bot.services.oncall.policies import ad_hoc_policy, configured_policy, find_policy
from bot.services.oncall.targets import resolve_targets
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
        _check_open(settings, incident)
        made = _escalate_now(session, settings, incident, actor, target, reason)
    if is_vendor:
        vendors.start_vendor_escalation(session, settings, incident, made, actor, case)
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
        return _start_new(session, settings, incident, actor, target, find_policy(settings, target.id), reason)
    if target.kind == TargetKind.SCHEDULE:
        resolved = resolve_targets(session, settings, actor.team_id, (target.as_target,), actor.at)
        if not resolved.people:
            raise UserError(f"{' '.join(resolved.why)} Nobody was paged.")
    policy = None if target.kind == TargetKind.VENDOR else ad_hoc_policy(settings, target.as_target)
    return _start_new(session, settings, incident, actor, target, policy, reason)


def start_policy(
    session: Session, settings: Settings, incident_id: int, actor: Actor, name: str, reason: str = ""
) -> Escalation:
    """
    Start a policy of the configuration by hand.

    Raises UserError if there is none of that name, or the incident is over.
    """
    return escalate(session, settings, incident_id, actor, EscalationTarget(TargetKind.POLICY, name, name), reason)


def _check_open(settings: Settings, incident: Incident) -> None:
    if incident.is_retro:
        raise UserError(
            f"{incident.reference} is recorded after the fact, so nobody was paged. To record a call, add `at:TIME`."
        )
    if not incident.is_open:
        raise UserError(
            f"{incident.reference} is {settings.status_label(incident.status)}, so nobody was paged. If it "
            "is not over, type `/incident status investigating` first; to record an earlier call, add `at:TIME`."
        )


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


def _start_new(
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


def hand_over_escalation(
    session: Session, settings: Settings, escalation_id: int, actor: Actor, *, to: EscalationTarget, reason: str = ""
) -> Escalation:
    """
    Page somebody else, then the levels from the present one on; return the new escalation.

    It acknowledges the old one if nobody had. Raises UserError if the escalation is over, and for targets that
    cannot be paged.
    """
    old = escalations.lock(session, escalation_id)
    if old is None:
        raise UserError("That escalation does not exist.")
    if old.is_external or to.kind in {TargetKind.VENDOR, TargetKind.POLICY}:
        raise UserError("Hand over to a person, a team, a user group or a schedule. Escalate to anybody else.")
    _check_recipient(session, settings, old, actor, to)
    if old.acknowledged_at is not None:
        check_not_handed_over(session, old)
    elif not has_acknowledged(session, old, actor):
        acknowledge(session, settings, escalation_id, actor, tells_caller=False)
    incident = incidents.lock(session, old.incident_id)
    _check_open(settings, incident)
    before = policy_of(settings, old)
    wait = before.levels[0].wait
    levels = (Level((to.as_target,), wait), *before.levels[max(old.level - 1, 0) :])
    policy = Policy(before.name, levels, before.repeat, before.at_end)
    if old.acknowledged_at is None:  # one of a level that needs all
        stop_escalation(session, old)
    made = _start_new(
        session, settings, incident, actor, to, policy, reason or old.reason, started_by=HANDOVER, follows=old
    )
    outbox.refresh_escalation(session, incident, old.key, actor.at)
    outbox.refresh_pages(session, incident, old.key, actor.at)
    return made


def _check_recipient(session: Session, settings: Settings, old: Escalation, actor: Actor, to: EscalationTarget) -> None:
    """Raise UserError if the target resolves to nobody or to the actor."""
    resolved = resolve_targets(session, settings, actor.team_id, (to.as_target,), actor.at)
    if resolved.groups:
        return
    if resolved.people == (actor.user_id,):
        raise UserError(_self_handover_message(session, old, actor))
    if not resolved.people:
        raise UserError(f"{' '.join(resolved.why)} Nothing was changed: hand over to somebody else.")


def _self_handover_message(session: Session, old: Escalation, actor: Actor) -> str:
    if has_acknowledged(session, old, actor):
        return "You have it already: hand over to somebody else."
    if old.acknowledged_at is None:
        return "Nobody has it yet. Take it with `/incident ack`."
    who = f"<@{old.acknowledged_by}>" if old.acknowledged_by else "Somebody"
    return (
        f"{who} has it. Ask them to hand it over. If they do not respond, type `/incident unack WHY`, then "
        "`/incident ack`."
    )


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
    return _start_new(session, settings, incident, actor, target, policy, "", started_by=POLICY)


def record_escalation_message(session: Session, escalation_id: int, ts: str) -> None:
    escalation = escalations.lock(session, escalation_id)
    if escalation is not None:
        escalation.message_ts = ts
        session.add(escalation)
