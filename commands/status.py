"""`/incident status`."""

from bot.command.table import Command, Positional, Value
from bot.services import incidents
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    changed = incidents.change_status(
        session, caller.about.key, caller.actor, typed.positionals["status"], typed.text
    )  # fmt: skip
    return Reply(f"{changed.reference} is {changed.status} now.")


COMMAND = Command(
    name="status",
    usage="status STATUS [TEXT]",
    summary="Move it on: investigating, identified, monitoring, resolved.",
    positionals=(Positional("status", Value.STATUS),),
    text="optional",
    run=run,
)
