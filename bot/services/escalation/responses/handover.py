"""Hand an escalation over to another target."""

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.escalation import Level, Policy
from bot.domain.terms import TargetKind
from bot.services import outbox
from bot.services.escalation.advance import stop_escalation
from bot.services.escalation.responses.acknowledge import acknowledge
from bot.services.escalation.responses.common import check_not_handed_over, has_acknowledged
from bot.services.escalation.start import HANDOVER, check_open, start_new
from bot.services.escalation.state import policy_of
from bot.services.escalation.target_lookup import EscalationTarget
from bot.services.oncall.targets import resolve_targets
from bot.services.workspace.actor import Actor
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents


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
    check_open(settings, incident)
    before = policy_of(settings, old)
    wait = before.levels[0].wait
    levels = (Level((to.as_target,), wait), *before.levels[max(old.level - 1, 0) :])
    policy = Policy(before.name, levels, before.repeat, before.at_end)
    if old.acknowledged_at is None:  # one of a level that needs all
        stop_escalation(session, old)
    made = start_new(
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
