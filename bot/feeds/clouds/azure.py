"""
Azure's feed: an item is there or not.

Its text is replaced, its time stays, and no item says that it is over.

https://azure.status.microsoft/status
"""

from bot.domain.vendor_status.look import Listing, Look, VendorIncident, VendorPage
from bot.feeds.builder import build_update, finish_incidents
from bot.feeds.entries.document import Document, Entry
from bot.feeds.json_reader import Reading
from bot.feeds.text import clean_title, convert_html

NAME = "azure"


def recognize_feed(document: Document) -> bool:
    """The title of the feed: hosts in its links vary."""
    return document.title.strip().casefold() == "azure status"


def parse_entries(document: Document, reading: Reading) -> Look:
    """Categories are services and regions."""
    return Look(
        kind=NAME,
        page=VendorPage("Azure", document.link, changed_at=document.changed_at),
        incidents=finish_incidents(_parse_item(each) for each in document.entries),
        listing=Listing.OPEN,
        has_all_updates=False,
        remarks=tuple(reading.remarks),
    )


def _parse_item(item: Entry) -> VendorIncident:
    return VendorIncident(
        key=item.key,
        title=clean_title(item.title),
        link=item.link,
        started_at=item.published_at,
        created_at=item.published_at,
        changed_at=item.published_at,
        components=tuple(clean_title(each) for each in item.categories),
        updates=(build_update("text", convert_html(item.content), said_at=item.published_at),),
    )
