"""
Instatus: `summary.json` and `v2/components.json`. Lists that are empty are left out.

https://instatus.com/help/api
"""

from datetime import timedelta
from urllib.parse import urljoin

from bot.domain.status_page.components import ComponentState, Indicator
from bot.domain.vendor_status.look import Listing, Look, VendorComponent, VendorIncident, VendorPage
from bot.feeds.builder import STATES, finish_incidents
from bot.feeds.json_reader import Node, Reading

NAME = "instatus"
HISTORY = "/history.atom"
COMPONENTS = {
    "operational": ComponentState.OPERATIONAL,
    "undermaintenance": ComponentState.MAINTENANCE,
    "degradedperformance": ComponentState.DEGRADED,
    "minoroutage": ComponentState.DEGRADED,
    "partialoutage": ComponentState.PARTIAL,
    "majoroutage": ComponentState.MAJOR,
}
LEVELS = {
    "operational": Indicator.NONE,
    "undermaintenance": Indicator.MAINTENANCE,
    "degradedperformance": Indicator.MINOR,
    "minoroutage": Indicator.MINOR,
    "partialoutage": Indicator.MAJOR,
    "majoroutage": Indicator.CRITICAL,
}
_PAGE = {
    "up": Indicator.NONE,
    "hasissues": Indicator.MINOR,
    "undermaintenance": Indicator.MAINTENANCE,
    "onemajoroutage": Indicator.MAJOR,
}


def recognize(value: object) -> bool:
    """A page with a state in one word, or components whose states are."""
    if not isinstance(value, dict):
        return False
    page, components = value.get("page"), value.get("components")
    if isinstance(page, dict):
        return "activeIncidents" in value or "activeMaintenances" in value or str(page.get("status", "")).isupper()
    first = components[0] if isinstance(components, list) and components else None
    return isinstance(first, dict) and str(first.get("status", "")).isupper()


def parse(value: object, reading: Reading) -> Look:
    """Raises FeedError."""
    body = Node.from_value(value, "", reading)
    page = body.inner("page")
    incidents = [_parse_incident(each) for each in body.nodes("activeIncidents")]
    maintenances = [_parse_maintenance(each) for each in body.nodes("activeMaintenances")]
    lists_incidents = body.has("page")
    return Look(
        kind=NAME,
        page=VendorPage(page.title("name"), page.link("url"), indicator=_PAGE.get(page.word("status"))),
        components=tuple(
            VendorComponent(
                each.key("id", "name"),
                each.title("name"),
                each.inner("group").title("name"),
                COMPONENTS.get(each.word("status")),
            )
            for each in body.nodes("components")
        ),
        incidents=finish_incidents((*incidents, *maintenances)),
        listing=Listing.OPEN if lists_incidents else Listing.NONE,
        history_address=urljoin(reading.address, HISTORY) if lists_incidents else "",
        has_all_updates=False,
        remarks=tuple(reading.remarks),
    )


def _parse_incident(node: Node) -> VendorIncident:
    return VendorIncident(
        key=node.key("id", "url"),
        title=node.title("name"),
        link=node.link("url"),
        state=STATES.get(node.word("status")),
        level=LEVELS.get(node.word("impact")),
        started_at=node.time("started"),
        changed_at=node.time("updatedAt"),
    )


def _parse_maintenance(node: Node) -> VendorIncident:
    start, minutes = node.time("start"), node.raw("duration")
    lasts = timedelta(minutes=int(minutes)) if minutes.isascii() and minutes.isdecimal() and len(minutes) < 7 else None
    return VendorIncident(
        key=node.key("id", "url"),
        title=node.title("name"),
        link=node.link("url"),
        state=STATES.get(node.word("status")),
        started_at=start,
        changed_at=node.time("updatedAt"),
        is_maintenance=True,
        planned_start=start,
        planned_end=start + lasts if start and lasts else None,
    )
