"""`/incident cancel`."""

from bot.command.table import Command
from bot.services.incidents.alerts import find_firing
from bot.services.incidents.cancel import cancel_incident
from bot.store.incidents.incidents import Incident
from commands.base import LANGUAGE, Caller, Invocation, Reply, Session, reply_beside_line


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    cancelled = cancel_incident(session, caller.settings, caller.about.key, caller.actor, typed.text)
    label, number = caller.settings.status_label(cancelled.status), caller.typed_before
    return reply_beside_line(
        caller,
        f"{cancelled.reference} is {label}. `/incident {number}postmortem` still writes the draft; `/incident "
        f"{number}reopen WHY` undoes the cancellation.",
        _warning(session, cancelled),
    )


def _warning(session: Session, cancelled: Incident) -> str:
    """Alerts that still fire: they are not announced after a cancellation. Empty if none."""
    sentence = find_firing(session, cancelled.key).sentence
    return f"{sentence} Repetitions are not reported." if sentence else ""


COMMAND = Command(
    name="cancel",
    usage="cancel [lang:LANG] WHY",
    summary="Cancel a false alarm or a duplicate. The record stays.",
    options=(LANGUAGE,),
    text="required",
    run=run,
    ends_incident=lambda _typed: "Cancel",
)
