"""Renderings of the page Now that viewers share who see the same incidents in the same zone."""

import asyncio
from datetime import tzinfo
from time import monotonic

from bot.config.reloading import Configuration
from bot.runtime.clock import Clock
from bot.services.web_pages.now import NowPage, load_now_page
from bot.store.database.session import Database
from bot.store.incidents.visibility import Visibility
from bot.templating.render import render_template
from bot.web.live.changes import LiveChanges
from bot.web.pages.now.now_view import template_values
from bot.web.pages.resources import head_values

SHARED_SECONDS = 5.0
MAX_SHARED = 200

Key = tuple[str, Visibility, str]


class NowPages:
    """Loads the page Now, and renders its content once for all open pages that show the same."""

    def __init__(self, database: Database, configuration: Configuration, clock: Clock, changes: LiveChanges) -> None:
        self._database = database
        self._configuration = configuration
        self._clock = clock
        self._changes = changes
        self._shared: dict[Key, tuple[int, float, asyncio.Task[str]]] = {}

    async def load(self, visibility: Visibility, zone: tzinfo) -> NowPage:
        settings, now = self._configuration.current, self._clock.now()
        return await self._database.read_large(load_now_page, settings, visibility, zone, now)

    async def render(self, template: str, visibility: Visibility, zone: tzinfo) -> str:
        """
        The content of the page, without a frame.

        It is at most SHARED_SECONDS old, and newer than the last change that open pages were told.
        """
        key, now = (template, visibility, str(zone)), monotonic()
        generation, began, task = self._shared.get(key, (-1, 0.0, None))
        is_fresh = generation == self._changes.generation and now - began < SHARED_SECONDS
        if task is None or not is_fresh or not self._changes.pages or _has_failed(task):
            if len(self._shared) >= MAX_SHARED:
                self._shared.clear()
            task = asyncio.create_task(self._render(template, visibility, zone))
            self._shared[key] = (self._changes.generation, now, task)
        return await asyncio.shield(task)

    async def _render(self, template: str, visibility: Visibility, zone: tzinfo) -> str:
        page = await self.load(visibility, zone)
        values = {"is_part": True, **head_values(self._configuration.current), **template_values(page)}
        return await asyncio.to_thread(render_template, f"web/{template}.html.j2", values)


def _has_failed(task: asyncio.Task[str]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
