"""
The grammar of what people type after `/incident`: a table of commands in, typed values out. Pure.

`parse` reads a line, `help_text` and `help_for` explain the same table, `plain` reads Slack's escapes anywhere else.
"""

from bot.command.grammar import command_meant, find_command, parse
from bot.command.help import help_for, help_text
from bot.command.slack_text import plain
from bot.command.table import Command, Context, Invocation, Mention, Option, Positional, Target, Typed, Value

__all__ = [
    "Command",
    "Context",
    "Invocation",
    "Mention",
    "Option",
    "Positional",
    "Target",
    "Typed",
    "Value",
    "command_meant",
    "find_command",
    "help_for",
    "help_text",
    "parse",
    "plain",
]
