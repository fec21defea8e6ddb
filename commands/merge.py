"""`/incident merge`."""

from bot.command.table import Command, Positional, Value
from bot.services.incidents.merge import preview_merge
from commands.base import Caller, Invocation, Reply, ReplyView, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    target = caller.visibility.find(session, typed.positionals["incident"])
    preview = preview_merge(session, caller.settings, caller.about, target)
    return Reply("Merge?", shows=ReplyView.MERGE, values={"preview": preview})


COMMAND = Command(
    name="merge",
    usage="merge INC-3",
    summary="Merge this incident into another one. Its record is moved, and it is closed. You confirm first.",
    positionals=(Positional("incident", Value.INCIDENT),),
    run=run,
    reads_only=True,
)
