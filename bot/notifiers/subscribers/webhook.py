"""
Notices as a signed POST to addresses that readers gave.

The signature is that of pages by webhook, with a secret of each subscriber. A name is resolved by us, so that it cannot
lead into a private network; redirects are not followed.
"""

import json
import socket
from collections.abc import Collection
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from bot.domain.status_page.subscribers import Notice, SignUpRefused, check_webhook, is_private_address
from bot.notifiers.http import post
from bot.notifiers.outcome import PermanentFailure, TemporaryFailure
from bot.notifiers.subscribers.outcome import Result
from bot.notifiers.webhook import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from bot.services.status_page.notice_text import NoticeText

GONE = "(HTTP 410)"
SECONDS = 8.0


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses alone, but for the hosts that the operator allows."""

    def __init__(self, private_hosts: Collection[str], inner: AbstractResolver | None = None) -> None:
        self._private_hosts = private_hosts
        self._inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises OSError if no public address is left."""
        found = await self._inner.resolve(host, port, family)
        if host in self._private_hosts:
            return found
        public = [each for each in found if not is_private_address(each["host"])]
        if not public:
            raise OSError("the name leads into a private network")
        return public

    async def close(self) -> None:
        await self._inner.close()


def open_client(private_hosts: Collection[str]) -> aiohttp.ClientSession:
    """A client for one batch of webhooks."""
    connector = aiohttp.TCPConnector(force_close=True, resolver=PublicResolver(private_hosts), use_dns_cache=False)
    timeout = aiohttp.ClientTimeout(SECONDS)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout)


async def send_webhook(
    client: aiohttp.ClientSession,
    url: str,
    payload: dict[str, Any],
    secret: str,
    *,
    private_hosts: Collection[str],
    real_now: datetime,
) -> Result:
    """
    POST a notice.

    `real_now`: wall-clock time, which the receiver compares with its own clock.
    """
    try:
        check_webhook(url, private_hosts)
    except SignUpRefused:
        return Result.FAILED
    body = json.dumps(payload).encode()
    timestamp = str(int(real_now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "dogwatch",
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: sign(secret, timestamp, body),
    }
    try:
        await post(client, url, body, headers, to=f"The webhook at {urlsplit(url).hostname}")
    except TemporaryFailure:
        return Result.AGAIN
    except PermanentFailure as problem:
        return Result.ENDED if GONE in problem.message else Result.FAILED
    return Result.SENT


def build_payload(notice: Notice, text: NoticeText, message_id: str, leave_url: str) -> dict[str, Any]:
    """The JSON body. `id` is the same at each try."""
    return {
        "id": message_id,
        "type": "status",
        "reason": notice.kind.value,
        "page": text.page_title,
        "subject": "maintenance" if notice.period else "incident",
        "subject_id": notice.public_id,
        "title": text.title,
        "state": notice.state,
        "text": text.text or None,
        "language": text.text_language,
        "at": notice.at.isoformat(),
        "starts_at": notice.period[0].isoformat() if notice.period else None,
        "ends_at": notice.period[1].isoformat() if notice.period else None,
        "components": [
            {"id": key, "name": name, "state": each.state.value if each.state else None}
            for (key, each), (name, _) in zip(notice.components.items(), text.components, strict=True)
        ],
        "url": text.url,
        "unsubscribe_url": leave_url,
    }
