"""Calling a level: whom it means now, their pages, and the line that tells of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.escalation import Called, Level, PageLevel, Place, Policy, following
from bot.domain.terms import TargetKind
from bot.services import outbox as tell
from bot.services.escalation.state import STEP, called_of, record, standing, timer_key
from bot.services.oncall import targets as resolving
from bot.services.paging import pages as paging
from bot.services.paging import services as paging_services
from bot.services.paging.pages import Call
from bot.services.vendors import calls as vendors
from bot.services.workspace import people
from bot.services.workspace.actor import Actor, Origin
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.incidents.incidents import Incident
from bot.store.shared import audit, timers


@dataclass(slots=True)
class Work:
    """What steps write, gathered: in a bad hour many fall due together, and are written at once."""

    session: Session
    settings: Settings
    at: datetime
    calls: list[Call] = field(default_factory=list)
    due: dict[str, tuple[datetime, dict[str, Any]]] = field(default_factory=dict)
    acts: list[tuple[str, int, str, dict[str, Any]]] = field(default_factory=list)
    """For the audit."""

    def wait(self, escalation: Escalation, until: datetime) -> None:
        escalation.next_step_at = until
        self.due[timer_key(escalation)] = (until, {"escalation_id": escalation.key})

    def write(self) -> None:
        self.session.flush()
        paging.page_all(self.session, self.settings, self.calls, self.at)
        timers.set_each(self.session, STEP, self.due)
        audit.note_all(self.session, at=self.at, origin=Origin.TIMER, acts=self.acts)


def page_level(
    work: Work, incident: Incident, escalation: Escalation, policy: Policy, found: PageLevel, because: str
) -> bool:
    """Call whom the level means now. False if that is nobody."""
    level = policy.levels[found.place.level - 1]
    called, why = call(work, incident, escalation, level, found.place, because)
    called = replace(called, due_at=found.due_at, passed_over=found.passed_over)
    is_somebody = means_somebody(called)
    is_still_gone = _is_still_gone(work, incident, escalation, called)
    if found.place.round and (not is_somebody or is_still_gone):  # as it was the time before, which is on record
        escalation.level, escalation.round = found.place.level, found.place.round
        return False
    is_first = escalation.level_paged_at is None and not escalation.steps
    keep(escalation, called)
    if why:
        is_last = not is_somebody and not _follows_anybody(escalation, policy)
        say_empty(work, incident, escalation, called, why, is_last=is_last)
    if not is_somebody:
        return False
    escalation.reminders = found.place.round
    write_to(work, incident, escalation, called)
    if not is_first:
        say_level(work, incident, escalation, policy, called)
    return True


def means_somebody(called: Called) -> bool:
    return bool(called.people or called.groups or called.vendors or called.services)


def _follows_anybody(escalation: Escalation, policy: Policy) -> bool:
    """Whether there is a further level; in a further round only, if anybody of those before can still come."""
    called = called_of(escalation)
    place = called[-1].place
    after = following(policy, place)
    if after is None or after.round == place.round:
        return after is not None
    return any(each.is_left(escalation.declined_by) for each in called)


def _is_still_gone(work: Work, incident: Incident, escalation: Escalation, called: Called) -> bool:
    """Whether nobody of the level was to be paged the last time either: all of them are muted, or have left."""
    before = [each for each in called_of(escalation) if each.place.level == called.place.level]
    if not before or not called.people or called.groups or called.vendors or called.services:
        return False
    with work.session.no_autoflush:
        skipped = paging.skipped(work.session, incident.team_id, called.people, work.at)
    return set(called.people) <= {*before[-1].gone} & {*skipped}


def call(
    work: Work, incident: Incident, escalation: Escalation, level: Level, place: Place, because: str
) -> tuple[Called, Sequence[str]]:
    """Whom the level means, and in words why some of its targets mean nobody. Who declined or answered is spared."""
    with work.session.no_autoflush:  # who that is does not depend on what the steps before this one have written
        meant = resolving.meant_by(work.session, work.settings, incident.team_id, level.targets, work.at)
    spared = {*escalation.declined_by, *(each.by for each in standing(escalation))}
    called = Called(
        place,
        work.at,
        work.at,
        level.acknowledge,
        tuple(each for each in meant.people if each not in spared),
        meant.groups,
        meant.vendors,
        missing=meant.missing,
        because=because,
        services=meant.services,
    )
    return called, meant.why


def keep(escalation: Escalation, called: Called) -> None:
    escalation.steps = [*(escalation.steps or [each.as_json() for each in called_of(escalation)]), called.as_json()]
    escalation.level, escalation.round = called.place.level, called.place.round
    escalation.level_paged_at, escalation.more_time_until = called.paged_at, None
    escalation.members = list(dict.fromkeys([*escalation.members, *called.people]))


def write_to(work: Work, incident: Incident, escalation: Escalation, called: Called) -> None:
    people.meet(work.session, incident.team_id, called.people, work.at)
    if incident.drill_of is None:
        _invite(work, incident, called)
    late = called.late
    work.calls.append(
        Call(
            incident,
            escalation,
            called.people,
            called.place.level,
            called.place.round,
            round(late.total_seconds()) if late else None,
        )
    )
    place = called.place
    paging_services.page(work.session, incident, escalation, called.services, work.at, place.level, place.round, late)
    for vendor in called.vendors:
        _call_vendor(work, incident, escalation, vendor)


def _invite(work: Work, incident: Incident, called: Called) -> None:
    """Whoever is not paged is not called in either: an invitation is a notification, too."""
    with work.session.no_autoflush:
        skipped = paging.skipped(work.session, incident.team_id, called.people, work.at)
    asked = [each for each in called.people if each not in skipped]
    tell.invite(work.session, incident, work.at, asked, list(called.groups))


def _call_vendor(work: Work, incident: Incident, escalation: Escalation, vendor: str) -> None:
    """A vendor has a course of its own: a case, a first answer, the end. It is told once."""
    known_as = vendors.vendor_of(work.settings, vendor, ZoneInfo(incident.zone))
    known = escalations.of_incident(work.session, incident.key)
    if any(each.follows_id == escalation.key and each.is_external and each.target_id == known_as.key for each in known):
        return
    actor = Actor(incident.team_id, None, work.at, Origin.TIMER)
    made = record(
        work.session,
        incident,
        actor,
        TargetKind.VENDOR,
        known_as.key,
        known_as.name,
        escalation.reason,
        started_by="policy",
        follows_id=escalation.key,
    )
    vendors.begin(work.session, work.settings, incident, made, actor)


def say_level(work: Work, incident: Incident, escalation: Escalation, policy: Policy, called: Called) -> None:
    """A line that mentions those who are paged, and nobody who is muted: an edited message pings nobody."""
    if policy.name == "" and called.place.level == 1 and len(policy.levels) == 1:
        tell.say(work.session, incident, "reminder", work.at, escalation_id=escalation.key)
        note(work, incident, escalation, f"paged again, reminder {escalation.reminders}")
        return
    late = round(called.late.total_seconds()) if called.late else None
    skipped = paging.skipped(work.session, incident.team_id, called.people, work.at)
    asked = [each for each in called.people if each not in skipped]
    tell.say(
        work.session,
        incident,
        "level",
        work.at,
        escalation_id=escalation.key,
        level=called.place.level,
        levels=len(policy.levels),
        round=called.place.round,
        people=asked,
        skipped=len(skipped),
        groups=list(called.groups),
        vendors=list(vendors.names(work.settings, called.vendors)),
        services=list(called.services),
        because=called.because,
        late_seconds=late,
        passed_over=[place.level for place, _ in called.passed_over],
    )
    passed = f", passed over {[place.level for place, _ in called.passed_over]}" if called.passed_over else ""
    note(work, incident, escalation, f"paged level {called.place.level}, round {called.place.round}{passed}")


def say_empty(
    work: Work, incident: Incident, escalation: Escalation, called: Called, why: Sequence[str], *, is_last: bool
) -> None:
    """A line that says why some of those whom a level calls are not paged."""
    tell.say(
        work.session,
        incident,
        "level empty",
        work.at,
        escalation_id=escalation.key,
        level=called.place.level,
        why=list(why),
        is_somebody=means_somebody(called),
        because=called.because,
        is_last=is_last,
    )


def note(work: Work, incident: Incident, escalation: Escalation, what: str) -> None:
    work.acts.append((incident.team_id, incident.key, what, {"escalation": escalation.key}))
