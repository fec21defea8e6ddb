"""Render lists of incidents, and the overview of one."""

from sqlmodel import Session

from bot.config import Settings
from bot.services.postmortem.overview import load_overview
from bot.services.views.card import load_card_view
from bot.services.views.search import find_incidents, list_incidents
from bot.slack.blocks.incidents import lists
from bot.slack.blocks.incidents.overview import overview_message
from bot.slack.blocks.message import Message
from bot.store.incidents.visibility import Visibility


def render_list(session: Session, settings: Settings, visibility: Visibility, text: str, *, first: int = 0) -> Message:
    return lists.incident_list_message(list_incidents(session, settings, visibility, text, first))


def render_search(
    session: Session, settings: Settings, visibility: Visibility, text: str, *, with_drills: bool, first: int = 0
) -> Message:
    view = find_incidents(session, settings, visibility, text, with_drills=with_drills, first=first)
    return lists.search_results_message(view)


def render_overview(session: Session, settings: Settings, incident_id: int) -> Message:
    """Render the card and the record of an incident, whose visibility the caller has checked."""
    return overview_message(
        load_card_view(session, settings, incident_id), load_overview(session, settings, incident_id)
    )
