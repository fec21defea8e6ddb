"""`/incident mute`."""

from bot.command.table import Command, Option, Positional, Value
from bot.domain.errors import UserError
from bot.domain.times import format_time
from bot.domain.times.future import read_leading_end
from bot.services.paging.mutes import mute_person
from commands.base import SELF_WORDS, Caller, Invocation, Reply, Session


def parse_person(caller: Caller, typed: Invocation) -> tuple[str, str]:
    """The named person, or else the caller; and the rest of the text."""
    person = typed.positionals.get("person")
    if person is not None:
        return person.user_id, typed.text
    first, _, rest = typed.text.partition(" ")
    if first.startswith("@") and first.casefold() not in SELF_WORDS:
        raise UserError(f"`{first}` is not a mention. Type `@` and choose the person from Slack's list.")
    return caller.actor.user_id or "", rest.strip() if first.casefold() in SELF_WORDS else typed.text


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    user_id, why = parse_person(caller, typed)
    until_when = typed.options.get("until")
    if until_when is None and (found := read_leading_end(why, now=caller.actor.at, zone=typed.zone)):
        until_when, why = found
    row = mute_person(session, caller.settings, caller.actor, user_id, why, until=until_when, zone=typed.zone)
    until = format_time(row.ends_at, typed.zone) if row.ends_at else ""
    if user_id == caller.actor.user_id:
        return Reply(
            f"You are muted until {until}. If nobody else would be paged, the next level is paged at once. `/incident "
            "unmute` ends it."
        )
    return Reply(f"<@{user_id}> is muted until {until}, and gets a message. `/incident unmute` ends it.")


COMMAND = Command(
    name="mute",
    usage="mute [@USER] until:TIME [tz:ZONE] [WHY]",
    summary="Stop pages to you or another person until then. Escalations continue with the others.",
    options=(
        Option("until", Value.TIME, may_be_future=True, about="the end"),
        Option("tz", Value.ZONE, about="the time zone of the times"),
    ),
    positionals=(Positional("person", Value.PERSON, required=False),),
    text="optional",
    needs_incident=False,
    also_meant=("snooze", "silence", "dnd"),
    run=run,
)
