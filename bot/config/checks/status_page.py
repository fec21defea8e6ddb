"""Checks of `[status]`: names that fit together, files that exist, colours that can be read."""

import os
from collections.abc import Iterator
from pathlib import Path

from bot.config.problems import Conflict, KeyPath
from bot.config.sections.status_page import StatusPageSection
from bot.config.settings import Settings
from bot.domain.errors import did_you_mean

LOGO_TYPES = (".svg", ".png")
WHITE, BLACK = "#ffffff", "#161b22"
READABLE_CONTRAST = 4.5
"""Ratio of luminance that WCAG asks for."""


def find_status_page_conflicts(settings: Settings) -> Iterator[Conflict]:
    page = settings.status
    if page is None:
        if settings.public_port is not None:
            yield ("public_port",), "There is no status page to serve. Add [status] with a title.", settings.public_port
        return
    if settings.public_port is not None and settings.public_port == settings.port != 0:
        yield ("public_port",), "DOGWATCH_PORT has the same number. Use another port.", settings.public_port
    if len({*page.languages}) != len(page.languages):
        yield ("status", "languages"), "A language is named twice. Name each once.", ", ".join(page.languages)
    if page.approval_urgent and not page.approval:
        message = "Updates need no approval, so none is urgent. Set approval, or leave this out."
        yield ("status", "approval_urgent"), message, page.approval_urgent
    yield from _find_component_conflicts(settings, page)
    yield from _find_name_conflicts(page)
    if page.logo is not None and settings.status_path(page.logo).suffix.casefold() not in LOGO_TYPES:
        yield ("status", "logo"), "This is not a picture for the page. Use an SVG or PNG file.", page.logo
    yield from _find_subscriber_conflicts(page)
    if page.folder is not None and (held := _find_private_file(settings, settings.status_path(page.folder))):
        message = f"Everything in this folder is public, and {held} is in it. Use a folder of its own."
        yield ("status", "folder"), message, page.folder


def _find_private_file(settings: Settings, folder: Path) -> Path | None:
    """A file or folder of Dogwatch inside the folder that a static host publishes."""
    private = (settings.config_path, settings.sqlite_path, settings.kept_files_folder)
    public = folder.resolve()
    return next((each for each in private if each is not None and each.resolve().is_relative_to(public)), None)


def _find_subscriber_conflicts(page: StatusPageSection) -> Iterator[Conflict]:
    if page.subscribers.webhooks and not page.subscribers.email:
        message = "A webhook is confirmed by e-mail. Set email = true, too."
        yield ("status", "subscribers", "webhooks"), message, page.subscribers.webhooks
    keys = list(page.components)
    for name, channel in page.subscribers.channels.items():
        place = ("status", "subscribers", "channels", name)
        if channel.language is not None and channel.language not in page.languages:
            message = f"The page is not in this language. Add it to [status] languages: {', '.join(page.languages)}."
            yield (*place, "language"), message, channel.language
        for index, key in enumerate(channel.components):
            if key not in keys:
                message = f"The page has no such component.{did_you_mean(key, keys)} Components: {', '.join(keys)}."
                yield (*place, "components", index), message, key


def _find_component_conflicts(settings: Settings, page: StatusPageSection) -> Iterator[Conflict]:
    groups, services = list(page.groups), list(settings.services)
    for key, component in page.components.items():
        if component.group is not None and component.group not in groups:
            guess = did_you_mean(component.group, groups)
            message = (
                f"There is no group of this name.{guess} Add [status.groups.{component.group}], or correct the name."
            )
            yield ("status", "components", key, "group"), message, component.group
        for index, service in enumerate(component.services):
            # Without [services] a component may name any service, as an alert's labels do.
            if services and service not in services:
                guess = did_you_mean(service, services)
                message = f"There is no service of this name.{guess} Add [services.{service}], or correct the name."
                yield ("status", "components", key, "services", index), message, service


def _find_name_conflicts(page: StatusPageSection) -> Iterator[Conflict]:
    """Find names in a language that the page does not have."""
    named: list[tuple[KeyPath, str]] = []
    for table, sections in (("groups", page.groups), ("components", page.components)):
        named += [
            (("status", table, key, "names", code), code) for key, each in sections.items() for code in each.names
        ]
    for path, code in named:
        if code not in page.languages:
            message = f"The page is not in this language. Add it to [status] languages: {', '.join(page.languages)}."
            yield path, message, code


def find_status_page_doubts(settings: Settings) -> Iterator[Conflict]:
    page = settings.status
    if page is None:
        return
    if page.url is None and settings.public_url is None:
        message = "Feeds need the page's public address. Set url, or DOGWATCH_PUBLIC_URL."
        yield ("status", "url"), message, None
    for key, color, paper in (("color", page.color, WHITE), ("dark_color", page.dark_color, BLACK)):
        if color is not None and contrast(color, paper) < READABLE_CONTRAST:
            shade = "darker" if paper == WHITE else "lighter"
            yield ("status", key), f"Links in this colour are hard to read. Use a {shade} one.", color
    if page.logo is not None and not settings.status_path(page.logo).is_file():
        yield (
            ("status", "logo"),
            "There is no such file, so the page shows its title alone. Correct the path.",
            page.logo,
        )
    if page.folder is not None and (problem := find_folder_problem(settings.status_path(page.folder))):
        yield ("status", "folder"), problem, page.folder
    if len(page.approvers) == 1:
        message = "Nobody can approve the updates of this person. Add a second one."
        yield ("status", "approval"), message, page.approvers[0]
    if page.subscribers.email and (settings.paging.email.host is None or settings.paging.email.sender is None):
        message = "Nobody can subscribe: e-mail is not set up. Add host and from to [paging.email]."
        yield ("status", "subscribers", "email"), message, None
    if not page.components:
        yield ("status", "components"), "The page has no components. Add [status.components.NAME].", None


def find_folder_problem(folder: Path) -> str:
    """The reason why the page's folder cannot be written, or empty. A missing folder is made."""
    nearest = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not nearest.is_dir():
        return f"{nearest} is a file, so the page cannot be kept there. Correct the path."
    if not os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
        return f"{nearest} cannot be written, so the files stay as they are. Give it to the user that runs Dogwatch."
    if (folder / "index.html").exists() and not (folder / ".dogwatch").exists():
        return "It holds another site, whose index.html Dogwatch would replace. Use an empty folder."
    return ""


def contrast(first: str, second: str) -> float:
    """The contrast of two colours by WCAG, 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
