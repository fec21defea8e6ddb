"""
OpenStatus: `/feed/json`. Its `api/v2` has Statuspage's shape, without ids of updates.

https://docs.openstatus.dev/reference/status-page/
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.status_page.components import Indicator
from bot.domain.vendor_status.look import Look, VendorComponent, VendorIncident, VendorPage, VendorUpdate
from bot.feeds.builder import STATES, build_update, finish_incidents
from bot.feeds.json_reader import Node, Reading

NAME = "openstatus"
_PAGE = {
    "success": Indicator.NONE,
    "degraded": Indicator.MINOR,
    "error": Indicator.MAJOR,
    "info": Indicator.MAINTENANCE,
}


def recognize(value: object) -> bool:
    """A feed with `statusReports`."""
    return isinstance(value, dict) and "statusReports" in value


def parse(value: object, reading: Reading) -> Look:
    """The page's `updatedAt` is that of the request, so it is not read. Raises FeedError."""
    body = Node.from_value(value, "", reading)
    groups = {each.raw("id"): each.title("name") for each in body.nodes("pageComponentGroups")}
    components = {each.raw("id"): each for each in body.nodes("pageComponents")}
    names = {key: each.title("name") for key, each in components.items()}
    reports = [_parse_report(each, names) for each in body.nodes("statusReports")]
    maintenances = [_parse_maintenance(each, names) for each in body.nodes("maintenances")]
    return Look(
        kind=NAME,
        page=VendorPage(body.title("title"), indicator=_PAGE.get(body.word("status"))),
        components=tuple(
            VendorComponent(key, names[key], groups.get(each.raw("groupId"), "")) for key, each in components.items()
        ),
        incidents=finish_incidents((*reports, *maintenances)),
        remarks=tuple(reading.remarks),
    )


def name_maintenance(key: str) -> str:
    """Reports and maintenances are numbered apart: each has a 5."""
    return f"maintenance-{key}"


def _names(node: Node, names: Mapping[str, str]) -> tuple[str, ...]:
    listed = node.values.get("pageComponents")
    keys = [str(each) for each in listed] if isinstance(listed, list) else []
    return tuple(names[key] for key in keys if key in names)


def _parse_report(node: Node, names: Mapping[str, str]) -> VendorIncident:
    state = STATES.get(node.word("status"))
    updates = tuple(_parse_update(each) for each in node.nodes("statusReportUpdates"))
    times: list[datetime] = [each.said_at for each in updates if each.said_at]
    return VendorIncident(
        key=node.key("id"),
        title=node.title("title"),
        state=state,
        started_at=min(times, default=None),
        ended_at=max(times, default=None) if state is not None and state.is_over else None,
        changed_at=node.time("updatedAt"),
        components=_names(node, names),
        updates=updates,
    )


def _parse_update(node: Node) -> VendorUpdate:
    return build_update(
        node.key("date", "id"),
        node.text("message"),
        state=STATES.get(node.word("status")),
        said_at=node.time("date"),
        edited_at=node.time("updatedAt"),
    )


def _parse_maintenance(node: Node, names: Mapping[str, str]) -> VendorIncident:
    start, end = node.time("from"), node.time("to")
    changed_at = node.time("updatedAt")
    text = node.text("message")
    return VendorIncident(
        key=name_maintenance(node.key("id")),
        title=node.title("title", "name"),
        state=None,
        started_at=start,
        changed_at=changed_at,
        components=_names(node, names),
        updates=(build_update("announcement", text, said_at=changed_at, edited_at=changed_at),) if text else (),
        is_maintenance=True,
        planned_start=start,
        planned_end=end,
    )
