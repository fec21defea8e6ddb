"""`/incident update`."""

from bot.command.table import Command, Option, Positional, Value
from bot.domain.languages import get_language
from bot.domain.terms import UpdateState
from bot.services.timeline.status_updates import record_status_update
from commands.base import Caller, Invocation, Reply, Session, reply_beside_line

PUBLISH_HINT = "Dogwatch does not publish it: post it where your customers read it."


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    state = UpdateState(typed.positionals["state"])
    languages = typed.options.get("lang") or ()
    record_status_update(
        session, caller.about.key, caller.actor, state, typed.text, languages=languages, when=typed.options.get("at")
    )
    english = get_language("en")
    named = " and ".join(english.language_name(code) for code in languages)
    where = f", in {named}" if named else ""
    if state is UpdateState.POSTMORTEM:
        written = f"`/incident {caller.typed_before}postmortem` uses {named} from now on." if named else ""
        return reply_beside_line(caller, f"Recorded: the postmortem is published{where}.", f"{written} {PUBLISH_HINT}")
    return reply_beside_line(caller, f"Recorded the public update: {state}{where}.", PUBLISH_HINT)


COMMAND = Command(
    name="update",
    usage="update STATE [lang:LANG] [at:TIME] [TEXT]",
    summary="Record a status update for the public: investigating, identified, monitoring, resolved, postmortem.",
    options=(
        Option("lang", Value.LANGUAGES, about="the language of the text; for a postmortem, all its languages"),
        Option("at", Value.TIME, about="when it was published"),
    ),
    positionals=(Positional("state", Value.WORD, choices=tuple(UpdateState)),),
    text="optional",
    run=run,
)
