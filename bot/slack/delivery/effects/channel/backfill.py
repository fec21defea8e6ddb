"""
Effects that find changes whose events were missed.

A history's pages come newest first, each with its threads. Messages and progress are saved page by page: an interrupted
read resumes from there.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session
from structlog import get_logger

from bot.config import Settings
from bot.domain.slack_app.missing_permissions import is_missing_permission
from bot.lazy_dataclass import dataclass
from bot.services.channel.backfill import RECONCILE_INTERVAL, apply_missed_changes, find_missed_changes
from bot.services.channel.channel_changes import on_channel_made_private
from bot.services.channel.channel_view import ChannelSnapshot, MessageSnapshot, ReactionMark
from bot.services.outbox import reconcile_channel
from bot.services.outbox.payloads import ReconcilePayload
from bot.slack.api.errors import SlackApiError
from bot.slack.api.payload_validation import ListCursors
from bot.slack.api.payloads import SYSTEM_SUBTYPES, BotIdentity, MalformedPayload, is_ts, parse_message, parsing_payload
from bot.slack.delivery.effects.context import PAGE_SIZE, EffectContext
from bot.store import outbox
from bot.store.incidents import incident_lists, incidents
from bot.store.incidents.transcript import Thread, find_threads
from bot.store.outbox import Claim, Done, Outcome

log = get_logger(__name__)

MAX_MESSAGES = 1_000
"""Messages of a read that has no gap to close."""
UNCHANGED_THREADS = 3
"""Unchanged threads of each page that such a read checks, in rotation."""
MAX_BATCH = 25
"""Changes of one transaction, for which commands wait."""
DATE_PRECISION = timedelta(seconds=1)
"""Precision of an answer's Date header."""
RENAME_SUBTYPES = ("channel_name", "group_name")
CONVERSION_SUBTYPE = "channel_convert_to_private"
GONE_ERRORS = {"thread_not_found", "message_not_found"}
UNREADABLE_ERRORS = {"channel_not_found", "not_in_channel", "is_archived"}


@dataclass(frozen=True, slots=True)
class _Page:
    """Messages without replies. `oldest`: ts from which the page is complete."""

    messages: list[dict[str, Any]]
    at: datetime
    oldest: str
    before: str | None
    is_last: bool


async def read_channel_history(context: EffectContext, claim: Claim) -> Outcome:
    """Update the transcript: completely after a gap, else with limits."""
    incident = await context.read_incident(claim.row.incident_id)
    installation = await context.read_installation()
    identity = BotIdentity(installation.bot_user_id, installation.bot_id)
    reader = _HistoryReader(context, claim, await context.read_channel(claim.row.incident_id), identity)
    is_resumed = bool(claim.row.progress)
    try:
        await reader.read()
    except SlackApiError as problem:
        if problem.error in UNREADABLE_ERRORS and not incident.is_open:
            log.info("incident channel unreadable", channel=reader.channel, problem=problem.error)
            return Done()
        return outbox.Rejected(f"{problem.method}: {problem.error}")
    if not is_resumed:
        return Done()

    def apply(session: Session) -> None:
        """Read again: the part that was read first may have changed since."""
        found = incidents.get(session, incident.key)
        if found.is_open:
            reconcile_channel(session, found, context.now())

    return Done(apply)


async def find_private_channels(context: EffectContext, claim: Claim) -> Outcome:
    """
    Find incidents whose channel was made private while the bot was away.

    Slack lists the private channels that the bot is in, also archived ones.
    """
    team_id, arguments = claim.row.team_id, {"types": "private_channel", "limit": PAGE_SIZE}
    try:
        async for answer in context.pages("conversations.list", search="private channels", **arguments):
            ids = [str(each["id"]) for each in answer.get("channels", [])]
            for channel_id in await context.database.read(incident_lists.find_public_channels, team_id, ids):
                await context.database.run(
                    on_channel_made_private, context.settings(), team_id, channel_id, context.now()
                )
    except SlackApiError as problem:
        if not is_missing_permission(problem.error):
            raise
        log.warning("private channels unknown", problem=problem.error)
    return Done()


