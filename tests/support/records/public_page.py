"""The public page as a reader opens it, and what is behind it."""

import asyncio

from bot.domain.status_page.publication import PublishedIncident
from bot.domain.status_page.state import PublicState
from bot.services.status_page.load_state import load_public_state
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import PATIENCE, World


async def load_state(world: World) -> PublicState:
    return await world.bot.database.read(load_public_state, world.bot.settings, world.now)


async def load_only_incident(world: World) -> PublishedIncident:
    (found,) = (await load_state(world)).incidents
    return found


async def opens_until(world: World, path: str, words: str, **headers: str) -> Answer:
    """Open a page until a change is visible: rendering follows the commit by itself."""
    async with asyncio.timeout(PATIENCE), Visitor(world) as reader:
        while True:
            answer = await reader.opens(path, **headers)
            if words in answer.words:
                return answer
            await asyncio.sleep(0.01)
