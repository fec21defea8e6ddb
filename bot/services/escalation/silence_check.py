"""
Somebody acknowledged an escalation and is not heard of since: they are asked, then paged again, then others are.

Whatever they say or do about the incident puts it off (`bot.store.escalation.activity`). What others do does not:
whoever was called may have fallen asleep while others talk.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.escalation import SILENT, Called, Place
from bot.domain.escalation.acknowledged_silence import ORDER, Nothing, Progress, Step, Take, Wait, next_check
from bot.domain.terms import Severity
from bot.services import escalation as escalating
from bot.services import outbox as tell
from bot.services.paging import pages as paging
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.people import MENTION
from bot.store.escalation import activity as signs
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared import audit, people, timers
from bot.store.shared.timers import Timer

CHECK = "listen for whoever acknowledged"


def timer_key(escalation_id: int) -> str:
    return f"quiet:{escalation_id}"


def watch(session: Session, settings: Settings, incident: Incident, escalation: Escalation, at: datetime) -> None:
    """Somebody acknowledged: listen for them from now on. The caller holds both rows."""
    escalation.quiet_steps, escalation.quiet_asked_at = 0, None
    silence = settings.nudges.quiet_after(Severity(incident.severity))
    if silence is not None and _is_listened_for(incident, escalation):
        timers.set_timer(session, timer_key(escalation.key), at + silence, CHECK, escalation_id=escalation.key)


def _is_listened_for(incident: Incident, escalation: Escalation) -> bool:
    """Not for vendors, not in what replays something, not where it was only recorded, nor for people nobody knows."""
    is_real = incident.is_open and incident.drill_of is None and not incident.is_retro
    return is_real and escalation.pages_people and escalation.acknowledged_at is not None and bool(_who(escalation))


def _who(escalation: Escalation) -> list[str]:
    """Whose acknowledgement stands, as far as Slack knows them."""
    standing = (each.by for each in escalating.standing(escalation))
    return list(dict.fromkeys(each for each in (*standing, escalation.acknowledged_by) if each))


def rated_anew(session: Session, settings: Settings, incident: Incident, at: datetime) -> None:
    """The incident's severity changed, and with it how long they may be silent. The caller holds the incident."""
    if settings.nudges.quiet_after(Severity(incident.severity)) is None:
        return
    for escalation in escalations.of_incident(session, incident.key):
        if _is_listened_for(incident, escalation):
            timers.hurry(session, timer_key(escalation.key), at, CHECK, escalation_id=escalation.key)


def check(session: Session, settings: Settings, timer: Timer, at: datetime) -> None:
    """The timer's work. It runs in the transaction that takes the timer, so what it does happens once."""
    escalation = escalations.lock(session, int(timer.details["escalation_id"]))
    if escalation is None:
        return
    incident = incidents.lock(session, escalation.incident_id)
    if not _is_listened_for(incident, escalation) or escalations.is_called_off(session, escalation):
        return
    if escalations.went_on_in(session, escalation) is not None:  # whoever has that one is listened for
        return
    progress = _progress(session, settings, incident, escalation)
    if progress.steps and _is_heard_of(progress):
        escalation.quiet_steps, escalation.quiet_asked_at = 0, None
        tell.show_escalation(session, incident, escalation.key, at)
    match next_check(progress, at):
        case Nothing():
            pass
        case Wait(until):
            timers.set_timer(session, timer.key, until, CHECK, escalation_id=escalation.key)
        case Take(step, since):
            _take(session, settings, incident, escalation, step, since, at)
    session.add(escalation)


def _progress(session: Session, settings: Settings, incident: Incident, escalation: Escalation) -> Progress:
    return Progress(
        acknowledged_at=escalation.acknowledged_at or escalation.asked_at,
        sign_at=signs.last_of(session, incident, _who(escalation)),
        steps=escalation.quiet_steps or 0,
        step_at=escalation.quiet_asked_at,
        silence=settings.nudges.quiet_after(Severity(incident.severity)),
        wait=timedelta(minutes=settings.nudges.quiet_wait),
    )


def _is_heard_of(progress: Progress) -> bool:
    return progress.step_at is not None and progress.sign_at is not None and progress.sign_at >= progress.step_at


