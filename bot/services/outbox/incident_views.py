"""Messages of an incident that are rendered from present state."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.services.outbox.app_home import refresh_open_homes
from bot.services.outbox.kinds import PRIORITY, OutboxKind, lane_of
from bot.services.outbox.payloads import (
    CanvasPayload,
    EscalationViewPayload,
    MessagePayload,
    ReminderPayload,
    ViewPayload,
)
from bot.services.outbox.rows import build_row, queue_row, queue_rows
from bot.store import outbox
from bot.store.incidents import slack_messages
from bot.store.incidents.incidents import Incident
from bot.store.incidents.slack_messages import SlackView, is_posted
from bot.store.outbox import Effect

CANVAS_PAUSE = timedelta(minutes=1)
ANNOUNCEMENT_WAIT = timedelta(seconds=1)
"""Longest time for which the first announcement waits for the incident's channel, to link it."""


def refresh_card(session: Session, incident: Incident, at: datetime) -> None:
    """Refresh the card, the announcement and other messages that repeat the incident's state."""
    rows = [card_row(session, incident, at)]
    if is_posted(session, incident, SlackView.RESOLUTION):
        rows.append(_resolution_row(incident, at))
    if not incident.is_private:
        rows.append(announcement_row(session, incident, at))
    queue_rows(session, incident, *rows)
    refresh_open_homes(session, incident.team_id, at)


def refresh_reminder(
    session: Session, incident: Incident, reminder_id: int, at: datetime, *, user_id: str | None, is_new: bool
) -> None:
    """Post a reminder, in the channel or with `user_id` to one person, or mark it as obsolete."""
    target = f"nudge:{reminder_id}"
    if user_id is None:
        payload = ReminderPayload(reminder_id, posts=is_new)
        queue_row(session, incident, OutboxKind.REMINDER, at, target=target, payload=payload)
        return
    row = build_row(
        incident,
        OutboxKind.REMINDER,
        at,
        target=target,
        waits_for_channel=False,
        payload=ReminderPayload(reminder_id, user_id, posts=is_new),
    )
    outbox.enqueue_all(session, replace(row, lane=f"dm:{user_id}"))


def card_target(incident_id: int) -> str:
    """Target of the card's row: at most one row waits for it."""
    return f"card:{incident_id}"


def card_row(session: Session, incident: Incident, at: datetime) -> Effect:
    payload = ViewPayload(posts=not is_posted(session, incident, SlackView.CARD))
    return build_row(incident, OutboxKind.CARD, at, target=card_target(incident.key), payload=payload)


def refresh_announcement(session: Session, incident: Incident, at: datetime) -> None:
    if not incident.is_private:
        queue_rows(session, incident, announcement_row(session, incident, at))
    refresh_open_homes(session, incident.team_id, at)


def announce_channel(session: Session, incident: Incident, at: datetime) -> None:
    """Stop the announcement's wait for the channel, and show the channel or its refusal in it."""
    outbox.stop_waiting(session, announcement_target(incident.key), at)
    refresh_announcement(session, incident, at)


def announcement_target(incident_id: int) -> str:
    """Target of the announcement's row: at most one row waits for it."""
    return f"announcement:{incident_id}"


def announcement_row(session: Session, incident: Incident, at: datetime) -> Effect:
    return build_row(
        incident,
        OutboxKind.ANNOUNCEMENT,
        at,
        target=announcement_target(incident.key),
        waits_for_channel=False,
        payload=ViewPayload(posts=not is_posted(session, incident, SlackView.ANNOUNCEMENT)),
    )


def refresh_topic(session: Session, incident: Incident, at: datetime) -> None:
    queue_rows(session, incident, topic_row(incident, at))


def topic_row(incident: Incident, at: datetime) -> Effect:
    return build_row(incident, OutboxKind.TOPIC, at, target=f"topic:{incident.key}")


def refresh_followups(session: Session, incident: Incident, at: datetime) -> None:
    """Refresh the message that lists improvements and tasks."""
    queue_row(
        session,
        incident,
        OutboxKind.FOLLOWUPS,
        at,
        target=f"followups:{incident.key}",
        payload=ViewPayload(posts=not is_posted(session, incident, SlackView.FOLLOWUPS)),
    )
    refresh_resolution(session, incident, at)
    refresh_open_homes(session, incident.team_id, at)


