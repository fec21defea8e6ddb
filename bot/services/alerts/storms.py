"""An alert storm: its incident is opened, takes in what comes, keeps its title, severity and people, and ends."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.alerts.storms import Begin, Folding, Join, LastStorm, OpenOwn, Resume, fold, is_blowing
from bot.domain.record import generated_sentences as own_words
from bot.domain.terms import Kind, Severity
from bot.services import outbox as tell
from bot.services.incidents import lifecycle as course
from bot.services.timeline import entries as timeline
from bot.services.workspace import people
from bot.services.workspace.actor import Actor
from bot.store.alerts import storms
from bot.store.alerts.alerts import Counts
from bot.store.alerts.storms import Storm, StormWatch
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared import audit

LAST_SEEN_STEP = timedelta(seconds=10)
"""How exactly it is kept when a storm last took something in: each writing of it would hold up all others."""
CALLED = 30
"""How many services the incident of a storm names; the people of all are called."""


def decide(session: Session, settings: Settings, actor: Actor) -> tuple[Folding, StormWatch | None]:
    """
    What becomes of an alert that would open an incident, and what was locked for it.

    While a storm goes on nothing is locked. Else the workspace's watch is: whoever comes at the same time waits here,
    and then sees what this one did.
    """
    limits = settings.storm_limits
    if limits.incidents == 0:
        return OpenOwn(), None
    quick = under_way(session, settings, actor)
    if quick is not None:
        return quick, None
    watch = storms.lock_watch(session, actor.team_id)
    openings = [datetime.fromisoformat(at) for _, at in watch.openings]
    _look_again(session, watch.storm_id)
    return fold(actor.at, openings, _last_storm(session, watch), limits), watch


def under_way(session: Session, settings: Settings, actor: Actor) -> Join | None:
    """The storm that takes whatever alerts would open now; nothing is locked."""
    limits = settings.storm_limits
    seen = storms.watch(session, actor.team_id) if limits.incidents else None
    if seen is None or seen.storm_id is None:
        return None
    found = fold(actor.at, (), _last_storm(session, seen), limits)
    return found if isinstance(found, Join) else None


def _look_again(session: Session, storm_id: int | None) -> None:
    """Whoever held the watch until now may have changed the storm since it was seen."""
    if storm_id is not None and (storm := storms.get(session, storm_id)) is not None:
        session.refresh(storm)
        session.refresh(incidents.get(session, storm.incident_id))


def _last_storm(session: Session, watch: StormWatch) -> LastStorm | None:
    storm = storms.get(session, watch.storm_id) if watch.storm_id is not None else None
    if storm is None:
        return None
    incident = incidents.get(session, storm.incident_id)
    return LastStorm(incident.key, storm.last_at, incident.is_open, incident.resolved_at)


def opened(session: Session, settings: Settings, watch: StormWatch | None, incident: Incident, at: datetime) -> None:
    """An alert opened an incident of its own: it counts towards a storm."""
    if watch is not None:
        window = settings.storm_limits.window
        recent = [(key, then) for key, then in watch.openings if at - datetime.fromisoformat(then) < window]
        watch.openings = [*recent, (incident.key, at.isoformat())]
        session.add(watch)


def begin(
    session: Session, settings: Settings, watch: StormWatch, step: Begin, severity: Severity, actor: Actor
) -> Incident:
    """Open the incident that takes what comes from now on. Those that are open stay as they are."""
    previous = incidents.get(session, step.previous) if step.previous is not None else None
    incident = course.declare(
        session, settings, actor, course.Declaration(own_words.STORM, severity=severity, previous=previous)
    )
    window = settings.storm_limits.window
    beside = _opened_lately(watch, window, actor.at)
    incident.storm_id = incident.key
    session.add(
        Storm(
            incident_id=incident.key,
            team_id=actor.team_id,
            began_at=_first_opening(watch, window, actor.at),
            last_at=actor.at,
            worst=severity.value,
            title=incident.title,
            beside=beside,
        )
    )
    others = _put_beside(session, incident.key, beside)
    watch.storm_id = incident.key
    session.add_all([incident, watch])
    entry = timeline.record(
        session, incident, [Kind.NOTE], own_words.storm_began([each.reference for each in others], window), actor
    )
    tell.say(session, incident, "storm", actor.at, entry_id=entry.key)
    audit.note(
        session,
        at=actor.at,
        team_id=actor.team_id,
        incident_id=incident.key,
        what="opened for an alert storm",
        origin=actor.origin,
        beside=[each.reference for each in others],
    )
    return incident


def resume(session: Session, settings: Settings, watch: StormWatch, step: Resume, actor: Actor) -> None:
    """It storms again: the storm's incident says so, and the incidents that alerts opened meanwhile are beside it."""
    incident = incidents.lock(session, step.incident)
    if not incident.is_open:
        course.reopen(session, settings, incident, actor, why="Alerts storm again")
    storm = storms.get(session, incident.key)
    if storm is None:
        raise ValueError(f"{incident.reference} is no incident of a storm")
    session.refresh(storm)
    window = settings.storm_limits.window
    new = [key for key in _opened_lately(watch, window, actor.at) if key not in storm.beside]
    storm.beside = [*storm.beside, *new]
    storm.last_at, storm.ended_at = max(storm.last_at, actor.at), None
    session.add(storm)
    if not new:
        return
    others = _put_beside(session, incident.key, new)
    entry = timeline.record(
        session, incident, [Kind.NOTE], own_words.storm_goes_on([each.reference for each in others], window), actor
    )
    tell.say(session, incident, "storm", actor.at, entry_id=entry.key)
    if incident.channel_id is not None:
        for other in others:
            _show_the_way(session, other, incident, actor.at, goes_on=True)


