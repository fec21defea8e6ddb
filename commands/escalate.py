"""`/incident escalate`."""

from bot.command.table import Command, Option, Positional, Value
from bot.domain.terms import TargetKind
from bot.services.escalation.start import escalate
from bot.services.escalation.target_lookup import EscalationTarget, find_target
from bot.services.oncall.targets import target_text
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    at = typed.options.get("at")
    made = escalate(
        session,
        caller.settings,
        caller.about.key,
        caller.actor,
        typed_target(session, caller, typed),
        typed.text,
        when=at,
        case=typed.options.get("case", ""),
    )
    name = target_text(made)
    if at is not None:
        return Reply(f"Recorded that {name} was called. Nobody was paged.")
    if made.is_external:
        return Reply(f"Recorded the escalation to {name}. Press *They answered* in the channel when they do.")
    if made.target_kind == TargetKind.POLICY:
        return Reply(f"Started the policy {name}. It goes on level by level until somebody acknowledges.")
    minutes = caller.settings.escalation.remind_after_minutes
    return Reply(f"Paging {name}. They are reminded every {minutes} min until somebody acknowledges.")


def typed_target(session: Session, caller: Caller, typed: Invocation) -> EscalationTarget:
    """Raises UserError for a target that does not exist."""
    target = typed.positionals["target"]
    return find_target(session, caller.settings, caller.actor.team_id, target.kind, target.name, target.id)


COMMAND = Command(
    name="escalate",
    usage="escalate TARGET [at:TIME] [case:TEXT] WHY",
    summary="Page a @user, @team, user group, schedule:NAME or policy:NAME; record vendor:NAME. `at:` pages nobody.",
    options=(
        Option("at", Value.TIME, about="when they were called; nobody is paged then"),
        Option("case", Value.TEXT, about="a vendor's case reference"),
    ),
    positionals=(Positional("target", Value.TARGET, at_either_end=True),),
    text="optional",
    aliases=("page",),
    also_meant=("call", "notify", "alert"),
    run=run,
)
