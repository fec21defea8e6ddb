"""`/incident find`."""

from bot.command.table import Command, Option, Value
from commands.base import Caller, Invocation, Reply, ReplyView, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    asked = {"text": typed.text, "sight": caller.visibility, "drills": bool(typed.options.get("drills"))}
    return Reply("Found", shows=ReplyView.FOUND, values=asked)


COMMAND = Command(
    name="find",
    usage="find WORDS [drills]",
    summary="Search titles, references, services, timelines and postmortems for all words; quotes make a phrase.",
    options=(Option("drills", Value.FLAG, about="search drills too"),),
    text="required",
    aliases=("search",),
    needs_incident=False,
    run=run,
    keeps_quotes=True,
    reads_only=True,
)
