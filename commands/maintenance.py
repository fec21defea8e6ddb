"""`/incident maintenance`: plan, publish, change, end and list windows."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bot.command.table import Command, Option, Positional, Value
from bot.domain.errors import UserError, errors_at
from bot.domain.languages import get_language
from bot.domain.status_page.components import parse_keys
from bot.domain.times import format_time
from bot.domain.times.future import read_leading_end
from bot.services.incidents.maintenance_windows import (
    change_window,
    end_windows,
    find_window,
    find_window_start,
    is_known_service,
    list_windows,
    plan_window,
)
from bot.services.status_page.maintenance import Announced, Announcement, announce_maintenance
from bot.store import status_page
from bot.store.alerts.maintenance_windows import MaintenanceWindow
from commands.base import Caller, Invocation, Reply, Session

LIST = "list"
UNCHANGED = "yes"
"""`public:yes`: publish, and leave the components as they are."""


def run(session: Session, caller: Caller, typed: Invocation) -> Reply:
    service = typed.positionals.get("service", "")
    if typed.options.get("end"):
        _check_ends_now(typed)
        ended = end_windows(session, caller.settings, caller.actor, service)
        return Reply(_describe_ended(ended, caller, typed.zone))
    if not typed.options and not typed.text and service.casefold() in {"", LIST}:
        return Reply(_list_windows(session, caller, typed.zone))
    if typed.options.get("change"):
        return _change(session, caller, typed)
    _check_public(typed)
    if "public" in typed.options and "to" not in typed.options:
        since = typed.options.get("from")
        window = find_window(session, caller.settings, caller.actor, service, since=since, zone=typed.zone)
        published = _announce(session, caller, typed, window)
        return Reply(f"Maintenance of {_describe_window(window, typed.zone)}.{published}")
    return _plan(session, caller, typed, service)


def _plan(session: Session, caller: Caller, typed: Invocation, service: str) -> Reply:
    since, until, why = typed.options.get("from"), typed.options.get("to"), typed.text
    if until is None:
        begin = find_window_start(caller.actor, since, typed.zone)
        until, why = read_leading_end(why, now=begin, zone=typed.zone) or (until, why)
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
        f"{_announce(session, caller, typed, window)}"
    )


def _change(session: Session, caller: Caller, typed: Invocation) -> Reply:
    """Raises UserError for `maintenance db to:02:00 change` with a text, which would be lost."""
    if typed.text or typed.options.keys() & {"public", "title", "lang"} or not typed.options.keys() & {"from", "to"}:
        raise UserError(
            "`change` changes the times of a window: add `from:` or `to:`, and nothing else. Add `change:no` if it is "
            "the last word of your text."
        )
    service, zone = typed.positionals.get("service", ""), typed.zone
    since, until = typed.options.get("from"), typed.options.get("to")
    window = change_window(session, caller.settings, caller.actor, service, since=since, until=until, zone=zone)
    shown = " The status page shows it." if status_page.find_announced(session, [window.key]) else ""
    return Reply(f"Changed. Maintenance of {_describe_window(window, zone)}.{shown}")


def _check_public(typed: Invocation) -> None:
    """Raises UserError for words for readers without `public:`, which would stay internal."""
    if "public" not in typed.options and typed.options.keys() & {"title", "lang"}:
        raise UserError(
            "`title:` and `lang:` are for the status page. Add `public:` with the components that are affected, for "
            "example `public:checkout,search`, or `public:none`."
        )


def _announce(session: Session, caller: Caller, typed: Invocation, window: MaintenanceWindow) -> str:
    """Publish the window if `public:` is typed, and describe the outcome; empty without it."""
    named = typed.options.get("public")
    if named is None:
        return ""
    page = caller.settings.status
    with errors_at("public"):
        is_named = named.strip().casefold() != UNCHANGED
        components = parse_keys(named, page.as_components()) if page and is_named else None
    title, language = typed.options.get("title") or "", typed.options.get("lang") or ""
    wanted = Announcement(typed.text, title, language, components)
    announced = announce_maintenance(session, caller.settings, caller.actor, window, wanted)
    return f"\n{_describe_announced(caller, window, announced)}"


def _describe_announced(caller: Caller, window: MaintenanceWindow, announced: Announced) -> str:
    english, row = get_language("en"), announced.row
    written = " and ".join(english.language_name(code) for code in row.texts)
    parts = [f"It is on the status page in {written}: {caller.settings.status_url}"]
    if announced.missing:
        missing = " and ".join(english.language_name(code) for code in announced.missing)
        example = f"/incident maintenance {window.service} public:yes lang:{announced.missing[0]} TEXT"
        parts.append(f"Missing: {missing}. Add them, for example `{example}`.")
    if announced.suggested:
        parts.append(f"No component is affected. Suggested: `public:{','.join(announced.suggested)}`.")
    return " ".join(parts)


def _describe_ended(ended: Sequence[MaintenanceWindow], caller: Caller, zone: ZoneInfo) -> str:
    if ended[0].starts_at > caller.actor.at:
        return "\n".join(f"Cancelled: maintenance of {_describe_window(each, zone)}." for each in ended)
    return f"Maintenance of {ended[0].service} ended. Alerts that still fire open incidents now."


def _check_ends_now(typed: Invocation) -> None:
    """
    Refuse planning and ending in one line.

    Raises UserError for `maintenance db to:02:00 until the end`.
    """
    if typed.options.keys() & {"from", "to", "public", "change"}:
        raise UserError(
            "`end` ends maintenance; `from:`, `to:`, `public:` and `change` do not go with it. Leave out `end`, or add "
            "`end:no` if it is the last word of your text."
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
    published = status_page.find_announced(session, [each.key for each in planned])
    return "\n".join(_window_line(each, caller, zone, is_public=each.key in published) for each in planned)


def _window_line(window: MaintenanceWindow, caller: Caller, zone: ZoneInfo, *, is_public: bool) -> str:
    now = "under way, " if window.starts_at <= caller.actor.at else ""
    by = f", by <@{window.by}>" if window.by else ""
    public = ", on the status page" if is_public else ""
    return f"• {_describe_window(window, zone)} ({now}{window.reason or 'no reason given'}{by}{public})"


COMMAND = Command(
    name="maintenance",
    usage=(
        "maintenance [SERVICE] [from:TIME] [to:TIME] [tz:ZONE] [public:COMPONENTS] [lang:LANG] [title:TITLE] [change] "
        "[end] [WHY]"
    ),
    summary=(
        "Record a service's alerts for a time without paging. `public:` announces it on the status page, `end` ends "
        "it; alone it lists the windows."
    ),
    options=(
        Option("from", Value.TIME, may_be_future=True, about="the start (default: now)"),
        Option("to", Value.TIME, aliases=("until",), may_be_future=True, about="the end"),
        Option("tz", Value.ZONE, about="the time zone of the times"),
        Option(
            "public",
            Value.TEXT,
            about="publish it with your text; affected components of the status page, `none`, or `yes` for no change",
        ),
        Option("lang", Value.LANGUAGE, about="the language of the published text and title"),
        Option("title", Value.TEXT, about="the published title"),
        Option("change", Value.FLAG, about="change its times to `from:` and `to:`"),
        Option("end", Value.FLAG, about="end or cancel it"),
    ),
    positionals=(Positional("service", Value.TEXT, required=False, about="a service"),),
    text="optional",
    needs_incident=False,
    run=run,
)
