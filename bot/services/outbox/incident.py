"""The incident's channel and the incidents channel: what stands there, and what is said."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.services.outbox.app_home import show_homes
from bot.services.outbox.kinds import PRIORITY, What, lane_of
from bot.services.outbox.rows import put, queue, row_of
from bot.store import outbox
from bot.store.incidents.incidents import Incident
from bot.store.outbox import Wanted


def set_up(session: Session, incident: Incident, at: datetime, users: list[str], usergroups: list[str]) -> None:
    """All that a new incident needs in Slack. Each is a row of its own: if one is refused, the rest goes on."""
    rows = [row_of(incident, What.CREATE_CHANNEL, at, waits_for_channel=False)]
    if users or usergroups:
        rows.append(row_of(incident, What.INVITE, at, users=users, usergroups=usergroups))
    rows += [_topic(incident, at), _card(incident, at)]
    if not incident.is_private:
        rows.append(_announcement(incident, at))
    queue(session, incident, *rows)
    show_homes(session, incident.team_id, at)


def invite(session: Session, incident: Incident, at: datetime, users: list[str], usergroups: list[str]) -> None:
    """Invite people, and the people of user groups, into the incident's channel."""
    if users or usergroups:
        put(session, incident, What.INVITE, at, users=users, usergroups=usergroups)


def invite_all_of(session: Session, incident: Incident, at: datetime, channel_id: str, users: list[str]) -> None:
    """Invite everybody who is in another channel when this is carried out, and these people in any case."""
    put(session, incident, What.INVITE, at, users=users, usergroups=[], from_channel=channel_id)


def say(
    session: Session, incident: Incident, event: str, at: datetime, *, entry_id: int | None = None, **values: Any
) -> None:
    """
    Post one line into the channel: what happened, with the values it had then.

    The message becomes the place where a reader checks the entry `entry_id`.
    """
    put(session, incident, What.SAY, at, event=event, entry_id=entry_id, values=values)


def say_to_all(session: Session, incident: Incident, event: str, at: datetime, **values: Any) -> None:
    """Post one line into the incidents channel. Of a private incident nothing is said there."""
    if not incident.is_private:
        outbox.put(
            session,
            lane="digest",
            what=What.SAY,
            team_id=incident.team_id,
            at=at,
            priority=PRIORITY[What.SAY],
            incident_id=incident.key,
            event=event,
            values=values,
            is_for_all=True,
        )


def show_card(session: Session, incident: Incident, at: datetime) -> None:
    """The card in the channel and the announcement in the incidents channel, as things stand when they are sent."""
    rows = [_card(incident, at)]
    if incident.questions_ts is not None:
        rows.append(_questions(incident, at))
    if incident.findings_ts is not None:
        rows.append(_findings(incident, at))
    if not incident.is_private:
        rows.append(_announcement(incident, at))
    queue(session, incident, *rows)
    show_homes(session, incident.team_id, at)


def show_nudge(
    session: Session, incident: Incident, nudge_id: int, at: datetime, *, user_id: str | None, is_new: bool
) -> None:
    """The message of a reminder, in the channel or, with `user_id`, to one person; also that it is so no longer."""
    target = f"nudge:{nudge_id}"
    if user_id is None:
        put(session, incident, What.NUDGE, at, target=target, nudge_id=nudge_id, posts=is_new)
        return
    row = row_of(
        incident,
        What.NUDGE,
        at,
        target=target,
        waits_for_channel=False,
        nudge_id=nudge_id,
        user_id=user_id,
        posts=is_new,
    )
    outbox.put_all(session, replace(row, lane=f"dm:{user_id}"))


def card_target(incident_id: int) -> str:
    """The card as a view: at most one row waits for it."""
    return f"card:{incident_id}"


def _card(incident: Incident, at: datetime) -> Wanted:
    return row_of(incident, What.CARD, at, target=card_target(incident.key), posts=incident.card_ts is None)


def show_announcement(session: Session, incident: Incident, at: datetime) -> None:
    if not incident.is_private:
        queue(session, incident, _announcement(incident, at))
    show_homes(session, incident.team_id, at)


def _announcement(incident: Incident, at: datetime) -> Wanted:
    return row_of(
        incident,
        What.ANNOUNCEMENT,
        at,
        target=f"announcement:{incident.key}",
        waits_for_channel=False,
        posts=incident.announcement_ts is None,
    )


def show_topic(session: Session, incident: Incident, at: datetime) -> None:
    queue(session, incident, _topic(incident, at))


def _topic(incident: Incident, at: datetime) -> Wanted:
    return row_of(incident, What.TOPIC, at, target=f"topic:{incident.key}")


def show_followups(session: Session, incident: Incident, at: datetime) -> None:
    """The one message that lists improvements and tasks."""
    put(session, incident, What.FOLLOWUPS, at, target=f"followups:{incident.key}", posts=incident.followups_ts is None)
    check_again(session, incident, at)
    show_homes(session, incident.team_id, at)


def show_questions(session: Session, incident: Incident, at: datetime) -> None:
    """The one message that asks for what is missing from a resolved incident's record."""
    queue(session, incident, _questions(incident, at))


