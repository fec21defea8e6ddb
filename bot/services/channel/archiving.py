"""What becomes of an incident's channel: it is archived, opened again, or given up for a new one."""

from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.services import outbox as tell
from bot.services.workspace import people
from bot.services.workspace.actor import Actor, Origin
from bot.store import outbox
from bot.store.escalation import escalations
from bot.store.incidents import incidents, timeline, transcript
from bot.store.incidents.incidents import Incident
from bot.store.shared import audit

VIEWS = (
    "card_ts",
    "followups_ts",
    "alerts_ts",
    "questions_ts",
    "findings_ts",
    "canvas_id",
    "canvas_digest",
    "bookmark_ids",
)
"""What an incident keeps of messages and the like in its channel."""
POSTED = "posted"
"""In an entry's details: where the bot's own message of it stands, if not in the incident's channel."""


def archived(session: Session, team_id: str, channel_id: str, at: datetime) -> None:
    """From now on nothing can be posted there, and Slack does not let an app open it again."""
    incident = incidents.lock_of_channel(session, team_id, channel_id)
    if incident is not None:
        incident.archived_at = incident.archived_at or at
        session.add(incident)


def found_archived(session: Session, incident_id: int, posted_in: str | None, at: datetime, by: str | None) -> None:
    """
    Slack refused what was for the channel, because it is archived: no event had said so.

    `posted_in`: which channel that was, None for the incident's own. `by`: whose doing could not be shown there; they
    are asked where to go on.
    """
    incident = incidents.lock(session, incident_id)
    if incident.archived_at is not None or posted_in not in {None, incident.channel_id}:
        return
    incident.archived_at = at
    session.add(incident)
    if by is not None and incident.is_open:
        tell.tell_person(session, incident, at, by, "archived", about=incident.key, channel=incident.channel_name or "")


def opened_again(session: Session, team_id: str, channel_id: str, at: datetime) -> None:
    """Somebody took it out of the archive: what it shows is brought up to date."""
    incident = incidents.lock_of_channel(session, team_id, channel_id)
    if incident is None or incident.archived_at is None:
        return
    incident.archived_at = None
    session.add(incident)
    tell.show_topic(session, incident, at)
    tell.show_card(session, incident, at)
    if incident.is_open:
        tell.look(session, incident, at)


def made_private(session: Session, team_id: str, channel_id: str, at: datetime) -> None:
    """Somebody changed it to a private channel: its incident is seen nowhere else from now on."""
    incident = incidents.lock_of_channel(session, team_id, channel_id)
    if incident is None or incident.is_private:
        return
    if incident.announcement_ts is not None:
        tell.show_announcement(session, incident, at)  # once more, without what it said
    incident.is_private = True
    session.add(incident)
    tell.show_topic(session, incident, at)
    tell.show_card(session, incident, at)
    audit.note(
        session,
        at=at,
        team_id=team_id,
        incident_id=incident.key,
        what="its channel was made private",
        origin=Origin.MESSAGE,
    )


def go_on_elsewhere(session: Session, settings: Settings, incident_id: int, actor: Actor) -> Incident:
    """
    Open a new channel for an incident whose own is archived. The old one stays linked, and its transcript is kept.

    Raises UserError if the channel is not archived, or the incident is over.
    """
    incident = incidents.lock(session, incident_id)
    old_id, old_name = incident.channel_id, incident.channel_name
    if not incident.is_open:
        label = settings.status_label(incident.status)
        raise UserError(f"{incident.reference} is {label}. Reopen it first: `/incident reopen … WHY`.")
    if incident.archived_at is None or old_id is None:
        where = f" in <#{old_id}>" if old_id else ""
        raise UserError(f"{incident.reference} has a channel that can be written in. Go on{where}.")
    users = _who_was_there(session, incident, old_id, actor)
    _leave(session, incident, old_id, old_name or "")
    outbox.close_lanes_of(session, incident.key)
    people.meet(session, incident.team_id, users, actor.at)
    tell.set_up(session, incident, actor.at, users, [])
    tell.show_bookmarks(session, incident, actor.at)
    tell.say(session, incident, "goes on here", actor.at, by=actor.user_id, channel_id=old_id)
    for each in escalations.of_incident(session, incident.key):
        each.message_ts = None
        session.add(each)
        if each.acknowledged_at is None:
            tell.show_escalation(session, incident, each.key, actor.at, is_new=True)
    audit.note(
        session,
        at=actor.at,
        team_id=incident.team_id,
        incident_id=incident.key,
        who=actor.user_id,
        what="went on in a new channel",
        origin=actor.origin,
        before=old_id,
    )
    return incident


def _who_was_there(session: Session, incident: Incident, channel_id: str, actor: Actor) -> list[str]:
    """Who wrote there or is on record: Slack tells an app nothing of who is in an archived channel."""
    wrote = [each.author for each in transcript.of_channel(session, incident.team_id, channel_id) if not each.is_own]
    recorded = [each.author for each in timeline.in_order(session, incident.key)]
    found = [actor.user_id, incident.lead, incident.declared_by, *wrote, *recorded]
    return [each for each in dict.fromkeys(found) if each and each.startswith(people.PEOPLE)]


def _leave(session: Session, incident: Incident, channel_id: str, name: str) -> None:
    """Links into the old channel go on leading there."""
    for entry in timeline.in_order(session, incident.key):
        if entry.posted_ts is not None:
            entry.details = {**entry.details, POSTED: {"channel": channel_id, "ts": entry.posted_ts}}
            entry.posted_ts = None
            session.add(entry)
    incident.former_channels = [*(incident.former_channels or []), {"id": channel_id, "name": name}]
    incident.channel_id = incident.channel_name = incident.archived_at = None
    for column in VIEWS:
        setattr(incident, column, None)
    session.add(incident)
