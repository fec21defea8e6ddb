"""A server whose one answer is a constant of a given size: `python -m bench.harness.constant 5000` prints its port."""

import asyncio
import sys

from aiohttp import web

from bench.harness.server import serve


async def main(size: int) -> None:
    body = b"x" * size

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="text/html")

    await serve(web.get("/status/en/", answer))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
