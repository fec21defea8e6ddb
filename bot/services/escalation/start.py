"""Calls for help: to somebody, or by a policy; by hand, or as an incident opens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError, did_you_mean
from bot.domain.escalation import Level, Policy, Target
from bot.domain.terms import Severity, TargetKind
from bot.domain.times import When, refuse_future
from bot.services import escalation as escalating
from bot.services import outbox as tell
from bot.services.escalation.responses import (
    acknowledge,
    acknowledge_for,
    check_not_handed_on,
    decline,
    has_answered,
    more_time,
    person_unreachable,
    shown_target,
    unacknowledge,
    waiting_for,
)
from bot.services.oncall import policies
from bot.services.oncall import targets as resolving
from bot.services.vendors import calls as vendors
from bot.services.workspace import people
from bot.services.workspace.actor import Actor
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared import people as store_people

__all__ = [
    "Whom",
    "acknowledge",
    "acknowledge_for",
    "decline",
    "escalate",
    "find_target",
    "hand_over",
    "message_posted",
    "more_time",
    "person_unreachable",
    "shown_target",
    "start_by_itself",
    "start_policy",
    "unacknowledge",
    "waiting_for",
]

PERSON, POLICY, HANDOVER = "person", "policy", "handover"
"""What `started_by` says."""


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom an escalation goes to, as far as the configuration and Slack's own words tell."""

    kind: TargetKind
    id: str
    name: str
    members: tuple[str, ...] = ()
    usergroups: tuple[str, ...] = ()

    @property
    def as_target(self) -> Target:
        return Target(self.kind, self.id, self.members, self.usergroups)


def find_target(
    session: Session, settings: Settings, team_id: str, kind: TargetKind, name: str, target_id: str | None
) -> Whom:
    """
    Who is meant by what was typed.

    A bare `@word` is a team of the configuration, or else the one person whom people call so. Raises UserError with the
    nearest that exists.
    """
    match kind:
        case TargetKind.PERSON if target_id:
            return Whom(kind, target_id, target_id, members=(target_id,))
        case TargetKind.GROUP if target_id:
            return Whom(kind, target_id, name, usergroups=(target_id,))
        case TargetKind.VENDOR:
            vendor = vendors.vendor_of(settings, name, settings.incidents.zone)
            return Whom(kind, vendor.key, vendor.name)
        case TargetKind.POLICY:
            found = policies.named(settings, name)
            return Whom(kind, found.name, found.name)
        case TargetKind.SCHEDULE:
            return _schedule(settings, name)
    team = _team(settings, name)
    if team is not None:
        return team
    person = store_people.by_handle(session, team_id, name)
    if person is not None:
        return Whom(TargetKind.PERSON, person.user_id, person.user_id, members=(person.user_id,))
    raise UserError(
        f"I do not know `@{name}`.{did_you_mean(name, list(settings.teams))} Escalate to a person or user group that "
        "Slack completes after `@`, to a team of dogwatch.toml, or to `policy:NAME`, `schedule:NAME` or `vendor:NAME`."
    )


def _team(settings: Settings, name: str) -> Whom | None:
    key = {each.casefold(): each for each in settings.teams}.get(name.casefold())
    if key is None:
        return None
    target = policies.with_people(settings, Target(TargetKind.TEAM, key))
    return Whom(TargetKind.TEAM, key, key, members=target.people, usergroups=target.groups)


def _schedule(settings: Settings, name: str) -> Whom:
    key = {each.casefold(): each for each in settings.schedules}.get(name.casefold())
    if key is None:
        guess = did_you_mean(name, list(settings.schedules))
        raise UserError(f"There is no schedule called `{name}`.{guess}")
    return Whom(TargetKind.SCHEDULE, key, key)


