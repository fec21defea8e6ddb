"""What people say of the incident as a whole: its impact and its cause."""

from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.domain.record import generated_sentences as own_words
from bot.domain.terms import Kind
from bot.domain.times import When, refuse_future, show_time
from bot.services import outbox as tell
from bot.services.timeline import entries as timeline
from bot.services.timeline import milestones
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
    users_percent: float | None = None,
    started: When | None = None,
    ended: When | None = None,
    language: str | None = None,
) -> TimelineEntry:
    """
    Say what the incident did to whom, and when it began and ended.

    Raises UserError if nothing is said, for a time that is unknown or in the future, and for an end before the start.
    """
    incident = incidents.lock(session, incident_id)
    if not (text or users_percent is not None or started or ended):
        raise UserError("Say what the impact is, for example `/incident impact users:20% 20% of users could not pay`.")
    for name, when in (("started", started), ("ended", ended)):
        if when is None:
            continue
        if when.at is None:
            raise UserError(f"`{name}:?` says nothing. Leave it out, or name a time.")
        refuse_future(when, now=actor.at, zone=ZoneInfo(incident.zone))
    _check_window(incident, started, ended)
    entry = timeline.record(
        session,
        incident,
        [Kind.IMPACT],
        text or (own_words.users_affected(users_percent) if users_percent is not None else ""),
        actor,
        language=language,
        users_percent=users_percent,
        started=started.at.isoformat() if started and started.at else None,
        ended=ended.at.isoformat() if ended and ended.at else None,
        stated_about=milestones.stated_about(started=started, ended=ended),
    )
    milestones.refresh(session, incident)
    tell.say(session, incident, "impact", actor.at, entry_id=entry.key)
    tell.show_card(session, incident, actor.at)
    return entry


def _check_window(incident: Incident, started: When | None, ended: When | None) -> None:
    """Raises UserError for an impact that would end before it began, whichever of the two is stated now."""
    start = started.at if started else incident.started_at
    end = ended.at if ended else incident.ended_at
    if start is None or end is None or end >= start or not (started or ended):
        return
    zone = ZoneInfo(incident.zone)
    first, last = show_time(start, zone), show_time(end, zone)
    if started is None:
        raise UserError(
            f"{last} is before the impact began ({first}). If the start is wrong, state both: "
            "`/incident impact started:TIME ended:TIME`."
        )
    raise UserError(f"An impact from {first} to {last} would end before it began. State both ends, if both are wrong.")


def state_cause(
    session: Session, incident_id: int, actor: Actor, text: str, *, language: str | None = None
) -> TimelineEntry:
    """Say what caused it. Who says it again replaces what was said before, in that language."""
    incident = incidents.lock(session, incident_id)
    entry = timeline.record(session, incident, [Kind.CAUSE], text, actor, language=language)
    milestones.refresh(session, incident)
    tell.say(session, incident, "cause", actor.at, entry_id=entry.key)
    tell.show_card(session, incident, actor.at)
    return entry
