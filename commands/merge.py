"""`/incident merge`."""

from bot.command.table import Command, Positional, Value
from bot.services.incidents import merge as combining
from commands.base import Asked, Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    target = caller.sight.named(session, typed.positionals["incident"])
    weighed = combining.weigh(session, caller.settings, caller.about, target)
    return Reply("Merge?", shows=Asked.MERGE, values={"weighed": weighed})


COMMAND = Command(
    name="merge",
    usage="merge INC-3",
    summary="Merge this incident into another one: what it has goes along, and it is closed. You are asked first.",
    positionals=(Positional("incident", Value.INCIDENT),),
    run=run,
    reads_only=True,
)
