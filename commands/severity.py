"""`/incident severity`."""

from bot.command.table import Command, Positional, Value
from bot.domain.incidents.requirements import format_unmet
from bot.domain.terms import Severity
from bot.services.incidents.lifecycle import change_severity
from bot.services.incidents.requirements import severity_requirements
from commands.base import LANGUAGE, Caller, Invocation, Reply, Session, reply_beside_line


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    changed = change_severity(
        session, caller.settings, caller.about.key, caller.actor, typed.positionals["severity"], typed.text
    )
    label = caller.settings.severity_label(Severity(changed.severity))
    asks = format_unmet(severity_requirements(session, caller.settings, changed))
    return reply_beside_line(caller, f"{changed.reference} is {label} now. {asks}")


COMMAND = Command(
    name="severity",
    usage="severity SEV [lang:LANG] [WHY]",
    summary="Change the severity; SEV1 is the worst.",
    options=(LANGUAGE,),
    positionals=(Positional("severity", Value.SEVERITY),),
    text="optional",
    aliases=("sev",),
    also_meant=("priority", "prio", "level", "upgrade", "downgrade", "raise", "lower"),
    run=run,
)
