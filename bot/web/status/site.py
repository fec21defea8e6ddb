"""The files of the status page, rendered once per change."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from bot.config import Settings
from bot.domain.resources import resource_path
from bot.domain.status_page.page import PageFrame
from bot.domain.status_page.state import PublicState
from bot.lazy_dataclass import dataclass
from bot.lazy_loader import LazyModule
from bot.templating.render import render_template
from bot.web.status.site_file import SiteFile

if TYPE_CHECKING:
    from bot.export.status_page import badge, feeds, history_json, maintenance_calendar, statuspage_json
    from bot.web.status import view
else:
    badge, feeds = LazyModule("bot.export.status_page.badge"), LazyModule("bot.export.status_page.feeds")
    history_json = LazyModule("bot.export.status_page.history_json")
    maintenance_calendar = LazyModule("bot.export.status_page.maintenance_calendar")
    statuspage_json = LazyModule("bot.export.status_page.statuspage_json")
    view = LazyModule("bot.web.status.view")

INDEX = "index.html"
SCRIPT = "zone.js"
"""Shows times in the visitor's zone. The page is complete without it."""
SUBSCRIBE = "subscribe.html"
FROM_ABOVE, FROM_INSIDE = "status/", ""
"""Where relative links of the first page lead: at the address `/status`, and at one with a slash at its end."""


@dataclass(frozen=True, slots=True)
class Site:
    """All files by path; `entrances`: the first page by language and root."""

    files: Mapping[str, SiteFile]
    entrances: Mapping[tuple[str, str], SiteFile]
    languages: tuple[str, ...]


def build_frame(settings: Settings) -> PageFrame:
    """The frame of the configured page. Raises ValueError without one."""
    page = settings.status
    if page is None:
        raise ValueError("no status page is configured")
    form_url = settings.subscription_url if page.subscribers.url else ""
    return PageFrame(
        page.title,
        settings.status_url,
        page.languages,
        tuple(page.links.items()),
        page.color,
        page.dark_color,
        form_url,
        page.subscribers.email,
        page.subscribers.webhooks,
    )


def build_site(settings: Settings, state: PublicState, *, stale_since: datetime | None = None) -> Site:
    """
    Render everything.

    `stale_since`: the database is away, and since when the page may be wrong.
    """
    frame = build_frame(settings)
    files: dict[str, SiteFile] = {}
    logo = _read_logo(settings)
    entrances: dict[tuple[str, str], SiteFile] = {}
    for code in frame.languages:
        renderer = _Renderer(view.StatusView(state, frame, code, stale_since), logo)
        pages = dict(renderer.render_pages())
        files |= pages
        entrances |= {
            (code, root): SiteFile(INDEX, renderer.render_current(root)) for root in (FROM_ABOVE, FROM_INSIDE)
        }
        files |= dict(_write_data(state, frame, code, f"{code}/"))
        files |= dict(_write_component_feeds(state, frame, code))
    files |= dict(_write_data(state, frame, frame.default_language, ""))
    files[INDEX] = entrances[frame.default_language, FROM_INSIDE]
    files["style.css"] = SiteFile("style.css", _write_stylesheet(frame))
    files[SCRIPT] = SiteFile(SCRIPT, (resource_path("templates") / "status" / SCRIPT).read_bytes())
    if logo is not None:
        files[logo.name] = logo
    for each in (*files.values(), *entrances.values()):
        _ = each.etag, each.packed
    return Site(files, entrances, frame.languages)


class _Renderer:
    """The HTML pages in one language."""

    def __init__(self, view: "view.StatusView", logo: SiteFile | None) -> None:
        self._view = view
        self._code = view.language.code
        self._logo = logo.name if logo else ""

    def render_pages(self) -> Iterator[tuple[str, SiteFile]]:
        view = self._view
        yield self._file(f"{self._code}/{INDEX}", self.render_current("../"))
        for incident in view.state.incidents:
            path = f"incidents/{incident.public_id}.html"
            values = {"incident": view.incident_values(incident)}
            yield self._file(f"{self._code}/{path}", self._render("incident", "../../", path, values))
        for maintenance in view.state.maintenances:
            path = f"maintenance/{maintenance.public_id}.html"
            values = {"maintenance": view.maintenance_values(maintenance)}
            yield self._file(f"{self._code}/{path}", self._render("maintenance", "../../", path, values))
        for place, (month, _) in enumerate(view.state.months):
            path = f"history/{month:%Y-%m}.html"
            yield self._file(f"{self._code}/{path}", self._render("history", "../../", path, view.month_values(place)))
        if view.frame.takes_subscribers:
            values = view.subscribe_values()
            yield self._file(f"{self._code}/{SUBSCRIBE}", self._render("subscribe", "../", SUBSCRIBE, values))

    def render_current(self, root: str) -> bytes:
        return self._render("current", root, "", self._view.current_values())

    def _render(self, template: str, root: str, path: str, values: Mapping[str, object]) -> bytes:
        frame = {**self._view.frame_values(root=root, path=path), "logo": self._logo}
        return render_template(f"status/{template}.html.j2", {**frame, **values}).encode()

    def _file(self, name: str, body: bytes) -> tuple[str, SiteFile]:
        return name, SiteFile(name, body)


def _write_data(state: PublicState, frame: PageFrame, code: str, folder: str) -> Iterator[tuple[str, SiteFile]]:
    entries = feeds.FeedWriter(state, frame, code)
    found = {
        "feed.atom": entries.write_atom(),
        "feed.rss": entries.write_rss(),
        "history.json": history_json.HistoryWriter(state, frame, code).write_history(),
        "maintenance.ics": maintenance_calendar.CalendarWriter(state, frame, code).write_calendar(),
        "badge.svg": badge.render_badge(state, frame, code),
    }
    documents = statuspage_json.StatuspageWriter(state, frame, code).write_files()
    found |= {f"api/v2/{name}": body for name, body in documents.items()}
    for name, body in found.items():
        yield f"{folder}{name}", SiteFile(name, body)


def _write_component_feeds(state: PublicState, frame: PageFrame, code: str) -> Iterator[tuple[str, SiteFile]]:
    for component in state.components:
        entries = feeds.FeedWriter(state, frame, code, component)
        for kind, body in (("atom", entries.write_atom()), ("rss", entries.write_rss())):
            name = f"{code}/components/{component.key}.{kind}"
            yield name, SiteFile(name, body)


def _write_stylesheet(frame: PageFrame) -> bytes:
    """The design tokens of all pages, the styles of this one, and its colours."""
    folder = resource_path("templates")
    tokens = (folder / "web" / "style.css").read_text().partition("* {")[0]
    own = (folder / "status" / "style.css").read_text()
    light = f":root {{ --link: {frame.color} }}\n" if frame.color else ""
    dark = (
        f"@media (prefers-color-scheme: dark) {{ :root {{ --link: {frame.dark_color or '#7cb7ff'} }} }}\n"
        if frame.color or frame.dark_color
        else ""
    )
    return f"{tokens}{own}{light}{dark}".encode()


def _read_logo(settings: Settings) -> SiteFile | None:
    """The logo; None if there is none, or it cannot be read."""
    name = settings.status.logo if settings.status else None
    if name is None:
        return None
    path = settings.status_path(name)
    try:
        return SiteFile(f"logo{path.suffix.casefold()}", path.read_bytes())
    except OSError:
        return None
