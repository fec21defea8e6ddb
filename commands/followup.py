"""Shared part of `/incident improve` and `/incident task`."""

import re

from bot.command.table import Option, Positional, Value
from bot.domain.errors import UserError
from bot.domain.languages import get_language
from bot.domain.terms import ActionKind
from bot.services.entries.translate import translate_action_item
from bot.services.timeline.action_items import action_item_exists, add_action_item, change_action_item
from bot.store.incidents.action_items import ActionItem
from commands.base import LANGUAGE, Caller, Invocation, Reply, Session

OPTIONS = (
    Option("owner", Value.OWNER, about="the owner; also as @name at either end"),
    Option("due", Value.DATE, about="the due date"),
    Option("symptom", Value.TEXT, about='the symptom it addresses, in quotes: symptom:"…"'),
    LANGUAGE,
)
EXISTING_ITEM = re.compile(r"#?(?P<number>\d{1,4})(?:\s+(?P<state>done|open))?", re.IGNORECASE)
"""`#2`, `#2 done`: an existing item, rather than the text of a new one."""
NUMBER_PREFIX = re.compile(r"#(?P<number>[1-9]\d{0,3})\s")
CHANGE_HINT = "Name the change: `#{0} done`, `#{0} open`, `#{0} @owner` or `#{0} due:friday`."
OWNER_POSITIONAL = (Positional("owner", Value.OWNER, required=False, at_either_end=True),)


def note_or_change(session: Session, caller: Caller, typed: Invocation, kind: ActionKind) -> Reply:
    owner = typed.options.get("owner") or typed.positionals.get("owner")
    if caller.actor.language is not None and _typed_number(typed):
        return _translate_item(session, caller, typed, caller.actor.language)
    existing = EXISTING_ITEM.fullmatch(typed.text.strip())
    if existing is not None:
        return _change_item(session, caller, typed, int(existing["number"]), (existing["state"] or "").casefold())
    _check_is_new(session, caller, typed)
    item = add_action_item(
        session,
        caller.about.key,
        caller.actor,
        kind,
        typed.text,
        owner=owner,
        due=typed.options.get("due"),
        symptom=typed.options.get("symptom"),
        language=typed.options.get("lang"),
    )
    return Reply(f"{kind.capitalize()} {item.number} noted.{_missing_facts(item, kind)}")


def _missing_facts(item: ActionItem, kind: ActionKind) -> str:
    """Name the owner and date that a task does not have; an improvement needs neither."""
    absent = [name for name, value in (("@owner", item.owner), ("due:friday", item.due)) if not value]
    if kind is not ActionKind.TASK or not absent:
        return ""
    names = " and ".join({"@owner": "owner", "due:friday": "date"}[each] for each in absent)
    return f" It has no {names}: `/incident task #{item.number} {' '.join(absent)}`."


def _typed_number(typed: Invocation) -> int:
    begins = NUMBER_PREFIX.match(f"{typed.text} ")
    return int(begins["number"]) if begins else 0


def _exists(session: Session, caller: Caller, typed: Invocation) -> bool:
    return action_item_exists(session, caller.about.key, _typed_number(typed))


def _translate_item(session: Session, caller: Caller, typed: Invocation, language: str) -> Reply:
    """Carry out `#2 lang:fr TEXT`: words in a further language, no new item."""
    number, text = _typed_number(typed), typed.text.partition(" ")[2].strip()
    if not text:
        raise UserError(f"Add the words: `#{number} lang:{language} TEXT`.")
    symptom = typed.options.get("symptom")
    item = translate_action_item(session, caller.about, number, caller.actor, language, text, symptom)
    return Reply(f"{item.kind.capitalize()} {number} has words in {get_language('en').language_name(language)} now.")


def _check_is_new(session: Session, caller: Caller, typed: Invocation) -> None:
    """Raises UserError for `#2 finished`: an existing item with an unknown change."""
    number = _typed_number(typed)
    if _exists(session, caller, typed):
        raise UserError(
            f"#{number} exists, and this is not a change of it. {CHANGE_HINT.format(number)} For a new item, begin "
            "with another word."
        )


def _change_item(session: Session, caller: Caller, typed: Invocation, number: int, state: str) -> Reply:
    owner = typed.options.get("owner") or typed.positionals.get("owner")
    due, symptom = typed.options.get("due"), typed.options.get("symptom")
    if not (owner or due or symptom or state):
        raise UserError(CHANGE_HINT.format(number))
    item = change_action_item(
        session,
        caller.about.key,
        number,
        caller.actor,
        owner=owner,
        due=due,
        symptom=symptom,
        is_done=state == "done" if state else None,
    )
    now = [
        *(["done"] if item.is_done else []),
        *([f"owned by {_owner_text(item)}"] if item.owner else []),
        *([f"due {item.due}"] if item.due else []),
    ]
    return Reply(f"{item.kind.capitalize()} {number} is {', '.join(now) or 'open'} now.")


def _owner_text(item: ActionItem) -> str:
    return f"@{item.owner_group}" if item.owner_group else f"<@{item.owner}>"
