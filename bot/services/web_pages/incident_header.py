"""The page of an incident without its record: title, labels, actions and share link."""

from sqlmodel import Session

from bot.config import Settings
from bot.domain.text.links import channel_link
from bot.domain.text.mentions import resolve_mentions
from bot.lazy_dataclass import dataclass
from bot.services.similarity import Suggestion, find_suggestion
from bot.services.web_pages.action_bar import ActionBar, load_action_bar
from bot.services.web_pages.share_link import ShareLink, load_share_link
from bot.services.workspace.people import MENTION
from bot.store.incidents import installations
from bot.store.incidents.visibility import Visibility
from bot.store.shared import people


@dataclass(frozen=True, slots=True)
class IncidentHeader:
    """
    The part of the page that is read at once, however long the record is.

    `revision` is not newer than a record that is read afterwards. `channel` has its name and link, empty without one.
    """

    incident_id: int
    reference: str
    title: str
    labels: tuple[str, ...]
    channel: tuple[str | None, str | None]
    revision: int
    bar: ActionBar
    share: ShareLink
    postmortem_state: str
    similar: Suggestion | None


def load_incident_header(
    session: Session, settings: Settings, visibility: Visibility, reference: str, answer_key: str | None
) -> IncidentHeader:
    """Raises IncidentNotFound, alike for missing and for invisible incidents."""
    incident = visibility.find(session, reference)
    installation = installations.find_installation(session)
    names = people.find_names(session, incident.team_id, MENTION.findall(incident.title))
    site = installation.url if installation else ""
    return IncidentHeader(
        incident.key,
        incident.reference,
        resolve_mentions(incident.title, names),
        tuple(name for name, is_set in (("Private", incident.is_private), ("Drill", incident.is_drill)) if is_set),
        (incident.channel_name, channel_link(site, incident.channel_id) if incident.channel_id else None),
        incident.revision,
        load_action_bar(session, settings, incident, answer_key),
        load_share_link(session, settings, visibility, reference),
        incident.postmortem_state,
        find_suggestion(session, settings, visibility, incident),
    )
