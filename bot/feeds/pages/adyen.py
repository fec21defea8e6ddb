"""Adyen: `api/incident-messages/active`, without times, words or ends."""

from bot.domain.status_page.components import Indicator
from bot.domain.vendor_status.look import Listing, Look, VendorIncident
from bot.feeds.builder import finish_incidents
from bot.feeds.json_reader import Node, Reading

NAME = "adyen"
_LEVELS = (
    ("severe", Indicator.MAJOR),
    ("partial", Indicator.MAJOR),
    ("degraded", Indicator.MINOR),
    ("outage", Indicator.CRITICAL),
    ("disruption", Indicator.CRITICAL),
    ("maintenance", Indicator.MAINTENANCE),
)


def recognize(value: object) -> bool:
    """`incidentMessageCollection`."""
    return isinstance(value, dict) and "incidentMessageCollection" in value


def parse(value: object, reading: Reading) -> Look:
    """Raises FeedError."""
    items = Node.from_value(value, "", reading).inner("incidentMessageCollection").nodes("items")
    incidents = finish_incidents(
        VendorIncident(
            key=each.inner("sys").key("id"), title=each.title("title"), level=find_level(each.word("severity"))
        )
        for each in items
    )
    return Look(kind=NAME, incidents=incidents, listing=Listing.OPEN, remarks=tuple(reading.remarks))


def find_level(severity: str) -> Indicator | None:
    """The impact that a severity's words mean; None if they mean nothing known."""
    return next((level for word, level in _LEVELS if word in severity), None)
