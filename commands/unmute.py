"""`/incident unmute`."""

from bot.command.table import Command, Positional, Value
from bot.services.paging.mutes import unmute_person
from commands.base import Caller, Invocation, Reply, Session
from commands.mute import parse_person


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    user_id, _ = parse_person(caller, typed)
    unmute_person(session, caller.settings, caller.actor, user_id)
    return Reply("You are paged again." if user_id == caller.actor.user_id else f"<@{user_id}> is paged again.")


COMMAND = Command(
    name="unmute",
    usage="unmute [@USER]",
    summary="End a mute of you or another person.",
    positionals=(Positional("person", Value.PERSON, required=False),),
    text="optional",
    needs_incident=False,
    run=run,
)
