"""`/incident reassign`."""

from bot.command.table import Command, Positional, Value
from bot.services.escalation import responses as answering
from bot.services.escalation import select as which_escalation
from bot.services.escalation import start as escalation
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    target = typed.positionals["target"]
    to = escalation.find_target(session, caller.settings, caller.actor.team_id, target.kind, target.name, target.id)
    found = which_escalation.to_hand_over(session, caller.about.key, caller.actor)
    made = escalation.hand_over(session, caller.settings, found.key, caller.actor, to=to, reason=typed.text)
    return Reply(f"Handed over: {answering.shown_target(made)} is paged. The levels that are left follow if need be.")


COMMAND = Command(
    name="reassign",
    usage="reassign TARGET [NOTE]",
    summary="Hand an escalation over to a @user, a @team or schedule:NAME: they are paged.",
    positionals=(Positional("target", Value.TARGET),),
    text="optional",
    run=run,
)
