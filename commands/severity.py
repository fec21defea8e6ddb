"""`/incident severity`."""

from bot.command.table import Command, Positional, Value
from bot.domain.terms import Severity
from bot.services import incidents
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    changed = incidents.change_severity(
        session, caller.about.key, caller.actor, typed.positionals["severity"], typed.text
    )  # fmt: skip
    return Reply(f"{changed.reference} is {caller.settings.severity_label(Severity(changed.severity))} now.")


COMMAND = Command(
    name="severity",
    usage="severity SEV [WHY]",
    summary="Change how bad it is; SEV1 is worst.",
    positionals=(Positional("severity", Value.SEVERITY),),
    text="optional",
    aliases=("sev",),
    run=run,
)
