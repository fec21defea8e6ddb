"""`/incident help`, made from the table of commands."""

from bot.command.grammar import find_command
from bot.command.help import command_help, help_text
from bot.command.table import Command, Positional, Value
from commands.base import Caller, Invocation, Reply, Session


def build_command(table: tuple[Command, ...]) -> Command:
    """The help command for a table; the help lists itself, too."""

    def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
        word = typed.positionals.get("command")
        commands = (*table, described)
        if word is None:
            return Reply(help_text(commands))
        return Reply(command_help(find_command(word, commands)))

    described = Command(
        name="help",
        usage="help [COMMAND]",
        summary="List the commands, or explain one.",
        aliases=("?", "--help", "-h"),
        positionals=(Positional("command", Value.WORD, required=False),),
        needs_incident=False,
        run=run,
        reads_only=True,
    )
    return described
