"""`/incident note`."""

from bot.command.table import Command, Option, Value
from bot.domain.languages import get_language
from bot.domain.times import read_text_time
from bot.services.entries.translate import ENTRY_PREFIX, translate_numbered_entry
from bot.services.timeline.notes import NoteTime, record_note
from commands.base import LANGUAGE, Caller, Invocation, Reply, ReplyView, Session, reply_beside_line


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    language = caller.actor.language
    if language is not None and (named := ENTRY_PREFIX.fullmatch(typed.text)) is not None:
        number = int(named["number"])
        translate_numbered_entry(session, caller.about, number, caller.actor, language, named["text"])
        return Reply(f"entry-{number} has words in {get_language('en').language_name(language)} now.")
    entry = record_note(
        session,
        caller.about.key,
        caller.actor,
        typed.text,
        when=typed.options.get("at"),
        kind=typed.options.get("kind"),
    )
    found = read_text_time(typed.text, now=caller.actor.at, zone=typed.zone) if "at" not in typed.options else None
    if found is not None:
        return Reply("", ReplyView.NOTE_TIME, values={"view": NoteTime(caller.about.reference, entry, found)})
    return reply_beside_line(caller, f"Logged ({entry.kinds[0]}).")


COMMAND = Command(
    name="note",
    usage="note [at:TIME] [kind:KIND] [lang:LANG] TEXT",
    summary="Add a timeline entry. `at:` takes a time, `~14:05` if approximate, `?` if unknown. "
    "`entry-12 lang:fr TEXT` gives entry-12 words in French.",
    options=(
        Option("at", Value.TIME, about="when it happened"),
        Option("kind", Value.KIND, about="investigation, hypothesis, misleading, action, …"),
        LANGUAGE,
    ),
    text="required",
    aliases=("log",),
    also_meant=("add", "comment", "entry"),
    run=run,
)
