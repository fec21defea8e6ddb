"""`/incident reassign`."""

from bot.command.table import Command, Positional, Value
from bot.services.escalation.responses.handover import hand_over_escalation
from bot.services.escalation.responses.select import select_to_hand_over
from bot.services.oncall.targets import target_text
from commands.base import LANGUAGE, Caller, Invocation, Reply, Session
from commands.escalate import find_typed_target


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    to = find_typed_target(session, caller, typed.positionals["target"])
    found = select_to_hand_over(session, caller.about.key, caller.actor)
    made = hand_over_escalation(session, caller.settings, found.key, caller.actor, to=to, reason=typed.text)
    return Reply(f"Handed over: {target_text(made)} is paged. The remaining levels follow if nobody acknowledges.")


COMMAND = Command(
    name="reassign",
    usage="reassign TARGET [lang:LANG] [NOTE]",
    summary="Hand over an escalation to a @user, a @team or schedule:NAME, and page them.",
    options=(LANGUAGE,),
    positionals=(Positional("target", Value.TARGET),),
    text="optional",
    run=run,
)
