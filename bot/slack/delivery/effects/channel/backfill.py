"""
Reading a channel as it is, for what happened while nobody listened.

Page by page, the newest first, and each page's threads behind it. What a page brings is kept, and so is how far the
reading came: a look that Slack holds back, or that dies with its process, goes on from there.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session
from structlog import get_logger

from bot.config import Settings
from bot.services import outbox as tell
from bot.services.channel import backfill as catching_up
from bot.services.channel.backfill import EVERY, Mark, Seen, Snapshot
from bot.slack.api.client import Refused
from bot.slack.api.payloads import QUIET, Whose, said_of
from bot.slack.delivery.effects.context import PAGE_SIZE, Tools
from bot.store import outbox
from bot.store.incidents import incidents
from bot.store.incidents import transcript as stored
from bot.store.outbox import Claim, Done, Outcome

log = get_logger(__name__)

MOST_MESSAGES = 1_000
"""How far a look goes back that has no gap to close."""
UNCHANGED_THREADS = 3
"""Threads without new or deleted replies that such a look reads, of each page: others each time."""
AT_ONCE = 25
"""Messages and marks taken in with one transaction: people's commands wait for it."""
A_SECOND = timedelta(seconds=1)
"""As exactly as an answer says when it was given."""
NAMED = {"channel_name", "group_name"}
NOT_THERE = {"thread_not_found", "message_not_found"}
OUT_OF_REACH = {"channel_not_found", "not_in_channel", "is_archived"}


@dataclass(frozen=True, slots=True)
class _Page:
    """Messages of the channel itself, `oldest` being the first moment that they cover."""

    messages: list[dict[str, Any]]
    at: datetime
    oldest: str
    before: str | None
    is_last: bool


async def look(tools: Tools, claim: Claim) -> Outcome:
    """The channel's messages and threads into the transcript: all of them after a gap, else what is cheap."""
    incident = await tools.incident(claim.row.incident_id)
    installation = await tools.installation()
    whose = Whose(installation.bot_user_id, installation.bot_id)
    reading = _Reading(tools, claim, await tools.channel_of(claim.row.incident_id), whose)
    was_begun = bool(claim.row.progress)
    try:
        await reading.channel()
    except Refused as problem:
        if problem.error in OUT_OF_REACH and not incident.is_open:
            log.info("an incident's channel cannot be read any more", channel=reading.place, problem=problem.error)
            return Done()
        return outbox.Refused(f"{problem.method}: {problem.error}")
    if not was_begun:
        return Done()

    def apply(session: Session) -> None:
        """It took long, or was interrupted: what changed meanwhile in the part that was read first."""
        found = incidents.get(session, incident.key)
        if found.is_open:
            tell.look(session, found, tools.now())

    return Done(apply)


