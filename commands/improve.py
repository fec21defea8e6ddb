"""`/incident improve`."""

from bot.command.table import Command
from bot.domain.terms import ActionKind
from commands.base import Caller, Invocation, Reply, Session
from commands.followup import OPTIONS, OWNER_POSITIONAL, note_or_change


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    return note_or_change(session, caller, typed, ActionKind.IMPROVEMENT)


COMMAND = Command(
    name="improve",
    usage="improve TEXT [@OWNER] [due:DATE] [symptom:TEXT] [lang:LANG]",
    summary="Note an improvement.",
    options=OPTIONS,
    positionals=OWNER_POSITIONAL,
    text="required",
    run=run,
)
