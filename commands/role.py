"""`/incident role`."""

from bot.command.table import Command, Mention, Positional, Value
from bot.command.word_values import quote_word, quote_words
from bot.domain.errors import UserError, did_you_mean, offer_closest
from bot.domain.incidents.roles import LEAD
from bot.services.incidents.roles import RoleChange, RoleHolder, assign_role, give_up_role, list_role_holders
from commands.base import LANGUAGE, Caller, Invocation, Reply, Session, reply_beside_line

NOBODY = frozenset({"nobody", "none", "no-one"})


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    name, named, text = typed.positionals.get("role"), typed.positionals.get("person"), typed.text
    if name is None and named is not None:
        name, text = _role_behind_person(caller, text)
    if name is None:
        if text and named is None:
            word, names = text.split()[0], list(caller.settings.role_table)
            guess = did_you_mean(word, list(caller.settings.role_words))
            raise UserError(
                f"{quote_word(word)} is not a role.{guess} Use one of {quote_words(names)}, as in "
                f"`/incident role {names[-1]} @somebody`.",
                mistake=word,
                offers=offer_closest(word, list(caller.settings.role_words)),
            )
        if named:
            raise UserError("Name the role first: `/incident role scribe @somebody`. `/incident role` lists the roles.")
        held = list_role_holders(session, caller.settings, caller.about)
        return Reply("\n".join(_role_line(each) for each in held))
    return assign_or_give_up(session, caller, name, named, text)


def _role_behind_person(caller: Caller, text: str) -> tuple[str | None, str]:
    """The role that `text` begins with, as in `role @dba scribe all read`, and the rest."""
    words = text.split(maxsplit=1)
    name = caller.settings.role_words.get(words[0].casefold()) if words else None
    return (name, " ".join(words[1:])) if name else (None, text)


def assign_or_give_up(session: Session, caller: Caller, name: str, named: Mention | None, text: str) -> Reply:
    """Assign the role to the named person, or else to the caller; `nobody` clears it."""
    if named is None and text.casefold() in NOBODY:
        given = give_up_role(session, caller.settings, caller.about.key, caller.actor, name)
        label = caller.settings.role_named(name).label
        return reply_beside_line(
            caller, f"<@{given.before}> is no longer {label} of {given.incident.reference}. Nobody has the role."
        )
    user_id = named.user_id if named else caller.actor.user_id
    if user_id is None or (text and named is None):
        raise UserError(
            f"Name a person with `/incident role {name} @somebody`, or clear the role with `/incident role {name} "
            "nobody`."
        )
    given = assign_role(session, caller.settings, caller.about.key, caller.actor, name, user_id, note=text)
    return role_reply(caller, given, name, user_id)


def role_reply(caller: Caller, given: RoleChange, name: str, user_id: str) -> Reply:
    """The answer: the new holder, and whether they get a briefing."""
    label, reference = caller.settings.role_named(name).label, given.incident.reference
    part = f"<@{user_id}> leads {reference}" if name == LEAD else f"<@{user_id}> is {label} of {reference}"
    over = f", taking over from <@{given.before}>" if given.before else ""
    briefed = "" if user_id == caller.actor.user_id else " They get a briefing."
    return reply_beside_line(caller, f"{part} now{over}.{briefed}", guest_hint(given))


def guest_hint(given: RoleChange) -> str:
    return "They are a guest and cannot use commands: a member must type for them." * given.is_guest


def _role_line(held: RoleHolder) -> str:
    """One role with its holder, and the word to type if that is not its label."""
    word = "" if held.role.label.casefold() == held.role.name else f" (`{held.role.name}`)"
    who = f"<@{held.user_id}>" if held.user_id else "nobody"
    return f"• {held.role.label}{word}: {who}"


COMMAND = Command(
    name="role",
    usage="role [ROLE] [@USER] [lang:LANG] [NOTE]",
    summary="Set lead, communications or scribe (default: you). `nobody` clears the role.",
    options=(LANGUAGE,),
    positionals=(Positional("role", Value.ROLE, required=False), Positional("person", Value.PERSON, required=False)),
    text="optional",
    aliases=("roles",),
    run=run,
)
