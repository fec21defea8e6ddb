"""Creation of an incident's channel, and the bot's own messages in it."""

import re
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.incidents.lifecycle import is_channel_name
from bot.services import outbox
from bot.services.channel.backfill import schedule_reconcile
from bot.services.similarity import suggest_similar
from bot.store.escalation import escalations
from bot.store.incidents import incident_lists, incidents, slack_messages
from bot.store.incidents.incidents import Incident
from bot.store.incidents.slack_messages import SlackView
from bot.store.outbox import open_lanes

CHANNEL_NAME = re.compile(r"[a-z0-9_-]+?-([0-9]{1,9})(?:-|$)")
"""Beginning of the name of an incident's channel."""


def find_by_channel(session: Session, team_id: str, channel_id: str, name: str) -> Incident | None:
    """
    The incident of a channel; None if there is none.

    A channel is visible before the bot has stored its id, and long before if the bot dies at that moment: then its name
    decides.
    """
    found = incidents.find_by_channel(session, team_id, channel_id)
    named = CHANNEL_NAME.match(name)
    if found is not None or named is None:
        return found
    candidates = incident_lists.find_without_channel(session, team_id, int(named[1]))
    return next((each for each in candidates if is_channel_name(name, each.series, each.number)), None)


def on_channel_created(session: Session, incident_id: int, channel_id: str, name: str, at: datetime) -> None:
    """Release the messages for the channel, and link it from the announcement."""
    incident = incidents.lock(session, incident_id)
    incident.channel_id, incident.channel_name = channel_id, name
    session.add(incident)
    session.flush()
    called = escalations.find_by_incident(session, incident_id)
    outbox.line_up_escalations(session, incident, called)
    open_lanes(session, incident_id, at)
    outbox.announce_channel(session, incident, at)
    outbox.refresh_all_pages(session, incident, called, at)
    schedule_reconcile(session, incident, at)


def on_channel_refused(session: Session, incident_id: int, error: str, at: datetime) -> None:
    """Tell the declarer, the lead and the incidents channel that there will be no channel."""
    incident = incidents.lock(session, incident_id)
    for user_id in filter(None, dict.fromkeys([incident.declared_by, incident.lead])):
        outbox.post_event_to_user(session, incident, at, user_id, "no channel", error=error)
    outbox.announce_channel(session, incident, at)


def on_card_posted(
    session: Session, settings: Settings, incident_id: int, ts: str, at: datetime, *, is_first: bool, is_pinned: bool
) -> None:
    """
    Store the card's ts, and queue its pin if it is not pinned.

    After the first card an earlier incident is named that this one looks like.
    """
    incident = incidents.lock(session, incident_id)
    slack_messages.save(session, incident, SlackView.CARD, ts)
    if not is_pinned:
        outbox.pin_card(session, incident, at)
    if is_first and not incident.former_channels:
        suggest_similar(session, settings, incident, at)


def on_topic_set(session: Session, incident_id: int, digest: str) -> None:
    slack_messages.save(session, incidents.lock(session, incident_id), SlackView.TOPIC, "", digest=digest)


def on_view_posted(session: Session, incident_id: int, view: SlackView, ts: str) -> None:
    slack_messages.save(session, incidents.lock(session, incident_id), view, ts)
