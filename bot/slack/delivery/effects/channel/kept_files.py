"""Effect that keeps the files of marked messages, and deletes those of others."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

from structlog import get_logger

from bot.config import Settings
from bot.domain.slack_app.missing_permissions import is_missing_permission
from bot.domain.timeline.kept_files import FileRefusal, detect_media_type
from bot.lazy_dataclass import dataclass
from bot.runtime.kept_files import FileFolder
from bot.services.outbox.payloads import MessagePayload
from bot.services.timeline.kept_files import FetchedFile, FilePlan, delete_files, plan_files, save_file
from bot.slack.api.download import ForeignAddress
from bot.slack.api.errors import SlackApiError
from bot.slack.api.payloads import file_name, replace_unstorable
from bot.slack.delivery.effects.channel.reactions import find_message
from bot.slack.delivery.effects.context import EffectContext, incident_id_of
from bot.store import outbox
from bot.store.incidents.kept_files import find_digests
from bot.store.outbox import Claim, Done, Outcome

log = get_logger(__name__)

MEGABYTE = 1024 * 1024
UNREADABLE = frozenset({"not_in_channel", "channel_not_found"})
"""Refusals for a message of a channel without the bot, which a person put on the timeline by hand."""
GONE = frozenset({"file_not_found", "file_deleted"})
TOMBSTONE = "tombstone"
"""Mode of a file that was deleted in Slack."""


async def sync_kept_files(context: EffectContext, claim: Claim) -> Outcome:
    """
    Make the folder agree with the message, whose files are kept while it is on the timeline.

    Rows of an incident run one after the other: none deletes what another one is writing.
    """
    settings, incident_id = context.settings(), incident_id_of(claim.row)
    root = settings.kept_files_folder
    if root is None:
        return Done()
    message, folder = MessagePayload.from_json(claim.row.details), FileFolder(root)
    place = (incident_id, message.channel_id, message.message_ts)
    plan = await context.database.read(plan_files, settings, *place, context.now())
    try:
        if plan.entry_id is not None and not plan.is_sealed and settings.files.keep:
            await _Keeper(context, settings, incident_id, message, folder).keep(plan.entry_id, plan)
        wanted = await context.database.read(find_digests, incident_id)
        await asyncio.to_thread(folder.delete_others, incident_id, wanted)
    except OSError as problem:
        return outbox.Rejected(f"[files] folder: {root} cannot be written: {problem.strerror}")
    return Done()


@dataclass(frozen=True, slots=True)
class _Keeper:
    context: EffectContext
    settings: Settings
    incident_id: int
    message: MessagePayload
    folder: FileFolder

    async def keep(self, entry_id: int, plan: FilePlan) -> None:
        """Save the files that are not known yet, and delete those that Slack took off the message."""
        channel, ts = self.message.channel_id, self.message.message_ts
        try:
            found = await find_message(self.context, channel, ts)
        except SlackApiError as problem:
            if problem.error not in UNREADABLE:
                raise
            log.info("files of a message in a channel without the bot are not kept", channel=channel)
            return
        if found is None:  # its deletion is reported by an event; a plan may only hide it
            return
        stated = [replace_unstorable(each) for each in found.get("files") or [] if each.get("id")]
        present = {str(each["id"]): each for each in stated if each.get("mode") != TOMBSTONE}
        if gone := plan.known - present.keys():
            await self.context.database.run(delete_files, entry_id, gone)
        async for fetched in self._fetch(present, plan):
            at = self.context.now()
            await self.context.database.run(save_file, self.settings, self.incident_id, channel, ts, fetched, at)

    async def _fetch(self, present: Mapping[str, Mapping[str, Any]], plan: FilePlan) -> AsyncIterator[FetchedFile]:
        room = self.settings.files.max_count - plan.kept_count
        for file_id in [each for each in present if each not in plan.known]:
            try:
                fetched = await self._fetch_file(file_id, has_room=room > 0)
            except SlackApiError as problem:
                if not is_missing_permission(problem.error):
                    raise
                return  # the report of missing permissions names it
            room -= fetched.media_type is not None
            yield fetched

    async def _fetch_file(self, file_id: str, *, has_room: bool) -> FetchedFile:
        """Download a file and check it. Raises the gateway's errors, and OSError."""
        try:
            file = replace_unstorable((await self.context.gateway.call("files.info", file=file_id)).get("file") or {})
        except SlackApiError as problem:
            if problem.error not in GONE:
                raise
            return FetchedFile(file_id, file_id, None, 0, refusal=FileRefusal.UNAVAILABLE)
        posted_by, size = file.get("user"), int(file.get("size") or 0)
        stated = FetchedFile(file_id, file_name(file), str(posted_by) if posted_by else None, size)
        limit = self.settings.files.max_megabytes * MEGABYTE
        if file.get("is_external") or not file.get("url_private"):
            return replace(stated, refusal=FileRefusal.ELSEWHERE)
        if size > limit:
            return replace(stated, refusal=FileRefusal.SIZE)
        if not has_room:
            return replace(stated, refusal=FileRefusal.COUNT)
        return await self._download(stated, str(file["url_private"]), limit)

    async def _download(self, stated: FetchedFile, url: str, limit: int) -> FetchedFile:
        try:
            content = await self.context.gateway.download(url, limit)
        except ForeignAddress:
            return replace(stated, refusal=FileRefusal.ELSEWHERE)
        except SlackApiError:
            return replace(stated, refusal=FileRefusal.UNAVAILABLE)
        if content is None:
            return replace(stated, refusal=FileRefusal.SIZE)
        media_type = await asyncio.to_thread(detect_media_type, content)
        if media_type is None:
            return replace(stated, refusal=FileRefusal.TYPE)
        digest = await asyncio.to_thread(self.folder.save, self.incident_id, content)
        return replace(stated, size=len(content), digest=digest, media_type=media_type)
