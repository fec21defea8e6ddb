"""PayPal: its list of events, with state, severity and start, without words."""

from bot.domain.vendor_status.look import Look, VendorIncident, VendorState
from bot.feeds.builder import finish_incidents
from bot.feeds.json_reader import Node, Reading
from bot.feeds.pages.adyen import find_level

NAME = "paypal"
_OVER = frozenset({"closed", "resolved", "completed", "cancelled"})


def recognize(value: object) -> bool:
    """A result that is a list of events with references."""
    result = value.get("result") if isinstance(value, dict) else None
    return isinstance(result, list) and all(isinstance(each, dict) and "referenceId" in each for each in result)


def parse(value: object, reading: Reading) -> Look:
    """The environment, `production` or `sandbox`, is read as a component. Raises FeedError."""
    events = Node.from_value(value, "", reading).nodes("result")
    return Look(
        kind=NAME, incidents=finish_incidents(_parse_event(each) for each in events), remarks=tuple(reading.remarks)
    )


def _parse_event(node: Node) -> VendorIncident:
    is_maintenance = node.word("type") == "maintenance"
    over = VendorState.COMPLETED if is_maintenance else VendorState.RESOLVED
    start = node.time("startDate")
    reference = node.title("referenceId")
    return VendorIncident(
        key=node.key("referenceId", "id"),
        title=node.title("title", "summary", "name") or f"{node.title('type') or 'Incident'} {reference}".strip(),
        state=over if node.word("state") in _OVER else None,
        level=find_level(node.word("severity")),
        started_at=start,
        components=node.names("components") or ((environment,) if (environment := node.title("environment")) else ()),
        is_maintenance=is_maintenance,
        planned_start=start if is_maintenance else None,
        planned_end=node.time("endDate") if is_maintenance else None,
    )
