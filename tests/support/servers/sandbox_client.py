"""
The sandbox from outside: a process of its own, and its methods over HTTP.

`SandboxClient` has the methods of `bot.sandbox.server.Sandbox` that its control API offers, all of them coroutines,
with the same names and arguments; an `Answer` comes as a dict.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.workspace.records import SlackError


class SandboxClient:
    """`info`: the sandbox's description (`api_url`, `bot_token`, …); keys are attributes, too."""

    def __init__(self, info: dict[str, str], process: asyncio.subprocess.Process | None = None) -> None:
        self.info = info
        self.process = process
        self.session = aiohttp.ClientSession()

    def __getattr__(self, name: str) -> Any:
        if name in self.info:
            return self.info[name]

        async def call(**args: Any) -> Any:
            return await self.call(name, args)

        return call

    async def call(self, method: str, args: dict[str, Any]) -> Any:
        """Raises SlackError for a refusal."""
        async with self.session.post(f"{self.info['base_url']}/control/{method}", json=args) as response:
            answer = await response.json()
        if not answer["ok"]:
            raise SlackError(answer["error"], [answer["detail"]])
        return answer["result"]

    async def close(self) -> None:
        await self.session.close()


@asynccontextmanager
async def spawned_sandbox(*arguments: str, state: Path | None = None) -> AsyncIterator[SandboxClient]:
    """Run `python -m bot.sandbox` until the block ends, then expect a clean exit."""
    command = [sys.executable, "-m", "bot.sandbox", "--print-json", *arguments]
    if state:
        command += ["--state", str(state)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    client = SandboxClient(json.loads(await process.stdout.readline()), process)
    try:
        yield client
    finally:
        await client.close()
        if process.returncode is None:
            process.terminate()
        assert await asyncio.wait_for(process.wait(), 10) == 0


def web_client(sandbox: Any, token: str | None = None) -> AsyncWebClient:
    """The official client, pointed at the sandbox. It does not try again by itself."""
    return AsyncWebClient(token=token or sandbox.bot_token, base_url=sandbox.api_url, retry_handlers=[])


async def eventually(condition: Callable[[], object], timeout: float = 5.0) -> None:  # noqa: ASYNC109
    """For what happens outside the sandbox, which therefore cannot wake `wait_until`."""
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.01)
