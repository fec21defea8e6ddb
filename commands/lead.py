"""`/incident lead`."""

from bot.command.table import Command, Positional, Value
from bot.command.values import read_person
from bot.domain.incidents.roles import LEAD
from commands.base import Caller, Invocation, Reply, Session
from commands.role import NOBODY, assign_or_give_up


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    named, text = typed.positionals.get("person"), typed.text
    if named is None and text and text.casefold() not in NOBODY:
        named, text = read_person(text.split()[0]), ""
    return assign_or_give_up(session, caller, LEAD, named, text)


COMMAND = Command(
    name="lead",
    usage="lead [@USER] [NOTE]",
    summary="Say who leads; without a name, you do. `nobody` gives the lead up.",
    positionals=(Positional("person", Value.PERSON, required=False),),
    text="optional",
    run=run,
)