@dataclass
class _HistoryReader:
    context: EffectContext
    claim: Claim
    channel: str
    identity: BotIdentity

    @property
    def is_complete(self) -> bool:
        return ReconcilePayload.from_json(self.claim.row.details).whole

    async def read(self) -> None:
        count = 0
        async for page in self._pages():
            known = await self.context.database.read(
                find_threads, self.claim.row.team_id, self.channel, page.oldest, page.before
            )
            parents = {str(each["ts"]): each for each in page.messages if each.get("reply_count")}
            await self._apply(self._snapshot(page, threads=frozenset(known.keys() - parents.keys())))
            for parent in self._threads_to_read(parents, known, page.at):
                await self._read_thread(parent)
                await self.context.save_progress(self.claim, thread=parent)
            count += len(page.messages)
            if page.is_last or (count >= MAX_MESSAGES and not self.is_complete):
                return
            named = self._new_name(page) is not None or self.claim.row.progress.get("named", False)
            await self.context.save_progress(self.claim, before=page.oldest, thread=None, named=named)

    async def _pages(self) -> AsyncIterator[_Page]:
        before: str | None = self.claim.row.progress.get("before")
        while True:
            answer, at = await self._call("conversations.history", channel=self.channel, latest=before, limit=PAGE_SIZE)
            found = [each for each in answer.get("messages", []) if is_ts(each.get("ts"))]
            if not found:
                return
            oldest = min(str(each["ts"]) for each in found)
            is_last = not answer.get("has_more") or (before is not None and oldest >= before)
            # a plan that shows only the newest months hides what is older, it does not delete it
            covers_all = is_last and not answer.get("is_limited")
            yield _Page(found, at, "" if covers_all else oldest, before, is_last)
            if is_last:
                return
            before = oldest

    def _threads_to_read(self, parents: dict[str, dict[str, Any]], known: dict[str, Thread], at: datetime) -> list[str]:
        """Newest first: all after a gap, else the changed ones and some others in rotation."""
        done: str | None = self.claim.row.progress.get("thread")
        threads = sorted((ts for ts in parents if done is None or ts < done), reverse=True)
        if self.is_complete:
            return threads
        changed = {ts for ts in threads if not _is_unchanged(parents[ts], known.get(ts))}
        unchanged = [ts for ts in threads if ts not in changed]
        rounds = -(-len(unchanged) // UNCHANGED_THREADS) or 1
        position = int(at.timestamp() // RECONCILE_INTERVAL.total_seconds()) % rounds
        chosen = changed | set(unchanged[position::rounds])
        return [ts for ts in threads if ts in chosen]

    async def _read_thread(self, parent: str) -> None:
        began, cursor, cursors = self.context.now(), None, ListCursors("conversations.replies")
        replies: list[dict[str, Any]] = []
        while True:
            try:
                answer, at = await self._call(
                    "conversations.replies", channel=self.channel, ts=parent, limit=PAGE_SIZE, cursor=cursor
                )
                began = min(began, at)
            except SlackApiError as problem:
                if problem.error not in GONE_ERRORS:
                    raise
                answer = {}
            replies += [each for each in answer.get("messages", []) if is_ts(each.get("ts")) and each["ts"] != parent]
            cursor = cursors.find_next(answer)
            if cursor is None:
                break
        seen, unreadable = self._message_snapshots(replies)
        await self._apply(
            ChannelSnapshot(self.channel, began, seen, threads=frozenset({parent}), unreadable=unreadable)
        )

    async def _call(self, method: str, **arguments: Any) -> tuple[dict[str, Any], datetime]:
        """
        Call Slack. Returns the answer, and the time whose state it shows.

        Our time is used only if it is behind Slack's: with a fast clock later messages would seem to be deleted.
        """
        began = self.context.now()
        answer, answered = await self.context.gateway.call_at(method, **arguments)
        return answer, began if answered is None else min(began, answered + DATE_PRECISION)

    def _snapshot(self, page: _Page, threads: frozenset[str]) -> ChannelSnapshot:
        name, (seen, unreadable) = self._new_name(page), self._message_snapshots(page.messages)
        is_converted = any(each.get("subtype") == CONVERSION_SUBTYPE for each in page.messages)
        return ChannelSnapshot(
            self.channel, page.at, seen, page.oldest, page.before, threads, name, unreadable, is_converted
        )

    def _new_name(self, page: _Page) -> str | None:
        """Channel name of the page's newest rename message; None if a newer page had one."""
        if self.claim.row.progress.get("named"):
            return None
        renamed = [each for each in page.messages if each.get("subtype") in RENAME_SUBTYPES and each.get("name")]
        return str(max(renamed, key=lambda each: str(each["ts"]))["name"]) if renamed else None

    def _message_snapshots(self, messages: list[dict[str, Any]]) -> tuple[tuple[MessageSnapshot, ...], frozenset[str]]:
        """
        Return the messages of people and apps, and the ts of unreadable ones.

        These do not hold up the others.
        """
        seen, unreadable = [], set()
        for each in sorted(messages, key=lambda each: str(each["ts"])):
            try:
                with parsing_payload():
                    if each.get("subtype") not in SYSTEM_SUBTYPES:
                        seen.append(_message_snapshot(each, self.channel, self.identity))
            except MalformedPayload as problem:
                log.warning("message malformed", channel=self.channel, ts=each["ts"], problem=str(problem))
                unreadable.add(str(each["ts"]))
        return tuple(seen), frozenset(unreadable)

    async def _apply(self, part: ChannelSnapshot) -> None:
        """Apply missed changes; usually there are none, and no transaction is needed."""
        settings: Settings = self.context.settings()
        team_id, database = self.claim.row.team_id, self.context.database
        found = await database.read(find_missed_changes, settings, team_id, part)
        for first in range(0, len(found), MAX_BATCH):
            several = found[first : first + MAX_BATCH]
            await database.run_low_priority(
                apply_missed_changes, settings, team_id, self.channel, several, self.context.now()
            )


def _is_unchanged(parent: dict[str, Any], known: Thread | None) -> bool:
    if known is None:
        return False
    return parent["reply_count"] == known.count and str(parent.get("latest_reply") or known.newest) == known.newest


def _message_snapshot(message: dict[str, Any], channel: str, identity: BotIdentity) -> MessageSnapshot:
    marks, truncated = [], set()
    for reaction in message.get("reactions") or []:
        users = reaction.get("users") or []
        if len(users) < int(reaction.get("count") or 0):
            truncated.add(str(reaction["name"]))
        marks += [ReactionMark(str(user), str(reaction["name"])) for user in users if user != identity.bot_user_id]
    return MessageSnapshot(parse_message(message, channel, identity), tuple(marks), frozenset(truncated))
