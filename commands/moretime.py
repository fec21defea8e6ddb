"""`/incident moretime`."""

from bot.command.table import Command, Positional, Value
from bot.services.escalation.responses.decline import extend_wait
from bot.services.escalation.responses.select import select_to_delay
from commands.base import Caller, Invocation, Reply, Session

MINUTES = ("5", "10", "15", "30", "60")


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    found = select_to_delay(session, caller.about.key, caller.actor)
    minutes = int(typed.positionals.get("minutes", MINUTES[0]))
    extend_wait(session, caller.settings, found.key, caller.actor, minutes=minutes)
    return Reply(f"Nobody else is paged for {minutes} min. You are still expected to acknowledge.")


COMMAND = Command(
    name="moretime",
    usage="moretime [MINUTES]",
    summary="Delay the next level of an escalation by 5, 10, 15, 30 or 60 minutes (default: 5).",
    positionals=(Positional("minutes", Value.WORD, required=False, choices=MINUTES),),
    aliases=("more-time",),
    run=run,
)
