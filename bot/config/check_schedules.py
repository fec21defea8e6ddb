"""What is wrong, or hardly meant, between `[schedules.…]` and the calendars' addresses in the environment."""

from collections.abc import Iterator

from bot.config.environment import CALENDAR_PREFIX, end_of
from bot.config.problems import Place
from bot.config.settings import Settings

NOBODY = "Nobody is ever on call by it. Give it [[schedules.{name}.layers]], or calendar = true."


def schedule_mistakes(settings: Settings) -> Iterator[tuple[Place, str, object]]:
    """Each: where, what is wrong with the remedy, and the value."""
    ends: dict[str, str] = {}
    for name, section in settings.schedules.items():
        first = ends.setdefault(end_of(name), name) if section.is_fetched else name
        if first != name:
            variable = CALENDAR_PREFIX + end_of(name)
            message = f"Its calendar and that of {first} would both stand in {variable}. Rename one of the two."
            yield ("schedules", name), message, None
        path = settings.calendar_file(name)
        if path is not None and not path.is_file():
            message = f"There is no such file (looked for {path}). For a feed write true, and set {{variable}}."
            variable = CALENDAR_PREFIX + end_of(name)
            yield ("schedules", name, "calendar"), message.format(variable=variable), section.calendar


def schedule_doubts(settings: Settings) -> Iterator[tuple[Place, str, object]]:
    """Warnings only: who checks the file elsewhere need not have the secrets."""
    ends = {end_of(name) for name, section in settings.schedules.items() if section.is_fetched}
    for name, section in settings.schedules.items():
        if section.is_fetched and settings.calendar_address(name) is None:
            message = f"Nobody is on call by it yet: set {CALENDAR_PREFIX}{end_of(name)} to the calendar's address."
            yield ("schedules", name, "calendar"), message, None
        elif section.is_fetched and (settings.calendar_address(name) or "").casefold().startswith("http://"):
            message = "Its address begins with http://, so whoever is on the way could read it. Use https://."
            yield ("schedules", name, "calendar"), message, None
        if not section.calendar and not section.layers:
            yield ("schedules", name), NOBODY.format(name=name), None
    for end in sorted({each.upper() for each in settings.calendars} - ends):
        message = "No schedule of that name has calendar = true, so it does nothing. Mend one of the two."
        yield ("calendars", end.casefold()), message, None
