"""`/incident reopen`."""

from bot.command.table import Command
from bot.services.incidents.lifecycle import reopen_incident
from bot.store.incidents import incidents
from commands.base import LANGUAGE, Caller, Invocation, Reply, ReplyView, Session, reply_beside_line


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    incident = incidents.lock(session, caller.about.key)
    if incident.is_open and incident.archived_at is not None:  # open already: ask for the new channel
        return Reply(incident.reference, shows=ReplyView.ARCHIVED, incident_id=incident.key)
    reopened = reopen_incident(session, caller.settings, incident, caller.actor, why=typed.text)
    if reopened.archived_at is not None:
        return Reply(reopened.reference, shows=ReplyView.ARCHIVED, incident_id=reopened.key)
    return reply_beside_line(caller, f"{reopened.reference} is open again.")


COMMAND = Command(
    name="reopen",
    usage="reopen [lang:LANG] WHY",
    summary="Reopen an incident that was resolved too early.",
    options=(LANGUAGE,),
    text="required",
    run=run,
)
