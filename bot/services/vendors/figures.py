"""Figures of vendors by month, from their stored incidents."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.vendor_status.figures import VendorMonth, VendorOutage, count_by_month
from bot.services.vendors.lookup import vendor_names
from bot.store import vendors
from bot.store.incidents import installations

LATE_WORD = timedelta(days=31)
"""A first word comes at most so long after the beginning that it states."""


def load_vendor_figures(session: Session, settings: Settings, months: Sequence[str]) -> Sequence[VendorMonth]:
    """The figures of these months (like `2026-11`), in the workspace's zone."""
    met = installations.find_installation(session)
    if met is None or not months:
        return ()
    first, last = (datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC) for month in (min(months), max(months)))
    found = vendors.find_between(session, met.team_id, first - timedelta(days=1), last + 2 * LATE_WORD)
    errors = vendors.find_first_errors(session, [each.key for each in found])
    outages = [
        VendorOutage(
            vendor_names(settings, [each.vendor])[0],
            each.first_word_at,
            each.started_at,
            each.resolved_at,
            (errors[each.key],) if each.key in errors else (),
        )
        for each in found
    ]
    counted = count_by_month(outages, settings.incidents.zone)
    return [each for each in counted if f"{each.month:%Y-%m}" in months]
