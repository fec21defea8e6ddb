"""`/incident drill`."""

from bot.command.table import Command, Option, Value
from bot.services.incidents import drills as drilling
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    name = typed.text.strip()
    if not name:
        return Reply(_offers(caller))
    speed = drilling.speed_of(typed.options.get("speed"))
    if "-" in name and name.rpartition("-")[2].isdecimal() and name.rpartition("-")[0].upper() in _series(caller):
        script = drilling.of_incident(session, caller.sight.named(session, name))
    else:
        script = drilling.of_scenario(caller.settings, name)
    drill = drilling.start(session, caller.settings, caller.actor, script, speed)
    count = len(script.lines)
    return Reply(
        f"*{drill.reference}* begins: a drill after {script.name}, {count} line{'' if count == 1 else 's'}"
        f"{f', {speed:g} times as fast' if speed != 1 else ''}. Its channel opens now; only you are invited, so tell "
        "those who practise with you. End it there with `/incident resolve` or `/incident cancel WHY`."
    )


def _series(caller: Caller) -> set[str]:
    """What past incidents are called: a scenario may have a number in its name too."""
    return {caller.settings.incidents.channel_prefix.upper(), caller.settings.incidents.drill_prefix.upper()}


def _offers(caller: Caller) -> str:
    lines = [f"• `{each.name}` {each.title}" for each in drilling.offers(caller.settings)]
    return "\n".join(
        [
            "What can be practised:",
            *lines,
            (
                "Start one with `/incident drill NAME`, ten times as fast with `speed:10`; or practise a past "
                f"incident: `/incident drill {caller.settings.incidents.channel_prefix.upper()}-7`."
            ),
        ]
    )


COMMAND = Command(
    name="drill",
    usage="drill [NAME] [speed:10]",
    summary="Practise: a scenario or a past incident (INC-7) is told anew in a channel. Without a name, list them.",
    options=(Option("speed", Value.WORD, about="how many times as fast as it happened"),),
    text="optional",
    inside=False,
    run=run,
)
