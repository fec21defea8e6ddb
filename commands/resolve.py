"""`/incident resolve`."""

from datetime import datetime

from bot.command.table import Command, Option, Value
from bot.domain.times import time_in_front, typeable
from bot.services.incidents import lifecycle as incidents
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    resolved = incidents.resolve(
        session, caller.settings, caller.about.key, caller.actor, text=typed.text, ended=typed.options.get("at")
    )
    hint = "" if "at" in typed.options else _time_taken_for_text(typed, caller.actor.at)
    where = "comes to you in a direct message" if resolved.is_retro else "follows in the channel"
    label = caller.settings.status_label(resolved.status)
    return Reply(f"{resolved.reference} is {label}. The postmortem draft {where}.{hint}")


def _time_taken_for_text(typed: Invocation, at: datetime) -> str:
    """`resolve 10 min ago fixed it`: what to type if the time in front of the text was meant as one. Nothing if not."""
    when = time_in_front(typed.text, now=at, zone=typed.zone)
    if when is None or when.at is None:
        return ""
    return (
        f" Its impact ended now: without `at:` your `{when.text}` is text. If it ended then, type "
        f"`/incident impact ended:{typeable(when.at, typed.zone)}`."
    )


COMMAND = Command(
    name="resolve",
    usage="resolve [at:TIME] [TEXT]",
    summary="End it. `at:` is when the impact ended, TEXT what ended it.",
    options=(Option("at", Value.TIME, about="when the impact ended"),),
    text="optional",
    run=run,
)