def escalate(
    session: Session,
    settings: Settings,
    incident_id: int,
    actor: Actor,
    called: Whom,
    reason: str,
    *,
    when: When | None = None,
    case: str = "",
) -> Escalation:
    """
    Call somebody, or start a policy. With `when` it is only recorded that they were called then, and nobody is paged.
    `case` is a vendor's own reference.

    Raises UserError for a time in the future, for a page in an incident that is over, and for a schedule by which
    nobody is on call.
    """
    incident = incidents.lock(session, incident_id)
    is_vendor = called.kind == TargetKind.VENDOR
    if case and not is_vendor:
        raise UserError("Only a vendor has a case reference: `/incident escalate vendor:NAME case:CS-123 WHY`.")
    if when is not None:
        refuse_future(when, now=actor.at, zone=ZoneInfo(incident.zone))
        made = _recorded_only(session, settings, incident, actor, called, reason, when)
    else:
        _check_open(settings, incident)
        made = _now(session, settings, incident, actor, called, reason)
    if is_vendor:
        vendors.begin(session, settings, incident, made, actor, case)
    return made


def _now(
    session: Session, settings: Settings, incident: Incident, actor: Actor, called: Whom, reason: str
) -> Escalation:
    if called.kind == TargetKind.POLICY:
        return _start(session, settings, incident, actor, called, policies.named(settings, called.id), reason)
    if called.kind == TargetKind.SCHEDULE:
        meant = resolving.meant_by(session, settings, actor.team_id, (called.as_target,), actor.at)
        if not meant.people:
            raise UserError(f"{' '.join(meant.why)} Nobody was paged.")
    policy = None if called.kind == TargetKind.VENDOR else policies.of_reminders(settings, called.as_target)
    return _start(session, settings, incident, actor, called, policy, reason)


def start_policy(
    session: Session, settings: Settings, incident_id: int, actor: Actor, name: str, reason: str = ""
) -> Escalation:
    """
    Start a policy of the configuration by hand.

    Raises UserError if there is none of that name, or the incident is over.
    """
    return escalate(session, settings, incident_id, actor, Whom(TargetKind.POLICY, name, name), reason)


def _check_open(settings: Settings, incident: Incident) -> None:
    if incident.is_retro:
        raise UserError(
            f"{incident.reference} is recorded after the fact, so nobody was paged. Add `at:TIME` to record who was "
            "called then."
        )
    if not incident.is_open:
        raise UserError(
            f"{incident.reference} is {settings.status_label(incident.status)}, so nobody was paged. If it "
            "is not over, type `/incident status investigating` first; to record an earlier call, add `at:TIME`."
        )


def _recorded_only(
    session: Session, settings: Settings, incident: Incident, actor: Actor, called: Whom, reason: str, when: When
) -> Escalation:
    made = escalating.record(
        session,
        incident,
        actor,
        called.kind,
        called.id,
        called.name,
        reason,
        when=when,
        paged_at=when.at,
        precision=when.precision.value,
        members=list(called.members),
        working_hours=_hours(settings, incident, called.kind, called.id, called.members),
        started_by=PERSON,
    )
    people.meet(session, incident.team_id, called.members, actor.at)
    tell.show_card(session, incident, actor.at)
    return made


def _start(
    session: Session,
    settings: Settings,
    incident: Incident,
    actor: Actor,
    called: Whom,
    policy: Policy | None,
    reason: str,
    *,
    started_by: str = PERSON,
    follows: Escalation | None = None,
) -> Escalation:
    """Without a policy it is only put on record, and shown: a vendor is called by hand."""
    made = escalating.record(
        session,
        incident,
        actor,
        called.kind,
        called.id,
        called.name,
        reason,
        started_by=started_by,
        follows_id=follows.key if follows else None,
    )
    if policy is not None:
        escalating.begin(session, settings, incident, made, policy)
    made.working_hours = _hours(settings, incident, called.kind, called.id, made.members)
    session.add(made)
    tell.show_card(session, incident, actor.at)
    return made


def _hours(
    settings: Settings, incident: Incident, kind: TargetKind, target_id: str, members: Sequence[str]
) -> dict[str, Any] | None:
    if kind == TargetKind.VENDOR:
        return None  # `vendors.begin` keeps theirs
    team = target_id if kind == TargetKind.TEAM else None
    hours = settings.hours_of(team, members, incident.services, ZoneInfo(incident.zone))
    return hours.as_json() if hours else None


