"""Vendors by key and name."""

import re
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from bot.config import Settings
from bot.domain.escalation.vendors import Vendor


def find_vendor(settings: Settings, name: str, zone: ZoneInfo) -> Vendor:
    """
    The vendor by key or name; an unknown one has only its name.

    Case does not matter, and blanks and underscores are dashes. `zone`: of the incident.
    """
    by_key = {_folded(key): key for key in settings.vendors}
    by_name = {_folded(each.name or key): key for key, each in settings.vendors.items()}
    key = by_key.get(_folded(name)) or by_name.get(_folded(name))
    return settings.vendors[key].as_vendor(key, zone) if key else Vendor(name, name, zone)


def _folded(name: str) -> str:
    return re.sub(r"[\s_]+", "-", name.strip().casefold())


def services_needing(settings: Settings, vendor: str) -> tuple[str, ...]:
    """The services that need the vendor with this key."""
    return tuple(name for name, each in settings.services.items() if vendor in each.vendors)


def vendor_names(settings: Settings, keys: Iterable[str]) -> tuple[str, ...]:
    """Display names; the key of a vendor that is no longer configured."""
    known = ((key, settings.vendors.get(key)) for key in keys)
    return tuple((vendor.name if vendor else None) or key for key, vendor in known)
