"""The incidents of a vendor's page that count for us, and the services that they concern."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.domain.changes.change import affected_services
from bot.domain.status_page.components import Indicator
from bot.domain.vendor_status.look import VendorIncident
from bot.lazy_dataclass import dataclass

_RANKS = (Indicator.NONE, Indicator.MAINTENANCE, Indicator.MINOR, Indicator.MAJOR, Indicator.CRITICAL)
GROUP_MARK = " - "
"""Between the name of a group and that of a component, on pages that show both as one."""


@dataclass(frozen=True, slots=True)
class FeedFilter:
    """`components` empty: all count."""

    components: tuple[str, ...] = ()
    least_impact: Indicator = Indicator.NONE

    def accepts(self, incident: VendorIncident) -> bool:
        """
        Return whether the incident counts. A maintenance never does.

        An incident that names no component, or states no impact, does: the page does not say that it is harmless.
        """
        if incident.is_maintenance:
            return False
        if incident.level is not None and _RANKS.index(incident.level) < _RANKS.index(self.least_impact):
            return False
        if not (self.components and incident.components):
            return True
        wanted = {_fold(each) for each in self.components}
        return any(not wanted.isdisjoint(_names_of(each)) for each in incident.components)


def find_unknown_components(wanted: Iterable[str], listed: Collection[str]) -> tuple[str, ...]:
    """The wanted components that the page does not list."""
    known = {name for each in listed for name in _names_of(each)}
    return tuple(each for each in wanted if _fold(each) not in known)


def find_dependents(
    services: Collection[str], depends_on: Mapping[str, Collection[str]], needing: Sequence[str]
) -> tuple[str, ...]:
    """
    The services that need a vendor, among these and those that they depend on.

    `needing`: all services that need it. In their order.
    """
    affected = affected_services(services, depends_on)
    return tuple(name for name in needing if name.casefold() in affected)


def _names_of(component: str) -> frozenset[str]:
    """A component's name, also without its group."""
    return frozenset({_fold(component), _fold(component.rpartition(GROUP_MARK)[2])})


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()
