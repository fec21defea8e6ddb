"""Stored rows of received alerts."""

from collections.abc import Collection, Mapping

from sqlmodel import Session

from bot.domain.alerts.events import AlertEvent
from bot.domain.terms import AlertStatus
from bot.store.alerts import alerts
from bot.store.alerts.alerts import Alert


def identity_of(event: AlertEvent) -> alerts.Identity:
    return event.source, event.fingerprint, event.occurrence


def find_known_rows(session: Session, team_id: str, events: Collection[AlertEvent]) -> dict[alerts.Identity, Alert]:
    """
    Stored rows by identity.

    If start or end came without a start time, the end belongs to the newest firing: many senders state only one of the
    two. So does a reminder without a start time, and a late message of a firing that has ended since.
    """
    known = alerts.find_known(session, team_id, {identity_of(each) for each in events})
    without_start = [each for each in events if _ends_unknown_firing(each, known) or _may_remind(each, known)]
    newest = alerts.find_newest(session, team_id, {(each.source, each.fingerprint) for each in without_start})
    for event in without_start:
        row = newest.get((event.source, event.fingerprint))
        if row is None or "" not in (event.occurrence, row.stated_starts_at.partition("#")[0]):
            continue
        if event.status is AlertStatus.RESOLVED or row.status == AlertStatus.FIRING.value or _is_outdated(event, row):
            known[identity_of(event)] = row
    return known


def is_news(event: AlertEvent, row: Alert | None) -> bool:
    """True for an alert that is new or has changed; False for a repetition or a late message."""
    return row is None or (row.status != event.status.value and not _is_outdated(event, row))


def _may_remind(event: AlertEvent, known: Mapping[alerts.Identity, Alert]) -> bool:
    """True for a firing alert that has no row of its own, and may be about the newest firing."""
    may_be_known = not event.occurrence or event.stated_at is not None
    return event.status is AlertStatus.FIRING and may_be_known and identity_of(event) not in known


def _is_outdated(event: AlertEvent, row: Alert) -> bool:
    """True for a firing alert that was seen before the stored end: it came late, or again."""
    if event.status is not AlertStatus.FIRING or event.stated_at is None or row.ended_at is None:
        return False
    return row.status == AlertStatus.RESOLVED.value and event.stated_at <= row.ended_at


def _ends_unknown_firing(event: AlertEvent, known: Mapping[alerts.Identity, Alert]) -> bool:
    """True for an end without a stored firing of that start, or without a start time."""
    if event.status is not AlertStatus.RESOLVED:
        return False
    row = known.get(identity_of(event))
    return row is None or (not event.occurrence and row.status == AlertStatus.RESOLVED.value)
