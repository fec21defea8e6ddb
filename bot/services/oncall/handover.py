"""
When the people on call change: who leaves and who comes are told, once.

One timer a schedule stands at its next change. What was told last is kept, so that a change during a downtime is told
late instead of never, and a change that was made by hand is told at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.oncall.schedule import shift_at, shifts
from bot.domain.terms import Severity, TargetKind
from bot.services import outbox as tell
from bot.services.escalation.start import shown_target
from bot.services.oncall import schedule as oncall
from bot.services.oncall.schedule import Rota
from bot.services.workspace import people
from bot.services.workspace.actor import Origin
from bot.store.escalation import escalations
from bot.store.escalation import overrides as store
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Sight
from bot.store.shared import audit, timers
from bot.store.shared import people as store_people
from bot.store.shared.timers import Timer

WATCH = "watch who is on call"
FARTHEST = timedelta(days=31)
"""When a schedule is looked at in any case, also if nothing changes."""
CALENDAR = timedelta(minutes=5)
"""The same for one that is a calendar of somebody else's, which may change at any moment."""
LATE = timedelta(minutes=5)
MOST = 10


@dataclass(frozen=True, slots=True)
class OpenLine:
    """An incident that somebody who comes has to know of. `waits_for`: whose answers are waited for."""

    reference: str
    title: str
    severity: str
    since: datetime
    lead: str | None
    channel_id: str | None
    waits_for: Sequence[str]


@dataclass(frozen=True, slots=True)
class ChangeView:
    """
    A change of who is on call. `since` is when it happened; `is_late`: it is told later, because nobody could before.

    `until` is when the next one is; None: not in the next weeks. `more`: open incidents beyond those that are listed.
    """

    schedule: str
    left: Sequence[str]
    came: Sequence[str]
    stay: Sequence[str]
    since: datetime
    is_late: bool
    until: datetime | None
    open: Sequence[OpenLine]
    more: int
    names: dict[str, str]


def watch_all(session: Session, settings: Settings, at: datetime) -> None:
    """After a start, and when the configuration was read again: each schedule is looked at, and its timer is set."""
    known = incidents.installation(session)
    if known is not None:
        for name in sorted(settings.schedules):
            look(session, settings, known.team_id, name, at)


def due(session: Session, settings: Settings, timer: Timer, at: datetime) -> None:
    """The timer of a schedule. One that the configuration has no more is left alone."""
    if timer.details["schedule"] in settings.schedules:
        team_id, name = str(timer.details["team_id"]), str(timer.details["schedule"])
        look(session, settings, team_id, name, at, planned=timer.due_at)


def hold(session: Session, due: Sequence[Timer]) -> None:
    for timer in sorted(due, key=lambda each: each.key):
        store.hold(session, str(timer.details["team_id"]), str(timer.details["schedule"]))


def look(
    session: Session, settings: Settings, team_id: str, name: str, at: datetime, *, planned: datetime | None = None
) -> None:
    """
    Tell of a change since the last look, and set the timer to the next one. `planned`: when a timer that was taken was
    due; None: the timer stands.

    The first look at a schedule tells nothing: nobody's turn began by it. Nor is there one before a calendar was read.
    """
    watched = store.hold(session, team_id, name)
    rota = oncall.rota(session, settings, team_id, name, at - FARTHEST, at + FARTHEST)
    before, now, key = watched.people, rota.people_at(at), f"oncall:{team_id}:{name}"
    if (watched.since is None or set(before) != set(now)) and oncall.is_known(session, settings, name):
        since = _began(rota, at)
        if watched.since is not None:
            since = _noticed(since, planned or timers.due_at(session, key), at)
            _tell(session, settings, team_id, name, before, now, since, at)
            watched.told_at = at
        watched.people, watched.since = list(now), since
        session.add(watched)
        tell.show_homes(session, team_id, at)
    timers.set_timer(session, key, _next_look(settings, rota, name, at), WATCH, team_id=team_id, schedule=name)


