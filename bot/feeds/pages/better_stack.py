"""
Better Stack: `index.json` of a page, in the form of JSON:API.

https://betterstack.com/docs/uptime/api/status-pages-api-response-params/
"""

from collections.abc import Mapping

from bot.domain.status_page.components import ComponentState, Indicator
from bot.domain.vendor_status.look import Look, VendorComponent, VendorIncident, VendorPage, VendorState
from bot.feeds.builder import build_update, finish_incidents, level_of
from bot.feeds.json_reader import Node, Reading

NAME = "better_stack"
STATES = {
    "operational": ComponentState.OPERATIONAL,
    "resolved": ComponentState.OPERATIONAL,
    "maintenance": ComponentState.MAINTENANCE,
    "degraded": ComponentState.DEGRADED,
    "downtime": ComponentState.MAJOR,
}
_PAGE = {
    "operational": Indicator.NONE,
    "maintenance": Indicator.MAINTENANCE,
    "degraded": Indicator.MINOR,
    "downtime": Indicator.MAJOR,
}


def recognize(value: object) -> bool:
    """JSON:API with a page of statuses as its data."""
    data = value.get("data") if isinstance(value, dict) else None
    return isinstance(data, dict) and data.get("type") == "status_page"


def parse(value: object, reading: Reading) -> Look:
    """Raises FeedError."""
    body = Node.from_value(value, "", reading)
    page = body.inner("data").inner("attributes")
    included = body.nodes("included")
    by_type = {name: _by_id(included, name) for name in ("status_page_resource", "status_page_section")}
    sections = {key: each.title("name") for key, each in by_type["status_page_section"].items()}
    resources = by_type["status_page_resource"]
    names = {key: each.title("public_name") for key, each in resources.items()}
    updates = _by_id(included, "status_update")
    reports = [each for each in included if each.raw("type") == "status_report"]
    domain = page.raw("custom_domain") or (f"{page.raw('subdomain')}.betteruptime.com" if page.has("subdomain") else "")
    return Look(
        kind=NAME,
        page=VendorPage(
            name=page.title("company_name"),
            address=f"https://{domain}" if domain else "",
            zone=page.title("timezone"),
            changed_at=page.time("updated_at"),
            indicator=_PAGE.get(page.word("aggregate_state")),
        ),
        components=tuple(
            VendorComponent(
                key, names[key], sections.get(each.raw("status_page_section_id"), ""), STATES.get(each.word("status"))
            )
            for key, each in resources.items()
        ),
        incidents=finish_incidents(_parse_report(each, updates, names) for each in reports),
        remarks=tuple(reading.remarks),
    )


def _by_id(included: list[Node], name: str) -> dict[str, Node]:
    return {each.key("id"): each.inner("attributes") for each in included if each.raw("type") == name}


def _parse_report(node: Node, updates: Mapping[str, Node], names: Mapping[str, str]) -> VendorIncident:
    """A report that is resolved by hand has no end: it is that of its last update."""
    report = node.inner("attributes")
    linked = (each.key("id") for each in node.inner("relationships").inner("status_updates").nodes("data"))
    own = [(key, updates[key]) for key in linked if key in updates]
    is_maintenance = report.word("report_type") == "maintenance"
    is_over = report.word("aggregate_state") == "resolved"
    times = [at for _, each in own if (at := each.time("published_at"))]
    over = VendorState.COMPLETED if is_maintenance else VendorState.RESOLVED
    affected = report.nodes("affected_resources")
    start = report.time("starts_at")
    end = report.time("ends_at")
    return VendorIncident(
        key=node.key("id"),
        title=report.title("title"),
        state=over if is_over else None,
        level=None if is_over else level_of(STATES.get(each.word("status")) for each in affected),
        started_at=start,
        ended_at=(None if is_maintenance else end) or (max(times, default=None) if is_over else None),
        changed_at=max(times, default=None),
        components=tuple(name for each in affected if (name := names.get(each.raw("status_page_resource_id"), ""))),
        updates=tuple(
            build_update(key, each.text("message"), state=_find_state(each, over), said_at=each.time("published_at"))
            for key, each in own
        ),
        is_maintenance=is_maintenance,
        planned_start=start if is_maintenance else None,
        planned_end=end if is_maintenance else None,
    )


def _find_state(update: Node, over: VendorState) -> VendorState | None:
    """The end, if everything that the update names is resolved: it has no other state."""
    words = [each.word("status") for each in update.nodes("affected_resources")]
    return over if words and all(word == "resolved" for word in words) else None
