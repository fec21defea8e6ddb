"""Statements on the incident as a whole: impact and cause."""

from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.domain.errors import ErrorCollector, UserError, errors_at
from bot.domain.incidents.impact import AffectedUsers
from bot.domain.record.facts import CausedByChange, UsersAffected
from bot.domain.terms import Kind
from bot.domain.times import ParsedTime, format_time, refuse_future
from bot.services import outbox
from bot.services.timeline.entries import record_entry
from bot.services.timeline.milestones import approximate_times, refresh_milestones
from bot.services.workspace.actor import Actor
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry


def state_impact(
    session: Session,
    incident_id: int,
    actor: Actor,
    text: str,
    *,
    users: AffectedUsers | None = None,
    started: ParsedTime | None = None,
    ended: ParsedTime | None = None,
    language: str | None = None,
) -> TimelineEntry:
    """
    Record the impact, how many `users` it hits, and when it began and ended.

    Raises UserError for an empty statement and for an end before the start, and InvalidField or InvalidFields
    (`started`, `ended`) for a time that is unknown or in the future.
    """
    incident = incidents.lock(session, incident_id)
    if not (text or users or started or ended):
        raise UserError("Describe the impact, for example `/incident impact users:20% 20% of users could not pay`.")
    _check_times(incident, actor, started, ended)
    entry = record_entry(
        session,
        incident,
        [Kind.IMPACT],
        text or (UsersAffected(users.percent, users.count, users.is_about) if users else ""),
        actor,
        language=language,
        users=users.count if users else None,
        users_percent=users.percent if users else None,
        users_about=(users.is_about or None) if users else None,
        started=started.at.isoformat() if started and started.at else None,
        ended=ended.at.isoformat() if ended and ended.at else None,
        stated_about=approximate_times(started=started, ended=ended),
    )
    refresh_milestones(session, incident)
    outbox.post_event(session, incident, "impact", actor.at, entry_id=entry.key)
    outbox.refresh_card(session, incident, actor.at)
    return entry


def _check_times(incident: Incident, actor: Actor, started: ParsedTime | None, ended: ParsedTime | None) -> None:
    errors = ErrorCollector()
    for name, when in (("started", started), ("ended", ended)):
        if when is None:
            continue
        with errors.collect(), errors_at(name):
            if when.at is None:
                raise UserError(f"`{name}:?` is not a time. Leave it out, or give one.")
            refuse_future(when, now=actor.at, zone=ZoneInfo(incident.zone))
    errors.check()
    _check_window(incident, started, ended)


def _check_window(incident: Incident, started: ParsedTime | None, ended: ParsedTime | None) -> None:
    """Raises UserError for an impact that would end before it began."""
    start = started.at if started else incident.started_at
    end = ended.at if ended else incident.ended_at
    if start is None or end is None or end >= start or not (started or ended):
        return
    zone = ZoneInfo(incident.zone)
    first, last = format_time(start, zone), format_time(end, zone)
    if started is None:
        raise UserError(
            f"{last} is before the impact began ({first}). If the start is wrong, state both: "
            "`/incident impact started:TIME ended:TIME`."
        )
    raise UserError(f"An impact from {first} to {last} would end before it began. If both are wrong, state both.")


def state_cause(
    session: Session,
    incident_id: int,
    actor: Actor,
    text: str | CausedByChange,
    *,
    language: str | None = None,
    change_id: int | None = None,
) -> TimelineEntry:
    """Record the cause, or the change that it was. It replaces the one in the same language."""
    incident = incidents.lock(session, incident_id)
    entry = record_entry(session, incident, [Kind.CAUSE], text, actor, language=language, change_id=change_id)
    refresh_milestones(session, incident)
    outbox.post_event(session, incident, "cause", actor.at, entry_id=entry.key)
    outbox.refresh_card(session, incident, actor.at)
    return entry
