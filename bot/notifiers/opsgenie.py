"""
Opsgenie's alerts: https://docs.opsgenie.com/docs/alert-api

The alias is one open alert, so a repeated request is harmless. Opsgenie answers before it has done anything (202).
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import quote

import aiohttp

from bot.config import Settings
from bot.domain.terms import Severity
from bot.notifiers import wording as words
from bot.notifiers.http import post
from bot.notifiers.outcome import Refused, Sent
from bot.services.paging.content import PageText

PRIORITY = {Severity.SEV1: "P1", Severity.SEV2: "P2", Severity.SEV3: "P3", Severity.SEV4: "P4"}
LONGEST_MESSAGE, LONGEST_DESCRIPTION = 130, 15_000
SOURCE = "Dogwatch"


class Act(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    CLOSE = "close"


async def send(session: aiohttp.ClientSession, page: PageText, service: str, settings: Settings) -> Sent:
    """Raises Refused and Away."""
    await _call(session, service, settings, "", alert(page))
    return Sent(page.key)


async def settle(session: aiohttp.ClientSession, key: str, service: str, settings: Settings, act: Act) -> None:
    """Somebody answered elsewhere, or nobody is needed any more. Raises Refused and Away."""
    path = f"/{quote(key, safe='')}/{act}?identifierType=alias"
    await _call(session, service, settings, path, {"source": SOURCE, "note": "By Dogwatch."})


def alert(page: PageText) -> dict[str, Any]:
    details = {"reference": page.first.reference, "severity": page.first.severity_label}
    if page.first.page_url:
        details["record"] = page.first.page_url
    if page.first.channel_url:
        details["channel"] = page.first.channel_url
    return {
        "message": words.headline(page, LONGEST_MESSAGE),
        "alias": page.key,
        "description": words.full(page)[:LONGEST_DESCRIPTION],
        "details": details,
        "entity": page.first.reference,
        "source": SOURCE,
        "priority": PRIORITY[page.worst],
    }


async def _call(
    session: aiohttp.ClientSession, service: str, settings: Settings, path: str, body: Mapping[str, Any]
) -> None:
    key = settings.opsgenie_key(service)
    if key is None or service not in settings.paging.opsgenie.services:
        raise Refused(f"Opsgenie's service {service} is not set up: it is not in [paging.opsgenie], or has no key.")
    headers = {"Content-Type": "application/json", "Authorization": f"GenieKey {key}", "User-Agent": "dogwatch"}
    url = f"{settings.paging.opsgenie.url}/v2/alerts{path}"
    await post(session, url, json.dumps(body).encode(), headers, to="Opsgenie")
