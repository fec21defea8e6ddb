"""Lists of incidents, page by page, and one of them by itself, for one person."""

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.services.postmortem import overview as wholes
from bot.services.views import messages as views
from bot.services.views import search as searching
from bot.slack.api.payloads import is_row
from bot.slack.blocks.incidents import lists
from bot.slack.blocks.incidents.overview import whole
from bot.slack.blocks.message import Message
from bot.store.incidents.visibility import Sight, sight_in

TURNS = frozenset({lists.LIST_NEWER, lists.LIST_OLDER, lists.FIND_NEWER, lists.FIND_OLDER})
"""Buttons that show another page of a list instead of this one."""


def listed(session: Session, settings: Settings, sight: Sight, text: str, *, first: int = 0) -> Message:
    return lists.listing(searching.list_of(session, settings, sight, text, first))


def found(
    session: Session, settings: Settings, sight: Sight, text: str, *, with_drills: bool, first: int = 0
) -> Message:
    view = searching.find(session, settings, sight, text, with_drills=with_drills, first=first)
    return lists.found(view)


def shown(session: Session, settings: Settings, incident_id: int) -> Message:
    """The card with all that is known beside it. Whoever calls has looked that the incident is seen there."""
    return whole(views.card(session, settings, incident_id), wholes.whole(session, settings, incident_id))


def show(session: Session, settings: Settings, team_id: str, channel_id: str, incident_id: int) -> Message:
    """What `Show` beside a line of a list brings. Raises IncidentNotFound for what is not seen in that channel."""
    incident = sight_in(session, team_id, channel_id).get(session, incident_id)
    return shown(session, settings, incident.key)


def turn(session: Session, settings: Settings, team_id: str, channel_id: str, action_id: str, value: str) -> Message:
    """Another page. Raises UserError for a button of another version."""
    first, _, rest = value.partition(".")
    drills, _, text = rest.partition(".")
    if not (is_row(first) and drills in {"0", "1"}):
        raise UserError("This button is from another version of Dogwatch. Type `/incident list` again.")
    sight = sight_in(session, team_id, channel_id)
    if action_id in {lists.LIST_NEWER, lists.LIST_OLDER}:
        return listed(session, settings, sight, text, first=int(first))
    return found(session, settings, sight, text, with_drills=drills == "1", first=int(first))
