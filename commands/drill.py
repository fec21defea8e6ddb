"""`/incident drill`."""

from bot.command.table import Command, Option, Value
from bot.services.incidents.drills import (
    list_scenarios,
    parse_speed,
    script_from_incident,
    script_from_scenario,
    start_drill,
)
from commands.base import Caller, Invocation, Reply, Session


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    name = typed.text.strip()
    if not name:
        return Reply(_scenario_list(caller))
    speed = parse_speed(typed.options.get("speed"))
    if (
        "-" in name
        and name.rpartition("-")[2].isdecimal()
        and name.rpartition("-")[0].upper() in _incident_series(caller)
    ):
        script = script_from_incident(session, caller.visibility.find(session, name))
    else:
        script = script_from_scenario(caller.settings, name)
    drill = start_drill(session, caller.settings, caller.actor, script, speed)
    count = len(script.lines)
    return Reply(
        f"Started the drill *{drill.reference}* from {script.name}: {count} "
        f"line{'' if count == 1 else 's'}{f', {speed:g} times as fast' if speed != 1 else ''}. Its channel opens now, "
        "and only you are invited: invite the other participants. End it there with `/incident resolve` or "
        "`/incident cancel WHY`."
    )


def _incident_series(caller: Caller) -> set[str]:
    """Prefixes of past incidents: a scenario's name may have a number in it too."""
    return {caller.settings.incidents.channel_prefix.upper(), caller.settings.incidents.drill_prefix.upper()}


def _scenario_list(caller: Caller) -> str:
    lines = [f"• `{each.name}` {each.title}" for each in list_scenarios(caller.settings)]
    return "\n".join(
        [
            "Scenarios:",
            *lines,
            (
                "Start one with `/incident drill NAME` (`speed:10`: ten times as fast). Replay a past incident with "
                f"`/incident drill {caller.settings.incidents.channel_prefix.upper()}-7`."
            ),
        ]
    )


COMMAND = Command(
    name="drill",
    usage="drill [NAME] [speed:10]",
    summary="Replay a scenario or a past incident (INC-7) in a channel. Without a name, list the scenarios.",
    options=(Option("speed", Value.WORD, about="the speed, as a factor"),),
    text="optional",
    needs_incident=False,
    run=run,
)
