"""
A page as a signed POST to any address: `docs/paging.md` says what is in it, and how whoever takes it checks it.

The signature is over the time and the bytes of the body, so that neither can be changed nor sent again much later.
"""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.config import Settings
from bot.config.settings import values_of
from bot.notifiers import wording as words
from bot.notifiers.http import post
from bot.notifiers.outcome import Refused, Sent
from bot.services.paging.content import CallText, PageText

TIME, SIGNATURE = "X-Dogwatch-Timestamp", "X-Dogwatch-Signature"


async def send(
    session: aiohttp.ClientSession, page: PageText, url: str, settings: Settings, *, message_id: str, real_now: datetime
) -> Sent:
    """`real_now`: whoever checks the signature has a clock, too. Raises Refused and Away."""
    secrets = values_of(settings.webhook_secret)
    if not secrets:
        raise Refused("Webhooks are only sent signed, and DOGWATCH_WEBHOOK_SECRET is not set.")
    body = json.dumps(told(page, message_id)).encode()
    stamp = str(int(real_now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "dogwatch",
        TIME: stamp,
        SIGNATURE: signature(secrets[0], stamp, body),
    }
    await post(session, url, body, headers, to="The webhook")
    return Sent(message_id)


def address_for(settings: Settings, service: str, address: str) -> str:
    """Of a service of the configuration, or a person's own. Raises Refused where it is not allowed any more."""
    paging = settings.paging.webhook
    if service:
        found = paging.services.get(service)
        if found is None:
            raise Refused(f"The webhook {service} is not set up: it is not in [paging.webhook.services].")
        return found
    parts = urlsplit(address)
    if parts.scheme != "https" or parts.hostname not in {each.casefold() for each in paging.hosts}:
        raise Refused("The webhook's host is not among the hosts in [paging.webhook].")
    return address


def signature(secret: str, stamp: str, body: bytes) -> str:
    """`v1=` and HMAC-SHA256 of `<time>.<body>` in hex; the time is in seconds since 1970."""
    return "v1=" + hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def told(page: PageText, message_id: str) -> dict[str, Any]:
    """`id` is the same however often it is sent."""
    return {
        "id": message_id,
        "type": "page",
        "for": page.name,
        "headline": words.headline(page, 300),
        "calls": [_call(each) for each in page.calls],
    }


def _call(call: CallText) -> dict[str, Any]:
    return {
        "reference": call.reference,
        "title": call.title or None,
        "severity": call.severity.value,
        "status": call.status_label,
        "target": call.target,
        "reason": call.reason or None,
        "asked_by": call.asked_by,
        "level": call.level or None,
        "paged_at": call.paged_at.isoformat(),
        "is_drill": call.is_drill,
        "acknowledge_url": call.acknowledge_url,
        "record_url": call.page_url,
        "channel_url": call.channel_url,
    }
