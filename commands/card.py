"""`/incident` alone, or with nothing but an incident's name."""

from bot.command.table import Command
from commands.base import Asked, Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    if caller.incident is None:
        return Reply("Open an incident with `/incident start checkout is down`; `/incident help` lists all commands.")
    shows = Asked.CARD if typed.incident is None else Asked.WHOLE
    return Reply(caller.incident.reference, shows=shows, incident_id=caller.incident.key)


COMMAND = Command(
    name="",
    usage="",
    summary="Show the incident and what can be done next; where there is none, open the form that declares one.",
    inside=False,
    run=run,
    reads_only=True,
)