def _questions(incident: Incident, at: datetime) -> Wanted:
    return row_of(incident, What.QUESTIONS, at, target=f"questions:{incident.key}", posts=incident.questions_ts is None)


def show_findings(session: Session, incident: Incident, at: datetime) -> None:
    """The one message that says what to check in the record of an incident that is over."""
    queue(session, incident, _findings(incident, at))


def _findings(incident: Incident, at: datetime) -> Wanted:
    return row_of(incident, What.FINDINGS, at, target=f"findings:{incident.key}", posts=incident.findings_ts is None)


def check_again(session: Session, incident: Incident, at: datetime) -> None:
    """The record changed: so may what to check in it, where somebody was told of that."""
    if incident.findings_ts is not None:
        show_findings(session, incident, at)


def show_alerts(session: Session, incident: Incident, at: datetime) -> None:
    """
    The one message that says how the incident's alerts stand, with the offer to resolve once all have ended.

    It is posted behind the lines that tell of the alerts; where it stands already it is edited without waiting.
    """
    row = row_of(incident, What.ALERTS, at, target=f"alerts:{incident.key}", posts=incident.alerts_ts is None)
    if incident.alerts_ts is None:
        row = replace(row, lane=lane_of(What.SAY, incident.key), priority=PRIORITY[What.SAY])
    queue(session, incident, row)


def show_vendor_case(
    session: Session, incident: Incident, escalation_id: int, at: datetime, *, is_new: bool = False
) -> None:
    """The one message that asks for a vendor's case reference."""
    put(
        session,
        incident,
        What.VENDOR_CASE,
        at,
        target=f"case:{escalation_id}",
        escalation_id=escalation_id,
        posts=is_new,
    )


def pin_card(session: Session, incident: Incident, at: datetime) -> None:
    put(session, incident, What.PIN_CARD, at)


def post_draft(session: Session, incident: Incident, at: datetime, **values: Any) -> None:
    """
    The draft as a file; beside that of an incident that is over, what to check in its record.

    Of an incident without a channel it goes to whoever asked, or else to whoever recorded it.
    """
    reader = (values.get("asked_by") or incident.declared_by) if incident.is_retro else None
    if reader is not None:
        queue(session, incident, row_of(incident, What.DRAFT, at, waits_for_channel=False, user_id=reader, **values))
        return
    put(session, incident, What.DRAFT, at, **values)
    check_again(session, incident, at)
    if incident.findings_ts is None and incident.is_resolved:
        show_findings(session, incident, at)


def confirm(session: Session, incident: Incident, at: datetime, channel_id: str, message_ts: str) -> None:
    """Put the confirming emoji on a message that is on the timeline, or take it away, as things stand."""
    put(
        session,
        incident,
        What.CONFIRM,
        at,
        target=f"confirm:{channel_id}:{message_ts}",
        channel_id=channel_id,
        message_ts=message_ts,
    )


def show_bookmarks(session: Session, incident: Incident, at: datetime) -> None:
    """The channel's bookmarks of what people look for, as it stands when they are set."""
    put(session, incident, What.BOOKMARKS, at, target=f"bookmarks:{incident.key}")


def show_canvas(session: Session, incident: Incident, at: datetime, **values: Any) -> None:
    """The draft in a canvas of the channel. `values`: its `template` and `languages`, and whether words `went`."""
    put(session, incident, What.CANVAS, at, target=f"canvas:{incident.key}", **values)


def whisper(session: Session, incident: Incident, at: datetime, user_id: str, event: str, **values: Any) -> None:
    """Tell one person something that only they see, in the incident's channel."""
    put(session, incident, What.WHISPER, at, user_id=user_id, event=event, values=values)


def fetch_message(session: Session, incident: Incident, at: datetime, channel_id: str, message_ts: str) -> None:
    """Ask Slack for a message that the transcript does not have."""
    put(
        session,
        incident,
        What.FETCH_MESSAGE,
        at,
        target=f"fetch:{channel_id}:{message_ts}",
        channel_id=channel_id,
        message_ts=message_ts,
    )


def unsay(
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
    Take the words out of one of the bot's own messages: what it told of was redacted.

    The page of an escalation, `page_of`, is shown anew as things stand for its `reader`: its buttons may still be
    needed.
    `is_left_behind`: it is the message in the channel of an incident that was merged.
    """
    put(
        session,
        incident,
        What.UNSAY,
        at,
        target=f"unsay:{channel_id}:{message_ts}",
        waits_for_channel=False,
        channel_id=channel_id,
        message_ts=message_ts,
        page_of=page_of,
        reader=reader,
        is_left_behind=is_left_behind,
    )


def delete_file(session: Session, incident: Incident, at: datetime, file_id: str) -> None:
    """Delete a draft from Slack that the bot once posted."""
    put(session, incident, What.DELETE_FILE, at, target=f"delete:{file_id}", waits_for_channel=False, file_id=file_id)


def look(session: Session, incident: Incident, at: datetime, *, whole: bool = False) -> None:
    """Read the incident's channel as it is, for what was missed: all of it, or what is cheap to read."""
    put(session, incident, What.LOOK, at, target=f"look{' whole' * whole}:{incident.key}", whole=whole)
