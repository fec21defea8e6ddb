"""
A world for stories: real bot, real database, local Slack over HTTP, simulated clock.

Time stands still until a story moves it. `settle` waits until nothing is under way and nothing is due; `advance` goes
from due row to due row. Nothing sleeps for luck.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import aiohttp
from sqlmodel import SQLModel, select

from bot.app import Dogwatch
from bot.config import Settings, load
from bot.runtime.clock import ManualClock
from bot.sandbox.server import Sandbox
from bot.sandbox.workspace import messages
from bot.sandbox.workspace.records import Message
from bot.services.postmortem.findings import find_in_record
from bot.services.postmortem.load_record import load_record
from bot.store.incidents import incidents
from bot.store.shared.audit import AuditRow
from tests.support.servers import prepared_databases as ready

MONDAY = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
TOKEN = "alert-token-of-the-tests"
PATIENCE = 60.0
"""Seconds until a test gives up. Only what never comes takes them; the machines that run this are shared, and slow."""
ANSWERED_WITHIN = 15.0
"""Seconds that this Slack waits for an answer. Slack's own three are held to where they are what is tested."""
EVERYTHING = timedelta(minutes=2)
"""Long enough for all that a step of a story sends, at a message a second and channel."""


class World:
    """`async with World(...)`: stops everything at the end, and fails on a failed payload."""

    def __init__(
        self,
        database_url: str,
        folder: Path,
        *,
        config: str = "",
        start: datetime = MONDAY,
        answered_within: float = ANSWERED_WITHIN,
    ) -> None:
        self.clock = ManualClock(start)
        self.sandbox = Sandbox(clock=self.clock, answer_seconds=answered_within)
        self.folder = folder
        self._url = database_url
        self._config = config
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        ready.lay(self._url)
        await self.sandbox.start()
        self.bot = self.new_bot()
        await self.bot.start()
        self.sandbox.deliver_by_http(f"{self.url}/slack/events")
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http is not None:
            await self._http.close()
        await self.bot.stop()
        await self.sandbox.stop()

    def environment(self) -> dict[str, str]:
        """Environment of the bot, and of commands beside it."""
        config = self.folder / "dogwatch.toml"
        config.write_text(self._config)
        return {
            "SLACK_BOT_TOKEN": self.sandbox.bot_token,
            "SLACK_SIGNING_SECRET": self.sandbox.signing_secret,
            "SLACK_API_URL": self.sandbox.api_url,
            "SLACK_CLIENT_ID": self.sandbox.openid.client_id,
            "SLACK_CLIENT_SECRET": self.sandbox.openid.client_secret,
            "DATABASE_URL": self._url,
            "DOGWATCH_PORT": "0",
            "DOGWATCH_ALERT_TOKEN": TOKEN,
            "DOGWATCH_SECRET_KEY": "a secret key that is long enough for tests",
            "DOGWATCH_CONFIG": str(config),
        }

    def new_bot(self) -> Dogwatch:
        return Dogwatch(self.settings(), clock=self.clock)

    def settings(self) -> Settings:
        return load(self.environment())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.bot.port}"

    @property
    def now(self) -> datetime:
        return self.clock.now()

    async def restart(self) -> None:
        """Stop the bot in order and start it again on the same database."""
        await self.bot.stop()
        await self.starts()

    async def starts(self) -> None:
        """Start a bot on the same database; the one before has stopped."""
        self.bot = self.new_bot()
        await self.bot.start()
        self.sandbox.deliver_by_http(f"{self.url}/slack/events")

    async def settle(self) -> None:
        """Wait until no request is open, nothing is being sent, and nothing is due now."""
        async with asyncio.timeout(PATIENCE):
            while not (self.sandbox.settled() and await self.bot.is_settled() and self.sandbox.settled()):
                await asyncio.sleep(0.005)

    async def advance_to(self, moment: datetime) -> None:
        while True:
            await self.settle()
            due = await self.bot.next_due()
            if due is None or due > moment:
                break
            self.clock.move_to(max(due, self.now))
        self.clock.move_to(moment)
        await self.settle()

    async def advance(self, **length: float) -> None:
        """`advance(minutes=5)`: carry out whatever falls due until then."""
        await self.advance_to(self.now + timedelta(**length))

    async def finish(self) -> None:
        """Let all that is queued go out, without advancing to the next timer if possible."""
        await self.advance_to(self.now + EVERYTHING)

    async def types(self, user: str, text: str, channel: str | None = None) -> str:
        """Type a command; returns the reply, which may come late on a busy machine."""
        where = channel or self.channel
        known = len(self.sandbox.ephemerals(user, where))
        answer = await self.sandbox.command(user, where, text)
        assert answer.ok, answer
        await self.settle()
        later = self.sandbox.ephemerals(user, where)[known:]
        return answer.text or "".join(each["text"] for each in later[-1:])

    async def declares(self, text: str = "checkout is down", *, user: str = "oncall", channel: str = "ops") -> str:
        """Open an incident and let its channel be set up; returns the channel's name."""
        answer = await self.types(user, f"/incident start {text}", channel)
        assert "Declared" in answer, answer
        await self.finish()
        return self.channel

    async def says(self, user: str, text: str, **more: Any) -> str:
        ts: str = self.sandbox.say(user, self.channel, text, **more)
        await self.settle()
        return ts

    async def reacts(self, user: str, ts: str, emoji: str, *, channel: str | None = None) -> None:
        self.sandbox.react(user, channel or self.channel, ts, emoji)
        await self.settle()

    async def unreacts(self, user: str, ts: str, emoji: str, *, channel: str | None = None) -> None:
        self.sandbox.unreact(user, channel or self.channel, ts, emoji)
        await self.settle()

    async def edits(self, user: str, ts: str, text: str) -> None:
        self.sandbox.edit(user, self.channel, ts, text)
        await self.settle()

    async def deletes(self, user: str, ts: str) -> None:
        self.sandbox.delete(user, self.channel, ts)
        await self.settle()

    def says_app(self, *, text: str = "", **parts: Any) -> str:
        """Post as another app: `blocks`, `attachments`; by a webhook, so without a user."""
        place = self.sandbox.workspace.channels[self.sandbox.channel(self.channel)["id"]]
        message = Message(
            self.sandbox.workspace.new_ts(self.now),
            "",
            text,
            subtype="bot_message",
            bot_id="B0MONITOR",
            username="Watchtower",
            **parts,
        )
        return messages.post(self.sandbox.workspace, place, message).ts

    def is_confirmed(self, ts: str, channel: str | None = None) -> bool:
        """True if the bot's reaction is on the message."""
        message = self.sandbox.message(channel or self.channel, ts)
        assert message is not None
        found = [each for each in message.get("reactions", []) if each["name"] == "writing_hand"]
        return any("U0DOGWATCH" in each["users"] for each in found)

    async def presses(self, user: str, action_id: str, *, channel: str | None = None, nth: int = -1) -> Any:
        """Press the button of that action, in the newest message that has it (or the `nth`)."""
        where = channel or self.channel
        found = [each for each in self.sandbox.messages(where, user) if action_id in action_ids(each)]
        assert found, f"no button {action_id} in {where}"
        answer = await self.sandbox.click(user, where, found[nth]["ts"], action_id)
        await self.settle()
        return answer

    async def chooses(self, user: str, name: str, *, channel: str | None = None) -> Any:
        """Press a button of the card's *More…*, such as `do_impact`."""
        await self.presses(user, "incident_more", channel=channel)
        answer = await self.sandbox.click_view(user, self.sandbox.views(user)[-1]["id"], name, None)
        await self.settle()
        return answer

    async def submits(self, user: str, **values: Any) -> Any:
        """Fill in the form that the person has open, once it is loaded, and send it."""
        await self.settle()
        answer = await self.sandbox.submit_view(user, self.sandbox.views(user)[-1]["id"], values)
        await self.settle()
        return answer

    async def posts(
        self, source: str, payload: Any, *, token: str | None = TOKEN, authorization: str | None = None
    ) -> tuple[int, Any]:
        """Send what a monitor sends, JSON or bytes (also piece by piece); returns status and answer."""
        assert self._http is not None
        proof = authorization or (f"Bearer {token}" if token else None)
        headers = {"Content-Type": "application/json"} | ({"Authorization": proof} if proof else {})
        is_body = isinstance(payload, bytes | BytesIO | AsyncIterable)
        body = payload if is_body else BytesIO(json.dumps(payload).encode())
        async with self._http.post(f"{self.url}/alerts/{source}", headers=headers, data=body) as got:
            answer = await got.json()
            status = got.status
        await self.settle()
        return status, answer

    async def gets(self, path: str) -> tuple[int, str]:
        """Ask one of the bot's own pages; returns status and text."""
        assert self._http is not None
        async with self._http.get(f"{self.url}{path}") as got:
            return got.status, await got.text()

    @property
    def channel(self) -> str:
        """The newest incident's channel."""
        found = self.channels
        assert found, "no incident has a channel"
        return found[-1]

    @property
    def channels(self) -> list[str]:
        """The incidents' channels, in the order of their numbers."""
        names = [each.get("name", "") for each in self.sandbox.channels()]  # a conversation of two has none
        return sorted(
            (name for name in names if re.match(r"(inc|drill)-\d+", name)), key=lambda name: int(name.split("-")[1])
        )

    def texts(self, channel: str | None = None, *, by: str = "U0DOGWATCH") -> list[str]:
        """Texts of messages in a channel, without joins and topics."""
        return [
            rendered(message)
            for message in self.sandbox.messages(channel or self.channel)
            if message.get("user") == by and not message.get("subtype")
        ]

    def card(self, channel: str | None = None) -> str:
        """The pinned card as people read it."""
        pinned = self.sandbox.pins(channel or self.channel)
        assert len(pinned) == 1, pinned
        return rendered(pinned[0])

    async def tables(self) -> dict[str, list[str]]:
        """Every row of the database, without those that only detect repeated deliveries."""

        def read(session: Any) -> dict[str, list[str]]:
            tables = [each for each in SQLModel.metadata.sorted_tables if each.name != "delivery"]
            return {each.name: sorted(map(str, session.execute(each.select()))) for each in tables}

        return await self.bot.database.read(read)

    async def exported(self, reference: str = "INC-1") -> dict[str, Any]:
        """`incident.json` of an incident."""

        from bot.export.json import incident_json

        def read(session: Any) -> dict[str, Any]:
            row = incidents.find_by_reference(session, None, reference)
            whole = load_record(session, self.bot.settings, row.key)
            return incident_json(whole, find_in_record(self.bot.settings, whole))

        return await self.bot.database.read(read)

    async def stored(self) -> str:
        """Every value of every table, to look for what must not be there."""

        def read(session: Any) -> str:
            tables = SQLModel.metadata.sorted_tables
            return "\n".join(str(row) for each in tables for row in session.execute(each.select()))

        return await self.bot.database.read(read)

    async def audited(self) -> list[tuple[str | None, str]]:
        """Actor and action of each audit row, in order."""

        def read(session: Any) -> list[tuple[str | None, str]]:
            rows = session.exec(select(AuditRow)).all()
            return [(row.user_id, row.action) for row in sorted(rows, key=lambda row: row.id)]

        return await self.bot.database.read(read)

    async def timeline(self, reference: str = "INC-1") -> list[dict[str, Any]]:
        """The standing entries of an incident, in order."""
        whole = await self.exported(reference)
        return [entry for entry in whole["timeline"] if entry["withdrawn_at"] is None]


def action_ids(message: dict[str, Any]) -> set[str]:
    return {
        element["action_id"]
        for block in message.get("blocks") or []
        for element in [*(block.get("elements") or []), *([block["accessory"]] if "accessory" in block else [])]
        if "action_id" in element
    }


def rendered(message: dict[str, Any]) -> str:
    """The words of a message with blocks, buttons included; of one without, its text."""
    words: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("text"), str):
                words.append(value["text"])
            for key, each in value.items():
                if key in {"text", "fields", "elements", "accessory"} and not isinstance(each, str):
                    walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(message.get("blocks") or [])
    return "\n".join(words) if words else str(message.get("text", ""))
