"""`/incident postmortem`."""

from bot.command.table import Command, Option, Value
from bot.config.sections import TEMPLATES
from bot.services import tell
from bot.store import incidents
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    incident = incidents.get(session, caller.about.key)
    tell.post_draft(
        session,
        incident,
        caller.actor.at,
        template=typed.options.get("template"),
        languages=list(typed.options["lang"]) if "lang" in typed.options else None,
        asked_by=caller.actor.user_id,
    )
    return Reply(f"The postmortem draft of {incident.reference} follows in the channel.")


COMMAND = Command(
    name="postmortem",
    usage="postmortem [template:NAME] [lang:LANG]",
    summary="Write the draft from the record as it stands, and post it.",
    options=(
        Option("template", Value.WORD, choices=TEMPLATES, about="the form of the draft"),
        Option("lang", Value.LANGUAGES, about="its languages, like fr,en"),
    ),
    aliases=("pm",),
    run=run,
)
