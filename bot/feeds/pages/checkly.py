"""
Checkly: the list of incidents of a status page.

https://www.checklyhq.com/docs/status-pages/
"""

from bot.domain.status_page.components import Indicator
from bot.domain.vendor_status.look import Look, VendorIncident, VendorUpdate
from bot.feeds.builder import STATES, build_update, finish_incidents
from bot.feeds.json_reader import Node, Reading

NAME = "checkly"
LEVELS = {
    "minor": Indicator.MINOR,
    "medium": Indicator.MAJOR,
    "major": Indicator.CRITICAL,
    "critical": Indicator.CRITICAL,
}


def recognize(value: object) -> bool:
    """Incidents with `lastUpdateStatus` or `incidentUpdates`, without a page."""
    incidents = value.get("incidents") if isinstance(value, dict) and "page" not in value else None
    if not isinstance(incidents, list):
        return False
    return all(
        isinstance(each, dict) and ("lastUpdateStatus" in each or "incidentUpdates" in each) for each in incidents
    )


def parse(value: object, reading: Reading) -> Look:
    """Raises FeedError."""
    body = Node.from_value(value, "", reading)
    incidents = finish_incidents(_parse_incident(each) for each in body.nodes("incidents"))
    return Look(kind=NAME, incidents=incidents, remarks=tuple(reading.remarks))


def _parse_incident(node: Node) -> VendorIncident:
    updates = tuple(_parse_update(each) for each in node.nodes("incidentUpdates"))
    state = STATES.get(node.word("lastUpdateStatus"))
    is_over = state is not None and state.is_over
    return VendorIncident(
        key=node.key("id"),
        title=node.title("name"),
        state=state,
        level=LEVELS.get(node.word("severity")),
        started_at=min((each.said_at for each in updates if each.said_at), default=node.time("created_at")),
        ended_at=max((each.said_at for each in updates if each.said_at), default=None) if is_over else None,
        created_at=node.time("created_at"),
        changed_at=node.time("updated_at"),
        components=node.names("services"),
        updates=updates,
    )


def _parse_update(node: Node) -> VendorUpdate:
    written_at = node.time("created_at")
    return build_update(
        node.key("id", "publicIncidentUpdateDate"),
        node.text("description"),
        state=STATES.get(node.word("status")),
        said_at=node.time("publicIncidentUpdateDate") or written_at,
        written_at=written_at,
        edited_at=node.time("updated_at"),
    )
