"""Messages about vendors' incidents: one that is edited, and the news in its thread."""

from datetime import datetime

from sqlmodel import Session

from bot.domain.text.payload import Payload
from bot.services.outbox.kinds import PRIORITY, OutboxKind, lane_of
from bot.services.outbox.payloads import VendorNoticePayload, VendorReplyPayload
from bot.services.outbox.rows import build_row, queue_rows
from bot.store import outbox
from bot.store.incidents.incidents import Incident
from bot.store.outbox import Effect


def refresh_vendor_notice(
    session: Session, team_id: str, incident: Incident | None, at: datetime, payload: VendorNoticePayload
) -> None:
    """
    Post or edit the message about a vendor's incident.

    `incident` None: it is in the incidents channel.
    """
    _queue(session, OutboxKind.VENDOR_NOTICE, team_id, incident, at, payload, payload.notice_id)


def post_vendor_reply(
    session: Session, team_id: str, incident: Incident | None, at: datetime, payload: VendorReplyPayload
) -> None:
    """Post one piece of news in the thread of the message, after that."""
    _queue(session, OutboxKind.VENDOR_REPLY, team_id, incident, at, payload, payload.notice_id)


def _queue(
    session: Session,
    kind: OutboxKind,
    team_id: str,
    incident: Incident | None,
    at: datetime,
    payload: Payload,
    notice_id: int,
) -> None:
    target = f"vendor notice:{notice_id}" if kind is OutboxKind.VENDOR_NOTICE else None
    if incident is not None:
        row = build_row(incident, kind, at, sub=str(notice_id), target=target, payload=payload)
        queue_rows(session, incident, row)
        return
    lane = lane_of(kind, 0, sub=str(notice_id))
    outbox.enqueue_all(session, Effect(lane, kind, team_id, at, PRIORITY[kind], target=target, payload=payload))
