"""Many alerts at once, as monitors send them."""

import asyncio
from collections.abc import Iterable
from typing import Any

import aiohttp

from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.world import TOKEN, World

SERVICES = ("payments", "search", "checkout", "mail", "login", "api", "web", "db", "cache", "queue", "cdn", "auth")


def one_of_many(world: World, number: int, *, ended: bool = False, **labels: str) -> dict[str, Any]:
    """Alert `number`, in a group of its own, of one of twelve services."""
    began = world.began
    named = {"service": SERVICES[number % len(SERVICES)], "severity": "warning", "instance": f"web-{number}", **labels}
    alert = an_alert(f"High{number}", at=began, ended=world.now if ended else None, **named)
    return a_notification(alert, group=f"group {number}")


class Monitors:
    """Client with several connections. Responses are kept in no order."""

    def __init__(self, *urls: str, at_once: int = 16) -> None:
        self._urls = urls
        self._at_once = asyncio.Semaphore(at_once)

    async def send(self, payloads: Iterable[Any]) -> list[tuple[int, dict[str, Any]]]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with aiohttp.ClientSession(headers=headers) as http:

            async def one(number: int, payload: Any) -> tuple[int, dict[str, Any]]:
                url = f"{self._urls[number % len(self._urls)]}/alerts/alertmanager"
                async with self._at_once, http.post(url, json=payload) as answer:
                    return answer.status, await answer.json()

            return await asyncio.gather(*(one(number, payload) for number, payload in enumerate(payloads)))
