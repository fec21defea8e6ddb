"""Groups by labels: alerts of one route with the same values, whichever source sends them."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.domain.alerts.events import bound_key
from bot.lazy_dataclass import dataclass

LABEL_GROUPS = "*"
"""In place of a source: these groups belong to no sender."""


@dataclass(frozen=True, slots=True)
class LabelGroup:
    """
    The alerts of one route with the same values of chosen labels.

    They share an incident while each comes within `window` after the one before. `text` is for people.
    """

    key: str
    text: str
    window: timedelta

    def takes(self, last_alert_at: datetime | None, now: datetime) -> bool:
        """True if an alert that comes now belongs with the last one."""
        return last_alert_at is not None and now - last_alert_at <= self.window


@dataclass(frozen=True, slots=True)
class LabelGrouping:
    """`group_by` and `window` of a route. Raises ValueError without labels."""

    labels: tuple[str, ...]
    window: timedelta

    def __post_init__(self) -> None:
        if not self.labels:
            raise ValueError("no label to group by")

    def find_group(self, route: str, labels: Mapping[str, str], service: str | None) -> LabelGroup | None:
        """
        The group of an alert that `route` took; None if it has none of the labels.

        `service`, also where the route sets it, is the value of the label of that name.
        """
        values = {name: service or "" if name == "service" else labels.get(name, "") for name in self.labels}
        if not any(values.values()):
            return None
        key = bound_key(f"{route} by {json.dumps(values, sort_keys=True)}")
        return LabelGroup(key, ", ".join(f"{name}={value}" for name, value in values.items()), self.window)
