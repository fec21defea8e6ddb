"""`/incident improve` and `/incident task`: two words for two lists, of one shape."""

from bot.command.table import Option, Positional, Value
from bot.domain.terms import ActionKind
from bot.services import actions
from commands.base import Caller, Invocation, Reply, Session

OPTIONS = (
    Option("owner", Value.PERSON, about="who does it; also as @name at either end"),
    Option("due", Value.DATE, about="until when"),
    Option("symptom", Value.TEXT, about='the symptom it answers, in quotes: symptom:"…"'),
    Option("lang", Value.LANGUAGES, about="the language of the text"),
)
OWNER = (Positional("owner", Value.PERSON, required=False, at_either_end=True),)


def add(session: Session, caller: Caller, typed: Invocation, kind: ActionKind) -> Reply:
    owner = typed.options.get("owner") or typed.positionals.get("owner")
    languages = typed.options.get("lang") or (None,)
    item = actions.add(
        session,
        caller.about.key,
        caller.actor,
        kind,
        typed.text,
        owner=owner.user_id if owner else None,
        due=typed.options.get("due"),
        symptom=typed.options.get("symptom"),
        language=languages[0],
    )
    return Reply(f"{kind.capitalize()} {item.number} noted.")
