"""`/incident mute`."""

from bot.command.table import Command, Option, Positional, Value
from bot.domain.errors import UserError
from bot.domain.times import show_time
from bot.services.paging import mutes as muting
from commands.base import Caller, Invocation, Reply, Session

ME = ("me", "@me", "myself")


def whom(caller: Caller, typed: Invocation) -> tuple[str, str]:
    """Who is meant, the one who types if nobody is named, and what stands behind that."""
    person = typed.positionals.get("person")
    if person is not None:
        return person.user_id, typed.text
    first, _, rest = typed.text.partition(" ")
    if first.startswith("@") and first.casefold() not in ME:
        raise UserError(f"I cannot tell who `{first}` is. Type `@` and choose the person from Slack's list.")
    return caller.actor.user_id or "", rest.strip() if first.casefold() in ME else typed.text


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    user_id, why = whom(caller, typed)
    row = muting.mute(
        session, caller.settings, caller.actor, user_id, why, until=typed.options.get("until"), zone=typed.zone
    )
    until = show_time(row.ends_at, typed.zone) if row.ends_at else ""
    if user_id == caller.actor.user_id:
        return Reply(
            f"You are not paged until {until}. Where only you would be paged, the next level is paged at once. "
            "`/incident unmute` ends it."
        )
    return Reply(f"<@{user_id}> is not paged until {until}, and is told so. `/incident unmute` ends it.")


COMMAND = Command(
    name="mute",
    usage="mute [@USER] until:TIME [tz:ZONE] [WHY]",
    summary="Do not page you, or somebody else, until then. Escalations go on to the others, or to the next level.",
    options=(
        Option("until", Value.TIME, may_be_future=True, about="when it ends by itself"),
        Option("tz", Value.ZONE, about="in which the time is meant"),
    ),
    positionals=(Positional("person", Value.PERSON, required=False),),
    text="optional",
    inside=False,
    run=run,
)
