"""`/incident cannot`."""

from bot.command.table import Command
from bot.services.escalation.responses.decline import decline
from bot.services.escalation.responses.select import select_to_decline
from commands.base import LANGUAGE, Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    found = select_to_decline(session, caller.about.key, caller.actor)
    decline(session, caller.settings, found.key, caller.actor, why=typed.text)
    return Reply("Page declined. If nobody else on your level can acknowledge, the next level is paged now.")


COMMAND = Command(
    name="cannot",
    usage="cannot [lang:LANG] [WHY]",
    summary="Decline a page, also after you acknowledged. The next person is paged.",
    options=(LANGUAGE,),
    text="optional",
    aliases=("cant", "can't"),
    run=run,
)
