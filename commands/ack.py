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
    more = f" {len(others)} more for you: type `/incident {caller.typed_before}ack` again." if others else ""
    needed = other_people_needed(session, answered)
    still = f" It also needs {needed}, because everybody on this level must acknowledge." if needed else ""
    return Reply(f"You acknowledged {escalation_label(answered)}.{still}{more}")


COMMAND = Command(
    name="ack", usage="ack", summary="Acknowledge the escalation that pages you.", aliases=("acknowledge",), run=run
)
