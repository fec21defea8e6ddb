"""`/incident reopen`."""

from bot.command.table import Command
from bot.services.incidents import lifecycle as incidents
from bot.store.incidents import incidents as store_incidents
from commands.base import Asked, Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    held = store_incidents.lock(session, caller.about.key)
    if held.is_open and held.archived_at is not None:  # opened again already: what is missing is where to go on
        return Reply(held.reference, shows=Asked.ARCHIVED, incident_id=held.key)
    reopened = incidents.reopen(session, caller.settings, held, caller.actor, why=typed.text)
    if reopened.archived_at is not None:
        return Reply(reopened.reference, shows=Asked.ARCHIVED, incident_id=reopened.key)
    return Reply(f"{reopened.reference} is open again.")


COMMAND = Command(
    name="reopen",
    usage="reopen WHY",
    summary="Go on with an incident that was resolved too early.",
    text="required",
    run=run,
)
