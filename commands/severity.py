"""`/incident severity`."""

from bot.command.table import Command, Positional, Value
from bot.domain.incidents.requirements import in_words
from bot.domain.terms import Severity
from bot.services.incidents import lifecycle as incidents
from bot.services.incidents import requirements as demands
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    changed = incidents.change_severity(
        session, caller.settings, caller.about.key, caller.actor, typed.positionals["severity"], typed.text
    )
    label = caller.settings.severity_label(Severity(changed.severity))
    asks = in_words(demands.of_severity(session, caller.settings, changed))
    return Reply(f"{changed.reference} is {label} now. {asks}".rstrip())


COMMAND = Command(
    name="severity",
    usage="severity SEV [WHY]",
    summary="Change how bad it is; SEV1 is worst.",
    positionals=(Positional("severity", Value.SEVERITY),),
    text="optional",
    aliases=("sev",),
    run=run,
)
