"""`/incident escalate`."""

from collections.abc import Sequence

from bot.command.table import Command, Option, Positional, Target, Value
from bot.config import Settings
from bot.domain.terms import TargetKind
from bot.services.escalation.duplicate_check import find_repeated_request
from bot.services.escalation.start import escalate_to_all
from bot.services.escalation.target_lookup import EscalationTarget, find_target
from bot.services.oncall.targets import target_text
from bot.store.escalation.escalations import Escalation
from commands.base import LANGUAGE, Caller, Invocation, Reply, ReplyView, Session, reply_beside_line


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    at, case = typed.options.get("at"), typed.options.get("case", "")
    targets = typed_targets(session, caller, typed)
    if at is None:
        request = find_repeated_request(session, caller.about.key, caller.actor, targets, typed.text, case)
        if request is not None:
            return Reply("", ReplyView.PAGE_AGAIN, values={"view": request})
    made = escalate_to_all(
        session, caller.settings, caller.about.key, caller.actor, targets, typed.text, when=at, case=case
    )
    return reply_beside_line(caller, describe_escalations(caller.settings, made, is_recorded=at is not None))


def describe_escalations(settings: Settings, made: Sequence[Escalation], *, is_recorded: bool = False) -> str:
    """Say who was called, one line for each."""
    return "\n".join(_describe_escalation(settings, each, is_recorded=is_recorded) for each in made)


def _describe_escalation(settings: Settings, made: Escalation, *, is_recorded: bool) -> str:
    name = target_text(made)
    if is_recorded:
        return f"Recorded that {name} was called. Nobody was paged."
    if made.is_external:
        return f"Recorded the escalation to {name}. Press *They answered* in the channel when they do."
    if made.target_kind == TargetKind.POLICY:
        return f"Started the policy {name}. It pages level by level until somebody acknowledges."
    minutes = settings.escalation.remind_after_minutes
    return f"Paging {name}. They are reminded every {minutes} min until somebody acknowledges."


def typed_targets(session: Session, caller: Caller, typed: Invocation) -> list[EscalationTarget]:
    """The targets, each once. Raises UserError for one that does not exist."""
    found = [find_typed_target(session, caller, each) for each in typed.positionals["target"]]
    return list({(each.kind, each.id): each for each in found}.values())


def find_typed_target(session: Session, caller: Caller, target: Target) -> EscalationTarget:
    """Raises UserError for a target that does not exist."""
    return find_target(session, caller.settings, caller.actor.team_id, target.kind, target.name, target.id)


COMMAND = Command(
    name="escalate",
    usage="escalate TARGET… [at:TIME] [case:TEXT] [lang:LANG] WHY",
    summary="Page a @user, @team, user group, schedule:NAME or policy:NAME; record vendor:NAME. `at:` pages nobody.",
    options=(
        LANGUAGE,
        Option("at", Value.TIME, about="time of an earlier call; pages nobody"),
        Option("case", Value.TEXT, about="a vendor's case reference"),
    ),
    positionals=(Positional("target", Value.TARGET, is_repeatable=True, at_either_end=True),),
    text="optional",
    aliases=("page",),
    also_meant=("call", "notify", "alert"),
    run=run,
)
