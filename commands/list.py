"""`/incident list`."""

from bot.command.table import Command
from commands.base import Caller, Invocation, Reply, ReplyView, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    return Reply("Incidents", shows=ReplyView.LIST, values={"text": typed.text, "sight": caller.visibility})


COMMAND = Command(
    name="list",
    usage="list [open] [all] [resolved] [drills] [STATUS] [SEV] [SERVICE]",
    summary="List incidents (default: the open ones, most severe first).",
    text="optional",
    needs_incident=False,
    run=run,
    reads_only=True,
)
