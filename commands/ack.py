"""`/incident ack`."""

from bot.command.table import Command
from bot.services.escalation.responses.acknowledge import (
    acknowledge_newest,
    escalation_label,
    other_people_needed,
    waiting_escalations,
)
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    answered = acknowledge_newest(session, caller.settings, caller.about.key, caller.actor)
    others = waiting_escalations(session, caller.about.key, caller.actor)
    more = f" {len(others)} more for you: `/incident {caller.typed_before}ack` again takes the next." if others else ""
    needed = other_people_needed(session, answered)
    still = f" It still waits for {needed}, because each of them has to." if needed else ""
    return Reply(f"You acknowledged {escalation_label(answered)}.{still}{more}")


COMMAND = Command(
    name="ack", usage="ack", summary="Acknowledge the escalation that pages you.", aliases=("acknowledge",), run=run
)
