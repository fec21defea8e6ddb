"""`/incident` alone, or with only an incident's reference."""

from bot.command.table import Command
from commands.base import Caller, Invocation, Reply, ReplyView, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    if caller.incident is None:
        return Reply(
            "Declare an incident with `/incident start checkout is down`; `/incident help` lists all commands."
        )
    shows = ReplyView.CARD if typed.incident is None else ReplyView.OVERVIEW
    return Reply(caller.incident.reference, shows=shows, incident_id=caller.incident.key)


COMMAND = Command(
    name="",
    usage="",
    summary="Show the incident and the next steps; outside a channel, open the form to declare one.",
    needs_incident=False,
    run=run,
    reads_only=True,
)
