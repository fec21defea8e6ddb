"""Ingest notifications: each alert finds its incident, or opens one."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from itertools import groupby

from sqlmodel import Session

from bot.config import Settings
from bot.domain.alerts.events import AlertEvent, Batch
from bot.domain.alerts.label_groups import LABEL_GROUPS
from bot.domain.alerts.routing import RouteAction, Routing
from bot.domain.terms import AlertStatus
from bot.lazy_dataclass import dataclass
from bot.services.alerts.alert_rows import find_known_rows, identity_of, is_news
from bot.services.alerts.announcements import Arrival, request_summary, waits_for_summary
from bot.services.alerts.event_routing import route_event
from bot.services.alerts.placement import place_alerts
from bot.services.alerts.repetition import announce_repetition, find_overdue
from bot.services.alerts.resolution import plan_resolutions
from bot.services.alerts.storms.admission import current_storm
from bot.services.incidents.maintenance_windows import hold_for_windows
from bot.services.workspace.actor import Actor
from bot.store import outbox
from bot.store.alerts import alert_groups, alerts
from bot.store.alerts.alert_groups import AlertGroup
from bot.store.alerts.alerts import Alert
from bot.store.incidents import incidents
from bot.store.incidents.visibility import Visibility
from bot.store.shared import idempotency


@dataclass(slots=True)
class Receipt:
    """Result of a notification: alerts kept and ignored, and the incidents they belong to."""

    recorded: int = 0
    ignored: int = 0
    incidents: set[str] = field(default_factory=set)
    held: int = 0
    """Firing alerts of services under maintenance; they opened nothing."""
    is_repeated: bool = False
    """A notification with the same signed id was stored before, and this one was not."""

    def with_more(self, other: "Receipt") -> "Receipt":
        """Sum of two parts of one notification."""
        return Receipt(
            self.recorded + other.recorded,
            self.ignored + other.ignored,
            self.incidents | other.incidents,
            self.held + other.held,
            self.is_repeated or other.is_repeated,
        )


@dataclass(frozen=True, slots=True)
class _ReceivedAlert:
    """One alert of one notification. `number` is that notification's index."""

    event: AlertEvent
    routing: Routing
    number: int
    truncated: int

    @property
    def group(self) -> tuple[str, str]:
        return self.event.source, self.event.group

    @property
    def groups(self) -> set[tuple[str, str]]:
        """The sender's group, and the one by labels if its route has any."""
        labels = self.routing.label_group
        return {self.group, (LABEL_GROUPS, labels.key)} if labels else {self.group}

    @property
    def identity(self) -> alerts.Identity:
        return identity_of(self.event)


def receive_notifications(
    session: Session, settings: Settings, batches: Sequence[Batch], actor: Actor
) -> list[Receipt]:
    """
    Ingest several notifications in their order, with one announcement per incident.

    A notification may hold a part of its group: other alerts stay unchanged. A repeated one changes only when it was
    last seen.
    """
    receipts = _register_signed(session, batches, actor)
    wanted = list(_route_events(settings, batches, receipts, actor.at))
    if not wanted:
        return receipts
    # Timers of windows come before groups, as in their own work.
    windows = hold_for_windows(session, actor, {received.routing.service for received in wanted})
    groups = alert_groups.lock_groups(session, actor.team_id, {key for each in wanted for key in each.groups})
    known = find_known_rows(session, actor.team_id, [each.event for each in wanted])
    repeated = find_overdue(
        session, (known[each.identity] for each in wanted if each.identity in known), windows, actor
    )
    news = [received for received in wanted if is_news(received.event, known.get(received.identity))]
    ended = [each for each in news if each.event.status is AlertStatus.RESOLVED and each.identity in known]
    plan_resolutions(session, ((known[each.identity], each.routing) for each in ended), actor.at)
    incident_ids = [known[received.identity].incident_id for received in news if received.identity in known]
    incident_ids += [groups[key].incident_id for received in news for key in received.groups]
    if any(groups[received.group].incident_id is None for received in news) and (
        storm := current_storm(session, settings, actor)
    ):
        request_summary(session, storm.incident, actor.at)
    _lock_incidents(session, incident_ids, repeated, actor.at)
    # Lanes come after all incidents, as in the delivery of a row.
    unchanged: set[int] = set()
    with outbox.batch(session):
        for key, of_group in groupby(
            sorted(wanted, key=lambda received: received.group), key=lambda received: received.group
        ):
            for received in _split_rounds(of_group):
                unchanged |= _receive_group(session, settings, groups, key, received, known, windows, actor, receipts)
        session.flush()
        alerts.touch(session, unchanged, actor.at)
        for incident_id in sorted(repeated):
            announce_repetition(session, incident_id, actor)
    return receipts


