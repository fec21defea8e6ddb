"""`/incident impact`."""

from bot.command.table import Command, Option, Value
from bot.domain.times import show_time
from bot.services.timeline import impact_and_cause as statements
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    languages = typed.options.get("lang") or (None,)
    statements.state_impact(
        session,
        caller.about.key,
        caller.actor,
        typed.text,
        users_percent=typed.options.get("users"),
        started=typed.options.get("started"),
        ended=typed.options.get("ended"),
        language=languages[0],
    )
    zone = typed.zone
    said = [f"{name} {show_time(when.at, zone)}" for name in ("started", "ended") if (when := typed.options.get(name))]
    share = typed.options.get("users")
    details = ", ".join([*([f"{share:g}% of users"] if share is not None else []), *said])
    return Reply(f"Impact recorded{f': {details}' if details else ''}.")


COMMAND = Command(
    name="impact",
    usage="impact [lang:LANG] [users:20%] [started:TIME] [ended:TIME] TEXT",
    summary="Say what it did to whom, and from when to when.",
    options=(
        Option("lang", Value.LANGUAGES, about="the language of the text"),
        Option("users", Value.PERCENT, about="share of users affected"),
        Option("started", Value.TIME, about="when the impact began"),
        Option("ended", Value.TIME, about="when the impact ended"),
    ),
    text="optional",
    run=run,
)
