"""`/incident help`, made from the table that parses."""

from bot.command import help_for, help_text
from bot.command.table import Command, Positional, Value
from commands.base import Caller, Invocation, Reply, Session


def command(table: "tuple[Command, ...]") -> Command:
    """The help for a table, itself a part of it."""

    def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
        word = typed.positionals.get("command")
        everything = (*table, described)
        if word is None:
            return Reply(help_text(everything))
        chosen = next(each for each in everything if word in {each.name, *each.aliases})
        return Reply(help_for(chosen))

    words = tuple(word for each in table for word in (each.name, *each.aliases) if word)
    described = Command(
        name="help",
        usage="help [COMMAND]",
        summary="List the commands, or explain one.",
        positionals=(Positional("command", Value.WORD, required=False, choices=(*words, "help")),),
        inside=False,
        run=run,
        reads_only=True,
    )
    return described
