"""
Pages as push notifications, published as JSON to an ntfy server.

https://docs.ntfy.sh/publish/#publish-as-json
The notification's button acknowledges. ntfy recognises no repetition: after a lost answer a page may come twice.
"""

import json
from collections.abc import Iterator
from typing import Any

import aiohttp

from bot.config import Settings
from bot.notifiers.http import post
from bot.notifiers.outcome import PermanentFailure, Sent
from bot.notifiers.wording import full_text, headline
from bot.services.paging.content import EscalationText, PageText

URGENT = 5
"""The highest priority: rings and vibrates, and may break through a telephone's silence."""
MAX_TITLE, MAX_MESSAGE = 200, 1_200
"""Characters. ntfy makes a file of a message of more than 4,096 bytes."""
MAX_ACTIONS = 3
"""ntfy's limit of buttons."""


async def send(session: aiohttp.ClientSession, page: PageText, topic: str, settings: Settings) -> Sent:
    """Publish the page. Raises PermanentFailure and TemporaryFailure."""
    url = settings.paging.ntfy.url
    if url is None:
        raise PermanentFailure("ntfy is not set up. Add its url to [paging.ntfy].")
    headers = {"Content-Type": "application/json", "User-Agent": "dogwatch"}
    if settings.ntfy_token is not None:
        headers["Authorization"] = f"Bearer {settings.ntfy_token.get_secret_value()}"
    await post(session, url, json.dumps(build_notification(page, topic)).encode(), headers, to="ntfy")
    return Sent()


def build_notification(page: PageText, topic: str) -> dict[str, Any]:
    """
    The JSON body.

    A touch opens the page that acknowledges; of several incidents that of the first.
    """
    text = full_text(page)
    return {
        "topic": topic,
        "title": headline(page, MAX_TITLE),
        "message": text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1].rstrip() + "…",
        "priority": URGENT,
        "tags": ["rotating_light"],
        "click": page.first.acknowledge_url,
        "actions": list(_actions(page))[:MAX_ACTIONS],
    }


def _actions(page: PageText) -> Iterator[dict[str, Any]]:
    for call in page.calls:
        yield _acknowledge_action(call, f"Acknowledge {call.reference}" if page.is_several else "Acknowledge")
    if page.first.channel_url and not page.is_several:
        yield {"action": "view", "label": "Open channel", "url": page.first.channel_url}


def _acknowledge_action(call: EscalationText, label: str) -> dict[str, Any]:
    """A request by the telephone; the notification goes once the bot has taken it."""
    return {
        "action": "http",
        "label": label,
        "url": call.acknowledge_url,
        "method": "POST",
        "headers": {"Accept": "application/json"},
        "clear": True,
    }
