"""`/incident list`."""

from bot.command.table import Command
from bot.domain.terms import Severity
from bot.store import incidents
from bot.store.incidents import Incident
from commands.base import Caller, Invocation, Reply, Session

SHOWN = 20


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    found = [each for each in incidents.open_ones(session, caller.actor.team_id) if not each.is_private]
    if not found:
        return Reply("No incident is open. Open one with `/incident start checkout is down`.")
    lines = [_line(caller, each) for each in found[:SHOWN]]
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return Reply("\n".join(["Open incidents, the worst first:", *lines, *more]))


def _line(caller: Caller, incident: Incident) -> str:
    label = caller.settings.severity_label(Severity(incident.severity))
    where = f" in #{incident.channel_name}" if incident.channel_name else ""
    led = f", led by <@{incident.lead}>" if incident.lead else ""
    return f"• *{incident.reference}* {incident.title} ({label}, {incident.status}{led}){where}"


COMMAND = Command(
    name="list",
    usage="list",
    summary="Show the incidents that are open.",
    inside=False,
    run=run,
)
