"""Merge the search index in the background, in small steps behind people's transactions."""

import asyncio
from datetime import timedelta

from bot.engine.periodic import run_periodically
from bot.store.database.session import Database
from bot.store.incidents.search.index_parts import merge_parts, set_options

INTERVAL = timedelta(minutes=1)
PAUSE_SECONDS = 0.25
"""Between two steps."""


class IndexMerge:
    """
    `run_forever` merges each minute, on real time; `merge` once.

    `merge` ends when nothing is left to merge. Nothing to do on PostgreSQL.
    """

    def __init__(self, database: Database, *, pause: float = PAUSE_SECONDS) -> None:
        self._database = database
        self._pause = pause

    async def run_forever(self) -> None:
        if self._database.dialect == "sqlite":
            await self._database.run_low_priority(set_options)
            await run_periodically("search index", self.merge, first=INTERVAL, pause=INTERVAL)

    async def merge(self) -> None:
        has_more = True
        while has_more:
            has_more = await self._database.run_low_priority(merge_parts)
            await asyncio.sleep(self._pause)
