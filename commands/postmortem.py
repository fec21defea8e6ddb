"""`/incident postmortem`."""

from bot.command.table import Command, Option, Value
from bot.domain.errors import UserError
from bot.services import outbox
from bot.services.outbox.payloads import DraftPayload
from bot.services.postmortem.templates import check_template
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    incident = incidents.get(session, caller.about.key)
    template = typed.options.get("template")
    payload = DraftPayload(
        template=check_template(caller.settings, template) if template else None,
        languages=tuple(typed.options["lang"]) if "lang" in typed.options else None,
        asked_by=caller.actor.user_id,
        with_transcript=bool(typed.options.get("transcript")),
    )
    if payload.with_transcript and incident.channel_id is None:
        raise UserError(f"{incident.reference} has no channel, so there is no transcript. Leave out `transcript`.")
    outbox.post_draft(session, incident, caller.actor.at, payload)
    cancelled = f" The incident was cancelled: {incident.closure_reason}" if incident.closure_reason else ""
    return Reply(f"The postmortem draft of {incident.reference} {announce_draft(incident)}.{cancelled}")


def announce_draft(incident: Incident) -> str:
    return "comes to you in a direct message" if incident.is_retro else "follows in the channel"


COMMAND = Command(
    name="postmortem",
    usage="postmortem [template:NAME] [lang:LANG] [transcript]",
    summary="Write the draft from the current record and post it.",
    options=(
        Option("template", Value.WORD, about="classic, brief, statuspage, sre, or your own"),
        Option("lang", Value.LANGUAGES, about="the languages, like fr,en"),
        Option("transcript", Value.FLAG, about="add the channel's messages as an appendix"),
    ),
    aliases=("pm",),
    run=run,
)
