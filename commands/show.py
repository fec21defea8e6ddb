"""`/incident show`."""

from bot.command.table import Command
from commands.base import Caller, Invocation, Reply, ReplyView, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    return Reply(caller.about.reference, shows=ReplyView.OVERVIEW, incident_id=caller.about.key)


COMMAND = Command(
    name="show",
    usage="show [INC-3]",
    summary="Show the full record of an incident, only to you. `/incident INC-3` does the same.",
    run=run,
    reads_only=True,
)
