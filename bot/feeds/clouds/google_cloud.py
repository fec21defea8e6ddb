"""
Google Cloud: `incidents.json`.

`begin` is earlier than `created`, `end` is absent while the incident is open.

https://status.cloud.google.com/incidents.schema.json
"""

import re
from urllib.parse import urljoin

from bot.domain.status_page.components import Indicator
from bot.domain.vendor_status.look import Look, VendorIncident, VendorPage, VendorState, VendorUpdate
from bot.feeds.builder import build_update, finish_incidents
from bot.feeds.json_reader import Node, Reading, read_list

NAME = "google_cloud"
ADDRESS = "https://status.cloud.google.com/"
LEVELS = {"low": Indicator.MINOR, "medium": Indicator.MAJOR, "high": Indicator.CRITICAL}
_REPORT = re.compile(r"[#*\s]{0,10}(?:mini )?incident report", re.IGNORECASE)


def recognize(value: object) -> bool:
    """A list of incidents with `external_desc`."""
    return isinstance(value, list) and bool(value) and all(_is_incident(each) for each in value)


def _is_incident(each: object) -> bool:
    return isinstance(each, dict) and ("external_desc" in each or "most_recent_update" in each)


def parse(value: object, reading: Reading) -> Look:
    """Raises FeedError."""
    incidents = finish_incidents(_parse_incident(each) for each in read_list(value, "", reading))
    return Look(
        kind=NAME, page=VendorPage("Google Cloud", ADDRESS), incidents=incidents, remarks=tuple(reading.remarks)
    )


def _parse_incident(node: Node) -> VendorIncident:
    locations = node.names("currently_affected_locations", "title") or node.names(
        "previously_affected_locations", "title"
    )
    products = node.names("affected_products", "title") or (
        (service,) if (service := node.title("service_name")) else ()
    )
    link = node.raw("uri")
    ended_at = node.time("end")
    return VendorIncident(
        key=node.key("id", "number"),
        title=node.title("external_desc"),
        link=urljoin(ADDRESS, link) if re.fullmatch(r"[\w/-]{1,100}", link) else "",
        state=VendorState.RESOLVED if ended_at else None,
        level=LEVELS.get(node.word("severity")),
        started_at=node.time("begin"),
        ended_at=ended_at,
        created_at=node.time("created"),
        changed_at=node.time("modified"),
        components=(*products, *locations),
        updates=tuple(_parse_update(each) for each in node.nodes("updates")),
    )


def _parse_update(node: Node) -> VendorUpdate:
    """`modified` is the time of the next update and says nothing of this one."""
    text = node.text("text")
    state = VendorState.RESOLVED if node.word("status") == "available" else None
    created_at = node.time("created")
    return build_update(
        node.key("created", "when"),
        text,
        state=VendorState.POSTMORTEM if state and _REPORT.match(text) else state,
        said_at=node.time("when") or created_at,
        written_at=created_at,
    )
