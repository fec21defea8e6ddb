"""Checks of vendors' status pages, and of the services that need vendors."""

from collections.abc import Iterator

from bot.config.problems import Conflict
from bot.config.settings import Settings
from bot.domain.errors import did_you_mean
from bot.domain.vendor_status.relevance import find_dependents
from bot.domain.vendor_status.routing import ANY_VENDOR

FEED_KEYS = ("kind", "components", "least_impact", "every", "allow_http", "allow_private")
"""Keys that have an effect on a watched page only."""


def find_vendor_conflicts(settings: Settings) -> Iterator[Conflict]:
    """Unknown vendors of services, and addresses that are not allowed."""
    for name, service in settings.services.items():
        for index, vendor in enumerate(service.vendors):
            if vendor not in settings.vendors:
                guess = did_you_mean(vendor, list(settings.vendors))
                message = f"There is no vendor of this name.{guess} Add [vendors.{vendor}], or correct the name."
                yield ("services", name, "vendors", index), message, vendor
    for name, section in settings.vendors.items():
        plain = [each for each in section.feeds.values() if each.startswith("http://")]
        if plain and not section.allow_http:
            message = "The page is read over https only. Use https://, or allow it with allow_http = true."
            yield ("vendors", name, "feed"), message, plain[0]
    yield from _find_route_conflicts(settings)


def _find_route_conflicts(settings: Settings) -> Iterator[Conflict]:
    """Routes for vendors that are not watched, or that no service of theirs needs."""
    for number, route in enumerate(settings.routes):
        for place, vendor in enumerate(route.vendors):
            path = ("routes", number, "vendors", place)
            if vendor == ANY_VENDOR:
                continue
            if vendor not in settings.watched_vendors:
                guess = did_you_mean(vendor, list(settings.watched_vendors))
                message = (
                    f"No status page of a vendor of this name is watched.{guess} Add `feed` to [vendors.{vendor}]."
                )
                yield path, message, vendor
                continue
            needing = [name for name, each in settings.services.items() if vendor in each.vendors]
            among = [route.service] if route.service else needing
            if not find_dependents(among, settings.service_dependencies, needing):
                name = route.service or "NAME"
                message = f'The incident would be of no service that needs it. Add vendors = ["{vendor}"] to '
                yield path, f"{message}[services.{name}].", vendor


def find_vendor_doubts(settings: Settings) -> Iterator[Conflict]:
    """Keys without effect, and watched vendors that no service needs."""
    needed = {vendor for service in settings.services.values() for vendor in service.vendors}
    for name, section in settings.vendors.items():
        if section.feed is None:
            for key in FEED_KEYS:
                if key in section.model_fields_set:
                    yield ("vendors", name, key), "This has no effect without `feed`. Add it, or remove this key.", None
        elif name not in needed:
            message = "No service needs this vendor, so its page concerns no incident. Add it to a service's `vendors`."
            yield ("vendors", name, "feed"), message, None
