"""`/incident task`."""

from bot.command.table import Command
from bot.domain.terms import ActionKind
from commands.base import Caller, Invocation, Reply, Session
from commands.followup import OPTIONS, OWNER_POSITIONAL, note_or_change


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    return note_or_change(session, caller, typed, ActionKind.TASK)


COMMAND = Command(
    name="task",
    usage="task TEXT [@OWNER] [due:DATE] [symptom:TEXT] [lang:LANG]",
    summary="Note a task, or change one: `#2 done`, `#2 @owner due:friday`, `#2 lang:fr TEXT`.",
    options=OPTIONS,
    positionals=OWNER_POSITIONAL,
    text="required",
    aliases=("todo",),
    run=run,
)
