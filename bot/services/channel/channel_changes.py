"""Incident channels: archived, unarchived, lost, made private, or replaced by a new one."""

from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import StateError
from bot.services import outbox
from bot.services.channel.bookmarks_and_canvas import assign_bridge
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.audit_log import audit_action
from bot.services.workspace.people import USER_ID_PREFIXES, ensure_known
from bot.store import status_page
from bot.store.escalation import escalations, reminders
from bot.store.incidents import incidents, slack_messages, timeline, transcript
from bot.store.incidents.incidents import Incident
from bot.store.incidents.slack_messages import SlackView, is_posted
from bot.store.outbox import close_lanes
from bot.store.shared import idempotency

POSTED = "posted"
"""Key in an entry's details: place of the bot's message outside the incident's channel."""


def on_channel_archived(session: Session, team_id: str, channel_id: str, ts: str, at: datetime) -> None:
    """
    Note that nothing can be posted. Slack does not let an app unarchive a channel.

    `ts`: Slack's time of the event. One that is repeated after the channel was unarchived changes nothing.
    """
    incident = incidents.lock_by_channel(session, team_id, channel_id)
    if incident is not None and _is_newest(session, incident, ts, at):
        incident.archived_at = incident.archived_at or at
        session.add(incident)


def on_channel_lost(session: Session, team_id: str, channel_id: str, ts: str, at: datetime) -> None:
    """
    Note a channel that was deleted, or a private one that the bot was removed from.

    Nothing can be posted, as in an archived one. `ts`: as in `on_channel_archived`.
    """
    incident = incidents.lock_by_channel(session, team_id, channel_id)
    if incident is not None and incident.archived_at is None and _is_newest(session, incident, ts, at):
        _note_refusal(session, incident, at, _find_responsible(incident))


def on_archived_refusal(
    session: Session, incident_id: int, posted_in: str | None, at: datetime, by: str | None, *, is_lost: bool = False
) -> None:
    """
    Note an archived channel that no event reported: Slack refused a message.

    `posted_in`: the refused channel, None for the incident's own. `by`: the person whose action could not be shown;
    they are asked where to continue. `is_lost`: the channel is not archived, but gone. Nobody else may know that.
    """
    incident = incidents.lock(session, incident_id)
    if incident.archived_at is None and posted_in in {None, incident.channel_id}:
        _note_refusal(session, incident, at, by or (_find_responsible(incident) if is_lost else None))


def _find_responsible(incident: Incident) -> str | None:
    """The lead, or else the person who declared the incident."""
    found = incident.lead or incident.declared_by
    return found if found and found.startswith(USER_ID_PREFIXES) else None


def _note_refusal(session: Session, incident: Incident, at: datetime, by: str | None) -> None:
    incident.archived_at = at
    session.add(incident)
    if by is not None and incident.is_open:
        outbox.post_event_to_user(
            session, incident, at, by, "archived", about=incident.key, channel=incident.channel_name or ""
        )


def on_channel_unarchived(session: Session, team_id: str, channel_id: str, ts: str, at: datetime) -> None:
    """
    Bring everything that the channel shows up to date.

    `ts`: Slack's time of the event, or of a message in the channel, which is open then.
    """
    incident = incidents.lock_by_channel(session, team_id, channel_id)
    if incident is None or not _is_newest(session, incident, ts, at) or incident.archived_at is None:
        return
    incident.archived_at = None
    session.add(incident)
    outbox.refresh_topic(session, incident, at)
    outbox.refresh_card(session, incident, at)
    if incident.is_open:
        outbox.reconcile_channel(session, incident, at)


def _is_newest(session: Session, incident: Incident, ts: str, at: datetime) -> bool:
    return idempotency.register_newest(session, f"{incident.team_id}:open:{incident.channel_id}", ts, at)


