"""A stream of server-sent events, as a browser reads it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from tests.support.worlds.visitor import Visitor

SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Event:
    """`name` is `closed` at the end of the stream."""

    name: str
    id: str = ""
    data: str = ""


class Stream:
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.text = ""
        self._lines = response.content

    async def next(self) -> Event:
        """The next event, or the end."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(SECONDS):
            async for line in self._lines:
                self.text += line.decode()
                name, _, value = line.decode().rstrip("\n").partition(":")
                if name:
                    fields[name] = value.strip()
                elif "event" in fields:
                    return Event(fields["event"], fields.get("id", ""), fields.get("data", ""))
                else:
                    fields = {}
        return Event("closed")


@asynccontextmanager
async def stream_of(visitor: Visitor, path: str, *, last_id: str = "") -> AsyncIterator[Stream]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    async with visitor.http.get(f"{visitor.world.url}{path}", headers=headers) as response:
        yield Stream(response)
