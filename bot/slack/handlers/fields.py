"""Read the fields of a form."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.domain.errors import errors_at
from bot.domain.times import ParsedTime, read_time
from bot.slack.blocks.modals import AT
from bot.slack.handlers.interactions import ViewSubmission
from bot.store.incidents import incidents


def parse_time_field(session: Session, submission: ViewSubmission, at: datetime) -> ParsedTime | None:
    """Parse the time field, in the incident's zone; None if it is empty. Raises InvalidField."""
    text = submission.text(AT)
    if not text:
        return None
    incident = incidents.get(session, submission.incident_id)
    with errors_at(AT):
        return read_time(text, now=at, zone=ZoneInfo(incident.zone))
