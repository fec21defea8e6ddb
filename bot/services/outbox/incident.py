"""Setup of an incident's channel, events, drafts and changes of single messages."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.domain.text.payload import Payload
from bot.domain.timeline.kept_files import EntryPayload
from bot.services.outbox.app_home import refresh_open_homes
from bot.services.outbox.incident_views import ANNOUNCEMENT_WAIT, announcement_row, card_row, topic_row
from bot.services.outbox.kinds import PRIORITY, OutboxKind, lane_of
from bot.services.outbox.payloads import (
    BlankMessagePayload,
    CommentPayload,
    CommentThreadPayload,
    DraftPayload,
    EventPayload,
    FilePayload,
    InvitePayload,
    MessagePayload,
    PublicPreviewPayload,
    ReconcilePayload,
    VendorNoticePayload,
    VendorReplyPayload,
)
from bot.services.outbox.rows import build_row, queue_row, queue_rows
from bot.store import outbox
from bot.store.incidents.incidents import Incident
from bot.store.outbox import Effect


def queue_channel_setup(
    session: Session, incident: Incident, at: datetime, users: list[str], usergroups: list[str]
) -> None:
    """
    Create the channel, invite people, post card, topic and announcement: a row each.

    The announcement waits a moment for the channel, so that its first notification has the link.
    """
    payload = InvitePayload(tuple(users), tuple(usergroups))
    rows = [build_row(incident, OutboxKind.CREATE_CHANNEL, at, waits_for_channel=False, payload=payload)]
    if users or usergroups:
        rows.append(build_row(incident, OutboxKind.INVITE, at, payload=payload))
    rows += [topic_row(incident, at), card_row(session, incident, at)]
    if not incident.is_private:
        rows.append(replace(announcement_row(session, incident, at), not_before=at + ANNOUNCEMENT_WAIT))
    queue_rows(session, incident, *rows)
    refresh_open_homes(session, incident.team_id, at)


def invite_users(session: Session, incident: Incident, at: datetime, users: list[str], usergroups: list[str]) -> None:
    """Invite users and members of user groups into the incident's channel."""
    if users or usergroups:
        payload = InvitePayload(tuple(users), tuple(usergroups))
        queue_row(session, incident, OutboxKind.INVITE, at, payload=payload)


def invite_channel_members(
    session: Session, incident: Incident, at: datetime, channel_id: str, users: list[str]
) -> None:
    """Invite `users` and the members that another channel has at sending time."""
    payload = InvitePayload(tuple(users), from_channel=channel_id)
    queue_row(session, incident, OutboxKind.INVITE, at, payload=payload)


def post_event(
    session: Session, incident: Incident, event: str, at: datetime, *, entry_id: int | None = None, **values: Any
) -> None:
    """
    Post one line into the incident's channel, worded from `event` and its values.

    The message becomes the permalink of the timeline entry `entry_id`.
    """
    queue_row(session, incident, OutboxKind.EVENT, at, payload=EventPayload(event, values, entry_id))


def announce_event(session: Session, incident: Incident, event: str, at: datetime, **values: Any) -> None:
    """Post one line into the incidents channel; nothing for a private incident."""
    if not incident.is_private:
        outbox.enqueue(
            session,
            lane=lane_of(OutboxKind.ANNOUNCEMENT, incident.key),
            kind=OutboxKind.EVENT,
            team_id=incident.team_id,
            at=at,
            priority=PRIORITY[OutboxKind.EVENT],
            incident_id=incident.key,
            payload=EventPayload(event, values, is_for_all=True),
        )


def post_comment(session: Session, incident: Incident, at: datetime, thread_id: int, comment_id: int) -> None:
    """Post a comment on a block in the block's thread, after the message that begins it."""
    head = build_row(
        incident,
        OutboxKind.COMMENT_THREAD,
        at,
        target=f"comment thread:{thread_id}",
        payload=CommentThreadPayload(thread_id),
    )
    queue_rows(session, incident, head, comment_row(incident, at, comment_id, posts=True))


def refresh_comment(session: Session, incident: Incident, at: datetime, comment_id: int) -> None:
    """Show the present text of a posted comment."""
    queue_rows(session, incident, comment_row(incident, at, comment_id, posts=False))


def comment_row(incident: Incident, at: datetime, comment_id: int, *, posts: bool) -> Effect:
    payload = CommentPayload(comment_id, posts)
    return build_row(incident, OutboxKind.COMMENT, at, target=f"comment:{comment_id}", payload=payload)


def post_ephemeral(session: Session, incident: Incident, at: datetime, user_id: str, event: str, **values: Any) -> None:
    """Post an event into the channel that only one person sees."""
    payload = EventPayload(event, values, user_id=user_id)
    queue_row(session, incident, OutboxKind.EPHEMERAL, at, payload=payload)


def pin_card(session: Session, incident: Incident, at: datetime) -> None:
    queue_row(session, incident, OutboxKind.PIN_CARD, at)


def archive_channel(session: Session, incident: Incident, at: datetime) -> None:
    queue_row(session, incident, OutboxKind.ARCHIVE_CHANNEL, at)


