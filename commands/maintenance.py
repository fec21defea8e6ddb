"""`/incident maintenance`."""

from zoneinfo import ZoneInfo

from bot.command.table import Command, Option, Positional, Value
from bot.domain.errors import UserError
from bot.domain.times import format_time
from bot.domain.times.future import read_leading_end
from bot.services.incidents.maintenance_windows import end_windows, is_known_service, list_windows, plan_window
from bot.store.alerts.maintenance_windows import MaintenanceWindow
from commands.base import Caller, Invocation, Reply, Session

LIST = "list"


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    service = typed.positionals.get("service", "")
    if typed.options.get("end"):
        _check_ends_now(typed)
        ended = end_windows(session, caller.settings, caller.actor, service)
        return Reply(f"Maintenance of {ended[0].service} ended. Alerts that still fire open incidents now.")
    if not typed.options and not typed.text and service.casefold() in {"", LIST}:
        return Reply(_list_windows(session, caller, typed.zone))
    since, until, why = typed.options.get("from"), typed.options.get("to"), typed.text
    begin = since.at if since and since.at else caller.actor.at
    if until is None and (found := read_leading_end(why, now=begin, zone=typed.zone)):
        until, why = found
    window = plan_window(
        session, caller.settings, caller.actor, service, why, since=since, until=until, zone=typed.zone
    )
    unknown = (
        ""
        if is_known_service(caller.settings, window.service)
        else (
            " dogwatch.toml has no such service: the window applies to alerts with the label "
            f"`service={window.service}`."
        )
    )
    return Reply(
        f"Maintenance of {_describe_window(window, typed.zone)}. Its alerts are recorded and page nobody; those that "
        f"still fire at the end open incidents then. Declared incidents page as usual.{unknown}"
    )


def _check_ends_now(typed: Invocation) -> None:
    """
    Refuse planning and ending in one line.

    Raises UserError for `maintenance db to:02:00 until the end`.
    """
    if typed.options.keys() & {"from", "to"}:
        raise UserError(
            "`end` ends maintenance, `from:` and `to:` plan it. Leave out `end`, or add `end:no` if it is the last "
            "word of your reason."
        )


def _describe_window(window: MaintenanceWindow, zone: ZoneInfo) -> str:
    return f"{window.service} from {format_time(window.starts_at, zone)} to {format_time(window.ends_at, zone)}"


def _list_windows(session: Session, caller: Caller, zone: ZoneInfo) -> str:
    planned = list_windows(session, caller.actor.team_id, caller.actor.at)
    if not planned:
        return (
            "No maintenance is under way or planned. Plan it: `/incident maintenance payments from:22:00 to:02:00 "
            "new disks`."
        )
    return "\n".join(_window_line(each, caller, zone) for each in planned)


def _window_line(window: MaintenanceWindow, caller: Caller, zone: ZoneInfo) -> str:
    now = "under way, " if window.starts_at <= caller.actor.at else ""
    by = f", by <@{window.by}>" if window.by else ""
    return f"• {_describe_window(window, zone)} ({now}{window.reason or 'no reason given'}{by})"


COMMAND = Command(
    name="maintenance",
    usage="maintenance [SERVICE] [from:TIME] [to:TIME] [tz:ZONE] [end] [WHY]",
    summary="Record a service's alerts for a time without paging. `end` ends it; alone it lists the windows.",
    options=(
        Option("from", Value.TIME, may_be_future=True, about="the start (default: now)"),
        Option("to", Value.TIME, aliases=("until",), may_be_future=True, about="the end"),
        Option("tz", Value.ZONE, about="the time zone of the times"),
        Option("end", Value.FLAG, about="end or cancel it"),
    ),
    positionals=(Positional("service", Value.TEXT, required=False, about="a service"),),
    text="optional",
    needs_incident=False,
    run=run,
)
