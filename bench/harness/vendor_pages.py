"""Status pages of many vendors in one process: each look finds another time of change, and the same incidents."""

import asyncio
import json
import socket
from datetime import UTC, datetime, timedelta

from aiohttp import web

INCIDENTS = 50
"""As many as Statuspage lists, all over."""
UPDATES = 4
WORDS = "Some payments in the region fail, and we look into it with the teams that run the gateway. " * 3
STAMP = "STAMP"


def page_text() -> str:
    """The answer of `/api/v2/incidents.json`, with STAMP where the time of the last change is."""
    first = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
    incidents = []
    for number in range(INCIDENTS):
        times = [(first - timedelta(days=number, minutes=-20 * step)).isoformat() for step in range(UPDATES)]
        states = ("investigating", "identified", "monitoring", "resolved")
        incidents.append(
            {
                "id": f"incident{number}",
                "name": f"Payments fail in region {number}",
                "status": "resolved",
                "impact": "minor",
                "shortlink": f"https://status.example.test/{number}",
                "created_at": times[0],
                "started_at": times[0],
                "updated_at": times[-1],
                "resolved_at": times[-1],
                "components": [{"id": "c", "name": "EU payments", "status": "operational"}],
                "incident_updates": [
                    {
                        "id": f"update{number}-{step}",
                        "status": states[step],
                        "body": f"{WORDS} {number} {step}",
                        "created_at": at,
                        "display_at": at,
                        "updated_at": at,
                    }
                    for step, at in enumerate(times)
                ],
            }
        )
    page = {"id": "page", "name": "A vendor", "url": "https://status.example.test", "updated_at": STAMP}
    return json.dumps({"page": page, "incidents": incidents})


async def serve() -> None:
    """Print the port; `/count` has the number of requests and of bytes."""
    text = page_text()
    count = {"requests": 0, "bytes": 0}

    async def answer(_: web.Request) -> web.Response:
        body = text.replace(STAMP, datetime.now(UTC).isoformat()).encode()
        count["requests"] += 1
        count["bytes"] += len(body)
        return web.Response(body=body, content_type="application/json")

    async def counted(_: web.Request) -> web.Response:
        return web.json_response(count)

    site = web.Application()
    site.router.add_get("/count", counted)
    site.router.add_get("/api/v2/incidents.json", answer)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    door = socket.create_server(("0.0.0.0", 0))
    await web.SockSite(runner, door).start()
    print(door.getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
