"""`/incident handover`."""

from bot.command.table import Command, Positional, Value
from bot.domain.incidents.roles import LEAD
from bot.services.incidents.roles import hand_over_role
from commands.base import LANGUAGE, Caller, Invocation, Reply, Session
from commands.role import role_reply


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    name, user_id = typed.positionals.get("role", LEAD), typed.positionals["person"].user_id
    given = hand_over_role(session, caller.settings, caller.about.key, caller.actor, name, user_id, note=typed.text)
    return role_reply(caller, given, name, user_id)


COMMAND = Command(
    name="handover",
    usage="handover [ROLE] @USER [lang:LANG] [NOTE]",
    summary="Hand over the lead or another role, with a summary of open work in the channel.",
    options=(LANGUAGE,),
    positionals=(Positional("role", Value.ROLE, required=False), Positional("person", Value.PERSON)),
    text="optional",
    aliases=("hand-over",),
    run=run,
)