@dataclass
class _Reading:
    tools: Tools
    claim: Claim
    place: str
    whose: Whose

    @property
    def is_whole(self) -> bool:
        return bool(self.claim.row.details.get("whole"))

    async def channel(self) -> None:
        count = 0
        async for page in self._pages():
            known = await self.tools.database.read(
                stored.threads_in, self.claim.row.team_id, self.place, page.oldest, page.before
            )
            there = {str(each["ts"]): each for each in page.messages if each.get("reply_count")}
            await self._take_in(self._snapshot(page, threads=frozenset(known.keys() - there.keys())))
            for parent in self._threads_to_read(there, known, page.at):
                await self._thread(parent)
                await self.tools.save_progress(self.claim, thread=parent)
            count += len(page.messages)
            if page.is_last or (count >= MOST_MESSAGES and not self.is_whole):
                return
            named = self._name_in(page) is not None or self.claim.row.progress.get("named", False)
            await self.tools.save_progress(self.claim, before=page.oldest, thread=None, named=named)

    async def _pages(self) -> AsyncIterator[_Page]:
        before: str | None = self.claim.row.progress.get("before")
        while True:
            answer, at = await self._asked("conversations.history", channel=self.place, latest=before, limit=PAGE_SIZE)
            found = [each for each in answer.get("messages", []) if each.get("ts")]
            if not found:
                return
            oldest = min(str(each["ts"]) for each in found)
            is_last = not answer.get("has_more") or oldest == before
            # a plan that shows only the newest months hides what is older, it does not delete it
            covers_all = is_last and not answer.get("is_limited")
            yield _Page(found, at, "" if covers_all else oldest, before, is_last)
            if is_last:
                return
            before = oldest

    def _threads_to_read(
        self, there: dict[str, dict[str, Any]], known: dict[str, stored.Thread], at: datetime
    ) -> list[str]:
        """Newest first. After a gap all of them; else those that changed, and some others by turns."""
        done: str | None = self.claim.row.progress.get("thread")
        parents = sorted((ts for ts in there if done is None or ts < done), reverse=True)
        if self.is_whole:
            return parents
        changed = {ts for ts in parents if not _is_as_kept(there[ts], known.get(ts))}
        quiet = [ts for ts in parents if ts not in changed]
        rounds = -(-len(quiet) // UNCHANGED_THREADS) or 1
        turn = int(at.timestamp() // EVERY.total_seconds()) % rounds
        chosen = changed | set(quiet[turn::rounds])
        return [ts for ts in parents if ts in chosen]

    async def _thread(self, parent: str) -> None:
        began, cursor = self.tools.now(), None
        replies: list[dict[str, Any]] = []
        while True:
            try:
                answer, at = await self._asked(
                    "conversations.replies", channel=self.place, ts=parent, limit=PAGE_SIZE, cursor=cursor
                )
                began = min(began, at)
            except Refused as problem:
                if problem.error not in NOT_THERE:
                    raise
                answer = {}
            replies += [each for each in answer.get("messages", []) if each.get("ts") and each["ts"] != parent]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                break
        part = Snapshot(self.place, began, self._seen(replies), threads=frozenset({parent}))
        await self._take_in(part)

    async def _asked(self, method: str, **arguments: Any) -> tuple[dict[str, Any], datetime]:
        """
        An answer, and the moment whose state it shows.

        What is compared with it has Slack's times. Ours is taken only while it is behind: with a clock that is ahead
        what came later would seem to be of before, and to be gone.
        """
        began = self.tools.now()
        answer, answered = await self.tools.gateway.call_at(method, **arguments)
        return answer, began if answered is None else min(began, answered + A_SECOND)

    def _snapshot(self, page: _Page, threads: frozenset[str]) -> Snapshot:
        name = self._name_in(page)
        return Snapshot(self.place, page.at, self._seen(page.messages), page.oldest, page.before, threads, name)

    def _name_in(self, page: _Page) -> str | None:
        """The channel's name, if it was renamed in this page and not since. Each renaming is a message."""
        if self.claim.row.progress.get("named"):
            return None
        renamed = [each for each in page.messages if each.get("subtype") in NAMED and each.get("name")]
        return str(max(renamed, key=lambda each: str(each["ts"]))["name"]) if renamed else None

    def _seen(self, messages: list[dict[str, Any]]) -> tuple[Seen, ...]:
        told = [each for each in messages if each.get("subtype") not in QUIET]
        return tuple(_seen(each, self.place, self.whose) for each in sorted(told, key=lambda each: str(each["ts"])))

    async def _take_in(self, part: Snapshot) -> None:
        """Without a transaction where nothing was missed, which is nearly always."""
        settings: Settings = self.tools.settings()
        team_id, database = self.claim.row.team_id, self.tools.database
        found = await database.read(catching_up.missed, settings, team_id, part)
        for first in range(0, len(found), AT_ONCE):
            several = found[first : first + AT_ONCE]
            await database.run_behind(catching_up.take_in, settings, team_id, self.place, several, self.tools.now())


def _is_as_kept(parent: dict[str, Any], kept: stored.Thread | None) -> bool:
    if kept is None:
        return False
    return int(parent["reply_count"]) == kept.count and str(parent.get("latest_reply") or kept.newest) == kept.newest


def _seen(message: dict[str, Any], channel: str, whose: Whose) -> Seen:
    marks, cut = [], set()
    for reaction in message.get("reactions") or []:
        users = reaction.get("users") or []
        if len(users) < int(reaction.get("count") or 0):
            cut.add(str(reaction["name"]))
        marks += [Mark(str(user), str(reaction["name"])) for user in users if user != whose.bot_user_id]
    return Seen(said_of(message, channel, whose), tuple(marks), frozenset(cut))
