"""
AWS: `currentevents` in JSON, and its feed of the last items.

An event leaves the JSON list when it is over. The feed has no events: items of a service and region belong together
until one of them is resolved.

https://health.aws.amazon.com/health/status
"""

import re
from datetime import datetime, timedelta

from bot.domain.status_page.components import Indicator
from bot.domain.vendor_status.look import LONG_AGO, Listing, Look, VendorIncident, VendorPage, VendorState, VendorUpdate
from bot.feeds.builder import build_update, finish_incidents
from bot.feeds.entries.document import Document, Entry
from bot.feeds.json_reader import Node, Reading, read_list
from bot.feeds.text import clean_title, convert_html

NAME = "aws"
FEED = "aws_feed"
LEVELS = {"1": Indicator.MINOR, "2": Indicator.MAJOR, "3": Indicator.CRITICAL}
SILENCE = timedelta(days=3)
"""How long an event of the feed is listed without an item. Real ones were silent for two and a half."""
_PREFIXES = {
    "informational message": Indicator.MINOR,
    "performance issues": Indicator.MAJOR,
    "service degradation": Indicator.MAJOR,
    "service impact": Indicator.MAJOR,
    "service disruption": Indicator.CRITICAL,
}
_ITEM = re.compile(r"#([\w.-]{1,120})_(\d{9,11})$")
_RESOLVED = re.compile(r"\[RESOLVED\]\s*", re.IGNORECASE)


def recognize(value: object) -> bool:
    """A list of events with an ARN."""
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) and "arn" in each for each in value)


def parse(value: object, reading: Reading) -> Look:
    """Raises FeedError."""
    incidents = finish_incidents(_parse_event(each) for each in read_list(value, "", reading))
    return Look(
        kind=NAME,
        page=VendorPage("AWS", "https://health.aws.amazon.com/health/status"),
        incidents=incidents,
        listing=Listing.OPEN,
        remarks=tuple(reading.remarks),
    )


def _parse_event(node: Node) -> VendorIncident:
    updates = tuple(_parse_log(each) for each in node.nodes("event_log"))
    times = [each.said_at for each in updates if each.said_at]
    is_over = node.raw("status") == "0"
    services = node.inner("impacted_services")
    impacted = (services.inner(key).title("service_name") for key in services.values)
    named = (node.title("service_name"), node.title("region_name"), *impacted)
    return VendorIncident(
        key=node.key("arn"),
        title=node.title("summary"),
        state=VendorState.RESOLVED if is_over else None,
        level=LEVELS.get(node.raw("status")),
        started_at=node.time("date"),
        ended_at=max(times, default=None) if is_over else None,
        created_at=min(times, default=None),
        changed_at=max(times, default=None),
        components=tuple(dict.fromkeys(name for name in named if name)),
        updates=updates,
    )


def _parse_log(node: Node) -> VendorUpdate:
    state = VendorState.RESOLVED if node.raw("status") == "0" else None
    return build_update(
        node.key("timestamp"), node.text("message", "summary"), state=state, said_at=node.time("timestamp")
    )


def recognize_feed(document: Document) -> bool:
    """A feed of AWS, by its links."""
    return "status.aws.amazon.com" in document.link or any(
        "status.aws.amazon.com" in each.key for each in document.entries
    )


def parse_entries(document: Document, reading: Reading) -> Look:
    """Group the items into events."""
    by_service: dict[str, list[Entry]] = {}
    for entry in document.entries:
        found = _ITEM.search(entry.key)
        if found:
            by_service.setdefault(found[1], []).append(entry)
        else:
            reading.remark(entry.place, "The guid names no service. The item is left out.")
    events = [event for name, items in by_service.items() for event in _group_items(name, items)]
    listed = [each for each in events if each.is_over or not _is_silent(each, document.changed_at)]
    return Look(
        kind=FEED,
        page=VendorPage("AWS", document.link, changed_at=document.changed_at),
        incidents=finish_incidents(listed),
        has_all_updates=False,
        remarks=tuple(reading.remarks),
    )


def _is_silent(event: VendorIncident, built_at: datetime | None) -> bool:
    return built_at is not None and event.changed_at is not None and built_at - event.changed_at > SILENCE


def _group_items(service: str, items: list[Entry]) -> list[VendorIncident]:
    groups: list[list[Entry]] = [[]]
    for item in sorted(items, key=lambda each: (each.published_at or LONG_AGO, each.key)):
        groups[-1].append(item)
        if _RESOLVED.search(item.title):
            groups.append([])
    return [_build_event(service, group) for group in groups if group]


def _build_event(service: str, items: list[Entry]) -> VendorIncident:
    first, last = items[0], items[-1]
    prefix, _, title = last.title.partition(": ")
    is_over = _RESOLVED.search(last.title) is not None
    began = _ITEM.search(first.key)
    return VendorIncident(
        key=f"{service}_{began[2] if began else ''}",
        title=clean_title(_RESOLVED.sub("", title or prefix)),
        link=last.link,
        state=VendorState.RESOLVED if is_over else None,
        level=None if is_over else _PREFIXES.get(prefix.strip().casefold()),
        ended_at=last.published_at if is_over else None,
        created_at=first.published_at,
        changed_at=last.published_at,
        components=(service,),
        updates=tuple(_build_update(each) for each in items),
    )


def _build_update(item: Entry) -> VendorUpdate:
    state = VendorState.RESOLVED if _RESOLVED.search(item.title) else None
    return build_update(item.key, convert_html(item.content), state=state, said_at=item.published_at)
