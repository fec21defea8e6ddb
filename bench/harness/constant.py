"""A server whose one answer is a constant of a given size: `python -m bench.harness.constant 5000` prints its port."""

import asyncio
import signal
import sys

from aiohttp import web


async def main(size: int) -> None:
    body = b"x" * size

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="text/html")

    site = web.Application()
    site.add_routes([web.get("/status/en/", answer)])
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    await end.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
