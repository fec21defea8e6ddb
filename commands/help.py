"""`/incident help`, made from the table of commands."""

from bot.command.help import command_help, help_text
from bot.command.mark_help import mark_help
from bot.command.table import Command, Positional, Value
from bot.command.typed_words import find_command
from commands.base import Caller, Invocation, Reply, Session

REACTION_WORDS = frozenset({"reactions", "reaction", "emoji", "marks"})
"""Words behind `help` that ask for the reactions."""


def build_command(table: tuple[Command, ...]) -> Command:
    """The help command for a table; the help lists itself, too."""

    def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
        word = typed.positionals.get("command")
        commands = (*table, described)
        if word is None:
            return Reply(help_text())
        if word.casefold() in REACTION_WORDS:
            return Reply(mark_help(caller.settings.reactions, caller.settings.escalation.acknowledge_emoji))
        return Reply(command_help(find_command(word, commands)))

    described = Command(
        name="help",
        usage="help [COMMAND]",
        summary="List the commands, or explain one. `help reactions` explains the emoji.",
        aliases=("?", "--help", "-h"),
        positionals=(Positional("command", Value.WORD, required=False),),
        needs_incident=False,
        run=run,
        reads_only=True,
    )
    return described
