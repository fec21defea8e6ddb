"""`/incident ack`."""

from bot.command.table import Command
from bot.services.escalation import responses as answering
from bot.services.escalation import start as escalation
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    answered = escalation.acknowledge_for(session, caller.settings, caller.about.key, caller.actor)
    others = escalation.waiting_for(session, caller.about.key, caller.actor)
    more = f" {len(others)} more for you: `/incident ack` again takes the next." if others else ""
    needed = answering.others_needed(answered)
    still = f" It still waits for {needed}, because each of them has to." if needed else ""
    return Reply(f"You acknowledged {answering.called(answered)}.{still}{more}")


COMMAND = Command(
    name="ack", usage="ack", summary="Acknowledge the escalation that waits for you.", aliases=("acknowledge",), run=run
)
