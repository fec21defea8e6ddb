"""
Slack's own status: `current` and `history`. Its notes are HTML, without ids.

https://docs.slack.dev/reference/slack-status-api/
"""

from urllib.parse import urljoin

from bot.domain.status_page.components import Indicator
from bot.domain.vendor_status.look import Listing, Look, VendorIncident, VendorPage, VendorState
from bot.feeds.builder import build_update, finish_incidents
from bot.feeds.json_reader import Node, Reading, read_list
from bot.feeds.text import convert_html

NAME = "slack"
HISTORY = "/api/v2.0.0/history"
LEVELS = {"notice": Indicator.MINOR, "incident": Indicator.MAJOR, "outage": Indicator.CRITICAL}


def recognize(value: object) -> bool:
    """`active_incidents`, or a list of incidents with notes."""
    if isinstance(value, dict):
        return "active_incidents" in value
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) and "notes" in each for each in value)


def parse(value: object, reading: Reading) -> Look:
    """Raises FeedError."""
    is_history = isinstance(value, list)
    nodes = (
        read_list(value, "", reading) if is_history else Node.from_value(value, "", reading).nodes("active_incidents")
    )
    current = Node(value if isinstance(value, dict) else {}, "", reading)
    return Look(
        kind=NAME,
        page=VendorPage("Slack", changed_at=None if is_history else current.time("date_updated")),
        incidents=finish_incidents(_parse_incident(each) for each in nodes),
        listing=Listing.RECENT if is_history else Listing.OPEN,
        history_address="" if is_history else urljoin(reading.address, HISTORY),
        remarks=tuple(reading.remarks),
    )


def _parse_incident(node: Node) -> VendorIncident:
    is_over = node.word("status") in {"resolved", "completed"}
    changed_at = node.time("date_updated")
    return VendorIncident(
        key=node.key("id", "url"),
        title=node.title("title"),
        link=node.link("url"),
        state=VendorState.RESOLVED if is_over else None,
        level=LEVELS.get(node.word("type")),
        started_at=node.time("date_created"),
        ended_at=changed_at if is_over else None,
        created_at=node.time("date_created"),
        changed_at=changed_at,
        components=node.names("services"),
        updates=tuple(
            build_update(each.key("date_created"), convert_html(each.raw("body")), said_at=each.time("date_created"))
            for each in node.nodes("notes")
        ),
    )
