"""A server that takes signed requests and does nothing with them: `python -m bench.harness.sink` prints its port."""

import asyncio
import os
import signal
import sys

from aiohttp import web
from slack_sdk.signature import SignatureVerifier


async def main(secret: str) -> None:
    verifier = SignatureVerifier(secret)

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        headers = request.headers
        is_valid = verifier.is_valid(
            body=body, timestamp=headers["X-Slack-Request-Timestamp"], signature=headers["X-Slack-Signature"]
        )
        return web.Response(status=200 if is_valid else 401)

    site = web.Application()
    site.add_routes([web.post("/slack/events", take)])
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
    asyncio.run(main(os.environ["BENCH_SECRET"]))