def _take(
    session: Session,
    settings: Settings,
    incident: Incident,
    escalation: Escalation,
    step: Step,
    since: datetime,
    at: datetime,
) -> None:
    who = _who(escalation)
    escalation.quiet_steps, escalation.quiet_asked_at = ORDER.index(step) + 1, at
    audit.note(
        session,
        at=at,
        team_id=incident.team_id,
        incident_id=incident.key,
        origin=Origin.TIMER,
        what=DONE[step],
        escalation=escalation.key,
        people=who,
        since=since.isoformat(),
    )
    until = at + timedelta(minutes=settings.nudges.quiet_wait)
    if step is Step.ASK:
        for user_id in who:
            tell.ask_for_sign(session, incident, at, user_id, escalation.key)
        timers.set_timer(session, timer_key(escalation.key), until, CHECK, escalation_id=escalation.key)
    else:
        _page_again(session, settings, incident, escalation, who, until, at)
    tell.show_escalation(session, incident, escalation.key, at)
    tell.show_card(session, incident, at)


DONE = {
    Step.ASK: "asked whoever acknowledged for a sign of life",
    Step.PAGE_AGAIN: "paged whoever acknowledged again: no sign of life",
}


def _page_again(
    session: Session,
    settings: Settings,
    incident: Incident,
    escalation: Escalation,
    who: Sequence[str],
    until: datetime,
    at: datetime,
) -> None:
    """
    It is unanswered again. They are paged at the level that it has come to, and the next one is due at `until`.

    That they acknowledged stays on the timeline, because they did.
    """
    escalation.answers = [
        (each if each.withdrawn_at else replace(each, withdrawn_at=at, is_silent=True)).as_json()
        for each in escalating.answers_of(escalation)
    ]
    escalation.acknowledged_at = escalation.acknowledged_by = escalation.gave_up_at = None
    place = escalating.place_of(escalation) or Place(1, 0)
    before = escalating.called_of(escalation)
    called = Called(place, at, at, people=tuple(who), because=SILENT)
    escalation.steps = [each.as_json() for each in (*before, called)]
    escalation.level, escalation.round, escalation.level_paged_at = place.level, place.round, at
    escalation.next_step_at, escalation.more_time_until = until, None  # time was asked for before they had it
    timers.set_timer(session, escalating.timer_key(escalation), until, escalating.STEP, escalation_id=escalation.key)
    session.add(escalation)
    session.flush()
    paging.page(session, settings, incident, escalation, who, at, level=place.level, round=place.round)
    tell.show_pages(session, incident, escalation.key, at)  # what they acknowledged is theirs no more
    tell.say(session, incident, "unacknowledged", at, escalation_id=escalation.key, by=None, before=who[-1])


def on_it(session: Session, settings: Settings, escalation_id: int, actor: Actor) -> Incident:
    """Somebody who was asked says that they are on it. Raises UserError if that is not asked of them any more."""
    escalation = escalations.lock(session, escalation_id)
    if escalation is None:
        raise UserError("That escalation does not exist.")
    incident = incidents.lock(session, escalation.incident_id)
    if not incident.is_open:
        label = settings.status_label(incident.status)
        raise UserError(f"{incident.reference} is {label}: nobody is needed any more.")
    if actor.user_id not in _who(escalation):
        raise UserError("It was handed on meanwhile. If you have it, press *Acknowledge* in the newest page.")
    audit.note(
        session,
        at=actor.at,
        team_id=incident.team_id,
        incident_id=incident.key,
        who=actor.user_id,
        what="said that they are on it",
        origin=actor.origin,
        escalation=escalation.key,
    )
    escalation.quiet_steps, escalation.quiet_asked_at = 0, None
    session.add(escalation)
    watch(session, settings, incident, escalation, actor.at)
    tell.show_escalation(session, incident, escalation.key, actor.at)
    return incident


@dataclass(frozen=True, slots=True)
class QuietView:
    """What somebody is asked who acknowledged. `until`: when they are paged again."""

    escalation_id: int
    reference: str
    title: str
    channel_id: str | None
    acknowledged_at: datetime
    until: datetime
    names: dict[str, str]


def view(session: Session, settings: Settings, escalation_id: int) -> QuietView | None:
    """None where nobody is asked any more."""
    row = escalations.get(session, escalation_id)
    if row is None or row.acknowledged_at is None or row.quiet_asked_at is None:
        return None
    incident = incidents.get(session, row.incident_id)
    if not incident.is_open:
        return None
    return QuietView(
        escalation_id,
        incident.reference,
        incident.title,
        incident.channel_id,
        row.acknowledged_at,
        row.quiet_asked_at + timedelta(minutes=settings.nudges.quiet_wait),
        people.names(session, incident.team_id, MENTION.findall(incident.title)),
    )
