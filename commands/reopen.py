"""`/incident reopen`."""

from bot.command.table import Command
from bot.services import incidents
from bot.store import incidents as store_incidents
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    held = store_incidents.lock(session, caller.about.key)
    reopened = incidents.reopen(session, held, caller.actor, why=typed.text)
    return Reply(f"{reopened.reference} is open again.")


COMMAND = Command(
    name="reopen",
    usage="reopen WHY",
    summary="Go on with an incident that was resolved too early.",
    text="required",
    run=run,
)
