"""`News`: one thing to tell about a vendor's incident."""

from datetime import datetime
from enum import StrEnum

from bot.domain.status_page.components import Indicator
from bot.domain.vendor_status.look import VendorIncident, VendorState, VendorUpdate
from bot.lazy_dataclass import dataclass


class NewsKind(StrEnum):
    """
    Kinds of news.

    TRANSLATED: new words of a known update in a further language; `update` has these alone. GONE: an open incident left
    the page; its end is not known. REMOVED: an update was taken back. MAINTENANCE: anything new about a maintenance but
    its title and corrected texts.
    """

    OPENED = "opened"
    UPDATE = "update"
    EDITED = "edited"
    TRANSLATED = "translated"
    BACKDATED = "backdated"
    RENAMED = "renamed"
    IMPACT = "impact"
    RESOLVED = "resolved"
    POSTMORTEM = "postmortem"
    REOPENED = "reopened"
    REMOVED = "removed"
    GONE = "gone"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class News:
    """
    One piece of news.

    `incident` as the look has it, None for GONE. `update` is the one that it is about, None if the page changed the
    incident without words; of a REMOVED one only `update_key` is known. `at` is the vendor's time of it, `written_at`
    is there if the update was written more than a minute later. `old`, `new`: titles of RENAMED, levels of IMPACT,
    planned starts of a MAINTENANCE that was moved. `is_already_open`: it was open at the very first look.
    """

    kind: NewsKind
    incident_key: str
    title: str
    incident: VendorIncident | None = None
    update: VendorUpdate | None = None
    update_key: str = ""
    state: VendorState | None = None
    level: Indicator | None = None
    at: datetime | None = None
    written_at: datetime | None = None
    edited_at: datetime | None = None
    old: str = ""
    new: str = ""
    is_already_open: bool = False
