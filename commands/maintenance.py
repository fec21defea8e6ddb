"""`/incident maintenance`."""

from zoneinfo import ZoneInfo

from bot.command.table import Command, Option, Positional, Value
from bot.domain.times import show_time
from bot.services.incidents import maintenance_windows as maintenance
from bot.store.alerts.maintenance_windows import Maintenance
from commands.base import Caller, Invocation, Reply, Session

LIST = "list"


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    service = typed.positionals.get("service", "")
    if typed.options.get("end"):
        ended = maintenance.end(session, caller.settings, caller.actor, service)
        return Reply(f"Maintenance of {ended[0].service} is over. What still fires opens incidents now.")
    if not typed.options and not typed.text and service.casefold() in {"", LIST}:
        return Reply(_listed(session, caller, typed.zone))
    window = maintenance.begin(
        session,
        caller.settings,
        caller.actor,
        service,
        typed.text,
        since=typed.options.get("from"),
        until=typed.options.get("to"),
        zone=typed.zone,
    )
    unknown = (
        ""
        if maintenance.is_known(caller.settings, window.service)
        else (
            f" dogwatch.toml has no service of that name: alerts are meant whose label `service` is `{window.service}`."
        )
    )
    return Reply(
        f"Maintenance of {_shown(window, typed.zone)}. Its alerts are recorded meanwhile, and nobody is paged by them; "
        f"what still fires when it ends opens incidents then. Incidents that people declare page as ever.{unknown}"
    )


def _shown(window: Maintenance, zone: ZoneInfo) -> str:
    return f"{window.service} from {show_time(window.starts_at, zone)} to {show_time(window.ends_at, zone)}"


def _listed(session: Session, caller: Caller, zone: ZoneInfo) -> str:
    planned = maintenance.planned(session, caller.actor.team_id, caller.actor.at)
    if not planned:
        return (
            "No maintenance is under way or planned. `/incident maintenance payments from:22:00 to:02:00 new disks` "
            "plans some."
        )
    return "\n".join(_line(each, caller, zone) for each in planned)


def _line(window: Maintenance, caller: Caller, zone: ZoneInfo) -> str:
    now = "under way, " if window.starts_at <= caller.actor.at else ""
    by = f", by <@{window.by}>" if window.by else ""
    return f"• {_shown(window, zone)} ({now}{window.reason or 'no reason given'}{by})"


COMMAND = Command(
    name="maintenance",
    usage="maintenance [SERVICE] [from:TIME] [to:TIME] [tz:ZONE] [end] [WHY]",
    summary="Record a service's alerts for a while and page nobody. `end` ends it; alone it lists what there is.",
    options=(
        Option("from", Value.TIME, may_be_future=True, about="when it begins; now, if left out"),
        Option("to", Value.TIME, aliases=("until",), may_be_future=True, about="when it ends by itself"),
        Option("tz", Value.ZONE, about="in which the times are meant"),
        Option("end", Value.FLAG, about="it is over now, or does not take place"),
    ),
    positionals=(Positional("service", Value.TEXT, required=False, about="a service"),),
    text="optional",
    inside=False,
    run=run,
)
