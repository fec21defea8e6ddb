"""
Pages as a signed POST to any address.

`docs/oncall/contact-methods.md` documents the payload and how to verify the signature.

The signature covers timestamp and body, so that neither can be changed and an old request cannot be replayed.
"""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.config import Settings
from bot.config.environment_settings import secret_alternatives
from bot.notifiers.http import post
from bot.notifiers.outcome import PermanentFailure, Sent
from bot.notifiers.wording import headline
from bot.services.paging.content import EscalationText, PageText

TIMESTAMP_HEADER, SIGNATURE_HEADER = "X-Dogwatch-Timestamp", "X-Dogwatch-Signature"


async def send(
    session: aiohttp.ClientSession, page: PageText, url: str, settings: Settings, *, message_id: str, real_now: datetime
) -> Sent:
    """
    POST the page.

    `real_now`: wall-clock time for the signature, which the receiver compares with its own clock.

    Raises PermanentFailure and TemporaryFailure.
    """
    secrets = secret_alternatives(settings.webhook_secret)
    if not secrets:
        raise PermanentFailure("Webhooks are not sent without a signature. Set DOGWATCH_WEBHOOK_SECRET.")
    body = json.dumps(build_payload(page, message_id)).encode()
    timestamp = str(int(real_now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "dogwatch",
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: sign(secrets[0], timestamp, body),
    }
    await post(session, url, body, headers, to="The webhook")
    return Sent(message_id)


def target_url(settings: Settings, service: str, address: str) -> str:
    """
    URL of a configured service or, where `service` is empty, a person's own `address`.

    Raises PermanentFailure if the configuration does not allow it.
    """
    paging = settings.paging.webhook
    if service:
        url = paging.services.get(service)
        if url is None:
            raise PermanentFailure(f"The webhook {service} is not set up. Add it to [paging.webhook.services].")
        return url
    parts = urlsplit(address)
    if parts.scheme != "https" or parts.hostname not in {each.casefold() for each in paging.hosts}:
        raise PermanentFailure("The webhook's host is not allowed. Add it to hosts in [paging.webhook].")
    return address


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=` and the hex HMAC-SHA256 of `<timestamp>.<body>`; `timestamp` is in Unix seconds."""
    return "v1=" + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def build_payload(page: PageText, message_id: str) -> dict[str, Any]:
    """The JSON body. `id` is the same at each try."""
    return {
        "id": message_id,
        "type": "page",
        "for": page.name,
        "headline": headline(page, 300),
        "calls": [_call_fields(each) for each in page.calls],
    }


def _call_fields(call: EscalationText) -> dict[str, Any]:
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
