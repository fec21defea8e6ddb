"""`/incident resolve`."""

from bot.command.table import Command, Option, Value
from bot.services import incidents
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    resolved = incidents.resolve(
        session, caller.about.key, caller.actor, text=typed.text, ended=typed.options.get("at")
    )  # fmt: skip
    return Reply(f"{resolved.reference} is resolved. The postmortem draft follows in the channel.")


COMMAND = Command(
    name="resolve",
    usage="resolve [at:TIME] [TEXT]",
    summary="End it. `at:` is when the impact ended, TEXT what ended it.",
    options=(Option("at", Value.TIME, about="when the impact ended"),),
    text="optional",
    run=run,
)
