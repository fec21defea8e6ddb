"""Maintenance windows: while a service is worked on, its alerts are kept and open nothing, so that nobody is paged."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError, WrongField, did_you_mean, nearest
from bot.domain.times import When
from bot.domain.times.future import ahead, within
from bot.services.workspace.actor import Actor
from bot.store.alerts import maintenance_windows as maintenance
from bot.store.alerts.maintenance_windows import Maintenance
from bot.store.shared import audit, timers

OVER = "end of a maintenance window"
LONGEST = timedelta(days=31)
PAST = timedelta(minutes=5)
"""How far back a window may be said to begin: what came before that was paged already."""
REASON = 200
"""Characters of a reason that are kept."""


def windows(session: Session, actor: Actor, services: Iterable[str | None]) -> Mapping[str, int]:
    """The window that is open now, of each of these services that has one."""
    named = {service for service in services if service}
    return {each.service: each.key for each in reversed(maintenance.running(session, actor.team_id, named, actor.at))}


def begin(
    session: Session,
    settings: Settings,
    actor: Actor,
    service: str,
    reason: str,
    *,
    since: When | None,
    until: When | None,
    zone: ZoneInfo,
) -> Maintenance:
    """
    Plan a window, from now on if `since` is None.

    Raises WrongField (`service`, `from`, `to`) and UserError for what cannot be.
    """
    name = service_named(settings, service)
    starts_at = _start(actor, since, zone)
    if until is None:
        raise WrongField("to", "Say until when: `to:18:00`, `to:in 2 hours`. A window without an end is forgotten.")
    try:
        ends_at = ahead(until, after=max(starts_at, actor.at), zone=zone)
    except UserError as problem:
        raise WrongField("to", problem.message) from problem
    within("to", ends_at, since=starts_at, most=LONGEST)
    window = Maintenance(
        team_id=actor.team_id,
        service=name,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=" ".join(reason.split())[:REASON],
        by=actor.user_id,
    )
    session.add(window)
    session.flush()
    timers.set_timer(session, _timer(window), ends_at, OVER, window_id=window.key)
    audit.note(
        session,
        at=actor.at,
        team_id=actor.team_id,
        who=actor.user_id,
        what="planned maintenance",
        origin=actor.origin,
        service=name,
        since=starts_at.isoformat(),
        until=ends_at.isoformat(),
        why=window.reason,
    )
    return window


def service_named(settings: Settings, word: str) -> str:
    """
    The service that is meant. One that the configuration does not know is believed, as alerts may name any.

    Raises WrongField where it is nearly one that the configuration knows: then nobody would notice the mistake before
    they are paged.
    """
    name = " ".join(word.split())
    if not name:
        raise WrongField("service", "Say which service, as in `/incident maintenance payments to:18:00 new disks`.")
    known = {each.casefold(): each for each in settings.services}
    if found := known.get(name.casefold()):
        return found
    if nearest(name, list(settings.services)):
        raise WrongField(
            "service", f"dogwatch.toml knows no service `{name}`.{did_you_mean(name, list(settings.services))}"
        )
    return name


def is_known(settings: Settings, service: str) -> bool:
    return service in settings.services


def _start(actor: Actor, since: When | None, zone: ZoneInfo) -> datetime:
    if since is None:
        return actor.at
    if since.at is not None and timedelta(0) <= actor.at - since.at <= PAST:
        return since.at
    try:
        return ahead(since, after=actor.at, zone=zone)
    except UserError as problem:
        raise WrongField("from", problem.message) from problem


def end(session: Session, settings: Settings, actor: Actor, service: str) -> list[Maintenance]:
    """
    End the windows of a service that are open; where none is, call off those that are to come.

    What fires then opens incidents. Raises UserError if there is none.
    """
    name = service_named(settings, service)
    planned = maintenance.not_over(session, actor.team_id, actor.at, name)
    chosen = [each for each in planned if each.starts_at <= actor.at] or planned
    if not chosen:
        raise UserError(f"No maintenance of `{name}` is under way or planned. `/incident maintenance` lists them.")
    for window in chosen:
        window.ended_at, window.ended_by = actor.at, actor.user_id
        session.add(window)
        timers.set_timer(session, _timer(window), actor.at, OVER, window_id=window.key)
        audit.note(
            session,
            at=actor.at,
            team_id=actor.team_id,
            who=actor.user_id,
            what="ended maintenance",
            origin=actor.origin,
            service=name,
            why=window.reason,
        )
    return chosen


def planned(session: Session, team_id: str, at: datetime) -> list[Maintenance]:
    """Open and to come, the first to begin first."""
    return maintenance.not_over(session, team_id, at)


def open_for(session: Session, team_id: str, services: Sequence[str], at: datetime) -> list[Maintenance]:
    """One window of each of these services that has one open, the one that ends last."""
    found = maintenance.running(session, team_id, services, at)
    return list({each.service: each for each in reversed(found)}.values())


def _timer(window: Maintenance) -> str:
    return f"maintenance:{window.key}"
