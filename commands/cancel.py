"""`/incident cancel`."""

from bot.command.table import Command
from bot.services.incidents.cancel import cancel_incident
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    cancelled = cancel_incident(session, caller.settings, caller.about.key, caller.actor, typed.text)
    label, number = caller.settings.status_label(cancelled.status), caller.typed_before
    return Reply(
        f"{cancelled.reference} is {label}. `/incident {number}postmortem` still writes what was recorded; "
        f"`/incident {number}reopen WHY` takes the cancellation back."
    )


COMMAND = Command(
    name="cancel",
    usage="cancel WHY",
    summary="Call it off: a false alarm, a duplicate. Its record stays.",
    text="required",
    run=run,
    ends_incident=lambda _typed: "Cancel",
)
