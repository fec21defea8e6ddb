"""
Statuspage's API, version 2, which incident.io, OpenStatus and Dogwatch have too.

https://www.atlassian.com/software/statuspage
"""

from dataclasses import replace
from urllib.parse import urljoin

from bot.domain.vendor_status.look import (
    Listing,
    Look,
    VendorComponent,
    VendorIncident,
    VendorPage,
    VendorState,
    VendorUpdate,
)
from bot.feeds.builder import COMPONENT_STATES, INDICATOR_NAMES, STATES, build_update, finish_incidents
from bot.feeds.errors import FeedError
from bot.feeds.json_reader import Node, Reading
from bot.feeds.pages import openstatus

NAME = "statuspage"
HISTORY = "/api/v2/incidents.json"
OPENSTATUS_HISTORY = "/feed/json"
_LISTS = ("incidents", "scheduled_maintenances", "components", "status", "incident", "component")


def recognize(value: object) -> bool:
    """A page with one of its lists, or one incident."""
    if not isinstance(value, dict):
        return False
    return (
        isinstance(value.get("page"), dict) and any(each in value for each in _LISTS)
    ) or "incident_updates" in value


def parse(value: object, reading: Reading) -> Look:
    """Raises FeedError."""
    body = Node.from_value(value, "", reading)
    if body.has("meta") and (body.has("incident") or body.has("component")):
        raise FeedError("", "This is a message to a webhook, not a page. Use the address of the page's feed.")
    single = [body] if body.has("incident_updates") else [body.inner("incident")] if body.has("incident") else []
    components = [] if single else body.nodes("components")
    groups = {each.raw("id"): each.title("name") for each in components if each.values.get("group")}
    incidents = [_parse_incident(each) for each in (*single, *body.nodes("incidents"))]
    is_openstatus = body.has("page") and not body.inner("page").has("id")
    maintenances = [_parse_incident(each, is_maintenance=True) for each in body.nodes("scheduled_maintenances")]
    if is_openstatus:
        maintenances = [replace(each, key=openstatus.name_maintenance(each.key)) for each in maintenances]
    listing = Listing.NONE if single else _find_listing(body, reading.address, is_openstatus=is_openstatus)
    return Look(
        kind=openstatus.NAME if is_openstatus else NAME,
        page=_parse_page(body),
        components=tuple(_parse_component(each, groups) for each in components if not each.values.get("group")),
        incidents=finish_incidents((*incidents, *maintenances)),
        listing=listing,
        history_address=_find_history(reading.address, is_openstatus=is_openstatus) if listing is Listing.OPEN else "",
        remarks=tuple(reading.remarks),
    )


def _find_history(address: str, *, is_openstatus: bool) -> str:
    """Beside the list of open incidents, which can be below a path."""
    if is_openstatus:
        return urljoin(address, OPENSTATUS_HISTORY)
    before, mark, _ = address.partition("/api/v2/")
    return f"{before}{HISTORY}" if mark else urljoin(address, HISTORY)


def _find_listing(body: Node, address: str, *, is_openstatus: bool) -> Listing:
    """Open incidents or recent ones: a summary's lists, or the address, say it."""
    if body.has("status", "components"):
        return Listing.OPEN
    if not body.has("incidents"):
        return Listing.NONE
    return Listing.OPEN if is_openstatus or address.partition("?")[0].endswith("/unresolved.json") else Listing.RECENT


def _parse_page(body: Node) -> VendorPage:
    page = body.inner("page")
    return VendorPage(
        name=page.title("name"),
        address=page.link("url"),
        zone=page.title("time_zone"),
        changed_at=page.time("updated_at"),
        indicator=INDICATOR_NAMES.get(body.inner("status").word("indicator")),
    )


def _parse_component(node: Node, groups: dict[str, str]) -> VendorComponent:
    return VendorComponent(
        key=node.key("id", "name"),
        name=node.title("name"),
        group=groups.get(node.raw("group_id"), ""),
        state=COMPONENT_STATES.get(node.word("status")),
    )


def _parse_incident(node: Node, *, is_maintenance: bool = False) -> VendorIncident:
    updates = tuple(_parse_update(each) for each in node.nodes("incident_updates"))
    named = node.names("components")
    affected = (each.names("affected_components") for each in node.nodes("incident_updates"))
    level = INDICATOR_NAMES.get(node.word("impact"))
    return VendorIncident(
        key=node.key("id", "shortlink", "name"),
        title=node.title("name"),
        link=node.link("shortlink"),
        state=STATES.get(node.word("status")),
        level=level,
        started_at=node.time("scheduled_for") if is_maintenance else node.time("started_at", "created_at"),
        ended_at=node.time("resolved_at"),
        created_at=node.time("created_at"),
        changed_at=node.time("updated_at"),
        components=named or tuple(dict.fromkeys(name for names in affected for name in names)),
        updates=updates,
        is_maintenance=is_maintenance or node.word("impact") == "maintenance",
        planned_start=node.time("scheduled_for"),
        planned_end=node.time("scheduled_until"),
    )


def _parse_update(node: Node) -> VendorUpdate:
    """A postmortem shows no time: `display_at` is null."""
    state = STATES.get(node.word("status"))
    created_at = node.time("created_at")
    said_at = node.time("display_at") or (None if state is VendorState.POSTMORTEM else created_at)
    return build_update(
        node.key("id", "display_at", "created_at"),
        node.text("body"),
        state=state,
        said_at=said_at,
        written_at=created_at,
        edited_at=node.time("updated_at"),
    )
