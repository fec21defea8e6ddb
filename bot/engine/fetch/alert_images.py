"""Effect that keeps the graphs to which alerts link, and deletes those of others."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from structlog import get_logger

from bot.config import Settings
from bot.domain.timeline.kept_files import EntryPayload, FileRefusal, detect_media_type
from bot.engine.fetch.address_guard import AddressRules
from bot.engine.fetch.http_fetch import FetchError, FetchLimits, TooLarge, fetch_body
from bot.runtime.clock import Clock
from bot.runtime.kept_files import FileFolder
from bot.services.outbox import OutboxKind
from bot.services.timeline.alert_images import AlertImage, FetchedImage, plan_images, save_image
from bot.store import outbox
from bot.store.database.session import Database
from bot.store.incidents.kept_files import find_digests
from bot.store.outbox import Claim, Done, Outcome, Retry

log = get_logger(__name__)

MEGABYTE = 1024 * 1024
SECONDS = 10.0
MAX_IN_FLIGHT = 4
"""Rows at once: most of the worker's lanes are always free for others."""
BUSY_DELAY = timedelta(seconds=1)
RETRY_DELAYS = (timedelta(seconds=5), timedelta(seconds=30))
"""Pauses before a graph that could not be fetched is tried again; afterwards it is given up."""
ACCEPT = "image/png, image/jpeg, image/gif, image/webp"


class AlertImages:
    """
    Graphs of alerts, fetched from allowed hosts only, and kept once.

    Rows of an incident run one after the other: none deletes what another one is writing.
    """

    def __init__(self, database: Database, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._in_flight = 0

    def effects(self) -> Mapping[OutboxKind, Callable[[Claim], Awaitable[Outcome]]]:
        return {OutboxKind.ALERT_IMAGES: self.sync}

    async def sync(self, claim: Claim) -> Outcome:
        """Make the folder agree with the entry, whose graphs are kept while it is on the timeline."""
        settings, incident_id = self._settings(), claim.row.incident_id
        root = settings.kept_files_folder
        if root is None or incident_id is None:
            return Done()
        if self._in_flight >= MAX_IN_FLIGHT:
            return Retry(self._clock.now() + BUSY_DELAY, "too many graphs in progress")
        self._in_flight += 1
        tries = claim.row.attempts
        delay = RETRY_DELAYS[tries - 1] if tries <= len(RETRY_DELAYS) else None
        entry_id = EntryPayload.from_json(claim.row.details).entry_id
        try:
            is_complete = await self._keep(settings, incident_id, entry_id, root, is_last=delay is None)
        except OSError as problem:
            return outbox.Rejected(f"[files] folder: {root} cannot be written: {problem.strerror}")
        finally:
            self._in_flight -= 1
        if is_complete or delay is None:
            return Done()
        return Retry(self._clock.now() + delay, "a graph could not be fetched yet")

    async def _keep(self, settings: Settings, incident_id: int, entry_id: int, root: Path, *, is_last: bool) -> bool:
        """
        Fetch and save what is not known yet.

        False if a server may answer later; the last time, that is a refusal.
        """
        folder, place = FileFolder(root, of_alerts=True), (incident_id, entry_id)
        planned = await self._database.read(plan_images, settings, *place, self._clock.now())
        is_complete = True
        async for fetched in self._fetch_all(settings, incident_id, planned, folder):
            if fetched.may_come and not is_last:
                is_complete = False
                continue
            await self._database.run(save_image, settings, *place, fetched, self._clock.now())
        wanted = await self._database.read(find_digests, incident_id, of_alerts=True)
        await asyncio.to_thread(folder.delete_others, incident_id, wanted)
        return is_complete

    async def _fetch_all(
        self, settings: Settings, incident_id: int, images: Sequence[AlertImage], folder: FileFolder
    ) -> AsyncIterator[FetchedImage]:
        """Fetch one after the other. A host that does not answer is not asked again."""
        silent: dict[str, bool] = {}  # by host: whether it may answer later
        for image in images:
            if image.refusal is not None or image.host in silent:
                may_come = silent.get(image.host, False)
                yield FetchedImage(image, refusal=image.refusal or FileRefusal.FETCH, may_come=may_come)
                continue
            try:
                fetched = await _fetch(settings, image)
            except FetchError as problem:
                log.warning("graph of an alert not fetched", host=image.host, problem=str(problem))
                if not problem.is_answer:
                    silent[image.host] = problem.is_passing
                refusal = FileRefusal.SIZE if isinstance(problem, TooLarge) else FileRefusal.FETCH
                yield FetchedImage(image, refusal=refusal, may_come=problem.is_passing)
                continue
            yield await asyncio.to_thread(_save_content, folder, incident_id, image, fetched)


async def _fetch(settings: Settings, image: AlertImage) -> bytes:
    """Raises FetchError."""
    section = settings.alerts.keep_images
    contact = f" (+{settings.public_url})" if settings.public_url else ""
    hosts = frozenset(host.casefold() for host in section.hosts)
    rules = AddressRules(section.allow_http, section.allow_private, hosts)
    limits = FetchLimits(SECONDS, settings.files.max_megabytes * MEGABYTE, rules=rules)
    fetched = await fetch_body(image.url, {"Accept": ACCEPT, "User-Agent": f"dogwatch{contact}"}, limits)
    return fetched.body or b""


def _save_content(folder: FileFolder, incident_id: int, image: AlertImage, content: bytes) -> FetchedImage:
    media_type = detect_media_type(content)
    if media_type is None or not media_type.is_image:
        return FetchedImage(image, len(content), refusal=FileRefusal.NO_IMAGE)
    digest = folder.save(incident_id, content)
    return FetchedImage(image, len(content), digest, media_type)
