"""`/incident unack`."""

from bot.command.table import Command
from bot.services.escalation import responses as answering
from bot.services.escalation import select as which_escalation
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    found = which_escalation.to_take_back(session, caller.about.key, caller.actor)
    answering.unacknowledge(session, caller.settings, found.key, caller.actor, why=typed.text)
    what = answering.called(found)
    return Reply(f"{what[:1].upper()}{what[1:]} waits for an answer again, and goes on where it was.")


COMMAND = Command(
    name="unack",
    usage="unack [WHY]",
    summary="Take an acknowledgement back: the escalation goes on where it was.",
    text="optional",
    aliases=("unacknowledge",),
    run=run,
)
