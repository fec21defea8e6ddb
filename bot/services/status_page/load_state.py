"""Load what the public sees."""

from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.status_page.state import PublicState, build_state
from bot.store import status_page


def load_public_state(session: Session, settings: Settings, now: datetime) -> PublicState:
    """The state of the page at `now`, from everything that was published."""
    components = settings.status.as_components() if settings.status else ()
    incidents, maintenances = status_page.find_all(session), status_page.find_maintenances(session)
    return build_state(components, incidents, now, settings.status_zone, maintenances)
