"""An incident for somebody who joins late, as its record stands now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.crypto.signed_links import page_link
from bot.domain.catchup.catchup import Catchup, catch_up
from bot.domain.incidents.roles import LEAD
from bot.services.escalation import view as ledger
from bot.services.postmortem import load_record as record
from bot.store.escalation import escalations


@dataclass(frozen=True, slots=True)
class CatchupView:
    """`page_url` is where the whole record can be read; `now` the moment for which it was made; `names` by user id."""

    catchup: Catchup
    page_url: str
    now: datetime
    names: Mapping[str, str]
    lead_label: str = "Lead"


def view(session: Session, settings: Settings, incident_id: int, now: datetime) -> CatchupView:
    whole = record.load(session, settings, incident_id)
    running = {
        f"escalation-{each.key}": standing
        for each in escalations.unanswered(session, incident_id)
        if (standing := ledger.standing_of(session, each))
    }
    due = {ref: each.next.at for ref, each in running.items() if each.next}
    levels = {ref: (each.level, each.levels) for ref, each in running.items() if each.level}
    url = page_link(settings, whole.incident.reference)
    told = catch_up(whole, now, reminders=due, levels=levels)
    return CatchupView(told, url, now, whole.people, settings.role_named(LEAD).label)
