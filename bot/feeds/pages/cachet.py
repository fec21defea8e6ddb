"""
Cachet 3: `/api/incidents` and `/api/components`.

Its times name no zone: they are the server's.

https://docs.cachethq.io/v3.x/api-reference
"""

from collections.abc import Mapping

from bot.domain.status_page.components import ComponentState
from bot.domain.vendor_status.look import Listing, Look, VendorComponent, VendorIncident, VendorState, VendorUpdate
from bot.feeds.builder import build_update, finish_incidents
from bot.feeds.json_reader import Node, Reading

NAME = "cachet"
STATES = {
    "1": VendorState.INVESTIGATING,
    "2": VendorState.IDENTIFIED,
    "3": VendorState.MONITORING,
    "4": VendorState.RESOLVED,
}
COMPONENTS = {
    "1": ComponentState.OPERATIONAL,
    "2": ComponentState.DEGRADED,
    "3": ComponentState.PARTIAL,
    "4": ComponentState.MAJOR,
    "6": ComponentState.MAINTENANCE,
}


def recognize(value: object) -> bool:
    """JSON:API with a list of incidents or components."""
    data = value.get("data") if isinstance(value, dict) else None
    types = [each.get("type") if isinstance(each, dict) else "" for each in data] if isinstance(data, list) else []
    return bool(types) and all(each in ("incidents", "components") for each in types)


def parse(value: object, reading: Reading) -> Look:
    """Raises FeedError."""
    body = Node.from_value(value, "", reading)
    nodes = body.nodes("data")
    updates = {each.key("id"): each.inner("attributes") for each in body.nodes("included")}
    components = [each.inner("attributes") for each in nodes if each.raw("type") == "components"]
    incidents = [_parse_incident(each, updates) for each in nodes if each.raw("type") == "incidents"]
    return Look(
        kind=NAME,
        components=tuple(
            VendorComponent(
                each.key("id", "name"), each.title("name"), state=COMPONENTS.get(each.inner("status").raw("value"))
            )
            for each in components
        ),
        incidents=finish_incidents(incidents),
        listing=Listing.NONE if components else Listing.RECENT,
        remarks=tuple(reading.remarks),
    )


def _parse_incident(node: Node, updates: Mapping[str, Node]) -> VendorIncident:
    """
    The message of the incident is its first update, with a key before those of the others.

    The guid of an incident is the one by which the page's links and its feed name it.
    """
    incident = node.inner("attributes")
    linked = (each.key("id") for each in node.inner("relationships").inner("updates").nodes("data"))
    own = [_parse_update(key, updates[key]) for key in linked if key in updates]
    state = STATES.get(incident.inner("status").raw("value"))
    created_at = incident.inner("created").time("string")
    occurred_at = incident.inner("occurred").time("string") or created_at
    first = build_update(
        "0", incident.text("message"), state=None if own else state, said_at=occurred_at, written_at=created_at
    )
    ended = [each.said_at for each in own if each.state is VendorState.RESOLVED and each.said_at]
    return VendorIncident(
        key=incident.key("guid", "id"),
        title=incident.title("name"),
        state=state,
        started_at=occurred_at,
        ended_at=max(ended, default=None) if state is VendorState.RESOLVED else None,
        created_at=created_at,
        changed_at=incident.inner("updated").time("string"),
        components=incident.names("components"),
        updates=(first, *own) if first.text else tuple(own),
    )


def _parse_update(key: str, node: Node) -> VendorUpdate:
    return build_update(
        key,
        node.text("message"),
        state=STATES.get(node.inner("status").raw("value")),
        said_at=node.inner("created").time("string"),
        edited_at=node.inner("updated").time("string"),
    )