def on_channel_made_private(session: Session, settings: Settings, team_id: str, channel_id: str, at: datetime) -> None:
    """Show the incident in its channel only, with a call and a page that others do not know."""
    incident = incidents.lock_by_channel(session, team_id, channel_id)
    if incident is None or incident.is_private:
        return
    if is_posted(session, incident, SlackView.ANNOUNCEMENT):
        outbox.refresh_announcement(session, incident, at)  # once more, without the title
    incident.is_private = True
    if settings.status is not None:
        status_page.raise_revision(session)
    incident.link_generation += 1  # whoever has the share link may not be a member
    if incident.bridge_url is not None:
        assign_bridge(settings, incident)
    session.add(incident)
    outbox.refresh_bookmarks(session, incident, at)
    outbox.refresh_topic(session, incident, at)
    outbox.refresh_card(session, incident, at)
    for other in incidents.find_similar_to(session, incident.key):
        outbox.refresh_similar(session, other, at)
    _hide_from_others(session, incident, at)
    actor = Actor(team_id, None, at, Origin.MESSAGE)
    audit_action(session, actor, "its channel was made private", incident=incident)


def _hide_from_others(session: Session, incident: Incident, at: datetime) -> None:
    """Take the incident's words out of direct messages, for those who are not in its channel."""
    outbox.refresh_all_pages(session, incident, escalations.find_by_incident(session, incident.key), at)
    for reminder in reminders.find_by_incident(session, incident.key):
        if reminder.user_id is not None and reminder.message_ts is not None:
            outbox.refresh_reminder(session, incident, reminder.key, at, user_id=reminder.user_id, is_new=False)
    messages = [(row.channel_id or "", row.ts) for row in slack_messages.find_direct(session, incident)]
    outbox.hide_direct_messages(session, incident, at, messages)


def move_to_new_channel(session: Session, settings: Settings, incident_id: int, actor: Actor) -> Incident:
    """
    Open a new channel for an incident whose own is archived or lost.

    The old one stays linked, and its transcript is kept. Raises UserError if the channel is in use, or the incident is
    over.
    """
    incident = incidents.lock(session, incident_id)
    old_id, old_name = incident.channel_id, incident.channel_name
    if not incident.is_open:
        label = settings.status_label(incident.status)
        raise StateError(f"{incident.reference} is {label}. Reopen it first: `/incident reopen … WHY`.")
    if incident.archived_at is None or old_id is None:
        where = f" in <#{old_id}>" if old_id else ""
        raise StateError(f"{incident.reference} has an open channel. Continue{where}.")
    users = _known_members(session, incident, old_id, actor)
    _leave_channel(session, incident, old_id, old_name or "")
    close_lanes(session, incident.key)
    ensure_known(session, incident.team_id, users, actor.at)
    outbox.queue_channel_setup(session, incident, actor.at, users, [])
    outbox.refresh_bookmarks(session, incident, actor.at)
    outbox.post_event(session, incident, "goes on here", actor.at, by=actor.user_id, channel_id=old_id)
    for each in escalations.find_by_incident(session, incident.key):
        each.message_ts = None
        session.add(each)
        if each.acknowledged_at is None:
            outbox.refresh_escalation(session, incident, each.key, actor.at, is_new=True)
    audit_action(session, actor, "went on in a new channel", incident=incident, before=old_id)
    return incident


def _known_members(session: Session, incident: Incident, channel_id: str, actor: Actor) -> list[str]:
    """
    Authors in the old channel and people on record.

    Slack lists no members of an archived channel.
    """
    wrote = [each.author for each in transcript.find_messages(session, incident.team_id, channel_id) if not each.is_own]
    recorded = timeline.find_authors(session, incident.key)
    found = [actor.user_id, incident.lead, incident.declared_by, *wrote, *recorded]
    return [each for each in dict.fromkeys(found) if each and each.startswith(USER_ID_PREFIXES)]


def _leave_channel(session: Session, incident: Incident, channel_id: str, name: str) -> None:
    """Detach the incident from its channel. Links into the old one stay valid."""
    for entry in timeline.find_entries(session, incident.key):
        if entry.posted_ts is not None:
            entry.details = {**entry.details, POSTED: {"channel": channel_id, "ts": entry.posted_ts}}
            entry.posted_ts = None
            session.add(entry)
    incident.former_channels = [*incident.former_channels, {"id": channel_id, "name": name}]
    slack_messages.delete_of_channel(session, incident)
    incident.channel_id = incident.channel_name = incident.archived_at = None
    session.add(incident)
