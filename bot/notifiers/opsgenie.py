"""
Opsgenie's alert API: https://docs.opsgenie.com/docs/alert-api

One alias is one open alert, so a repeated request is harmless. Opsgenie answers 202 before it has done anything.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import quote

import aiohttp

from bot.config import Settings
from bot.domain.terms import Severity
from bot.notifiers.http import post
from bot.notifiers.outcome import PermanentFailure, Sent
from bot.notifiers.wording import full_text, headline
from bot.services.paging.content import PageText

PRIORITY = {Severity.SEV1: "P1", Severity.SEV2: "P2", Severity.SEV3: "P3", Severity.SEV4: "P4"}
MAX_MESSAGE, MAX_DESCRIPTION = 130, 15_000
SOURCE = "Dogwatch"


class Action(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    CLOSE = "close"


async def send(session: aiohttp.ClientSession, page: PageText, service: str, settings: Settings) -> Sent:
    """Create the alert. Raises PermanentFailure and TemporaryFailure."""
    await _request(session, service, settings, "", build_alert(page))
    return Sent(page.key)


async def update_alert(
    session: aiohttp.ClientSession, key: str, service: str, settings: Settings, action: Action
) -> None:
    """Acknowledge or close the alert. Raises PermanentFailure and TemporaryFailure."""
    path = f"/{quote(key, safe='')}/{action}?identifierType=alias"
    await _request(session, service, settings, path, {"source": SOURCE, "note": "By Dogwatch."})


def build_alert(page: PageText) -> dict[str, Any]:
    details = {"reference": page.first.reference, "severity": page.first.severity_label}
    if page.first.page_url:
        details["record"] = page.first.page_url
    if page.first.channel_url:
        details["channel"] = page.first.channel_url
    return {
        "message": headline(page, MAX_MESSAGE),
        "alias": page.key,
        "description": full_text(page)[:MAX_DESCRIPTION],
        "details": details,
        "entity": page.first.reference,
        "source": SOURCE,
        "priority": PRIORITY[page.worst],
    }


async def _request(
    session: aiohttp.ClientSession, service: str, settings: Settings, path: str, body: Mapping[str, Any]
) -> None:
    key = settings.opsgenie_key(service)
    if key is None or service not in settings.paging.opsgenie.services:
        raise PermanentFailure(
            f"The Opsgenie service {service} is not set up. Add it to [paging.opsgenie], and set its key."
        )
    headers = {"Content-Type": "application/json", "Authorization": f"GenieKey {key}", "User-Agent": "dogwatch"}
    url = f"{settings.paging.opsgenie.url}/v2/alerts{path}"
    await post(session, url, json.dumps(body).encode(), headers, to="Opsgenie")
