"""`/incident postmortem`."""

from bot.command.table import Command, Option, Value
from bot.services import outbox as tell
from bot.services.postmortem import templates as forms
from bot.store.incidents import incidents
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    incident = incidents.get(session, caller.about.key)
    template = typed.options.get("template")
    tell.post_draft(
        session,
        incident,
        caller.actor.at,
        template=forms.existing(caller.settings, template) if template else None,
        languages=list(typed.options["lang"]) if "lang" in typed.options else None,
        asked_by=caller.actor.user_id,
    )
    cancelled = f" The incident was cancelled: {incident.closure_reason}" if incident.closure_reason else ""
    comes = "comes to you in a direct message" if incident.is_retro else "follows in the channel"
    return Reply(f"The postmortem draft of {incident.reference} {comes}.{cancelled}")


COMMAND = Command(
    name="postmortem",
    usage="postmortem [template:NAME] [lang:LANG]",
    summary="Write the draft from the record as it stands, and post it.",
    options=(
        Option("template", Value.WORD, about="classic, brief, statuspage, sre, or one of your own"),
        Option("lang", Value.LANGUAGES, about="its languages, like fr,en"),
    ),
    aliases=("pm",),
    run=run,
)
