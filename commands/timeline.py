"""`/incident timeline`."""

from bot.command.table import Command
from commands.base import Caller, Invocation, Reply, ReplyView, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    incident = caller.about
    return Reply(f"Timeline of {incident.reference}", shows=ReplyView.TIMELINE, incident_id=incident.key)


COMMAND = Command(
    name="timeline",
    usage="timeline",
    summary="Show the timeline, with a menu beside each entry: amend, move, merge, remove, redact, undo.",
    aliases=("tl",),
    also_meant=("undo", "delete", "remove", "history", "amend"),
    run=run,
    reads_only=True,
)