def _began(rota: Rota, at: datetime) -> datetime:
    """When the turn of those on call now began, or when nobody was any more."""
    running = shift_at(rota.schedule, rota.overrides, at)
    if running is not None:
        return running.starts_at
    ended = [each.ends_at for each in shifts(rota.schedule, rota.overrides, at - FARTHEST, at)]
    return max([*ended, at - FARTHEST])


def _noticed(began: datetime, planned: datetime | None, at: datetime) -> datetime:
    """
    Since when others are on call. Until `planned`, the next change by the last look, nobody else was: a turn that
    began before that is of a plan that was changed meanwhile, and holds from now on.
    """
    return began if planned is not None and began >= planned else at


def _next_look(settings: Settings, rota: Rota, name: str, at: datetime) -> datetime:
    latest = at + (CALENDAR if settings.schedules[name].calendar else FARTHEST)
    return min(oncall.next_change(rota, at, at + FARTHEST) or latest, latest)


def _tell(
    session: Session,
    settings: Settings,
    team_id: str,
    name: str,
    before: Sequence[str],
    now: Sequence[str],
    since: datetime,
    at: datetime,
) -> None:
    section = settings.schedules[name]
    left = [each for each in before if each not in now]
    came = [each for each in now if each not in before]
    people.meet(session, team_id, [*left, *came], at)
    audit.note(
        session,
        at=at,
        team_id=team_id,
        what="who is on call changed",
        origin=Origin.TIMER,
        schedule=name,
        left=left,
        came=came,
        since=since.isoformat(),
    )
    values = {
        "schedule": name,
        "left": left,
        "came": came,
        "stay": [each for each in now if each in before],
        "since": since.isoformat(),
        "is_late": at - since > LATE,
    }
    for person in [*left, *came] if section.handover_direct else ():
        tell.shift_changed(session, team_id, at, values, user_id=person)
    if section.handover_channel:
        tell.shift_changed(session, team_id, at, values, channel=section.handover_channel)


def view(session: Session, settings: Settings, team_id: str, details: dict[str, object], at: datetime) -> ChangeView:
    """What is told of a change, as things stand when it is sent. Private incidents are not in it."""
    name, since = str(details["schedule"]), datetime.fromisoformat(str(details["since"]))
    sight = Sight(team_id)
    services = oncall.services_of(settings, name)
    found = [
        each
        for each in sight.of(incidents.open_ones(session, team_id))
        if not each.is_drill and (services is None or services & set(each.services))
    ]
    waiting: dict[int, list[str]] = {}
    for escalation, incident in escalations.waiting_in(session, sight):
        waiting.setdefault(incident.key, []).append(_answers(escalation))
    until = None
    if name in settings.schedules:
        rota = oncall.rota(session, settings, team_id, name, at, at + FARTHEST)
        until = oncall.next_change(rota, at, at + FARTHEST)
    lines = [_line(settings, each, waiting.get(each.key, ())) for each in found[:MOST]]
    quoted = " ".join(each.title for each in lines)
    return ChangeView(
        schedule=name,
        left=_texts(details, "left"),
        came=_texts(details, "came"),
        stay=_texts(details, "stay"),
        since=since,
        is_late=bool(details["is_late"]),
        until=until,
        open=lines,
        more=max(0, len(found) - MOST),
        names=store_people.names(session, team_id, people.MENTION.findall(quoted)),
    )


def _answers(escalation: Escalation) -> str:
    is_policy = escalation.target_kind == TargetKind.POLICY
    return f"an answer to the policy {escalation.target_name}" if is_policy else shown_target(escalation)


def _texts(details: dict[str, object], name: str) -> list[str]:
    found = details[name]
    return [str(each) for each in found] if isinstance(found, list) else []


def _line(settings: Settings, incident: Incident, waits_for: Sequence[str]) -> OpenLine:
    return OpenLine(
        incident.reference,
        incident.title,
        settings.severity_label(Severity(incident.severity)),
        incident.started_at,
        incident.lead,
        incident.channel_id,
        waits_for,
    )
