"""Maintenance windows: a service's alerts are recorded and page nobody."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import ErrorCollector, InvalidField, UserError, closest_word, did_you_mean
from bot.domain.times import ParsedTime, format_time
from bot.domain.times.future import MAX_BACKDATING, check_end_within, resolve_future_time, resolve_start
from bot.services.outbox.timer_payloads import MaintenanceTimer
from bot.services.status_page.maintenance import follow_window
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.store.alerts import maintenance_windows
from bot.store.alerts.maintenance_windows import MaintenanceWindow
from bot.store.shared import timers

WINDOW_END_TIMER = "end of a maintenance window"
MAX_DURATION = timedelta(days=31)
"""Longest maintenance window."""
REASON_LENGTH = 200
"""Characters of a reason that are kept."""


def open_window_ids(session: Session, actor: Actor, services: Iterable[str | None]) -> Mapping[str, int]:
    """Ids of the open windows, by service."""
    return {each.service: each.key for each in reversed(_find_open(session, actor, services))}


def hold_for_windows(session: Session, actor: Actor, services: Iterable[str | None]) -> Mapping[str, int]:
    """
    Ids of the open windows, by service, to hold alerts.

    Each has a timer at its end then: the clock may have been set since its own ran, or was moved.
    """
    running = _find_open(session, actor, services)
    for window in sorted(running, key=lambda each: each.key):
        payload = MaintenanceTimer(window.key)
        timers.set_or_advance(session, _end_timer_key(window), window.ends_at, WINDOW_END_TIMER, payload)
    return {each.service: each.key for each in reversed(running)}


def _find_open(session: Session, actor: Actor, services: Iterable[str | None]) -> list[MaintenanceWindow]:
    named = {service for service in services if service}
    return maintenance_windows.find_running(session, actor.team_id, named, actor.at)


def plan_window(
    session: Session,
    settings: Settings,
    actor: Actor,
    service: str,
    reason: str,
    *,
    since: ParsedTime | None,
    until: ParsedTime | None,
    zone: ZoneInfo,
) -> MaintenanceWindow:
    """
    Plan a window, from now on if `since` is None.

    Raises InvalidField or InvalidFields (`service`, `from`, `to`) for invalid input.
    """
    errors = ErrorCollector()
    starts_at = actor.at
    with errors.collect():
        name = resolve_service_name(settings, service)
    with errors.collect():
        starts_at = find_window_start(actor, since, zone)
    with errors.collect():
        ends_at = _window_end(until, starts_at, actor, zone)
    errors.check()
    window = MaintenanceWindow(
        team_id=actor.team_id,
        service=name,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=" ".join(reason.split())[:REASON_LENGTH],
        by=actor.user_id,
    )
    session.add(window)
    session.flush()
    _set_end_timer(session, window, ends_at)
    audit_action(
        session,
        actor,
        "planned maintenance",
        service=name,
        since=starts_at.isoformat(),
        until=ends_at.isoformat(),
        why=window.reason,
    )
    return window


def resolve_service_name(settings: Settings, word: str) -> str:
    """
    Find a service by name. Unknown names are accepted, because alerts may name any service.

    Raises InvalidField for a near miss of a configured service: a typo would page people.
    """
    name = " ".join(word.split())
    if not name:
        raise InvalidField(
            "service", "Name a service, for example `/incident maintenance payments to:18:00 new disks`."
        )
    known = {each.casefold(): each for each in settings.services}
    if found := known.get(name.casefold()):
        return found
    if closest_word(name, list(settings.services)):
        raise InvalidField(
            "service", f"dogwatch.toml has no service `{name}`.{did_you_mean(name, list(settings.services))}"
        )
    return name


def is_known_service(settings: Settings, service: str) -> bool:
    return service in settings.services


def find_window_start(actor: Actor, since: ParsedTime | None, zone: ZoneInfo) -> datetime:
    """
    The start of a window: now, at `since`, or some minutes ago.

    Raises InvalidField for an earlier time: alerts since then have paged already.
    """
    if since is None:
        return actor.at
    starts_at = resolve_start(since, actor.at)
    if starts_at is not None and timedelta(0) <= actor.at - starts_at <= MAX_BACKDATING:
        return starts_at
    try:
        return resolve_future_time(since, after=actor.at, zone=zone)
    except UserError as problem:
        raise InvalidField("from", problem.message) from problem


def _window_end(until: ParsedTime | None, starts_at: datetime, actor: Actor, zone: ZoneInfo) -> datetime:
    if until is None:
        raise InvalidField("to", "A maintenance window needs an end. Add `to:18:00` or `to:in 2 hours`.")
    try:
        ends_at = resolve_future_time(until, after=max(starts_at, actor.at), zone=zone)
    except UserError as problem:
        raise InvalidField("to", problem.message) from problem
    check_end_within("to", ends_at, since=starts_at, most=MAX_DURATION)
    return ends_at


def end_windows(session: Session, settings: Settings, actor: Actor, service: str) -> list[MaintenanceWindow]:
    """
    End a service's open windows; if none is open, cancel the planned ones.

    Alerts that still fire then open incidents. Raises UserError if there is no window.
    """
    name = resolve_service_name(settings, service)
    planned = maintenance_windows.find_unfinished(session, actor.team_id, actor.at, name)
    chosen = [each for each in planned if each.starts_at <= actor.at] or planned
    if not chosen:
        raise UserError(f"No maintenance of `{name}` is under way or planned. `/incident maintenance` lists them.")
    for window in chosen:
        end_window(session, settings, window, actor)
    return chosen


def end_window(session: Session, settings: Settings, window: MaintenanceWindow, actor: Actor) -> None:
    """End a window, or cancel it before its start."""
    window.ended_at, window.ended_by = actor.at, actor.user_id
    session.add(window)
    _set_end_timer(session, window, actor.at)
    follow_window(session, settings, window, actor)
    audit_action(session, actor, "ended maintenance", service=window.service, why=window.reason)


def lock_unfinished(session: Session, actor: Actor, window_id: int) -> MaintenanceWindow:
    """Lock a window that is under way or planned. Raises UserError for any other."""
    window = maintenance_windows.lock(session, window_id)
    if window is None or window.team_id != actor.team_id or window.ended_at is not None or window.ends_at <= actor.at:
        raise UserError("That maintenance is over. Nothing was changed.")
    return window


def change_window(
    session: Session,
    settings: Settings,
    actor: Actor,
    service: str,
    *,
    since: ParsedTime | None,
    until: ParsedTime | None,
    zone: ZoneInfo,
) -> MaintenanceWindow:
    """
    Move the start, the end or both of the service's window.

    Raises InvalidField (`from`, `to`) for invalid times, and UserError unless exactly one window is meant.
    """
    window = find_window(session, settings, actor, service, since=None, zone=zone)
    return move_window(session, settings, window, actor, since=since, until=until, zone=zone)


def move_window(
    session: Session,
    settings: Settings,
    window: MaintenanceWindow,
    actor: Actor,
    *,
    since: ParsedTime | None,
    until: ParsedTime | None,
    zone: ZoneInfo,
) -> MaintenanceWindow:
    """Move the start, the end or both. Raises InvalidField (`from`, `to`) for invalid times."""
    before = _describe_times(window)
    if since is not None:
        if window.starts_at <= actor.at:
            raise InvalidField("from", "The maintenance has begun. Change its end with `to:`, or end it with `end`.")
        window.starts_at = find_window_start(actor, since, zone)
    if until is not None:
        window.ends_at = _window_end(until, window.starts_at, actor, zone)
    if window.ends_at <= window.starts_at:
        raise InvalidField("to", "It would end before it begins. Add the new end, for example `to:02:00`.")
    check_end_within("to", window.ends_at, since=window.starts_at, most=MAX_DURATION)
    session.add(window)
    _set_end_timer(session, window, window.ends_at)
    follow_window(session, settings, window, actor)
    after = _describe_times(window)
    audit_action(session, actor, "changed maintenance", service=window.service, before=before, after=after)
    return window


def _describe_times(window: MaintenanceWindow) -> dict[str, str]:
    return {"since": window.starts_at.isoformat(), "until": window.ends_at.isoformat()}


def find_window(
    session: Session, settings: Settings, actor: Actor, service: str, *, since: ParsedTime | None, zone: ZoneInfo
) -> MaintenanceWindow:
    """
    Lock the window of a service that begins at `since`.

    Without `since`: the one under way, else the planned one.

    Raises UserError if there is none, or several.
    """
    name = resolve_service_name(settings, service)
    planned = maintenance_windows.find_unfinished(session, actor.team_id, actor.at, name)
    chosen = [each for each in planned if each.starts_at <= actor.at] or planned
    if since is not None:
        named = {_minute(at) for at in (since.at, since.earlier) if at is not None}
        chosen = [each for each in planned if _minute(each.starts_at) in named]
    if len(chosen) > 1:
        starts = " and ".join(format_time(each.starts_at, zone) for each in chosen)
        raise UserError(
            f"{name} has {len(chosen)} windows, which begin at {starts}. To publish one, add its start with `from:`. "
            "To change one, end them and plan them again."
        )
    window = maintenance_windows.lock(session, chosen[0].key) if chosen else None
    if window is None or window.ended_at is not None:
        begins = f" that begins at {format_time(since.at, zone)}" if since is not None and since.at is not None else ""
        raise UserError(
            f"No maintenance of `{name}`{begins} is under way or planned. `/incident maintenance` lists them. To plan "
            "one, add its end, for example `to:18:00`."
        )
    return window


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _set_end_timer(session: Session, window: MaintenanceWindow, at: datetime) -> None:
    timers.set_timer(session, _end_timer_key(window), at, WINDOW_END_TIMER, MaintenanceTimer(window.key))


def _end_timer_key(window: MaintenanceWindow) -> str:
    return f"maintenance:{window.key}"


def list_windows(session: Session, team_id: str, at: datetime) -> list[MaintenanceWindow]:
    """Open and planned windows, the first to begin first."""
    return maintenance_windows.find_unfinished(session, team_id, at)


def open_windows(session: Session, team_id: str, services: Sequence[str], at: datetime) -> list[MaintenanceWindow]:
    """One open window per service, the one that ends last."""
    found = maintenance_windows.find_running(session, team_id, services, at)
    return list({each.service: each for each in reversed(found)}.values())