def post_draft(session: Session, incident: Incident, at: datetime, payload: DraftPayload) -> None:
    """
    Post the draft as a file; the message of a resolve shows it.

    Without a channel it goes to the person who asked for it, or else to the one who recorded the incident.
    """
    _queue_file(session, incident, OutboxKind.DRAFT, at, payload)


def post_public_preview(session: Session, incident: Incident, at: datetime, payload: PublicPreviewPayload) -> None:
    """Post the public postmortem as a file, to the same readers as a draft."""
    _queue_file(session, incident, OutboxKind.PUBLIC_PREVIEW, at, payload)


def _queue_file(
    session: Session, incident: Incident, kind: OutboxKind, at: datetime, payload: DraftPayload | PublicPreviewPayload
) -> None:
    reader = (payload.asked_by or incident.declared_by) if incident.is_retro else None
    if reader is None:
        queue_row(session, incident, kind, at, payload=payload)
    else:
        queue_row(session, incident, kind, at, waits_for_channel=False, payload=replace(payload, user_id=reader))


def fetch_message(session: Session, incident: Incident, at: datetime, channel_id: str, message_ts: str) -> None:
    """Fetch a message from Slack that is missing from the transcript."""
    queue_row(
        session,
        incident,
        OutboxKind.FETCH_MESSAGE,
        at,
        target=f"fetch:{channel_id}:{message_ts}",
        payload=MessagePayload(channel_id, message_ts),
    )


def keep_files(session: Session, incident: Incident, at: datetime, channel_id: str, message_ts: str) -> None:
    """
    Keep the files of a message, or delete them if it is no longer on the timeline.

    Queued also for an archived channel, and without one: the message may be elsewhere, and deletion never waits.
    """
    row = build_row(
        incident,
        OutboxKind.KEPT_FILES,
        at,
        target=f"files:{incident.key}:{channel_id}:{message_ts}",
        waits_for_channel=False,
        payload=MessagePayload(channel_id, message_ts),
    )
    outbox.enqueue_all(session, row)


def keep_alert_images(session: Session, incident: Incident, at: datetime, entry_id: int) -> None:
    """
    Keep the graphs of an entry's alerts, or delete them if the entry left the timeline.

    Queued whether or not there is a channel. The lane is its own: a slow server delays nothing else.
    """
    row = build_row(
        incident,
        OutboxKind.ALERT_IMAGES,
        at,
        target=f"images:{incident.key}:{entry_id}",
        waits_for_channel=False,
        payload=EntryPayload(entry_id),
    )
    outbox.enqueue_all(session, row)


def blank_message(
    session: Session,
    incident: Incident,
    at: datetime,
    channel_id: str,
    message_ts: str,
    *,
    page_of: int | None = None,
    reader: str | None = None,
    is_left_behind: bool = False,
) -> None:
    """
    Remove the text of one of the bot's own messages: it was redacted, or became private.

    `page_of`: id of the escalation that the message pages for. Such a page is rendered again for its `reader`,
    because its buttons may still be needed. `reader` alone: any other direct message; a reader who may see the incident
    keeps it.
    `is_left_behind`: it is the escalation message in the channel of an incident that was merged.
    """
    queue_row(
        session,
        incident,
        OutboxKind.BLANK_MESSAGE,
        at,
        target=f"unsay:{channel_id}:{message_ts}",
        waits_for_channel=False,
        payload=BlankMessagePayload(channel_id, message_ts, page_of, reader, is_left_behind),
    )


def delete_file(session: Session, incident: Incident, at: datetime, file_id: str) -> None:
    """Delete a posted draft from Slack."""
    queue_row(
        session,
        incident,
        OutboxKind.DELETE_FILE,
        at,
        target=f"delete:{file_id}",
        waits_for_channel=False,
        payload=FilePayload(file_id),
    )


def reconcile_channel(session: Session, incident: Incident, at: datetime, *, whole: bool = False) -> None:
    """Read missed events from Slack: of the `whole` channel, or what is cheap to read."""
    queue_row(
        session,
        incident,
        OutboxKind.RECONCILE_CHANNEL,
        at,
        target=f"look{' whole' * whole}:{incident.key}",
        payload=ReconcilePayload(whole),
    )


def find_private_channels(session: Session, team_id: str, at: datetime) -> None:
    """Find channels of incidents that were made private."""
    kind = OutboxKind.PRIVATE_CHANNELS
    outbox.enqueue(
        session,
        lane="private channels",
        kind=kind,
        team_id=team_id,
        at=at,
        priority=PRIORITY[kind],
        target=f"private channels:{team_id}",
    )


def refresh_vendor_notice(
    session: Session, team_id: str, incident: Incident | None, at: datetime, payload: VendorNoticePayload
) -> None:
    """
    Post or edit the message about a vendor's incident.

    `incident` None: it is in the incidents channel.
    """
    _queue_vendor_row(session, OutboxKind.VENDOR_NOTICE, team_id, incident, at, payload, payload.notice_id)


def post_vendor_reply(
    session: Session, team_id: str, incident: Incident | None, at: datetime, payload: VendorReplyPayload
) -> None:
    """Post one piece of news in the thread of the message, after that."""
    _queue_vendor_row(session, OutboxKind.VENDOR_REPLY, team_id, incident, at, payload, payload.notice_id)


def _queue_vendor_row(
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