def hand_over(
    session: Session, settings: Settings, escalation_id: int, actor: Actor, *, to: Whom, reason: str = ""
) -> Escalation:
    """
    Somebody else takes it from here: they are paged, and the levels from the present one on follow if they are silent.
    Where nobody had acknowledged, whoever hands over does by it. Returns the new escalation.

    Raises UserError if nobody is needed any more, and for what cannot be paged.
    """
    old = escalations.lock(session, escalation_id)
    if old is None:
        raise UserError("That escalation does not exist.")
    if old.is_external or to.kind in {TargetKind.VENDOR, TargetKind.POLICY}:
        raise UserError("Hand over to a person, a team, a user group or a schedule. Escalate to anybody else.")
    _check_can_take_it(session, settings, old, actor, to)
    if old.acknowledged_at is not None:
        check_not_handed_on(session, old)
    elif not has_answered(old, actor):
        acknowledge(session, settings, escalation_id, actor)
    incident = incidents.lock(session, old.incident_id)
    _check_open(settings, incident)
    before = escalating.policy_of(settings, old)
    wait = before.levels[0].wait
    levels = (Level((to.as_target,), wait), *before.levels[max(old.level - 1, 0) :])
    policy = Policy(before.name, levels, before.repeat, before.at_end)
    if old.acknowledged_at is None:  # the others of a level that needs all go on being asked there
        escalating.stop(session, old)
    made = _start(
        session, settings, incident, actor, to, policy, reason or old.reason, started_by=HANDOVER, follows=old
    )
    tell.show_escalation(session, incident, old.key, actor.at)
    tell.show_pages(session, incident, old.key, actor.at)
    return made


def _check_can_take_it(session: Session, settings: Settings, old: Escalation, actor: Actor, to: Whom) -> None:
    """Raises UserError where it would go to nobody, or to whoever hands over: the present level would be paged."""
    meant = resolving.meant_by(session, settings, actor.team_id, (to.as_target,), actor.at)
    if meant.groups:
        return
    if meant.people == (actor.user_id,):
        raise UserError(_why_not_to_oneself(old, actor))
    if not meant.people:
        raise UserError(f"{' '.join(meant.why)} Nothing was changed: hand over to somebody else.")


def _why_not_to_oneself(old: Escalation, actor: Actor) -> str:
    if has_answered(old, actor):
        return "You have it already: hand over to somebody else."
    if old.acknowledged_at is None:
        return "Nobody has it yet. Take it with `/incident ack`."
    who = f"<@{old.acknowledged_by}>" if old.acknowledged_by else "Somebody"
    return (
        f"{who} has it. Let them hand it over to you; if they are gone, `/incident unack WHY` takes it back from them, "
        "and you take it with `/incident ack`."
    )


def start_by_itself(
    session: Session, settings: Settings, incident: Incident, actor: Actor, *, again: bool = False
) -> Escalation | None:
    """
    Start the policy that the configuration says for the incident's services and severity; None if none is to start.

    None starts while another runs that nobody acknowledged, none that this incident had already (but `again`, when it
    begins anew), and none for practice that replays something or for what is recorded after the fact.
    """
    if incident.is_retro or incident.drill_of is not None or not incident.is_open:
        return None
    name = policies.chosen(settings, Severity(incident.severity), incident.services)
    if name is None:
        return None
    known = [each for each in escalations.of_incident(session, incident.key) if each.target_kind == TargetKind.POLICY]
    if any(each.next_step_at is not None for each in known):
        return None
    if not again and name in {each.target_id for each in known}:
        return None
    whom, policy = Whom(TargetKind.POLICY, name, name), policies.named(settings, name)
    return _start(session, settings, incident, actor, whom, policy, "", started_by=POLICY)


def message_posted(session: Session, escalation_id: int, ts: str) -> None:
    """Keep where the escalation's message stands."""
    escalation = escalations.lock(session, escalation_id)
    if escalation is not None:
        escalation.message_ts = ts
        session.add(escalation)
