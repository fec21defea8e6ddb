"""`/incident unack`."""

from bot.command.table import Command
from bot.services.escalation.responses.acknowledge import escalation_label
from bot.services.escalation.responses.select import select_to_unacknowledge
from bot.services.escalation.responses.withdraw import unacknowledge
from commands.base import LANGUAGE, Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    found = select_to_unacknowledge(session, caller.about.key, caller.actor)
    unacknowledge(session, caller.settings, found.key, caller.actor, why=typed.text)
    what = escalation_label(found)
    return Reply(f"{what[:1].upper()}{what[1:]} is unacknowledged again, and the escalation continues.")


COMMAND = Command(
    name="unack",
    usage="unack [lang:LANG] [WHY]",
    summary="Withdraw an acknowledgement. The escalation continues.",
    options=(LANGUAGE,),
    text="optional",
    aliases=("unacknowledge",),
    run=run,
)
