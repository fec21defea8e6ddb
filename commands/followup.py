"""`/incident improve` and `/incident task`: two words for two lists, of one shape."""

import re

from bot.command.table import Option, Positional, Value
from bot.domain.errors import UserError
from bot.domain.terms import ActionKind
from bot.services.timeline import action_items as actions
from commands.base import Caller, Invocation, Reply, Session

OPTIONS = (
    Option("owner", Value.PERSON, about="who does it; also as @name at either end"),
    Option("due", Value.DATE, about="until when"),
    Option("symptom", Value.TEXT, about='the symptom it answers, in quotes: symptom:"…"'),
    Option("lang", Value.LANGUAGES, about="the language of the text"),
)
NUMBERED = re.compile(r"#?(?P<number>\d{1,4})(?:\s+(?P<state>done|open))?", re.IGNORECASE)
"""`#2`, `#2 done`: one that is there already, rather than the words of a new one."""
BEGINS = re.compile(r"#(?P<number>[1-9]\d{0,3})\s")
DIFFERENT = "Say what shall be different: `#{0} done`, `#{0} open`, `#{0} @owner` or `#{0} due:friday`."
OWNER = (Positional("owner", Value.PERSON, required=False, at_either_end=True),)


def add(session: Session, caller: Caller, typed: Invocation, kind: ActionKind) -> Reply:
    owner = typed.options.get("owner") or typed.positionals.get("owner")
    there = NUMBERED.fullmatch(typed.text.strip())
    if there is not None:
        return _change(session, caller, typed, int(there["number"]), (there["state"] or "").casefold())
    _check_is_new(session, caller, typed)
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


def _check_is_new(session: Session, caller: Caller, typed: Invocation) -> None:
    """Raises UserError for `#2 finished`: it means the one of that number, in words that are not understood."""
    begins = BEGINS.match(typed.text)
    number = int(begins["number"]) if begins else 0
    if actions.is_there(session, caller.about.key, number):
        raise UserError(
            f"#{number} is noted already, and I do not understand what shall be different. {DIFFERENT.format(number)} "
            "To note something new, begin with another word."
        )


def _change(session: Session, caller: Caller, typed: Invocation, number: int, state: str) -> Reply:
    owner = typed.options.get("owner") or typed.positionals.get("owner")
    due, symptom = typed.options.get("due"), typed.options.get("symptom")
    if not (owner or due or symptom or state):
        raise UserError(DIFFERENT.format(number))
    item = actions.change(
        session,
        caller.about.key,
        number,
        caller.actor,
        owner=owner.user_id if owner else None,
        due=due,
        symptom=symptom,
        is_done=state == "done" if state else None,
    )
    now = [
        *(["done"] if item.is_done else []),
        *([f"owned by <@{item.owner}>"] if item.owner else []),
        *([f"due {item.due}"] if item.due else []),
    ]
    return Reply(f"{item.kind.capitalize()} {number} is {', '.join(now) or 'open'} now.")
