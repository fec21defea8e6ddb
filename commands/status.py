"""`/incident status`."""

from bot.command.table import Command, Positional, Value
from bot.domain.incidents.requirements import in_words
from bot.domain.terms import Status
from bot.services.incidents import lifecycle as incidents
from bot.services.incidents import requirements as demands
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    changed = incidents.change_status(
        session, caller.settings, caller.about.key, caller.actor, typed.positionals["status"], typed.text
    )
    label = caller.settings.status_label(Status(changed.status))
    asks = in_words(demands.of_status(session, caller.settings, changed))
    return Reply(f"{changed.reference} is {label} now. {asks}".rstrip())


COMMAND = Command(
    name="status",
    usage="status STATUS [TEXT]",
    summary="Move it on: investigating, identified, monitoring, resolved.",
    positionals=(Positional("status", Value.STATUS),),
    text="optional",
    run=run,
)
