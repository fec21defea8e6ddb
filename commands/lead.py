"""`/incident lead`."""

from bot.command.table import Command, Positional, Value
from bot.command.word_values import quote_word
from bot.domain.errors import UserError
from bot.domain.incidents.roles import LEAD
from commands.base import LANGUAGE, SELF_WORDS, Caller, Invocation, Reply, Session
from commands.role import NOBODY, assign_or_give_up


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    named, text = typed.positionals.get("person"), typed.text
    word, _, note = text.partition(" ")
    if named is None and word.casefold() in SELF_WORDS:
        named, text = caller.as_mention, note.strip()
    elif named is None and text and text.casefold() not in NOBODY:
        raise UserError(
            f"{quote_word(word)} is not a mention. Type `@` and choose the person from Slack's list, or type nothing "
            "to lead it yourself.",
            mistake=word,
        )
    return assign_or_give_up(session, caller, LEAD, named, text)


COMMAND = Command(
    name="lead",
    usage="lead [@USER] [lang:LANG] [NOTE]",
    summary="Set the lead (default: you). `nobody` clears it.",
    options=(LANGUAGE,),
    positionals=(Positional("person", Value.PERSON, required=False),),
    text="optional",
    also_meant=("commander", "ic", "take", "claim"),
    run=run,
)
