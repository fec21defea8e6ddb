"""Summary of an incident for somebody who joins late."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.config.crypto import incident_page_link
from bot.domain.catchup import Catchup, build_catchup
from bot.domain.incidents.roles import LEAD
from bot.lazy_dataclass import dataclass
from bot.services.escalation.view_loader import load_progress
from bot.services.postmortem.load_record import load_record
from bot.store.escalation import escalations
from bot.store.incidents import incidents


@dataclass(frozen=True, slots=True)
class CatchupView:
    """`page_url` has the whole record; `names` by user id; as of `now`."""

    catchup: Catchup
    page_url: str
    now: datetime
    names: Mapping[str, str]
    lead_label: str = "Lead"


def load_catchup(session: Session, settings: Settings, incident_id: int, now: datetime) -> CatchupView:
    record = load_record(session, settings, incident_id)
    running = {
        f"escalation-{each.key}": progress
        for each in escalations.find_unanswered(session, incident_id)
        if (progress := load_progress(each))
    }
    due = {ref: each.next.at for ref, each in running.items() if each.next}
    levels = {ref: (each.level, each.levels) for ref, each in running.items() if each.level}
    row = incidents.get(session, incident_id)
    url = incident_page_link(settings, row.reference, row.active_link)
    catchup = build_catchup(record, now, reminders=due, levels=levels)
    return CatchupView(catchup, url, now, record.people, settings.role_named(LEAD).label)
