"""`/incident help`, made from the table that parses."""

from bot.command import find_command, help_for, help_text
from bot.command.table import Command, Positional, Value
from commands.base import Caller, Invocation, Reply, Session


def command(table: "tuple[Command, ...]") -> Command:
    """The help for a table, itself a part of it."""

    def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
        word = typed.positionals.get("command")
        everything = (*table, described)
        if word is None:
            return Reply(help_text(everything))
        return Reply(help_for(find_command(word, everything)))

    described = Command(
        name="help",
        usage="help [COMMAND]",
        summary="List the commands, or explain one.",
        positionals=(Positional("command", Value.WORD, required=False),),
        inside=False,
        run=run,
        reads_only=True,
    )
    return described
