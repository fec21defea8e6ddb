"""Dependencies of the effects, and the lookup of a post whose answer was lost."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlmodel import Session

from bot.config import Settings
from bot.lazy_dataclass import dataclass
from bot.runtime.clock import Clock
from bot.runtime.metrics import SENT_AGAIN
from bot.services.views.card import CardView, load_card_view
from bot.services.workspace.people import save_profile
from bot.slack.api.client import Gateway
from bot.slack.api.errors import RateLimited, SlackApiError
from bot.slack.api.pacing import Pacer
from bot.slack.api.payload_validation import ListCursors
from bot.slack.api.payloads import parse_user
from bot.slack.blocks.message import Message
from bot.slack.delivery.effects.early_calls import EarlyCalls
from bot.store import outbox
from bot.store.database.session import Database
from bot.store.database.transaction_state import transaction_state
from bot.store.incidents import incidents, installations
from bot.store.outbox import Claim, OutboxRow

METADATA_EVENT = "dogwatch_row"
SKEW = timedelta(minutes=5)
"""Largest difference between Slack's clock and ours in a search by time."""
PAGE_SIZE = 200
"""Items of one page of a list."""


T = TypeVar("T")


class NotReady(Exception):
    """The bot's own identity is not known yet: nothing can be sent."""


class UnknownOutboxKind(Exception):
    """Row of a later release, whose replica can send it."""


def require_installation(installation: installations.Installation | None) -> installations.Installation:
    """Raises NotReady until the bot's user id is known."""
    if installation is None or not installation.bot_user_id:
        raise NotReady
    return installation


def require_channel(incident: incidents.Incident) -> str:
    """Raises ValueError without a channel: lanes that need one are closed until it exists."""
    if incident.channel_id is None:
        raise ValueError(f"{incident.reference} has no channel")
    return incident.channel_id


def _load_with_incident(
    session: Session, incident_id: int, load: Callable[[Session, int], T]
) -> tuple[incidents.Incident, T]:
    return incidents.get(session, incident_id), load(session, incident_id)


@dataclass(frozen=True, slots=True)
class EffectContext:
    """
    `settings` returns the present configuration. `pacer`: None with a test's clock.

    Who writes a draft holds `draft_writing`: drafts of long records take much memory, and time that others wait for.
    """

    database: Database
    gateway: Gateway
    clock: Clock
    settings: Callable[[], Settings]
    pacer: Pacer | None = None
    early_calls: EarlyCalls = field(default_factory=EarlyCalls)
    incidents_channel_lookup: asyncio.Lock = field(default_factory=asyncio.Lock)
    draft_writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    interrupted_searches: dict[str, str] = field(default_factory=dict)
    """The cursors at which a rate limit interrupted searches, by search."""

    async def load(self, claim: Claim, load: "Load[T]") -> T:
        """Return what was loaded as the row was claimed, or load it now."""
        if claim.loaded is not None:
            loaded: T = claim.loaded.value
            return loaded
        return await self.database.read(lambda session: load(self, session, claim.row))

    def load_card(self, session: Session, incident_id: int) -> CardView:
        """The card's view, loaded once for all rows of a transaction that wrote before."""
        known: dict[int, CardView] = transaction_state(session).card_views
        if incident_id not in known:
            known[incident_id] = load_card_view(session, self.settings(), incident_id)
        return known[incident_id]

    async def read_installation(self) -> installations.Installation:
        return require_installation(await self.database.read(installations.find_installation))

    async def read_incident(self, incident_id: int | None) -> incidents.Incident:
        if incident_id is None:
            raise ValueError("the row names no incident")
        return await self.database.read(incidents.get, incident_id)

    async def read_with_incident(
        self, incident_id: int | None, load: Callable[[Session, int], T]
    ) -> tuple[incidents.Incident, T]:
        """Read the incident and the result of `load` in one transaction."""
        if incident_id is None:
            raise ValueError("the row names no incident")
        return await self.database.read(_load_with_incident, incident_id, load)

    async def read_channel(self, incident_id: int | None) -> str:
        """Raises ValueError without a channel."""
        return require_channel(await self.read_incident(incident_id))

    async def post(self, claim: Claim, channel: str, message: Message, *, thread_ts: str | None = None) -> str:
        """
        Post a message with the row's UUID, unless an earlier attempt did.

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
            self.pacer.record_answer(channel)
        return str(answer["ts"])

    async def find_post(self, claim: Claim, channel: str, thread_ts: str | None) -> str | None:
        """
        Find the ts of a post whose answer was lost, by the UUID in its metadata.

        None if there is none, or if the channel cannot be read: then it is posted and counted, because a duplicate page
        is better than a lost one.
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
        try:
            async for answer in self.pages(method, **arguments):
                for message in answer.get("messages", []):
                    metadata = message.get("metadata") or {}
                    if (metadata.get("event_payload") or {}).get("id") == claim.row.uuid:
                        return str(message["ts"])
        except SlackApiError:
            SENT_AGAIN.labels(claim.row.kind).inc()
        return None

    async def pages(self, method: str, *, search: str | None = None, **arguments: Any) -> AsyncIterator[dict[str, Any]]:
        """
        Iterate over the pages of a list method. Raises the gateway's errors.

        `search`: what the pages are searched for. If a rate limit interrupts it, the next attempt continues there: a
        list with more pages than Slack allows calls a minute would never end.
        """
        cursor = self.interrupted_searches.pop(search, None) if search else None
        cursors = ListCursors(method)
        while True:
            try:
                answer = await self.gateway.call(method, **arguments, cursor=cursor)
            except RateLimited:
                if search and cursor:
                    self.interrupted_searches[search] = cursor
                raise
            yield answer
            cursor = cursors.find_next(answer)
            if cursor is None:
                return

    async def save_progress(self, claim: Claim, **progress: Any) -> None:
        """Save the progress of a row of several calls, to resume from there. Raises LostLease."""
        await self.database.run(outbox.save_progress, claim, progress)

    async def fetch_profile(self, team_id: str, user_id: str) -> None:
        """Look up a person in Slack and save their profile. Raises the gateway's errors."""
        answer = await self.gateway.call("users.info", user=user_id)
        await self.database.run(save_profile, team_id, parse_user(answer["user"]), self.now())

    def now(self) -> datetime:
        return self.clock.now()


Load = Callable[[EffectContext, Session, OutboxRow], T]
"""Reads what an effect needs first."""


def load_incident(_context: EffectContext, session: Session, row: OutboxRow) -> incidents.Incident:
    """Raises ValueError for a row without an incident."""
    return incidents.get(session, incident_id_of(row))


def incident_id_of(row: OutboxRow) -> int:
    """Raises ValueError for a row without an incident."""
    if row.incident_id is None:
        raise ValueError("the row names no incident")
    return row.incident_id
