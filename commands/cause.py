"""`/incident cause`."""

from bot.command.table import Command
from bot.services.timeline.impact_and_cause import state_cause
from commands.base import LANGUAGE, Caller, Invocation, Reply, Session, reply_beside_line


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    state_cause(session, caller.about.key, caller.actor, typed.text, language=typed.options.get("lang"))
    return reply_beside_line(caller, "Cause recorded. Type the command again to replace it.")


COMMAND = Command(
    name="cause",
    usage="cause [lang:LANG] TEXT",
    summary="State the cause.",
    options=(LANGUAGE,),
    text="required",
    run=run,
)
