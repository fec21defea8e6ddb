"""
PagerDuty's Events API v2.

https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
The dedup_key makes a repeated event harmless, so after a lost answer the event is sent again.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import aiohttp

from bot.config import Settings
from bot.domain.terms import Severity
from bot.notifiers.http import post
from bot.notifiers.outcome import PermanentFailure, Sent
from bot.notifiers.wording import full_text, headline
from bot.services.paging.content import PageText

SEVERITY = {Severity.SEV1: "critical", Severity.SEV2: "error", Severity.SEV3: "warning", Severity.SEV4: "info"}
MAX_SUMMARY = 1024
HEADERS = {"Content-Type": "application/json", "User-Agent": "dogwatch"}


class Event(StrEnum):
    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


async def send(session: aiohttp.ClientSession, page: PageText, service: str, settings: Settings) -> Sent:
    """Trigger the alert. Raises PermanentFailure and TemporaryFailure."""
    await _send_event(session, service, settings, Event.TRIGGER, page.key, build_trigger(page))
    return Sent(page.key)


async def update_alert(
    session: aiohttp.ClientSession, key: str, service: str, settings: Settings, event: Event
) -> None:
    """Acknowledge or resolve the alert. Raises PermanentFailure and TemporaryFailure."""
    await _send_event(session, service, settings, event, key, {})


def build_trigger(page: PageText) -> dict[str, Any]:
    """A trigger event without its routing key, action and dedup_key."""
    first = page.first
    urls = [(call.reference, "record", call.page_url) for call in page.calls]
    urls += [(call.reference, "channel", call.channel_url) for call in page.calls]
    links = [{"href": url, "text": f"{reference}: the {kind}"} for reference, kind, url in urls if url]
    return {
        "client": "Dogwatch",
        **({"client_url": first.page_url} if first.page_url else {}),
        "links": links,
        "payload": {
            "summary": headline(page, MAX_SUMMARY),
            "source": page.team_name or "Dogwatch",
            "severity": SEVERITY[page.worst],
            "timestamp": first.paged_at.isoformat(),
            "group": first.reference,
            "custom_details": {"page": full_text(page)},
        },
    }


async def _send_event(
    session: aiohttp.ClientSession, service: str, settings: Settings, event: Event, key: str, more: Mapping[str, Any]
) -> None:
    routing_key = settings.pagerduty_key(service)
    if routing_key is None or service not in settings.paging.pagerduty.services:
        raise PermanentFailure(
            f"The PagerDuty service {service} is not set up. Add it to [paging.pagerduty], and set its key."
        )
    body = {"routing_key": routing_key, "event_action": event, "dedup_key": key, **more}
    url = f"{settings.paging.pagerduty.url}/v2/enqueue"
    await post(session, url, json.dumps(body).encode(), HEADERS, to="PagerDuty")
