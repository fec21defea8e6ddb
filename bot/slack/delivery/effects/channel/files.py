"""Effects of the postmortem draft as a file."""

import asyncio
from datetime import timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING

from sqlmodel import Session
from structlog import get_logger

from bot.lazy_dataclass import dataclass
from bot.services.channel.bookmarks_and_canvas import on_draft_posted
from bot.services.outbox.payloads import DraftPayload, FilePayload
from bot.services.postmortem.drafts import (
    AssembledDraft,
    FinishedDraft,
    PostedDraft,
    assemble_draft,
    discard_draft,
    find_draft_thread,
    is_overtaken,
    save_draft,
)
from bot.slack.api.errors import TRANSIENT, SlackApiError
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.effects.posting import open_direct_channel
from bot.slack.replies.render import escape_markup
from bot.store import outbox
from bot.store.incidents import postmortems
from bot.store.outbox import Claim, Done, Outcome, Retry

if TYPE_CHECKING:
    from bot.export.image.plot_image import PlotImage

log = get_logger(__name__)

CHECK_INTERVAL = timedelta(seconds=2)
MAX_CHECKS = 10
"""Checks whether a completed upload is shared, before it is uploaded again."""


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A picture in the message of a file."""

    filename: str
    title: str
    image: "PlotImage"


@dataclass(frozen=True, slots=True)
class NewFile:
    """
    A file to upload. `title` is shown above it, `comment` is the message beside both.

    `removals`: `mark_removals` of the record that it was written from.
    """

    filename: str
    title: str
    content: bytes
    comment: str
    removals: str
    picture: NewPicture | None = None


class Share(Enum):
    NONE = auto()
    PENDING = auto()
    SHARED = auto()


async def upload_draft(context: EffectContext, claim: Claim) -> Outcome:
    """
    Write the draft from the present record, and upload it in Slack's three steps.

    The incident's picture is in the same message. The files' ids are saved before the last step, so that an upload of
    unknown outcome is looked up, not repeated.
    """
    payload, settings = DraftPayload.from_json(claim.row.details), context.settings()
    channel, thread_ts = await find_file_place(context, claim, payload.user_id)
    draft = await _write_draft(context, claim, payload)
    at = context.now()
    if draft.problem_details:
        log.warning("postmortem template unusable", reference=draft.reference, problem=draft.problem_details)

    def refresh_views(session: Session) -> None:
        on_draft_posted(session, settings, draft.incident_id, at, payload)

    def apply(session: Session) -> None:
        posted = PostedDraft(claim.row.progress.get("file_id"), claim.row.progress.get("picture_id"))
        removals = str(claim.row.progress.get("removals", draft.removals))
        with_transcript = draft.has_transcript
        if posted.file_id and is_overtaken(session, draft.incident_id, removals, with_transcript=with_transcript):
            discard_draft(session, draft, payload, posted, at)
            return
        save_draft(session, draft, at=at, by=payload.asked_by, posted=posted)
        refresh_views(session)

    picture = (
        NewPicture(f"incident-{draft.reference}.png", f"Picture of {draft.reference}", draft.picture)
        if draft.picture is not None
        else None
    )
    file = NewFile(draft.filename, draft.title, draft.content, draft.comment, draft.removals, picture)
    try:
        return await share_once(context, claim, channel, thread_ts, file) or Done(apply)
    except SlackApiError as problem:
        log.warning("draft refused by Slack", reference=draft.reference, problem=str(problem))
        return outbox.Rejected(str(problem), apply=refresh_views)


async def share_once(
    context: EffectContext, claim: Claim, channel: str, thread_ts: str | None, file: NewFile
) -> Retry | None:
    """Upload a file, unless an earlier try did. Retry while its outcome is unknown."""
    match await _find_share(context, claim, channel):
        case Share.SHARED:
            return None
        case Share.PENDING if (checks := int(claim.row.progress.get("looks", 0))) < MAX_CHECKS:
            progress = {**claim.row.progress, "looks": checks + 1}
            at = context.now() + CHECK_INTERVAL
            return Retry(at, "the file is not shown yet", is_unknown=True, progress=progress)
    await _upload(context, claim, channel, thread_ts, file)
    return None


async def find_file_place(context: EffectContext, claim: Claim, user_id: str | None) -> tuple[str, str | None]:
    """Channel and thread for a file: the incident's, or the direct messages of one person."""
    if user_id:
        return await open_direct_channel(context, claim, user_id), None
    channel = await context.read_channel(claim.row.incident_id)
    return channel, await context.database.read(find_draft_thread, claim.row.incident_id or 0)


