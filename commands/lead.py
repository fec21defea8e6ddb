"""`/incident lead`."""

from bot.command.table import Command, Positional, Value
from bot.domain.errors import UserError
from bot.services import incidents
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    named = typed.positionals.get("person")
    lead = named.user_id if named else caller.actor.user_id
    if lead is None:
        raise UserError("Say who leads: `/incident lead @somebody`.")
    changed = incidents.take_lead(session, caller.about.key, caller.actor, lead)
    return Reply(f"<@{lead}> leads {changed.reference} now.")


COMMAND = Command(
    name="lead",
    usage="lead [@USER]",
    summary="Say who leads; without a name, you do.",
    positionals=(Positional("person", Value.PERSON, required=False),),
    run=run,
)
