"""`/incident note`."""

from bot.command.table import Command, Option, Value
from bot.services.timeline.notes import record_note
from commands.base import Caller, Invocation, Reply, Session, reply_beside_line


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    entry = record_note(
        session,
        caller.about.key,
        caller.actor,
        typed.text,
        when=typed.options.get("at"),
        kind=typed.options.get("kind"),
    )
    return reply_beside_line(caller, f"Logged ({entry.kinds[0]}).")


COMMAND = Command(
    name="note",
    usage="note [at:TIME] [kind:KIND] TEXT",
    summary="Add a timeline entry. `at:` takes a time, `~14:05` if approximate, `?` if unknown.",
    options=(
        Option("at", Value.TIME, about="when it happened"),
        Option("kind", Value.KIND, about="investigation, hypothesis, misleading, action, …"),
    ),
    text="required",
    aliases=("log",),
    also_meant=("add", "comment", "entry"),
    run=run,
)
