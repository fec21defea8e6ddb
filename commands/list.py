"""`/incident list`."""

from bot.command.table import Command
from commands.base import Caller, Invocation, Reply, ReplyView, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    return Reply("Incidents", shows=ReplyView.LIST, values={"text": typed.text, "sight": caller.visibility})


COMMAND = Command(
    name="list",
    usage="list [open] [all] [resolved] [drills] [STATUS] [SEV] [SERVICE]",
    summary="Show the incidents, the newest first: the open ones, or those that the words ask for.",
    text="optional",
    needs_incident=False,
    run=run,
    reads_only=True,
)
