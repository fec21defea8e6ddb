"""
How a channel and a timeline tell of alerts, however many come: the first by themselves, the rest counted.

What waits to be counted is in the database, with a timer: the card follows within a second, the summary after a minute.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.alerts.routing import AlertEvent, Routing
from bot.domain.alerts.storms import SHOWN_AFTER, SUMMED_UP_AFTER, Told, told_once_more
from bot.domain.record import generated_sentences as own_words
from bot.domain.terms import AlertStatus, Kind, Precision
from bot.domain.times import When
from bot.services import outbox as tell
from bot.services.alerts import storms
from bot.services.timeline import entries as timeline
from bot.services.timeline import milestones
from bot.services.workspace.actor import Actor, Origin
from bot.store.alerts import alerts
from bot.store.alerts import counters as tallies
from bot.store.alerts.alerts import Alert
from bot.store.alerts.counters import AlertTally
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared import timers
from bot.store.shared.timers import Timer

CATCH_UP = "tell of alerts"
NAMED = 5
"""How many alerts an entry names; it says how many more there are."""
LISTED = 20
"""How many alerts a message lists."""


@dataclass(slots=True)
class Arrival:
    """An alert that is new here, or has changed: it fires again, or has ended. `row` is as it was before."""

    event: AlertEvent
    routing: Routing
    row: Alert
    is_new: bool
    held_by: int | None = None
    """The maintenance window of its service: it opens nothing while that goes on."""

    @property
    def fires(self) -> bool:
        return self.event.status == AlertStatus.FIRING


def tell_of(
    session: Session, incident_id: int, arrivals: Sequence[Arrival], actor: Actor, *, truncated: int = 0
) -> None:
    """
    What these alerts say goes into the record and the channel of their incident: now, or with the next summary.

    `truncated` alerts of the same group exist that the monitor did not name.
    """
    seen = tallies.get(session, incident_id)
    if seen is not None and _once_more(seen, actor.at) is None:
        _leave_to_summary(session, incident_id, arrivals, actor.at)
        return
    if storms.is_storm(session, incident_id):
        ask_for_summary(
            session, incident_id, actor.at
        )  # before the incident is held: whoever carries timers out does it so
    incident = incidents.lock(session, incident_id)
    tally = tallies.lock(session, incident_id)
    told = _once_more(tally, actor.at)
    if told is None:
        _leave_to_summary(session, incident_id, arrivals, actor.at)
        return
    tally.told, tally.told_since = told.count, told.since
    for arrival in arrivals:
        session.add(arrival.row)
    session.flush()
    _tell_now(session, incident, arrivals, actor, truncated)
    tally.shown = []  # what the card is asked for here is not what was counted last
    session.add(tally)


def only_counts(session: Session, incident_id: int, at: datetime) -> bool:
    """
    Whether what comes for the incident waits for its summary, so that nobody has to hold it.

    Asks for that summary where the timer has to be held before the incident.
    """
    seen = tallies.get(session, incident_id)
    counts = seen is not None and _once_more(seen, at) is None
    if counts or storms.is_storm(session, incident_id):
        ask_for_summary(session, incident_id, at)
    return counts


def _once_more(tally: AlertTally, at: datetime) -> Told | None:
    return told_once_more(Told(tally.told, tally.told_since), at)


def ask_for_summary(session: Session, incident_id: int, at: datetime) -> None:
    """
    Once in a transaction: in a storm many groups of it have the same incident.

    The timer is held before the incident is, and before anything refers to it: whoever holds the timer wants the
    incident next, and a row that names an incident holds it, too.
    """
    asked = session.info.setdefault(CATCH_UP, set())
    if incident_id in asked:
        return
    asked.add(incident_id)
    timers.hurry(session, f"alerts:{incident_id}", at + SHOWN_AFTER, CATCH_UP, incident_id=incident_id)


def _leave_to_summary(session: Session, incident_id: int, arrivals: Sequence[Arrival], at: datetime) -> None:
    ask_for_summary(session, incident_id, at)
    for arrival in arrivals:
        if arrival.is_new and arrival.fires:
            arrival.row.is_start_recorded = False
        session.add(arrival.row)


def _tell_now(session: Session, incident: Incident, arrivals: Sequence[Arrival], actor: Actor, truncated: int) -> None:
    fired = [each.row for each in arrivals if each.is_new and each.fires]
    if fired:
        _tell_started(session, incident, fired, actor, truncated)
    ended = [each.row for each in arrivals if not each.fires]
    _tell_ended(session, incident, [row for row in ended if row.ended_at and not row.is_end_recorded], actor)
    milestones.refresh(session, incident)
    tell.show_card(session, incident, actor.at)
    if ended or incident.alerts_ts is not None or any(not each.is_new for each in arrivals):
        tell.show_alerts(session, incident, actor.at)


def _tell_started(
    session: Session, incident: Incident, rows: Sequence[Alert], actor: Actor, truncated: int = 0
) -> None:
    first = min(rows, key=lambda row: row.starts_at)
    line = line_with_service if incident.storm_id == incident.key else line_of
    lines = list(dict.fromkeys(line(row) for row in rows))
    text = own_words.and_more("\n".join(lines[:NAMED]), max(len(lines) - NAMED, 0) + truncated)
    entry = timeline.record(
        session,
        incident,
        [Kind.DETECTION],
        text,
        actor,
        when=When(first.starts_at, Precision(first.starts_at_precision)),
        alert_id=first.key,
        alert_ids=[row.key for row in rows],
    )
    ids = [row.key for row in rows]
    tell.say(
        session,
        incident,
        "alerts",
        actor.at,
        entry_id=entry.key,
        alert_ids=ids[:LISTED],
        alerts=len(ids),
        truncated=truncated,
    )


def _tell_ended(session: Session, incident: Incident, rows: Sequence[Alert], actor: Actor) -> None:
    for row in rows:
        row.is_end_recorded = True
        session.add(row)
    if len(rows) > NAMED:
        last = max(row.ended_at or actor.at for row in rows)
        _tell_counted_ends(session, incident, Counter(row.service for row in rows), last, actor)
        return
    line = line_with_service if incident.storm_id == incident.key else line_of
    for row in rows:
        timeline.record(
            session,
            incident,
            [Kind.ALERT_RESOLVED],
            own_words.alert_ended(line(row)),
            actor,
            when=When(row.ended_at),
            alert_id=row.key,
        )


def _tell_counted_ends(
    session: Session, incident: Incident, services: Mapping[str | None, int], last: datetime, actor: Actor
) -> None:
    told = own_words.counted(services)
    timeline.record(
        session,
        incident,
        [Kind.ALERT_RESOLVED],
        own_words.alerts_ended(told),
        actor,
        when=When(last),
        alerts=told.count,
    )


def _tell_counted_starts(
    session: Session, incident: Incident, services: Mapping[str | None, int], first: datetime, actor: Actor
) -> None:
    """Without an alert's name: its link is that of the bot's own message, where all are counted."""
    told = own_words.counted(services)
    entry = timeline.record(
        session, incident, [Kind.DETECTION], own_words.more_alerts(told), actor, when=When(first), alerts=told.count
    )
    tell.say(session, incident, "more alerts", actor.at, entry_id=entry.key)


def line_of(row: Alert) -> str:
    """An alert in the words of a timeline: its name, and what it says of itself."""
    summary = row.annotations.get("summary") or row.name
    return row.name if summary == row.name else f"{row.name}: {summary}"


def line_with_service(row: Alert) -> str:
    """The same among the alerts of many services."""
    return f"{line_of(row)} ({row.service})" if row.service else line_of(row)


def catch_up(session: Session, settings: Settings, timer: Timer, now: datetime) -> None:
    """What came since the last look reaches card and record. Looks again until nothing more comes."""
    incident = incidents.lock(session, int(timer.details["incident_id"]))
    actor = Actor(incident.team_id, None, now, Origin.ALERT)
    waits_since = _sum_up(session, incident, actor)
    counts = alerts.count(session, incident.key)
    tally = tallies.lock(session, incident.key)
    has_changed = tally.shown != [counts.alerts, counts.firing]
    ends_at = storms.keep_up(session, settings, incident, counts, actor)
    if has_changed:
        tally.shown = [counts.alerts, counts.firing]
        session.add(tally)
        milestones.refresh(session, incident)
        tell.show_card(session, incident, now)
    # Nobody reads that alerts have ended before they read that they fired.
    is_told = incident.alerts_ts is not None or (waits_since is None and counts.firing < counts.alerts)
    if is_told and (has_changed or incident.alerts_ts is None):
        tell.show_alerts(session, incident, now)
    due = [now + SHOWN_AFTER] if has_changed else []
    due += [waits_since + SUMMED_UP_AFTER] if waits_since else []
    due += [ends_at] if ends_at else []
    if due:
        timers.set_timer(session, timer.key, max(min(due), now + SHOWN_AFTER), CATCH_UP, incident_id=incident.key)


def _sum_up(session: Session, incident: Incident, actor: Actor) -> datetime | None:
    """Write down what waits, if it has waited long enough. Since when it waits otherwise; None if nothing does."""
    waiting = alerts.waiting(session, incident.key)
    if waiting.since is None or actor.at - waiting.since < SUMMED_UP_AFTER:
        return waiting.since
    if waiting.starts > NAMED and (more := alerts.tell_starts(session, incident.key)) is not None:
        _tell_counted_starts(session, incident, more.services, more.first_seen_at, actor)
    elif started := alerts.untold(session, incident.key, ends=False):
        for row in started:
            row.is_start_recorded = True
            session.add(row)
        _tell_started(session, incident, started, actor)
    if waiting.ends > NAMED and (over := alerts.tell_ends(session, incident.key)) is not None:
        _tell_counted_ends(session, incident, over.services, over.last_end or actor.at, actor)
    else:
        _tell_ended(session, incident, alerts.untold(session, incident.key, ends=True), actor)
    milestones.refresh(session, incident)
    return None
