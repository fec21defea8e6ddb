"""Calls for help: somebody is paged, reminded while silent, and answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError, did_you_mean
from bot.domain.terms import Kind, Precision, TargetKind
from bot.domain.vendors import VendorAct
from bot.domain.when import When, refuse_future
from bot.services import milestones, paging, people, tell, timeline, vendors
from bot.services.actor import Actor, Origin
from bot.services.paging import Call
from bot.store import audit, escalations, incidents, timers
from bot.store import people as store_people
from bot.store.escalations import Escalation
from bot.store.incidents import Incident
from bot.store.timers import Timer

REMIND = "remind of an escalation"


@dataclass(frozen=True, slots=True)
class Called:
    """Whom an escalation goes to, as far as the configuration and Slack's own words tell."""

    kind: TargetKind
    id: str
    name: str
    members: tuple[str, ...] = ()
    usergroups: tuple[str, ...] = ()


def find_target(
    session: Session, settings: Settings, team_id: str, kind: TargetKind, name: str, target_id: str | None
) -> Called:
    """
    Who is meant by what was typed.

    A bare `@word` is a team of the configuration, or else the one person whom people call so. Raises UserError with the
    nearest that exists.
    """
    if kind == TargetKind.PERSON and target_id:
        return Called(kind, target_id, target_id, members=(target_id,))
    if kind == TargetKind.GROUP and target_id:
        return Called(kind, target_id, name, usergroups=(target_id,))
    if kind == TargetKind.VENDOR:
        vendor = vendors.vendor_of(settings, name, settings.incidents.zone)
        return Called(kind, vendor.key, vendor.name)
    teams = {key.casefold(): key for key in settings.teams}
    if (key := teams.get(name.casefold())) is not None:
        team = settings.teams[key]
        groups = (team.usergroup,) if team.usergroup else ()
        return Called(TargetKind.TEAM, key, key, members=tuple(team.members), usergroups=groups)
    person = store_people.by_handle(session, team_id, name) if kind != TargetKind.POLICY else None
    if person is not None:
        return Called(TargetKind.PERSON, person.user_id, person.user_id, members=(person.user_id,))
    if kind == TargetKind.POLICY:
        raise UserError(f"There is no escalation policy called `{name}`.{did_you_mean(name, list(settings.teams))}")
    raise UserError(
        f"I do not know `@{name}`.{did_you_mean(name, list(settings.teams))} Escalate to a person or user group that "
        "Slack completes after `@`, to a team of dogwatch.toml, or to `vendor:NAME`."
    )


def escalate(
    session: Session,
    settings: Settings,
    incident_id: int,
    actor: Actor,
    called: Called,
    reason: str,
    *,
    when: When | None = None,
    case: str = "",
) -> Escalation:
    """
    Call somebody. With `when` it is only recorded that they were called then, and nobody is paged. `case` is a vendor's
    own reference.

    Raises UserError for a time in the future, and for a page in an incident that is over.
    """
    incident = incidents.lock(session, incident_id)
    if when is not None:
        refuse_future(when, now=actor.at, zone=ZoneInfo(incident.zone))
    elif incident.is_retro:
        raise UserError(
            f"{incident.reference} is recorded after the fact, so nobody was paged. Add `at:TIME` to record who was "
            "called then."
        )
    elif not incident.is_open:
        raise UserError(
            f"{incident.reference} is {settings.status_label(incident.status)}, so nobody was paged. If it "
            "is not over, type `/incident status investigating` first; to record an earlier call, add `at:TIME`."
        )
    entry = timeline.record(session, incident, [Kind.ESCALATION], reason, actor, when=when)
    escalation = Escalation(
        incident_id=incident.key,
        entry_id=entry.key,
        target_kind=called.kind.value,
        target_id=called.id,
        target_name=called.name,
        is_external=called.kind == TargetKind.VENDOR,
        reason=reason,
        asked_by=actor.user_id,
        asked_at=actor.at,
        paged_at=actor.at if when is None else when.at,
        precision=(Precision.EXACT if when is None else when.precision).value,
        members=list(called.members),
        working_hours=_hours(settings, incident, called),
    )
    session.add(escalation)
    session.flush()
    entry.details = {**entry.details, "escalation_id": escalation.key}
    session.add(entry)
    if escalation.is_external:
        vendors.begin(session, settings, incident, escalation, actor, case)
    elif case:
        raise UserError("Only a vendor has a case reference: `/incident escalate vendor:NAME case:CS-123 WHY`.")
    people.meet(session, incident.team_id, called.members, actor.at)
    if when is None:
        if incident.drill_of is None:
            tell.invite(session, incident, actor.at, list(called.members), list(called.usergroups))
        paging.page(session, settings, incident, escalation, escalation.members, actor.at, level=1, round=0)
        _set_reminders(session, settings, [escalation], actor.at)
    tell.show_escalation(session, incident, escalation.key, actor.at, is_new=True)
    tell.show_card(session, incident, actor.at)
    return escalation


