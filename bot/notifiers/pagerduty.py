"""
PagerDuty's Events API v2: https://developer.pagerduty.com/docs/events-api-v2/trigger-events/

The dedup_key makes a repeated event harmless, so a lost answer is simply followed by another try.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import aiohttp

from bot.config import Settings
from bot.domain.terms import Severity
from bot.notifiers import wording as words
from bot.notifiers.http import post
from bot.notifiers.outcome import Refused, Sent
from bot.services.paging.content import PageText

SEVERITY = {Severity.SEV1: "critical", Severity.SEV2: "error", Severity.SEV3: "warning", Severity.SEV4: "info"}
LONGEST_SUMMARY = 1024
SENT_AS = {"Content-Type": "application/json", "User-Agent": "dogwatch"}


class Event(StrEnum):
    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


async def send(session: aiohttp.ClientSession, page: PageText, service: str, settings: Settings) -> Sent:
    """Raises Refused and Away."""
    await _event(session, service, settings, Event.TRIGGER, page.key, trigger(page))
    return Sent(page.key)


async def settle(session: aiohttp.ClientSession, key: str, service: str, settings: Settings, event: Event) -> None:
    """Somebody answered elsewhere, or nobody is needed any more. Raises Refused and Away."""
    await _event(session, service, settings, event, key, {})


def trigger(page: PageText) -> dict[str, Any]:
    """What a trigger says beyond its key."""
    first = page.first
    places = [(call.reference, "record", call.page_url) for call in page.calls]
    places += [(call.reference, "channel", call.channel_url) for call in page.calls]
    links = [{"href": url, "text": f"{reference}: the {what}"} for reference, what, url in places if url]
    return {
        "client": "Dogwatch",
        **({"client_url": first.page_url} if first.page_url else {}),
        "links": links,
        "payload": {
            "summary": words.headline(page, LONGEST_SUMMARY),
            "source": page.team_name or "Dogwatch",
            "severity": SEVERITY[page.worst],
            "timestamp": first.paged_at.isoformat(),
            "group": first.reference,
            "custom_details": {"page": words.full(page)},
        },
    }


async def _event(
    session: aiohttp.ClientSession, service: str, settings: Settings, event: Event, key: str, more: Mapping[str, Any]
) -> None:
    routing_key = settings.pagerduty_key(service)
    if routing_key is None or service not in settings.paging.pagerduty.services:
        raise Refused(f"PagerDuty's service {service} is not set up: it is not in [paging.pagerduty], or has no key.")
    body = {"routing_key": routing_key, "event_action": event, "dedup_key": key, **more}
    url = f"{settings.paging.pagerduty.url}/v2/enqueue"
    await post(session, url, json.dumps(body).encode(), SENT_AS, to="PagerDuty")
