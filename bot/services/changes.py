"""Record changes, and find those that may have caused an incident."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session
from structlog import get_logger

from bot.config import Settings
from bot.domain.alerts.links import is_web_address
from bot.domain.changes.change import Change, affected_services, select_changes
from bot.domain.changes.events import CLOCK_SKEW, ChangeBatch, ChangeEvent, ChangeStatus
from bot.domain.errors import UserError
from bot.domain.record.facts import CausedByChange
from bot.domain.text.normalize import to_one_line
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.timeline.impact_and_cause import state_cause
from bot.services.workspace.actor import Actor
from bot.store import changes
from bot.store.changes import ChangeRow
from bot.store.incidents import incident_lists, incidents
from bot.store.incidents.incidents import Incident

log = get_logger(__name__)

MAX_TITLE = 150
LATELY = timedelta(days=30)
"""A service without a change for so long reports none."""
MAX_NAME = 100
"""Characters of a service, an environment, a version or an author."""
LATER_DETAILS = ("started_at", "finished_at", "author", "environment", "version")
"""What a later notification may add."""


@dataclass(frozen=True, slots=True)
class ChangeReceipt:
    """Numbers of the changes that were new, and of those that were known."""

    recorded: int
    known: int


def record_changes(session: Session, settings: Settings, batch: ChangeBatch, actor: Actor) -> ChangeReceipt:
    """Record each change once. A later notification adds what the first one lacked."""
    recorded = 0
    for event in batch.events:
        reported = _build_row(settings, event, actor)
        row, is_new = changes.insert_or_lock(session, reported)
        recorded += is_new
        if is_new or _add_details(row, reported):
            session.add(row)
            session.flush()
            _refresh_cards(session, settings, row.as_change(), actor)
        if is_new:
            _post_change(session, settings, row.as_change(), actor)
    log.info("changes recorded", source=batch.source, recorded=recorded, known=len(batch.events) - recorded)
    return ChangeReceipt(recorded, len(batch.events) - recorded)


def _build_row(settings: Settings, event: ChangeEvent, actor: Actor) -> ChangeRow:
    event = _with_credible_times(event, actor.at)
    return ChangeRow(
        team_id=actor.team_id,
        source=event.source,
        stated_id=event.key,
        kind=event.kind,
        title=to_one_line(event.title, MAX_TITLE),
        services=_service_names(settings, event.services),
        status=event.status,
        began_at=event.started_at or event.finished_at or actor.at,
        started_at=event.started_at,
        finished_at=event.finished_at,
        environment=to_one_line(event.environment, MAX_NAME),
        version=to_one_line(event.version, MAX_NAME),
        author=to_one_line(event.author, MAX_NAME),
        link=event.link if event.link and is_web_address(event.link) else None,
        received_at=actor.at,
    )


def _with_credible_times(event: ChangeEvent, received_at: datetime) -> ChangeEvent:
    """A time in the future becomes that of receipt."""
    latest = received_at + CLOCK_SKEW
    started_at, finished_at = (
        received_at if at is not None and at > latest else at for at in (event.started_at, event.finished_at)
    )
    return replace(event, started_at=started_at, finished_at=finished_at)


def _service_names(settings: Settings, named: Sequence[str]) -> list[str]:
    """The configured services among the sender's names, or else the sender's names."""
    names = [to_one_line(each, MAX_NAME) for each in named]
    known = [settings.service_names[name.casefold()] for name in names if name.casefold() in settings.service_names]
    return list(dict.fromkeys(known or names))


def _add_details(row: ChangeRow, reported: ChangeRow) -> bool:
    """Add what a known change lacks; returns whether there was anything. An end is final."""
    before = row.model_dump()
    if row.status == ChangeStatus.STARTED:
        row.status = reported.status
    for name in LATER_DETAILS:
        setattr(row, name, getattr(row, name) or getattr(reported, name))
    row.began_at = row.started_at or row.finished_at or row.began_at
    return row.model_dump() != before


def _refresh_cards(session: Session, settings: Settings, change: Change, actor: Actor) -> None:
    """Redraw the cards of the open incidents that the change may have caused."""
    for incident in incident_lists.find_open(session, actor.team_id):
        if select_changes([change], _affected(settings, incident), incident.started_at, settings.changes.length):
            outbox.refresh_card(session, incident, actor.at)


def _post_change(session: Session, settings: Settings, change: Change, actor: Actor) -> None:
    """Post a change of a marked service in the open incidents that it concerns."""
    told = {name.casefold() for name, each in settings.services.items() if each.tell_changes}
    marked = {name.casefold() for name in change.services} & told
    if not marked:
        return
    for incident in incident_lists.find_open(session, actor.team_id):
        is_old = change.began_at < incident.started_at - settings.changes.length
        if is_old or incident.is_drill or incident.is_retro or marked.isdisjoint(_affected(settings, incident)):
            continue
        outbox.post_event(
            session,
            incident,
            "change",
            actor.at,
            change_kind=change.kind.value,
            title=change.title,
            details=[*change.services, change.version, change.environment, change.author],
            status=change.status.value,
            began_at=change.began_at.isoformat(),
            link=change.link,
        )


def _affected(settings: Settings, incident: Incident) -> frozenset[str]:
    return affected_services(incident.services, settings.service_dependencies)


def find_recent_changes(session: Session, settings: Settings, incident: Incident) -> Sequence[Change]:
    """The changes before the incident's first error that touched its services, the newest first."""
    if not incident.services:
        return ()
    first_error_at = incident.started_at
    rows = changes.find_between(session, incident.team_id, first_error_at - settings.changes.length, first_error_at)
    found = (row.as_change() for row in rows)
    return select_changes(found, _affected(settings, incident), first_error_at, settings.changes.length)


def reports_changes(session: Session, settings: Settings, incident: Incident) -> bool:
    """Return whether tools have reported changes of the incident's services lately."""
    if not incident.services:
        return False
    first_error_at = incident.started_at
    known = changes.find_services(session, incident.team_id, first_error_at - LATELY, first_error_at)
    return not _affected(settings, incident).isdisjoint(name.casefold() for name in known)


def state_change_as_cause(
    session: Session, settings: Settings, incident_id: int, actor: Actor, change_id: int
) -> Change:
    """State a recent change as the cause. Raises UserError for any other change."""
    incident = incidents.lock(session, incident_id)
    recent = {each.change_id: each for each in find_recent_changes(session, settings, incident)}
    if change_id not in recent:
        raise UserError(
            "This change is no longer in question: the start or the services of the incident were corrected. "
            "Type `/incident cause TEXT` instead."
        )
    state_cause(session, incident_id, actor, caused_by(recent[change_id]), change_id=change_id)
    return recent[change_id]


def caused_by(change: Change) -> CausedByChange:
    return CausedByChange(
        change_kind=change.kind.value, title=change.title, services=", ".join(change.services), version=change.version
    )
