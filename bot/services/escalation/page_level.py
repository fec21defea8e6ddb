"""Page one level: resolve its targets, queue the pages, post a line in the channel."""

from collections.abc import Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.escalation import Level, PagedLevel, PageLevel, Policy, Position, next_position
from bot.domain.terms import TargetKind
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.escalation.state import (
    ESCALATION_STEP,
    active_acknowledgements,
    escalation_timer_key,
    paged_levels,
    record_escalation,
)
from bot.services.oncall.targets import resolve_targets
from bot.services.outbox.timer_payloads import EscalationTimer
from bot.services.paging.page_services import page_services
from bot.services.paging.pages import LevelRecipients, page_many, skipped_people
from bot.services.vendors.lookup import find_vendor, vendor_names
from bot.services.vendors.updates import start_vendor_escalation
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.people import ensure_known
from bot.store.escalation import escalations, progress
from bot.store.escalation.escalations import Escalation
from bot.store.incidents.incidents import Incident
from bot.store.shared import audit, timers


@dataclass(slots=True)
class StepBatch:
    """Pending writes of several steps, done in few statements."""

    session: Session
    settings: Settings
    at: datetime
    recipients: list[LevelRecipients] = field(default_factory=list)
    due: dict[str, tuple[datetime, EscalationTimer]] = field(default_factory=dict)
    audit_entries: list[tuple[str, int, str, dict[str, Any]]] = field(default_factory=list)
    """Audit entries: team id, incident id, text, details."""

    def wait(self, escalation: Escalation, until: datetime) -> None:
        escalation.next_step_at = until
        self.due[escalation_timer_key(escalation)] = (until, EscalationTimer(escalation.key))

    def write(self) -> None:
        self.session.flush()
        page_many(self.session, self.settings, self.recipients, self.at)
        timers.set_timers_at(self.session, ESCALATION_STEP, self.due)
        audit.record_all(self.session, at=self.at, origin=Origin.TIMER, acts=self.audit_entries)


def page_level(
    batch: StepBatch, incident: Incident, escalation: Escalation, policy: Policy, found: PageLevel, because: str
) -> bool:
    """Page a level. False if it resolves to nobody."""
    level = policy.levels[found.position.level - 1]
    paged, why = resolve_level(batch, incident, escalation, level, found.position, because)
    paged = replace(paged, due_at=found.due_at, passed_over=found.passed_over)
    is_somebody = has_targets(paged)
    is_still_gone = _is_still_unreachable(batch, incident, escalation, paged)
    if found.position.round and (not is_somebody or is_still_gone):  # as in the round before, which is on record
        escalation.level, escalation.round = found.position.level, found.position.round
        return False
    is_first = escalation.level_paged_at is None and not progress.find_steps(batch.session, escalation.key)
    record_level(batch.session, escalation, paged)
    if why:
        is_last = not is_somebody and not _has_next_level(batch.session, escalation, policy)
        post_empty_level(batch, incident, escalation, paged, why, is_last=is_last)
    if not is_somebody:
        return False
    escalation.reminders = found.position.round
    page_targets(batch, incident, escalation, paged)
    if not is_first:
        post_level(batch, incident, escalation, policy, paged)
    return True


def has_targets(paged: PagedLevel) -> bool:
    return bool(paged.people or paged.groups or paged.vendors or paged.services)


def _has_next_level(session: Session, escalation: Escalation, policy: Policy) -> bool:
    """True if another level follows; for a further round, if somebody can still respond."""
    levels = paged_levels(session, escalation)
    position = levels[-1].position
    after = next_position(policy, position)
    if after is None or after.round == position.round:
        return after is not None
    return any(each.has_reachable_target(escalation.declined_by) for each in levels)


def _is_still_unreachable(batch: StepBatch, incident: Incident, escalation: Escalation, paged: PagedLevel) -> bool:
    """True if all people of the level were left out the last time as well."""
    before = [each for each in paged_levels(batch.session, escalation) if each.position.level == paged.position.level]
    if not before or not paged.people or paged.groups or paged.vendors or paged.services:
        return False
    with batch.session.no_autoflush:
        skipped = skipped_people(batch.session, incident.team_id, paged.people, batch.at)
    return set(paged.people) <= {*before[-1].gone} & {*skipped}


def resolve_level(
    batch: StepBatch, incident: Incident, escalation: Escalation, level: Level, position: Position, because: str
) -> tuple[PagedLevel, Sequence[str]]:
    """Resolve a level, without people who responded; also the reasons for empty targets."""
    with batch.session.no_autoflush:  # independent of what earlier steps wrote
        resolved = resolve_targets(batch.session, batch.settings, incident.team_id, level.targets, batch.at)
    responded = {*escalation.declined_by, *(each.by for each in active_acknowledgements(batch.session, escalation))}
    paged = PagedLevel(
        position,
        batch.at,
        batch.at,
        level.acknowledge,
        tuple(each for each in resolved.people if each not in responded),
        resolved.groups,
        resolved.vendors,
        missing=resolved.missing,
        because=because,
        services=resolved.services,
    )
    return paged, resolved.why


