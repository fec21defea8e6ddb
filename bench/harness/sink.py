"""A server that takes signed requests and does nothing with them: `python -m bench.harness.sink` prints its port."""

import asyncio
import os

from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from bench.harness.server import serve


async def main(secret: str) -> None:
    verifier = SignatureVerifier(secret)

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        headers = request.headers
        is_valid = verifier.is_valid(
            body=body, timestamp=headers["X-Slack-Request-Timestamp"], signature=headers["X-Slack-Signature"]
        )
        return web.Response(status=200 if is_valid else 401)

    await serve(web.post("/slack/events", take))


if __name__ == "__main__":
    asyncio.run(main(os.environ["BENCH_SECRET"]))