async def _write_draft(context: EffectContext, claim: Claim, payload: DraftPayload) -> FinishedDraft:
    settings = context.settings()

    def finish(assembled: AssembledDraft) -> FinishedDraft:
        return assembled.write(settings).finish(settings)

    async with context.draft_writing:
        assembled = await context.database.read_large(
            assemble_draft,
            settings,
            claim.row.incident_id or 0,
            template=payload.template,
            languages=payload.languages,
            with_transcript=payload.with_transcript,
        )
        return await asyncio.to_thread(finish, assembled)


async def request_upload(context: EffectContext, filename: str, content: bytes, alt_text: str | None = None) -> str:
    """Upload content. Returns the file's id, with which the upload has to be completed."""
    ticket = await context.gateway.call(
        "files.getUploadURLExternal", filename=filename, length=len(content), alt_txt=alt_text
    )
    await context.gateway.upload(str(ticket["upload_url"]), content)
    return str(ticket["file_id"])


async def _upload(context: EffectContext, claim: Claim, channel: str, thread_ts: str | None, file: NewFile) -> None:
    picture_id = await _upload_picture(context, file.picture) if file.picture else None
    file_id = await request_upload(context, file.filename, file.content)
    await context.save_progress(claim, file_id=file_id, picture_id=picture_id, looks=0, removals=file.removals)
    files = [{"id": file_id, "title": file.title}]
    if file.picture and picture_id:
        files.append({"id": picture_id, "title": file.picture.title})
    await context.gateway.call(
        "files.completeUploadExternal",
        files=files,
        channel_id=channel,
        thread_ts=thread_ts,
        initial_comment=escape_markup(file.comment),
    )


async def _upload_picture(context: EffectContext, picture: NewPicture) -> str | None:
    """Upload a picture; None if Slack refuses it: the draft does without."""
    try:
        return await request_upload(context, picture.filename, picture.image.content, picture.image.alt_text)
    except SlackApiError as problem:
        if problem.error in TRANSIENT:
            raise
        log.warning("picture refused by Slack", filename=picture.filename, problem=str(problem))
        return None


async def find_permalink(context: EffectContext, file_id: str) -> str | None:
    """Permalink of a file; None if Slack gives none."""
    try:
        file = (await context.gateway.call("files.info", file=file_id)).get("file", {})
    except SlackApiError:
        return None
    found = str(file.get("permalink") or "")
    return found if found.startswith("http") else None


async def _find_share(context: EffectContext, claim: Claim, channel: str) -> Share:
    """State of an earlier upload of unknown outcome, which Slack shares with a delay."""
    file_id = claim.row.progress.get("file_id")
    if not file_id or not claim.is_unknown:
        return Share.NONE
    try:
        answer = await context.gateway.call("files.info", file=str(file_id))
    except SlackApiError:
        return Share.NONE
    file = answer.get("file", {})
    shares = file.get("shares") or {}
    shared_in = {*file.get("channels", []), *file.get("groups", [])}
    for places in shares.values():
        shared_in |= set(places)
    return Share.SHARED if channel in shared_in else Share.PENDING


async def delete_file(context: EffectContext, claim: Claim) -> Outcome:
    """Delete a draft whose text was redacted after it was posted."""
    file_id = FilePayload.from_json(claim.row.details).file_id
    try:
        await context.gateway.call("files.delete", file=file_id)
    except SlackApiError as problem:
        if problem.error not in {"file_not_found", "file_deleted"}:
            raise

    def apply(session: Session) -> None:
        postmortems.clear_file(session, file_id)

    return Done(apply)
