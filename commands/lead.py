"""`/incident lead`."""

from bot.command.table import Command, Positional, Value
from bot.domain.errors import UserError
from bot.domain.roles import LEAD
from bot.services import roles
from commands.base import Caller, Invocation, Reply, Session
from commands.role import of_a_guest


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    named = typed.positionals.get("person")
    lead = named.user_id if named else caller.actor.user_id
    if lead is None:
        raise UserError("Say who leads: `/incident lead @somebody`.")
    given = roles.assign(session, caller.settings, caller.about.key, caller.actor, LEAD, lead)
    return Reply(f"<@{lead}> leads {given.incident.reference} now.{of_a_guest(given)}")


COMMAND = Command(
    name="lead",
    usage="lead [@USER]",
    summary="Say who leads; without a name, you do.",
    positionals=(Positional("person", Value.PERSON, required=False),),
    run=run,
)
