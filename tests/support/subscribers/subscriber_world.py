"""A world with a status page that takes subscribers, a real mail server and a receiver of webhooks."""

import hashlib
import hmac
import re
import time
from collections import Counter
from contextlib import AsyncExitStack
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from sqlmodel import Session, select

from bot.app import Dogwatch
from bot.config.crypto import encrypt_text
from bot.notifiers.outcome import Timeouts
from bot.services.status_page.subscriptions import address_key
from bot.store.outbox import OutboxRow
from bot.store.subscribers import Subscriber
from tests.support.servers.paging_servers import PASSWORD, USER, MailServer, Service, certificate
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import World

READER = "reader@example.test"


class Subscribed(Service):
    """A receiver of notices, whose secrets are known once they are confirmed."""

    def __init__(self) -> None:
        super().__init__()
        self.secret = ""
        self.took: list[dict[str, Any]] = []

    async def take(self, request: web.Request, body: bytes) -> web.Response:
        stamp = request.headers["X-Dogwatch-Timestamp"]
        assert abs(time.time() - int(stamp)) < 300
        signed = hmac.new(self.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        assert request.headers["X-Dogwatch-Signature"] == f"v1={signed}", "the signature"
        self.took.append(await request.json())
        return web.Response()


class HangingMailServer(MailServer):
    """Takes `hangs_at` mails, and then answers nothing until it is None again."""

    hangs_at: int | None = None

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:
        self.hangs = self.hangs_at is not None and len(self.took) >= self.hangs_at
        return await super().handle_DATA(server, session, envelope)


class SubscriberWorld(World):
    def __init__(self, database_url: str, folder: Path, *, config: str = "", **more: Any) -> None:
        super().__init__(database_url, folder, config=config, **more)
        cert_file, context = certificate(folder, "localhost")
        self._cert_file = cert_file
        self.mail, self.receiver = HangingMailServer(context), Subscribed()
        self._servers = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for each in (self.mail, self.receiver):
            await self._servers.enter_async_context(each)
        self._config += f"""
[status.subscribers]
email = true
webhooks = true
proxies = 1
private_hosts = ["127.0.0.1"]
[status.subscribers.channels.ops]
language = "fr"
components = ["online"]
[paging.email]
host = "localhost"
port = {self.mail.port}
user = "{USER}"
from = "Dogwatch <dogwatch@example.test>"
ca_file = "{self._cert_file.name}"
"""
        await super().__aenter__()
        return self

    async def __aexit__(self, *problem: object) -> None:
        await super().__aexit__(*problem)
        await self._servers.aclose()

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "DOGWATCH_SMTP_PASSWORD": PASSWORD, "DOGWATCH_STOP_SECONDS": "1"}

    def new_bot(self) -> Dogwatch:
        timeouts = Timeouts(step=5.0, total=5.0, request=5.0)
        return Dogwatch(self.settings(), clock=self.clock, page_timeouts=timeouts, lease=timedelta(seconds=3))

    def subjects(self, address: str = READER) -> list[str]:
        return [str(each["Subject"]) for each in self.mail.took if each["To"] == address]

    def counts(self) -> Counter[str]:
        """Notices by address."""
        return Counter(str(each["To"]) for each in self.mail.took if each["List-Unsubscribe"])

    async def asks(self, address: str = READER, **fields: str) -> Answer:
        """Send the form of the page."""
        async with Visitor(self) as reader:
            answer = await reader.sends("/status/subscribe", origin=None, email=address, **fields)
        await self.settle()
        return answer

    async def subscribes(self, address: str = READER, **fields: str) -> Answer:
        """Send the form, and confirm by the link in the mail. Returns the last page."""
        assert (await self.asks(address, **fields)).status == 200
        [path] = re.findall(r"https://status\.example\.test(/subscribe/confirm/\S+)", plain_text(self.mail.took[-1]))
        async with Visitor(self) as reader:
            return await reader.sends(f"/status{path}", origin=None)

    async def has_subscribers(self, addresses: list[str]) -> None:
        """Subscribers who confirmed long ago."""
        settings, at = self.bot.settings, self.now - timedelta(days=1)

        def add(session: Session) -> None:
            for each in addresses:
                key = address_key(settings, f"email {each}")
                session.add(
                    Subscriber(
                        kind="email",
                        address_key=key,
                        address_encrypted=encrypt_text(settings, each, about=f"subscriber {key}"),
                        leave_key=key[:32],
                        language="en",
                        components=[],
                        confirmed_at=at,
                    )
                )

        await self.bot.database.run(add)

    async def subscribers(self) -> list[Subscriber]:
        return await self.bot.database.read(lambda session: list(session.exec(select(Subscriber))))

    async def rows(self, kind: str) -> list[OutboxRow]:
        def read(session: Session) -> list[OutboxRow]:
            return list(session.exec(select(OutboxRow).where(OutboxRow.kind == kind)))

        return await self.bot.database.read(read)


def plain_text(mail: EmailMessage) -> str:
    """Its words as plain text."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
