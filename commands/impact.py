"""`/incident impact`."""

from bot.command.table import Command, Option, Value
from bot.domain.times import format_time
from bot.services.timeline.impact_and_cause import state_impact
from commands.base import LANGUAGE, Caller, Invocation, Reply, Session, reply_beside_line


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    users = typed.options.get("users")
    state_impact(
        session,
        caller.about.key,
        caller.actor,
        typed.text,
        users=users,
        started=typed.options.get("started"),
        ended=typed.options.get("ended"),
        language=typed.options.get("lang"),
    )
    times = [
        f"{name} {format_time(when.at, typed.zone)}"
        for name in ("started", "ended")
        if (when := typed.options.get(name))
    ]
    details = ", ".join([*([users.in_english()] if users else []), *times])
    return reply_beside_line(caller, f"Impact recorded{f': {details}' if details else ''}.")


COMMAND = Command(
    name="impact",
    usage="impact [lang:LANG] [users:20%] [started:TIME] [ended:TIME] TEXT",
    summary="State the impact: who was affected, how, and when.",
    options=(
        LANGUAGE,
        Option("users", Value.USERS, about="how many users are affected"),
        Option("started", Value.TIME, ("start",), about="when the impact began"),
        Option("ended", Value.TIME, ("end",), about="when the impact ended"),
    ),
    text="optional",
    run=run,
)