def _register_signed(session: Session, batches: Sequence[Batch], actor: Actor) -> list[Receipt]:
    """An empty receipt for each notification, in one order of the signed ids to avoid deadlocks."""
    receipts = [Receipt() for _ in batches]
    signed = sorted((batch.source, batch.signed_id, number) for number, batch in enumerate(batches) if batch.signed_id)
    for source, signed_id, number in signed:
        key = f"{actor.team_id}:alerts:{source}:{signed_id}"
        receipts[number].is_repeated = not idempotency.register_delivery(session, key, actor.at)
    return receipts


def _lock_incidents(
    session: Session, incident_ids: Iterable[int | None], repeated: Collection[int], at: datetime
) -> None:
    """
    Lock several incidents in one order, to avoid deadlocks.

    Those that only count are not locked; their timers come first, as for the timers' own work. All of `repeated` are
    locked: their alerts still fire after the end.
    """
    concerned = sorted({key for key in incident_ids if key is not None} | set(repeated))
    if len(concerned) > 1 or repeated:
        counting = {key for key in concerned if waits_for_summary(session, key, at)}
        incidents.lock_all(session, [key for key in concerned if key in repeated or key not in counting])


def _route_events(
    settings: Settings, batches: Sequence[Batch], receipts: Sequence[Receipt], at: datetime
) -> Iterator[_ReceivedAlert]:
    for number, (batch, receipt) in enumerate(zip(batches, receipts, strict=True)):
        for event in () if receipt.is_repeated else batch.events:
            routing = route_event(settings, event, at)
            if routing.action == RouteAction.IGNORE:
                receipt.ignored += 1
            else:
                receipt.recorded += 1
                yield _ReceivedAlert(event, routing, number, batch.truncated)


def _split_rounds(received: Iterable[_ReceivedAlert]) -> Iterator[list[_ReceivedAlert]]:
    """Rounds in which each alert occurs once: its events are applied one after the other."""
    together: dict[alerts.Identity, _ReceivedAlert] = {}
    for each in received:
        before = together.get(each.identity)
        if before is not None and before.event.status == each.event.status and before.number == each.number:
            continue  # repeated within one notification
        if before is not None:
            yield list(together.values())
            together = {}
        together[each.identity] = each
    yield list(together.values())


def _receive_group(
    session: Session,
    settings: Settings,
    groups: Mapping[tuple[str, str], AlertGroup],
    key: tuple[str, str],
    received: Sequence[_ReceivedAlert],
    known: dict[alerts.Identity, Alert],
    windows: Mapping[str, int],
    actor: Actor,
    receipts: Sequence[Receipt],
) -> set[int]:
    """Place the new and changed alerts of one group. Returns the rows of the others."""
    arrivals: list[tuple[_ReceivedAlert, Arrival]] = []
    repeated: set[int] = set()
    for each in received:
        row = known.get(each.identity)
        if row is not None and not is_news(each.event, row):
            if row.id is None:  # earlier in the same body
                session.flush()
            repeated.add(row.key)
            _add_reference(session, receipts[each.number], row)
        else:
            held_by = windows.get(each.routing.service or "")
            arrivals.append(
                (each, Arrival(each.event, each.routing, row or _new_row(each, actor), row is None, held_by))
            )
    only = [arrival for _, arrival in arrivals]
    truncated = max((each.truncated for each, _ in arrivals), default=0)
    place_alerts(session, settings, groups, key, only, truncated, actor)
    for each, arrival in arrivals:
        known[each.identity] = arrival.row
        receipts[each.number].held += arrival.row.maintenance_id is not None
        _add_reference(session, receipts[each.number], arrival.row)
    return repeated


def _add_reference(session: Session, receipt: Receipt, row: Alert) -> None:
    """Add the incident's reference, if it is not private."""
    incident = incidents.get(session, row.incident_id) if row.incident_id is not None else None
    if incident is not None and Visibility(incident.team_id).sees(incident):
        receipt.incidents.add(incident.reference)


def _new_row(received: _ReceivedAlert, actor: Actor) -> Alert:
    event = received.event
    return Alert(
        team_id=actor.team_id,
        source=event.source,
        fingerprint=event.fingerprint,
        stated_starts_at=event.occurrence,
        group_key=event.group,
        name=event.name,
        status=event.status.value,
        starts_at=event.starts_at,
        starts_at_precision=event.starts_at_precision.value,
        ended_at=event.ends_at,
        first_seen_at=actor.at,
        last_seen_at=actor.at,
        labels=dict(event.labels),
        annotations=dict(event.annotations),
        link=event.generator_url,
        service=received.routing.service,
    )