def _opened_lately(watch: StormWatch, window: timedelta, at: datetime) -> list[int]:
    return [key for key, opened_at in watch.openings if at - datetime.fromisoformat(opened_at) < window]


def _first_opening(watch: StormWatch, window: timedelta, at: datetime) -> datetime:
    """When the burst began of which a storm was made `at`."""
    times = [datetime.fromisoformat(opened_at) for _, opened_at in watch.openings]
    return min((each for each in times if at - each < window), default=at)


def _put_beside(session: Session, storm_id: int, keys: Sequence[int]) -> list[Incident]:
    others = [incidents.lock(session, key) for key in sorted(keys)]
    for other in others:
        other.storm_id = storm_id
        session.add(other)
    return others


def take_in(session: Session, settings: Settings, incident_id: int, severity: Severity, why: str, actor: Actor) -> None:
    """
    The storm's incident has one more alert: it is as bad as the worst of them. `why` tells of that alert.

    While the storm blows, this keeps it going. Once that was said to be over, an alert of a group that the incident has
    does not begin it anew: only `resume` does.
    """
    storm = storms.get(session, incident_id)
    if storm is None:
        return
    is_worse = _is_worse(severity, Severity(storm.worst))
    if is_worse:
        incident = incidents.lock(session, incident_id)
        session.refresh(storm)
        if _is_worse(severity, Severity(incident.severity)):
            before = Severity(incident.severity)
            _rate(session, incident, severity, why, actor)
            course.rated_anew(session, settings, incident, actor, before)
        storm.worst = min((severity, Severity(storm.worst)), key=list(Severity).index).value
    goes_on = storm.ended_at is None
    if goes_on and (is_worse or actor.at - storm.last_at >= LAST_SEEN_STEP):
        storm.last_at = max(storm.last_at, actor.at)
    if goes_on or is_worse:
        session.add(storm)


def _is_worse(one: Severity, other: Severity) -> bool:
    order = list(Severity)
    return order.index(one) < order.index(other)


def _rate(session: Session, incident: Incident, to: Severity, why: str, actor: Actor) -> None:
    before, incident.severity = Severity(incident.severity), to.value
    session.add(incident)
    entry = timeline.record(
        session, incident, [Kind.SEVERITY], why, actor, severity=to.value, severity_before=before.value
    )
    tell.say(
        session, incident, "severity", actor.at, entry_id=entry.key, by=None, before=before.value, to=to.value, text=why
    )
    tell.show_topic(session, incident, actor.at)


def is_storm(session: Session, incident_id: int) -> bool:
    return incidents.get(session, incident_id).storm_id == incident_id


def keep_up(session: Session, settings: Settings, incident: Incident, counts: Counts, actor: Actor) -> datetime | None:
    """
    Title and people of a storm's incident follow its alerts. The caller holds it, and shows what changed.

    When to look whether the storm is over; None if it is, and for an incident that is of no storm.
    """
    storm = storms.get(session, incident.key) if incident.storm_id == incident.key else None
    if storm is None:
        return None
    title = own_words.storm_title(own_words.counted(counts.services))
    if incident.title == storm.title != title:
        incident.titles = {**incident.titles, "": title}
    storm.title = title
    _call_people(session, settings, incident, storm, [name for name in counts.services if name], actor)
    session.add_all([incident, storm])
    if storm.ended_at is not None or not incident.is_open:
        return None
    limits = settings.storm_limits
    if is_blowing(storm.last_at, actor.at, limits):
        return storm.last_at + limits.window
    storm.ended_at = actor.at
    entry = timeline.record(session, incident, [Kind.NOTE], own_words.storm_over(limits.window), actor)
    tell.say(session, incident, "storm", actor.at, entry_id=entry.key)
    return None


def _call_people(
    session: Session, settings: Settings, incident: Incident, storm: Storm, services: Sequence[str], actor: Actor
) -> None:
    """The people of services that are new in the storm: they would have been called to incidents of their own."""
    new = [name for name in services if name not in storm.services]
    if not new:
        return
    storm.services = [*storm.services, *new]
    room = max(CALLED - len(incident.services), 0)
    incident.services = [*incident.services, *[name for name in new if name not in incident.services][:room]]
    asked = [settings.people_of(name) for name in new]
    users: list[str] = list(dict.fromkeys(user for each in asked for user in each.users))
    groups = list(dict.fromkeys(group for each in asked for group in each.usergroups))
    people.meet(session, incident.team_id, users, actor.at)
    tell.invite(session, incident, actor.at, users, groups)


def channel_made(session: Session, incident_id: int, at: datetime) -> None:
    """A channel exists now: a storm and the incidents beside it show the way to one another."""
    incident = incidents.get(session, incident_id)
    if incident.storm_id is None:
        return
    storm = storms.get(session, incident_id) if incident.storm_id == incident_id else None
    others = storm.beside if storm else [incident.storm_id]
    for other in [incidents.get(session, key) for key in others]:
        if storm is not None:
            _show_the_way(session, other, incident, at)
        else:
            tell.show_card(session, other, at)


def _show_the_way(session: Session, other: Incident, storm: Incident, at: datetime, *, goes_on: bool = False) -> None:
    tell.show_card(session, other, at)
    if other.is_open:
        tell.say(
            session,
            other,
            "storm elsewhere",
            at,
            reference=storm.reference,
            channel_id=storm.channel_id,
            goes_on=goes_on,
        )