def record_level(session: Session, escalation: Escalation, paged: PagedLevel) -> None:
    progress.save_steps(session, escalation.key, [*progress.find_steps(session, escalation.key), paged])
    escalation.level, escalation.round = paged.position.level, paged.position.round
    escalation.level_paged_at, escalation.more_time_until = paged.paged_at, None
    escalation.members = list(dict.fromkeys([*escalation.members, *paged.people]))


def page_targets(batch: StepBatch, incident: Incident, escalation: Escalation, paged: PagedLevel) -> None:
    ensure_known(batch.session, incident.team_id, paged.people, batch.at)
    if incident.drill_of is None:
        _invite_people(batch, incident, paged)
    late = paged.late
    batch.recipients.append(
        LevelRecipients(
            incident,
            escalation,
            paged.people,
            paged.position.level,
            paged.position.round,
            round(late.total_seconds()) if late else None,
        )
    )
    position = paged.position
    page_services(batch.session, incident, escalation, paged.services, batch.at, position.level, position.round, late)
    for vendor in paged.vendors:
        _start_vendor(batch, incident, escalation, vendor)


def _invite_people(batch: StepBatch, incident: Incident, paged: PagedLevel) -> None:
    """Invite people of the level, except skipped ones: an invitation notifies them as well."""
    with batch.session.no_autoflush:
        skipped = skipped_people(batch.session, incident.team_id, paged.people, batch.at)
    asked = [each for each in paged.people if each not in skipped]
    outbox.invite_users(batch.session, incident, batch.at, asked, list(paged.groups))


def _start_vendor(batch: StepBatch, incident: Incident, escalation: Escalation, vendor: str) -> None:
    """Start an escalation to the vendor, once; it has its own case, first answer and fix."""
    found = find_vendor(batch.settings, vendor, ZoneInfo(incident.zone))
    known = escalations.find_by_incident(batch.session, incident.key)
    if any(each.follows_id == escalation.key and each.is_external and each.target_id == found.key for each in known):
        return
    actor = Actor(incident.team_id, None, batch.at, Origin.TIMER)
    made = record_escalation(
        batch.session,
        incident,
        actor,
        TargetKind.VENDOR,
        found.key,
        found.name,
        escalation.reason,
        started_by="policy",
        follows_id=escalation.key,
    )
    start_vendor_escalation(batch.session, batch.settings, incident, made, actor)


def post_level(batch: StepBatch, incident: Incident, escalation: Escalation, policy: Policy, paged: PagedLevel) -> None:
    """Post a line that mentions the paged people; edits of the escalation message notify nobody."""
    if policy.name == "" and paged.position.level == 1 and len(policy.levels) == 1:
        outbox.post_event(batch.session, incident, "reminder", batch.at, escalation_id=escalation.key)
        note_audit(batch, incident, escalation, f"paged again, reminder {escalation.reminders}")
        return
    late = round(paged.late.total_seconds()) if paged.late else None
    skipped = skipped_people(batch.session, incident.team_id, paged.people, batch.at)
    asked = [each for each in paged.people if each not in skipped]
    outbox.post_event(
        batch.session,
        incident,
        "level",
        batch.at,
        escalation_id=escalation.key,
        level=paged.position.level,
        levels=len(policy.levels),
        round=paged.position.round,
        people=asked,
        skipped=len(skipped),
        groups=list(paged.groups),
        vendors=list(vendor_names(batch.settings, paged.vendors)),
        services=list(paged.services),
        because=paged.because,
        late_seconds=late,
        passed_over=[position.level for position, _ in paged.passed_over],
    )
    passed = f", passed over {[position.level for position, _ in paged.passed_over]}" if paged.passed_over else ""
    note_audit(batch, incident, escalation, f"paged level {paged.position.level}, round {paged.position.round}{passed}")


def post_empty_level(
    batch: StepBatch,
    incident: Incident,
    escalation: Escalation,
    paged: PagedLevel,
    why: Sequence[str],
    *,
    is_last: bool,
) -> None:
    """Post the reasons why targets of a level are not paged."""
    outbox.post_event(
        batch.session,
        incident,
        "level empty",
        batch.at,
        escalation_id=escalation.key,
        level=paged.position.level,
        why=list(why),
        is_somebody=has_targets(paged),
        because=paged.because,
        is_last=is_last,
    )


def note_audit(batch: StepBatch, incident: Incident, escalation: Escalation, what: str) -> None:
    batch.audit_entries.append((incident.team_id, incident.key, what, {"escalation": escalation.key}))
