"""`/incident status`."""

from bot.command.table import Command, Positional, Value
from bot.domain.incidents.requirements import format_unmet
from bot.domain.terms import Status
from bot.services.incidents.alerts import describe_firing
from bot.services.incidents.lifecycle import change_status
from bot.services.incidents.requirements import status_requirements
from commands.base import LANGUAGE, Caller, Invocation, Reply, Session, reply_beside_line


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    changed = change_status(
        session, caller.settings, caller.about.key, caller.actor, typed.positionals["status"], typed.text
    )
    label = caller.settings.status_label(Status(changed.status))
    asks = format_unmet(status_requirements(session, caller.settings, changed))
    firing = describe_firing(session, changed.key) if changed.is_resolved else ""
    return reply_beside_line(caller, f"{changed.reference} is {label} now.{firing} {asks}")


COMMAND = Command(
    name="status",
    usage="status STATUS [lang:LANG] [TEXT]",
    summary="Change the status: investigating, identified, monitoring, resolved.",
    options=(LANGUAGE,),
    positionals=(Positional("status", Value.STATUS),),
    text="optional",
    run=run,
    ends_incident=lambda typed: "Resolve" if typed.positionals["status"] is Status.RESOLVED else "",
)
