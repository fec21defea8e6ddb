"""Figures of vendors by month, from their stored incidents."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.vendor_status.figures import LinkedIncident, VendorMonth, VendorOutage, count_by_month
from bot.services.vendors.lookup import vendor_names
from bot.store import vendors
from bot.store.incidents import installations
from bot.store.incidents.visibility import Visibility

LATE_WORD = timedelta(days=31)
"""A first word comes at most so long after the beginning that it states."""


def load_vendor_figures(
    session: Session, settings: Settings, months: Sequence[str], visibility: Visibility | None = None
) -> Sequence[VendorMonth]:
    """
    The figures of these months (like `2026-11`), in the workspace's zone.

    Linked incidents of ours count if `visibility` shows them; None: those that everybody sees.
    """
    met = installations.find_installation(session)
    if met is None or not months:
        return ()
    first, last = (datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC) for month in (min(months), max(months)))
    since, until = first - timedelta(days=1), last + 2 * LATE_WORD
    linked = _find_linked(session, visibility or Visibility(met.team_id), since, until)
    outages = [
        VendorOutage(
            vendor_names(settings, [each.vendor])[0],
            each.first_word_at,
            each.started_at,
            each.resolved_at,
            tuple(linked.get(each.key, ())),
            each.title,
            each.link,
        )
        for each in vendors.find_between(session, met.team_id, since, until)
    ]
    counted = count_by_month(outages, settings.incidents.zone)
    return [each for each in counted if f"{each.month:%Y-%m}" in months]


def _find_linked(
    session: Session, visibility: Visibility, since: datetime, until: datetime
) -> Mapping[int, list[LinkedIncident]]:
    """Our incidents by the vendor's."""
    linked: dict[int, list[LinkedIncident]] = defaultdict(list)
    for vendor_incident_id, incident in vendors.find_linked(session, visibility, since, until):
        linked[vendor_incident_id].append(
            LinkedIncident(incident.started_at, incident.reference, incident.title, incident.is_private)
        )
    return linked
