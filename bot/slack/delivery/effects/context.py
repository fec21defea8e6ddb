"""What every effect needs, and how a lost answer is looked up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlmodel import Session

from bot.config import Settings
from bot.runtime.clock import Clock
from bot.runtime.metrics import SENT_AGAIN
from bot.slack.api.client import Gateway, Refused
from bot.slack.api.pacing import Pacer
from bot.slack.blocks.message import Message
from bot.store import outbox
from bot.store.database.session import Database
from bot.store.incidents import incidents
from bot.store.outbox import Claim

METADATA_EVENT = "dogwatch_row"
SKEW = timedelta(minutes=5)
"""How far Slack's clock and ours may be apart when something is looked for by its time."""
PAGE_SIZE = 200


T = TypeVar("T")


class NotReady(Exception):
    """The bot does not know its own workspace yet: nothing can be sent."""


class OfLaterRelease(Exception):
    """A kind of row that this release does not know: a replica of the one that queued it can send it."""


def known(installation: incidents.Installation | None) -> incidents.Installation:
    """Raises NotReady as long as Slack has not told who the bot is."""
    if installation is None or not installation.bot_user_id:
        raise NotReady
    return installation


def channel_of(incident: incidents.Incident) -> str:
    """Raises ValueError if it has none: lanes that need it are closed until it exists."""
    if incident.channel_id is None:
        raise ValueError(f"{incident.reference} has no channel")
    return incident.channel_id


def _seen(session: Session, incident_id: int, look: Callable[[Session, int], T]) -> tuple[incidents.Incident, T]:
    return incidents.get(session, incident_id), look(session, incident_id)


@dataclass(frozen=True, slots=True)
class Tools:
    """
    `settings` is asked each time, because an operator may load a new configuration. `pacer`: None where the clock is
    moved by hand, and posts leave when it says.
    """

    database: Database
    gateway: Gateway
    clock: Clock
    settings: Callable[[], Settings]
    pacer: Pacer | None = None

    async def installation(self) -> incidents.Installation:
        return known(await self.database.read(incidents.installation))

    async def incident(self, incident_id: int | None) -> incidents.Incident:
        if incident_id is None:
            raise ValueError("the row names no incident")
        return await self.database.read(incidents.get, incident_id)

    async def seen(self, incident_id: int | None, look: Callable[[Session, int], T]) -> tuple[incidents.Incident, T]:
        """The incident, and what `look` finds given its id: at one moment, by one way to the database."""
        if incident_id is None:
            raise ValueError("the row names no incident")
        return await self.database.read(_seen, incident_id, look)

    async def channel_of(self, incident_id: int | None) -> str:
        """The incident's channel. Lanes that need it are closed until it exists."""
        return channel_of(await self.incident(incident_id))

    async def post(self, claim: Claim, channel: str, message: Message, *, thread_ts: str | None = None) -> str:
        """
        Post a message that carries the row's UUID; after an unknown outcome look first whether it is there.

        Returns the message's ts. Raises the gateway's errors.
        """
        if claim.is_unknown:
            found = await self.find_post(claim, channel, thread_ts)
            if found is not None:
                return found
        if self.pacer is not None:
            await self.pacer.wait(channel)
        answer = await self.gateway.call(
            "chat.postMessage",
            channel=channel,
            thread_ts=thread_ts,
            metadata={"event_type": METADATA_EVENT, "event_payload": {"id": claim.row.uuid}},
            **message.arguments(),
        )
        if self.pacer is not None:
            self.pacer.arrived(channel)
        return str(answer["ts"])

    async def find_post(self, claim: Claim, channel: str, thread_ts: str | None) -> str | None:
        """
        The message of a row whose answer was lost, by the UUID in its metadata.

        None if it is not there, or if the channel cannot be read: then it is sent again and counted, because a doubled
        page is better than a lost one.
        """
        since = (claim.row.first_attempt_at or claim.row.created_at) - SKEW
        arguments: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{since.timestamp():.6f}",
            "include_all_metadata": True,
            "limit": PAGE_SIZE,
        }
        method = "conversations.history"
        if thread_ts:
            method, arguments["ts"] = "conversations.replies", thread_ts
        cursor: str | None = None
        while True:
            try:
                answer = await self.gateway.call(method, **arguments, cursor=cursor)
            except Refused:
                SENT_AGAIN.labels(claim.row.what).inc()
                return None
            for message in answer.get("messages", []):
                metadata = message.get("metadata") or {}
                if (metadata.get("event_payload") or {}).get("id") == claim.row.uuid:
                    return str(message["ts"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                return None

    async def save_progress(self, claim: Claim, **achieved: Any) -> None:
        """Keep what a row of several calls has achieved, so that it goes on from there. Raises LostLease."""
        await self.database.run(outbox.save_progress, claim, achieved)

    def now(self) -> datetime:
        return self.clock.now()
