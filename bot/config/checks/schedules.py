"""Checks between `[schedules.…]` and the calendars' addresses in the environment."""

from collections.abc import Iterator

from bot.config.environment import CALENDAR_PREFIX, variable_suffix
from bot.config.problems import Conflict
from bot.config.settings import Settings

NOBODY = "Nobody is ever on call in this schedule. Add [[schedules.{name}.layers]], or calendar = true."


def find_schedule_conflicts(settings: Settings) -> Iterator[Conflict]:
    owners: dict[str, str] = {}
    for name, section in settings.schedules.items():
        variable = CALENDAR_PREFIX + variable_suffix(name)
        first = owners.setdefault(variable, name) if section.is_fetched else name
        if first != name:
            message = f"The calendars of this schedule and of {first} both use {variable}. Rename one of them."
            yield ("schedules", name), message, None
        path = settings.calendar_file(name)
        if path is not None and not path.is_file():
            message = f"There is no such file (looked for {path}). For a feed, write true and set {variable}."
            yield ("schedules", name, "calendar"), message, section.calendar


def find_schedule_doubts(settings: Settings) -> Iterator[Conflict]:
    """Yield warnings about missing secrets, too: a file may be checked where they are not set."""
    fetched = {variable_suffix(name) for name, section in settings.schedules.items() if section.is_fetched}
    for name, section in settings.schedules.items():
        address = settings.calendar_address(name)
        if section.is_fetched and address is None:
            message = (
                "Nobody is on call in this schedule yet. Set "
                f"{CALENDAR_PREFIX}{variable_suffix(name)} to the calendar's address."
            )
            yield ("schedules", name, "calendar"), message, None
        elif section.is_fetched and (address or "").casefold().startswith("http://"):
            message = "The address begins with http://, so others on the network could read it. Use https://."
            yield ("schedules", name, "calendar"), message, None
        if not section.calendar and not section.layers:
            yield ("schedules", name), NOBODY.format(name=name), None
    for suffix in sorted({each.upper() for each in settings.calendars} - fetched):
        message = "No schedule of this name has calendar = true, so the variable has no effect. Correct one of them."
        yield ("calendars", suffix.casefold()), message, None
