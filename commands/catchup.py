"""`/incident catchup`."""

from bot.command.table import Command
from commands.base import Caller, Invocation, Reply, ReplyView, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    return Reply(caller.about.reference, shows=ReplyView.CATCHUP, incident_id=caller.about.key)


COMMAND = Command(
    name="catchup",
    usage="catchup",
    summary="Summarize the current state: suspects, assignments, what is due next.",
    aliases=("catch-up",),
    also_meant=("summary", "recap"),
    run=run,
    reads_only=True,
)
