"""`/incident cause`."""

from bot.command.table import Command, Option, Value
from bot.services.timeline import impact_and_cause as statements
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    languages = typed.options.get("lang") or (None,)
    statements.state_cause(session, caller.about.key, caller.actor, typed.text, language=languages[0])
    return Reply("Cause recorded. Saying it again replaces it.")


COMMAND = Command(
    name="cause",
    usage="cause [lang:LANG] TEXT",
    summary="Say what caused it.",
    options=(Option("lang", Value.LANGUAGES, about="the language of the text"),),
    text="required",
    run=run,
)