def post_resolution(session: Session, incident: Incident, at: datetime, *, entry_id: int) -> None:
    """
    Post the message of the resolve with this entry, before the draft in its thread.

    Each resolve has its own: the one of an earlier resolve stays unchanged.
    """
    slack_messages.delete(session, incident, SlackView.RESOLUTION)
    row = build_row(incident, OutboxKind.RESOLUTION, at, payload=ViewPayload(posts=True, entry_id=entry_id))
    queue_rows(
        session,
        incident,
        replace(row, lane=lane_of(OutboxKind.EVENT, incident.key), priority=PRIORITY[OutboxKind.EVENT]),
    )


def refresh_resolution(session: Session, incident: Incident, at: datetime) -> None:
    """Refresh the message of the last resolve, if it was posted."""
    if is_posted(session, incident, SlackView.RESOLUTION):
        queue_rows(session, incident, _resolution_row(incident, at))


def _resolution_row(incident: Incident, at: datetime) -> Effect:
    target = f"resolution:{incident.key}"
    return build_row(incident, OutboxKind.RESOLUTION, at, target=target, payload=ViewPayload())


def refresh_alerts(session: Session, incident: Incident, at: datetime) -> None:
    """
    Refresh the message with the state of alerts, which offers to resolve once all have ended.

    It is posted after pending lines about alerts; a posted one is edited without waiting for them.
    """
    payload = ViewPayload(posts=not is_posted(session, incident, SlackView.ALERTS))
    row = build_row(incident, OutboxKind.ALERTS, at, target=f"alerts:{incident.key}", payload=payload)
    if not is_posted(session, incident, SlackView.ALERTS):
        row = replace(row, lane=lane_of(OutboxKind.EVENT, incident.key), priority=PRIORITY[OutboxKind.EVENT])
    queue_rows(session, incident, row)


def refresh_vendor_case(
    session: Session, incident: Incident, escalation_id: int, at: datetime, *, is_new: bool = False
) -> None:
    """Refresh the message that asks for a vendor's case reference. `is_new`: it is posted."""
    queue_row(
        session,
        incident,
        OutboxKind.VENDOR_CASE,
        at,
        target=f"case:{escalation_id}",
        payload=EscalationViewPayload(escalation_id, posts=is_new),
    )


def refresh_confirm_reaction(
    session: Session, incident: Incident, at: datetime, channel_id: str, message_ts: str
) -> None:
    """Add the confirming emoji to a message, or remove it, by whether it is on the timeline."""
    queue_row(
        session,
        incident,
        OutboxKind.CONFIRM_REACTION,
        at,
        target=f"confirm:{channel_id}:{message_ts}",
        payload=MessagePayload(channel_id, message_ts),
    )


def refresh_bookmarks(session: Session, incident: Incident, at: datetime) -> None:
    """Refresh the channel's bookmarks."""
    queue_row(session, incident, OutboxKind.BOOKMARKS, at, target=f"bookmarks:{incident.key}")


def refresh_canvas(session: Session, incident: Incident, at: datetime, payload: CanvasPayload) -> None:
    """Refresh the draft in the channel's canvas; after a redaction by its own row."""
    target = f"canvas {'went' if payload.went else 'text'}:{incident.key}"
    queue_row(session, incident, OutboxKind.CANVAS, at, target=target, payload=payload)


def look_at_canvas(session: Session, incident: Incident, at: datetime) -> None:
    """Look for what people wrote in the canvas, a little later: they may be writing."""
    target, payload = f"canvas look:{incident.key}", CanvasPayload(looks=True)
    row = build_row(incident, OutboxKind.CANVAS, at, target=target, payload=payload)
    queue_rows(session, incident, replace(row, lane=target, not_before=at + CANVAS_PAUSE))


def post_similar(session: Session, incident: Incident, at: datetime) -> None:
    """Post the message that names a similar incident, after the card."""
    queue_rows(session, incident, _similar_row(incident, at, posts=True))


def refresh_similar(session: Session, incident: Incident, at: datetime) -> None:
    """Refresh the message that names a similar incident, if it was posted."""
    if is_posted(session, incident, SlackView.SIMILAR):
        queue_rows(session, incident, _similar_row(incident, at, posts=False))


def _similar_row(incident: Incident, at: datetime, *, posts: bool) -> Effect:
    payload = ViewPayload(posts=posts)
    return build_row(incident, OutboxKind.SIMILAR, at, target=f"similar:{incident.key}", payload=payload)
