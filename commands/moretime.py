"""`/incident moretime`."""

from bot.command.table import Command, Positional, Value
from bot.services.escalation import responses as answering
from bot.services.escalation import select as which_escalation
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    found = which_escalation.to_wait_with(session, caller.about.key, caller.actor)
    minutes = int(typed.positionals.get("minutes", MINUTES[0]))
    answering.more_time(session, caller.settings, found.key, caller.actor, minutes=minutes)
    return Reply(f"Nobody else is paged for {minutes} min. You are still expected to acknowledge.")


MINUTES = ("5", "10", "15", "30", "60")
COMMAND = Command(
    name="moretime",
    usage="moretime [MINUTES]",
    summary="Let the next level of an escalation wait: 5 minutes, or 10, 15, 30 or 60.",
    positionals=(Positional("minutes", Value.WORD, required=False, choices=MINUTES),),
    aliases=("more-time",),
    run=run,
)
