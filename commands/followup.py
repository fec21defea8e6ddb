"""`/incident improve` and `/incident task`: two words for two lists, of one shape."""

import re

from bot.command.table import Option, Positional, Value
from bot.domain.errors import UserError
from bot.domain.terms import ActionKind
from bot.services import actions
from commands.base import Caller, Invocation, Reply, Session

OPTIONS = (
    Option("owner", Value.PERSON, about="who does it; also as @name at either end"),
    Option("due", Value.DATE, about="until when"),
    Option("symptom", Value.TEXT, about='the symptom it answers, in quotes: symptom:"…"'),
    Option("lang", Value.LANGUAGES, about="the language of the text"),
)
NUMBERED = re.compile(r"#?(?P<number>\d{1,4})(?:\s+(?P<state>done|open))?", re.IGNORECASE)
"""`#2`, `#2 done`: one that is there already, rather than the words of a new one."""
OWNER = (Positional("owner", Value.PERSON, required=False, at_either_end=True),)


def add(session: Session, caller: Caller, typed: Invocation, kind: ActionKind) -> Reply:
    owner = typed.options.get("owner") or typed.positionals.get("owner")
    there = NUMBERED.fullmatch(typed.text.strip())
    if there is not None:
        return _change(session, caller, typed, int(there["number"]), (there["state"] or "").casefold())
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


def _change(session: Session, caller: Caller, typed: Invocation, number: int, state: str) -> Reply:
    owner = typed.options.get("owner") or typed.positionals.get("owner")
    due, symptom = typed.options.get("due"), typed.options.get("symptom")
    if not (owner or due or symptom or state):
        raise UserError(
            f"Say what shall be different: `#{number} done`, `#{number} open`, `#{number} @owner` "
            f"or `#{number} due:friday`."
        )
    item = actions.change(
        session, caller.about.key, number, caller.actor,
        owner=owner.user_id if owner else None, due=due, symptom=symptom, is_done=state == "done" if state else None,
    )  # fmt: skip
    now = [
        *(["done"] if item.is_done else []),
        *([f"owned by <@{item.owner}>"] if item.owner else []),
        *([f"due {item.due}"] if item.due else []),
    ]
    return Reply(f"{item.kind.capitalize()} {number} is {', '.join(now) or 'open'} now.")
