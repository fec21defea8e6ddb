"""Direct messages other than pages, user lookups and notices of missing permissions."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from bot.services.outbox.incident import blank_message
from bot.services.outbox.kinds import PRIORITY, OutboxKind
from bot.services.outbox.payloads import (
    ApprovalRequestPayload,
    EventPayload,
    MissingPermissionsPayload,
    ReviewRequestPayload,
    RoleBriefingPayload,
    UserPayload,
)
from bot.services.outbox.rows import queue_direct_row, queue_row
from bot.store import outbox
from bot.store.incidents.incidents import Incident
from bot.store.outbox import Effect
from bot.store.shared import people

PROFILE_SPACING = timedelta(seconds=2)
"""Between two repeated lookups: most of Slack's 100 calls a minute are left to people who act."""


def post_event_to_user(
    session: Session, incident: Incident, at: datetime, user_id: str, event: str, **values: Any
) -> None:
    """Post an event of the incident to one person."""
    payload = EventPayload(event, values, user_id=user_id)
    queue_direct_row(session, OutboxKind.EVENT, incident.team_id, user_id, at, incident=incident, payload=payload)


def post_role_briefing(session: Session, incident: Incident, at: datetime, user_id: str, role_id: int) -> None:
    """Send a new role holder what the role is and the state of the incident."""
    payload = RoleBriefingPayload(user_id, role_id)
    queue_direct_row(
        session, OutboxKind.ROLE_BRIEFING, incident.team_id, user_id, at, incident=incident, payload=payload
    )


def post_review_request(session: Session, incident: Incident, at: datetime, payload: ReviewRequestPayload) -> None:
    """Ask a person, or the members of a user group, to review the postmortem."""
    queue_direct_row(
        session, OutboxKind.REVIEW_REQUEST, incident.team_id, payload.user_id, at, incident=incident, payload=payload
    )


def post_approval_request(session: Session, incident: Incident, at: datetime, payload: ApprovalRequestPayload) -> None:
    """Ask one person, or the incident's channel, to approve a public update."""
    kind = OutboxKind.APPROVAL_REQUEST
    if payload.user_id is None:
        queue_row(session, incident, kind, at, payload=payload)
    else:
        queue_direct_row(session, kind, incident.team_id, payload.user_id, at, incident=incident, payload=payload)


def hide_direct_messages(
    session: Session, incident: Incident, at: datetime, messages: Collection[tuple[str, str]]
) -> None:
    """
    Take the words of an incident that became private out of direct messages.

    Those who may see it keep them. `messages`: channel and ts of each.
    """
    readers = people.find_by_direct_channels(session, incident.team_id, {channel for channel, _ in messages})
    for channel_id, ts in messages:
        blank_message(session, incident, at, channel_id, ts, reader=readers.get(channel_id, ""))


def post_direct_message(session: Session, team_id: str, user_id: str, at: datetime, event: str, **values: Any) -> None:
    """Post an event that belongs to no incident to one person."""
    payload = EventPayload(event, values, user_id=user_id)
    queue_direct_row(session, OutboxKind.DIRECT_MESSAGE, team_id, user_id, at, payload=payload)


def queue_user_lookup(session: Session, team_id: str, user_id: str, at: datetime) -> None:
    """Have the user looked up with `users.info`."""
    outbox.enqueue(
        session,
        lane="people",
        kind=OutboxKind.USER_LOOKUP,
        team_id=team_id,
        at=at,
        priority=PRIORITY[OutboxKind.USER_LOOKUP],
        target=f"person:{user_id}",
        payload=UserPayload(user_id),
    )


def queue_profile_lookups(session: Session, team_id: str, user_ids: Sequence[str], at: datetime) -> None:
    """
    Have stored profiles looked up again.

    They have a lane of their own: new people do not wait for them.
    """
    outbox.enqueue_all(
        session,
        *(
            Effect(
                lane="profiles",
                kind=OutboxKind.USER_LOOKUP,
                team_id=team_id,
                at=at,
                priority=PRIORITY[OutboxKind.USER_LOOKUP],
                target=f"profile:{user_id}",
                not_before=at + place * PROFILE_SPACING if place else None,
                payload=UserPayload(user_id),
            )
            for place, user_id in enumerate(user_ids)
        ),
    )


def post_missing_permissions(session: Session, team_id: str, at: datetime, keys: Collection[str]) -> None:
    """Post missing scopes and plan features, by their keys, to the incidents channel."""
    outbox.enqueue(
        session,
        lane="notices",
        kind=OutboxKind.MISSING_PERMISSIONS,
        team_id=team_id,
        at=at,
        priority=PRIORITY[OutboxKind.MISSING_PERMISSIONS],
        payload=MissingPermissionsPayload(tuple(keys)),
    )
