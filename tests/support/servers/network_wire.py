"""A proxy between the bot and PostgreSQL that can drop the answer to a commit."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

BEGIN, COMMIT = b"BEGIN", b"COMMIT"


@dataclass
class Call:
    """A connection. `is_meant`: has the chosen transaction; `is_cut`: drop its commit's answer."""

    is_meant: bool = False
    is_cut: bool = False


class Wire:
    """
    `async with Wire(port) as wire`: forwards `wire.port` to the server's `port`.

    `lose_answer_to(words)`: the next transaction that sends those words is committed, and its answer never arrives.
    """

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._words: bytes | None = None
        self._calls: set[asyncio.Task[None]] = set()
        self.lost = 0

    async def __aenter__(self) -> Self:
        self._listening = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = int(self._listening.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listening.close()
        calls = [*self._calls]
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    def lose_answer_to(self, words: str) -> None:
        self._words = words.encode()

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        call = Call()
        ways = [
            asyncio.create_task(self._forth(reader, server_writer, call)),
            asyncio.create_task(self._back(server_reader, writer, call)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for stream in (writer, server_writer):
                stream.close()
                with suppress(OSError):
                    await stream.wait_closed()

    async def _forth(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, call: Call) -> None:
        while data := await reader.read(65536):
            if BEGIN in data:
                call.is_meant = False
            call.is_meant = call.is_meant or (self._words is not None and self._words in data)
            if call.is_meant and COMMIT in data:
                self._words = None
                self.lost += 1
                call.is_cut = True
            server.write(data)
            await server.drain()

    async def _back(self, server: asyncio.StreamReader, writer: asyncio.StreamWriter, call: Call) -> None:
        while data := await server.read(65536):
            if call.is_cut and COMMIT in data:
                return
            writer.write(data)
            await writer.drain()