def _hours(settings: Settings, incident: Incident, called: Called) -> dict[str, Any] | None:
    if called.kind == TargetKind.VENDOR:
        return None  # `vendors.begin` keeps theirs
    team = called.id if called.kind == TargetKind.TEAM else None
    hours = settings.hours_of(team, called.members, incident.services, ZoneInfo(incident.zone))
    return hours.as_json() if hours else None


def _set_reminders(session: Session, settings: Settings, called: Sequence[Escalation], at: datetime) -> None:
    due = at + timedelta(minutes=settings.escalation.remind_after_minutes)
    internal = [escalation.key for escalation in called if not escalation.is_external]
    timers.set_several(session, REMIND, {f"escalation:{key}": {"escalation_id": key} for key in internal}, due)


def hold(session: Session, due: Sequence[Timer]) -> None:
    """Lock what the reminders are about, escalations before incidents as each of them would."""
    found = escalations.hold(session, [int(timer.details["escalation_id"]) for timer in due])
    incidents.hold(session, [escalation.incident_id for escalation in found])


def remind(session: Session, settings: Settings, due: Sequence[Timer], at: datetime) -> None:
    """
    Nobody answered in time: page again, or say in the channel that nobody answers.

    Runs in the transaction that takes the timers, so it happens once, also if the process was down when they fell due.
    What is written for all of them is written at once: in a bad hour many fall due together.
    """
    silent = [each for each in (_still_silent(session, timer) for timer in due) if each is not None]
    again = [each for each in silent if each[1].reminders < settings.escalation.remind_times]
    for _, escalation in again:
        escalation.reminders += 1
    calls = [Call(incident, each, each.members, 1, each.reminders) for incident, each in again]
    paging.page_all(session, settings, calls, at)
    _set_reminders(session, settings, [escalation for _, escalation in again], at)
    paged = {escalation.key for _, escalation in again}
    for incident, escalation in silent:
        if escalation.key not in paged:
            escalation.gave_up_at = at
        said = "reminder" if escalation.key in paged else "unanswered"
        tell.say(session, incident, said, at, escalation_id=escalation.key)
        tell.show_escalation(session, incident, escalation.key, at)
        tell.show_card(session, incident, at)
    audit.note_all(session, at=at, origin=Origin.TIMER, acts=[_act(*each) for each in silent])


def _still_silent(session: Session, timer: Timer) -> tuple[Incident, Escalation] | None:
    """What a reminder is about, held; None if nobody is needed any more."""
    escalation = escalations.lock(session, int(timer.details["escalation_id"]))
    if escalation is None or escalation.acknowledged_at is not None:
        return None
    incident = incidents.lock(session, escalation.incident_id)
    return (incident, escalation) if incident.is_open else None


def _act(incident: Incident, escalation: Escalation) -> tuple[str, int, str, dict[str, int]]:
    gave_up = escalation.gave_up_at is not None
    done = "gave up paging: nobody answered" if gave_up else f"paged again, reminder {escalation.reminders}"
    return incident.team_id, incident.key, done, {"escalation": escalation.key}


