"""Serve one route from a process of its own: the port goes to standard output, SIGTERM ends it."""

import asyncio
import signal
import sys

from aiohttp import web


async def serve(route: web.RouteDef) -> None:
    site = web.Application()
    site.add_routes([route])
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    await end.wait()
    await runner.cleanup()
