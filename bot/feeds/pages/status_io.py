"""
Status.io: the public status API of a page.

https://kb.status.io/developers/public-status-api/
"""

from bot.domain.status_page.components import ComponentState, Indicator
from bot.domain.vendor_status.look import Listing, Look, VendorComponent, VendorIncident, VendorPage, VendorState
from bot.feeds.builder import build_update, finish_incidents
from bot.feeds.json_reader import Node, Reading

NAME = "status_io"
INCIDENT_STATES = {
    "100": VendorState.INVESTIGATING,
    "200": VendorState.IDENTIFIED,
    "300": VendorState.MONITORING,
    "400": VendorState.RESOLVED,
}
MAINTENANCE_STATES = {
    "100": VendorState.SCHEDULED,
    "200": VendorState.IN_PROGRESS,
    "300": VendorState.VERIFYING,
    "400": VendorState.COMPLETED,
}
COMPONENTS = {
    "100": ComponentState.OPERATIONAL,
    "200": ComponentState.MAINTENANCE,
    "300": ComponentState.DEGRADED,
    "400": ComponentState.PARTIAL,
    "500": ComponentState.MAJOR,
}
LEVELS = {
    "100": Indicator.NONE,
    "200": Indicator.MAINTENANCE,
    "300": Indicator.MINOR,
    "400": Indicator.MAJOR,
    "500": Indicator.CRITICAL,
    "600": Indicator.CRITICAL,
}
"""600 is a security event."""


def recognize(value: object) -> bool:
    """A result with `status_overall`."""
    result = value.get("result") if isinstance(value, dict) else None
    return isinstance(result, dict) and "status_overall" in result


def parse(value: object, reading: Reading) -> Look:
    """Raises FeedError."""
    body = Node.from_value(value, "", reading).inner("result")
    overall, planned = body.inner("status_overall"), body.inner("maintenance")
    maintenances = [*planned.nodes("active"), *planned.nodes("upcoming")]
    return Look(
        kind=NAME,
        page=VendorPage(changed_at=overall.time("updated"), indicator=LEVELS.get(overall.raw("status_code"))),
        components=tuple(
            VendorComponent(each.key("id", "name"), each.title("name"), state=COMPONENTS.get(each.raw("status_code")))
            for each in body.nodes("status")
        ),
        incidents=finish_incidents(
            (
                *(_parse_incident(each, is_maintenance=False) for each in body.nodes("incidents")),
                *(_parse_incident(each, is_maintenance=True) for each in maintenances),
            )
        ),
        listing=Listing.OPEN,
        remarks=tuple(reading.remarks),
    )


def _parse_incident(node: Node, *, is_maintenance: bool) -> VendorIncident:
    """Messages have no id: their time is one."""
    states = MAINTENANCE_STATES if is_maintenance else INCIDENT_STATES
    messages = node.nodes("messages")
    updates = tuple(
        build_update(
            each.key("datetime"),
            each.text("details"),
            state=states.get(each.raw("state")),
            said_at=each.time("datetime"),
        )
        for each in messages
    )
    last = max(messages, key=lambda each: each.raw("datetime"), default=None)
    state = states.get(last.raw("state")) if last else None
    start = node.time("datetime_planned_start") if is_maintenance else node.time("datetime_open")
    return VendorIncident(
        key=node.key("_id"),
        title=node.title("name"),
        state=state,
        level=LEVELS.get(last.raw("status")) if last else None,
        started_at=start,
        ended_at=last.time("datetime") if last and state and state.is_over else None,
        created_at=node.time("datetime_open"),
        changed_at=last.time("datetime") if last else None,
        components=(*node.names("components_affected"), *node.names("containers_affected")),
        updates=updates,
        is_maintenance=is_maintenance,
        planned_start=start if is_maintenance else None,
        planned_end=node.time("datetime_planned_end"),
    )
