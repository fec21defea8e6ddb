"""
Notices to subscribers of the status page, in lanes of their own.

A publication queues one row. It is expanded when it runs: into one row for each kind of subscriber, which goes through
them in batches, and one for each channel. So a publication costs the same with ten subscribers and ten thousand.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.services.outbox.kinds import PRIORITY, OutboxKind
from bot.services.outbox.payloads import (
    ChannelNoticePayload,
    PublicationPayload,
    SignUpPayload,
    SubscriberNoticesPayload,
)
from bot.store import outbox

LANE = "subscribers"


def queue_publication(
    session: Session, team_id: str, at: datetime, payload: PublicationPayload, *, not_before: datetime | None = None
) -> None:
    """
    Tell subscribers.

    A row with its own time has a lane of its own, so that no other waits for it.
    """
    lane = f"{LANE}:{payload.subject}:{not_before.isoformat()}" if not_before else LANE
    outbox.enqueue(
        session,
        lane=lane,
        kind=OutboxKind.PUBLICATION,
        team_id=team_id,
        at=at,
        priority=PRIORITY[OutboxKind.PUBLICATION],
        not_before=not_before,
        payload=payload,
    )


def queue_subscriber_notices(
    session: Session, team_id: str, at: datetime, kind: str, publication: PublicationPayload
) -> None:
    """Tell all subscribers of a kind: mail and webhooks do not wait for one another."""
    outbox.enqueue(
        session,
        lane=_kind_lane(kind),
        kind=OutboxKind.SUBSCRIBER_NOTICES,
        team_id=team_id,
        at=at,
        priority=PRIORITY[OutboxKind.SUBSCRIBER_NOTICES],
        payload=SubscriberNoticesPayload(kind, publication.as_json()),
    )


def queue_repeated_notices(
    session: Session,
    team_id: str,
    at: datetime,
    given: SubscriberNoticesPayload,
    ids: Sequence[int],
    *,
    row_id: int,
    not_before: datetime,
) -> None:
    """
    Tell those again who could not be reached.

    Their lane is their own: the next notice does not wait for them.
    """
    outbox.enqueue(
        session,
        lane=f"{_kind_lane(given.kind)} again:{row_id}",
        kind=OutboxKind.SUBSCRIBER_NOTICES,
        team_id=team_id,
        at=at,
        priority=PRIORITY[OutboxKind.SUBSCRIBER_NOTICES],
        not_before=not_before,
        payload=SubscriberNoticesPayload(given.kind, given.publication, tuple(ids)),
    )


def queue_channel_notice(
    session: Session, team_id: str, at: datetime, channel: str, publication: PublicationPayload
) -> None:
    outbox.enqueue(
        session,
        lane=_channel_lane(channel),
        kind=OutboxKind.CHANNEL_NOTICE,
        team_id=team_id,
        at=at,
        priority=PRIORITY[OutboxKind.CHANNEL_NOTICE],
        payload=ChannelNoticePayload(channel, publication.as_json()),
    )


def queue_sign_up_mail(session: Session, team_id: str, at: datetime, address_key: str, token: str) -> None:
    """Send the link that confirms a subscription. An address that takes no mail delays no other."""
    outbox.enqueue(
        session,
        lane=sign_up_lane(address_key),
        kind=OutboxKind.SIGN_UP_MAIL,
        team_id=team_id,
        at=at,
        priority=PRIORITY[OutboxKind.SIGN_UP_MAIL],
        payload=SignUpPayload(token),
    )


def sign_up_lane(address_key: str) -> str:
    return f"sign-up:{address_key}"


def notice_lanes(kinds: Iterable[str], channels: Iterable[str]) -> list[str]:
    """The lanes of notices, without those of single addresses that are tried again."""
    return [LANE, *map(_kind_lane, kinds), *map(_channel_lane, channels)]


def _kind_lane(kind: str) -> str:
    return f"{LANE}:{kind}"


def _channel_lane(channel: str) -> str:
    return f"{LANE}:channel:{channel}"