def acknowledge(session: Session, settings: Settings, escalation_id: int, actor: Actor) -> Escalation:
    """
    Somebody answers. Whoever is first counts.

    Raises UserError for one who comes second, with the name of the first.
    """
    escalation = escalations.lock(session, escalation_id)
    if escalation is None:
        raise UserError("That escalation does not exist.")
    if escalation.acknowledged_at is not None:
        raise UserError(f"<@{escalation.acknowledged_by}> acknowledged it already. Nothing was changed.")
    incident = incidents.lock(session, escalation.incident_id)
    _check_waits(session, settings, incident, escalation)
    if escalation.is_external:
        return vendors.record(session, settings, escalation_id, actor, vendors.Told(act=VendorAct.ANSWERED))
    escalation.acknowledged_at, escalation.acknowledged_by = actor.at, actor.user_id
    timers.cancel(session, f"escalation:{escalation.key}")
    entry = timeline.record(
        session, incident, [Kind.ACKNOWLEDGED], f"Escalation to {shown_target(escalation)} acknowledged", actor,
        escalation_id=escalation.key,
    )  # fmt: skip
    escalation.acknowledgement_entry_id = entry.key
    session.add(escalation)
    milestones.refresh(session, incident)
    tell.invite(session, incident, actor.at, [actor.user_id] if actor.user_id else [], [])
    tell.show_escalation(session, incident, escalation.key, actor.at)
    tell.show_pages(session, incident, escalation.key, actor.at)
    tell.show_card(session, incident, actor.at)
    return escalation


def _check_waits(session: Session, settings: Settings, incident: Incident, escalation: Escalation) -> None:
    """Raises UserError if nobody is asked for an answer any more."""
    if escalations.is_called_off(session, escalation):
        raise UserError("That escalation was called off: nobody is needed any more.")
    if not incident.is_open:
        label = settings.status_label(incident.status)
        raise UserError(f"{incident.reference} is {label}: nobody is needed any more.")


def shown_target(escalation: Escalation) -> str:
    """The target as text: a person as a mention that is replaced by the name when shown."""
    if escalation.target_kind == TargetKind.PERSON:
        return f"<@{escalation.target_id}>"
    return escalation.target_name


def acknowledge_for(session: Session, settings: Settings, incident_id: int, actor: Actor) -> Escalation:
    """
    What `/incident ack` means: the newest unanswered escalation to whoever types, or else the newest of all. Those who
    were paged go before those of whom it was only recorded; a vendor's answer comes last.

    Raises UserError if nothing waits for an answer.
    """
    waiting = escalations.unanswered(session, incident_id)

    def rank(each: Escalation) -> tuple[bool, bool, bool]:
        return each.is_external, actor.user_id not in each.members, each.paged_at != each.asked_at

    chosen = min(waiting, key=rank, default=None)
    if chosen is None:
        raise UserError("No escalation of this incident waits for an answer.")
    return acknowledge(session, settings, chosen.key, actor)


def waiting_for(session: Session, incident_id: int, actor: Actor) -> list[Escalation]:
    """Those of an incident that this person has neither answered nor declined."""
    return [
        each
        for each in escalations.unanswered(session, incident_id)
        if actor.user_id in each.members and actor.user_id not in each.declined_by and not each.is_external
    ]


def decline(session: Session, settings: Settings, escalation_id: int, actor: Actor) -> Escalation:
    """Somebody cannot. The one who asked is told once nobody is left."""
    escalation = escalations.lock(session, escalation_id)
    if escalation is None or actor.user_id is None:
        raise UserError("That escalation does not exist.")
    if escalation.acknowledged_at is not None:
        raise UserError(f"<@{escalation.acknowledged_by}> acknowledged it already. Nothing was changed.")
    incident = incidents.lock(session, escalation.incident_id)
    _check_waits(session, settings, incident, escalation)
    if actor.user_id not in escalation.declined_by:
        escalation.declined_by = [*escalation.declined_by, actor.user_id]
        session.add(escalation)
        people.meet(session, incident.team_id, [actor.user_id], actor.at)
        audit.note(
            session, at=actor.at, team_id=incident.team_id, incident_id=incident.key, who=actor.user_id,
            what="declined an escalation", origin=actor.origin, escalation=escalation.key,
        )  # fmt: skip
        if escalation.members and set(escalation.members) <= set(escalation.declined_by):
            timers.cancel(session, f"escalation:{escalation.key}")
            tell.say(session, incident, "all declined", actor.at, escalation_id=escalation.key)
        tell.show_escalation(session, incident, escalation.key, actor.at)
    return escalation


def message_posted(session: Session, escalation_id: int, ts: str) -> None:
    """Keep where the escalation's message stands."""
    escalation = escalations.lock(session, escalation_id)
    if escalation is not None:
        escalation.message_ts = ts
        session.add(escalation)
