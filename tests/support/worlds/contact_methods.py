"""A world with servers for contact methods other than Slack."""

import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

import aiohttp
from sqlmodel import Session, select

from bot.app import Dogwatch
from bot.notifiers.outcome import Timeouts
from bot.services import outbox
from bot.services.paging.addresses import Address, store_address
from bot.store.escalation import escalations
from bot.store.escalation.contacts import Contact
from bot.store.escalation.pages import Page
from bot.store.incidents import incidents
from tests.support.servers.paging_servers import (
    PASSWORD,
    USER,
    MailServer,
    Ntfy,
    Opsgenie,
    PagerDuty,
    Receiver,
    certificate,
)
from tests.support.worlds.world import World

SECRET = "the-secret-of-the-webhooks-0123"
PAGERDUTY_SECRET = "the-secret-of-pagerduty-0123456"
OPSGENIE_SECRET = "the-secret-of-opsgenie-0123456"
MAIL = "dba@example.test"


class ContactMethodWorld(World):
    """`async with ContactMethodWorld(...)`: starts the servers, then the bot configured for them."""

    def __init__(
        self,
        database_url: str,
        folder: Path,
        check: Any = lambda *_: True,
        *,
        timeouts: Timeouts | None = None,
        config: str = "",
    ) -> None:
        super().__init__(database_url, folder, config=config)
        self._timeouts = timeouts
        cert_file, context = certificate(folder, "localhost")
        self._cert_file = cert_file
        self.mail = MailServer(context)
        self.pagerduty, self.opsgenie, self.receiver = PagerDuty(), Opsgenie(), Receiver(check)
        self.ntfy = Ntfy()
        self._servers = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for each in (self.mail, self.pagerduty, self.opsgenie, self.ntfy, self.receiver):
            await self._servers.enter_async_context(each)
        config = self._config
        self._config = f"""
[paging.email]
host = "localhost"
port = {self.mail.port}
user = "{USER}"
from = "Dogwatch <dogwatch@example.test>"
ca_file = "{self._cert_file.name}"
[paging.ntfy]
url = "{self.ntfy.url}"
[paging.pagerduty]
services = ["payments"]
url = "{self.pagerduty.url}"
[paging.opsgenie]
services = ["eu-west"]
url = "{self.opsgenie.url}"
[paging.webhook.services]
bridge = "{self.receiver.url}/pages"
[paging.apprise.services]
push = "Push"
{config}
"""
        await super().__aenter__()
        return self

    async def __aexit__(self, *problem: object) -> None:
        await super().__aexit__(*problem)
        await self._servers.aclose()

    async def link_in_mail(self) -> str:
        """The path of the button's link in the newest mail."""
        text = self.mail.took[-1].get_body(("plain",)).get_content()
        [path] = re.findall(r"Acknowledge: http\S+?(/ack/\S+)", text)
        return path

    async def acknowledged_by(self) -> list[str | None]:
        """Who acknowledged each escalation."""
        return [each["acknowledged_by_id"] for each in (await self.exported())["escalations"]]

    def new_bot(self) -> Dogwatch:
        return Dogwatch(self.settings(), clock=self.clock, page_timeouts=self._timeouts)

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            "DOGWATCH_SMTP_PASSWORD": PASSWORD,
            "DOGWATCH_NTFY_TOKEN": Ntfy.TOKEN,
            "DOGWATCH_PAGERDUTY_KEY_PAYMENTS": PagerDuty.KEY,
            "DOGWATCH_OPSGENIE_KEY_EU_WEST": Opsgenie.KEY,
            "DOGWATCH_WEBHOOK_SECRET": SECRET,
            "DOGWATCH_PAGERDUTY_WEBHOOK_SECRET": PAGERDUTY_SECRET,
            "DOGWATCH_OPSGENIE_WEBHOOK_SECRET": OPSGENIE_SECRET,
            "DOGWATCH_APPRISE_PUSH": f"json://user:a-very-secret-token@127.0.0.1:{self.receiver.port}/{{to}}",
        }

    async def calls(
        self, method: str, *, user: str = "dba", address: str = "", text: str = "the pool is full", settles: bool = True
    ) -> int:
        """Escalate to somebody, and page them by this means beside Slack; returns the page's id."""
        await self.types("oncall", f"/incident escalate @{user} {text}")
        return await self.pages_by(method, user=f"U0{user.upper()}", address=address, settles=settles)

    async def pages_by(self, method: str, *, user: str = "U0DBA", address: str = "", settles: bool = True) -> int:
        """One more page of the newest escalation; without a `user` it is to a service."""
        settings, at = self.bot.settings, self.now

        def add(session: Session) -> int:
            row = session.exec(select(escalations.Escalation)).all()[-1]
            incident = incidents.get(session, row.incident_id)
            contact = None
            if address:
                contact = Contact(team_id=incident.team_id, user_id=user, position=1, method=method, created_at=at)
                store_address(settings, contact, Address(address, "…"))
                session.add(contact)
                session.flush()
            page = Page(
                escalation_id=row.key,
                user_id=user,
                method=method,
                ordinal=0,
                queued_at=at,
                contact_id=contact.id if contact else None,
            )
            session.add(page)
            session.flush()
            outbox.page_contact_method(session, incident, at, method, user, page_ids=[page.id or 0])
            return page.id or 0

        page_id = await self.bot.database.run(add)
        if settles:
            await self.settle()
        return page_id

    async def page(self, page_id: int) -> Page:
        return await self.bot.database.read(lambda session: session.get_one(Page, page_id))


async def request(world: ContactMethodWorld, method: str, path: str, **more: Any) -> tuple[int, str, Any]:
    """Status, text and headers of an answer; a redirect is followed, as a browser does."""
    async with aiohttp.ClientSession() as http, http.request(method, f"{world.url}{path}", **more) as got:
        text, status, headers = await got.text(), got.status, got.headers
    await world.settle()
    return status, text, headers
