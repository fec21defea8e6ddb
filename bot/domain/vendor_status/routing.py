"""Routes of vendors' incidents: the first that matches decides whether ours is opened."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from bot.domain.alerts.routing import Route
from bot.domain.vendor_status.relevance import GROUP_MARK
from bot.lazy_dataclass import dataclass

LABELS = ("vendor", "impact", "state", "title", "component")
"""Labels that the matchers of a route can use."""
ANY_VENDOR = "*"
"""Stands for every vendor that a service of ours needs."""


@dataclass(frozen=True, slots=True)
class RoutedIncident:
    """
    A vendor's incident, as routes see it.

    `impact` and `state` are empty if the page does not say them. `services` of ours need the vendor.
    """

    vendor: str
    title: str
    impact: str = ""
    state: str = ""
    components: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    @property
    def label_sets(self) -> Iterator[Mapping[str, str]]:
        """The labels once for each component, also without its group; once if there is none."""
        names = dict.fromkeys(name for each in self.components for name in (each, each.rpartition(GROUP_MARK)[2]))
        for component in names or ("",):
            values = (self.vendor, self.impact, self.state, self.title, component)
            yield dict(zip(LABELS, values, strict=True))


def find_vendor_route(
    incident: RoutedIncident, routes: Sequence[Route], at: datetime
) -> tuple[int, Route] | tuple[None, None]:
    """
    The number of the first route that matches, and the route; None for none.

    All its matchers have to fit one component. `at` is the time of the look, aware.
    """
    for number, route in enumerate(routes, 1):
        is_meant = incident.vendor in route.vendors or (ANY_VENDOR in route.vendors and bool(incident.services))
        if not is_meant or route.find_obstacle(at, is_end=False):
            continue
        if any(all(each.fits(labels) for each in route.matchers) for labels in incident.label_sets):
            return number, route
    return None, None
