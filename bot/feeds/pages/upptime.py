"""
Upptime: `history/summary.json` of its repository, and the repository's issues.

https://upptime.js.org/docs/
"""

import re

from bot.domain.status_page.components import ComponentState
from bot.domain.vendor_status.look import Listing, Look, VendorComponent, VendorIncident, VendorState
from bot.feeds.builder import build_update, finish_incidents
from bot.feeds.json_reader import Node, Reading, read_list

NAME = "upptime"
STATES = {"up": ComponentState.OPERATIONAL, "degraded": ComponentState.DEGRADED, "down": ComponentState.MAJOR}
_PLAN = re.compile(r"^(start|end):[ \t]*(\S{10,40})[ \t]*$", re.MULTILINE)


def recognize(value: object) -> bool:
    """Sites with `slug` and `uptime`, or issues of a repository."""
    if not isinstance(value, list) or not value:
        return False
    return all(
        isinstance(each, dict) and ({"slug", "uptime"} <= each.keys() or {"number", "labels"} <= each.keys())
        for each in value
    )


def parse(value: object, reading: Reading) -> Look:
    """Raises FeedError."""
    nodes = read_list(value, "", reading)
    issues = [each for each in nodes if each.has("number") and not each.has("slug")]
    sites = [each for each in nodes if each.has("slug")]
    return Look(
        kind=NAME,
        components=tuple(
            VendorComponent(each.key("slug"), each.title("name"), state=STATES.get(each.word("status")))
            for each in sites
        ),
        incidents=finish_incidents(_parse_issue(each) for each in issues if not each.has("pull_request")),
        listing=Listing.NONE if sites else Listing.RECENT,
        has_all_updates=False,
        remarks=tuple(reading.remarks),
    )


def _parse_issue(node: Node) -> VendorIncident:
    labels = node.names("labels")
    is_maintenance = "maintenance" in labels
    is_closed = node.word("state") == "closed"
    over = VendorState.COMPLETED if is_maintenance else VendorState.RESOLVED
    created_at, closed_at = node.time("created_at"), node.time("closed_at")
    plan = Node(dict(_PLAN.findall(node.raw("body")[:2000])), node.at("body"), node.reading)
    updates = [build_update("body", node.text("body"), said_at=created_at)]
    if node.raw("last_comment"):
        state = over if is_closed else None
        updates.append(build_update("last", node.text("last_comment"), state=state, said_at=closed_at))
    start = plan.time("start") if is_maintenance else created_at
    return VendorIncident(
        key=node.key("number", "id"),
        title=node.title("title"),
        link=node.link("html_url"),
        state=over if is_closed else None,
        started_at=start,
        ended_at=closed_at,
        created_at=created_at,
        changed_at=node.time("updated_at"),
        components=tuple(each for each in labels if each not in {"status", "maintenance"}),
        updates=tuple(each for each in updates if each.text),
        is_maintenance=is_maintenance,
        planned_start=start if is_maintenance else None,
        planned_end=plan.time("end") if is_maintenance else None,
    )
