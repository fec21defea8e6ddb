"""
Effect of the postmortem draft as a canvas of the incident's channel.

A digest of its content after our last write is compared before the next. If people edited the canvas, what they wrote
is stored before it is written again. If that cannot be done, the canvas stays unchanged.

A digest of the words of each write is stored before its call: the record may go on before its outcome is looked up.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlmodel import Session
from structlog import get_logger

from bot.config.crypto import incident_page_link
from bot.domain.drafting.document.anchors import find_anchors, remove_anchors
from bot.domain.drafting.document.blocks import BlockId
from bot.domain.drafting.document.canvas_copy import CanvasCopy, ShownBlock, copy_canvas
from bot.domain.drafting.document.sections import anchor_draft, show_blocks
from bot.domain.slack_app.missing_permissions import is_missing_permission
from bot.export.canvas_markdown import convert_beginning, link_picture, truncate_markdown
from bot.lazy_dataclass import dataclass
from bot.services.channel.bookmarks_and_canvas import on_canvas_left_to_people, on_canvas_unavailable, on_canvas_updated
from bot.services.outbox.payloads import CanvasPayload
from bot.services.postmortem.document.canvas_edits import CanvasReading, Refusal, save_canvas_copy, take_in_canvas
from bot.services.postmortem.drafts import AssembledDraft, assemble_draft
from bot.slack.api.errors import SlackApiError
from bot.slack.delivery.effects.context import EffectContext, require_channel
from bot.store import outbox
from bot.store.incidents import postmortems, slack_messages
from bot.store.incidents.incidents import Incident
from bot.store.incidents.slack_messages import SlackView
from bot.store.outbox import Claim, Done, Outcome, Retry

log = get_logger(__name__)

NO_CANVAS_ERRORS = {"free_team_canvas_tab_already_exists", "restricted_action", "too_many_tabs"}
"""The channel cannot have a canvas, which is no failure: the file has the draft."""
GONE = {"canvas_not_found", "canvas_deleted"}
QUIET = timedelta(minutes=2)
"""What people write is taken in once it has not changed for this long."""
WRITTEN = "written"
"""Key of a row's progress: digest of the words of its last write."""
MAX_LOOKS = 5
"""It is taken in after so many looks, if they write on and on."""


@dataclass(frozen=True, slots=True)
class CanvasDraft:
    """
    A draft for the canvas.

    `written` has an anchor in each block, `shown` is their text; of a long draft, as far as a canvas takes it.
    `removals`: `mark_removals` of its record.
    """

    title: str
    markdown: str
    written: str
    shown: Mapping[BlockId, ShownBlock]
    removals: str


async def update_canvas(context: EffectContext, claim: Claim) -> Outcome:
    incident, known = await context.read_with_incident(claim.row.incident_id, slack_messages.find_all)
    canvas, payload = known.get(SlackView.CANVAS), CanvasPayload.from_json(claim.row.details)
    if canvas is None:
        is_wanted = context.settings().postmortem.canvas and not payload.looks
        return await _write(context, claim, incident, None) if is_wanted else Done()
    content = await _read_content(context, canvas.ts)
    if content is None:
        return Done() if payload.looks else _leave_to_people(context, claim, incident)
    if _is_unchanged(content, canvas.digest):
        return Done() if payload.looks else await _write(context, claim, incident, canvas.ts)
    if _is_own_write(claim, content):
        return await _write(context, claim, incident, canvas.ts)
    if claim.is_unknown and WRITTEN in claim.row.progress:
        return _leave_for_good(context, claim, incident, canvas.ts)
    return await _take_in(context, claim, incident, canvas.ts, content)


async def _write(context: EffectContext, claim: Claim, incident: Incident, canvas_id: str | None) -> Outcome:
    """Create the canvas, or replace all of it."""
    draft = await _write_draft(context, incident, CanvasPayload.from_json(claim.row.details))
    try:
        if canvas_id is None:
            return await _create(context, claim, incident, draft)
        return await _replace(context, claim, incident, canvas_id, draft)
    except SlackApiError as problem:
        if is_missing_permission(problem.error) or problem.error in NO_CANVAS_ERRORS:
            log.info("canvas for the draft unavailable", reference=incident.reference, problem=str(problem))
            if canvas_id is not None:
                return _leave_to_people(context, claim, incident)
            return Done(lambda session: on_canvas_unavailable(session, incident.key, context.now()))
        return outbox.Rejected(
            str(problem), apply=lambda session: on_canvas_unavailable(session, incident.key, context.now())
        )


async def _write_draft(context: EffectContext, incident: Incident, payload: CanvasPayload) -> CanvasDraft:
    settings = context.settings()
    link = incident_page_link(settings, incident.reference, incident.active_link)
    picture = await _find_picture_link(context, incident) if settings.postmortem.picture else ""

    def write(assembled: AssembledDraft) -> CanvasDraft:
        anchored = replace(assembled, draft=anchor_draft(assembled.draft)).write(settings)
        written = convert_beginning(link_picture(anchored.markdown, incident.reference, picture))
        shown = show_blocks(assembled.draft, find_anchors(written))
        markdown = truncate_markdown(remove_anchors(written), link)
        return CanvasDraft(assembled.title, markdown, written, shown, assembled.removals)

    async with context.draft_writing:
        assembled = await context.database.read_large(
            assemble_draft, settings, incident.key, template=payload.template, languages=payload.languages
        )
        return await asyncio.to_thread(write, assembled)


async def _find_picture_link(context: EffectContext, incident: Incident) -> str:
    """Slack's address of the incident's picture; empty without one."""
    picture_id = await context.database.read(postmortems.find_picture, incident.key)
    if picture_id is None:
        return ""
    try:
        file = (await context.gateway.call("files.info", file=picture_id)).get("file", {})
    except SlackApiError as problem:
        log.info("picture not linked from the canvas", reference=incident.reference, problem=str(problem))
        return ""
    return str(file.get("permalink") or "")


async def _take_in(context: EffectContext, claim: Claim, incident: Incident, canvas_id: str, content: str) -> Outcome:
    """Store what people wrote once they have stopped; after a redaction, at once."""
    digest, at, went = content_digest(content) or "", context.now(), CanvasPayload.from_json(claim.row.details).went
    looks = int(claim.row.progress.get("looks", 0))
    is_same = hmac.compare_digest(str(claim.row.progress.get("seen")), digest)
    if not went and not is_same and looks < MAX_LOOKS:
        progress = {**claim.row.progress, "seen": digest, "looks": looks + 1}
        return Retry(at + QUIET, "people may be writing", is_unknown=claim.is_unknown, progress=progress)
    reading = CanvasReading(canvas_id, content, digest, await _find_author(context, canvas_id), at)
    refusal = await context.database.run(take_in_canvas, context.settings(), incident.key, reading)
    if refusal is None:
        return Done()
    log.info("canvas left to people", reference=incident.reference, reason=refusal.value)
    return _leave_to_people(context, claim, incident, refusal)


async def _find_author(context: EffectContext, canvas_id: str) -> str | None:
    """The only person who edited the canvas; None if there are several."""
    try:
        file = (await context.gateway.call("files.info", file=canvas_id)).get("file", {})
    except SlackApiError:
        return None
    installation = await context.read_installation()
    people = {str(each) for each in [*(file.get("editors") or []), file.get("last_editor")] if each}
    people.discard(installation.bot_user_id or "")
    return people.pop() if len(people) == 1 else None


async def _create(context: EffectContext, claim: Claim, incident: Incident, draft: CanvasDraft) -> Outcome:
    """Create the canvas, or write the one of unknown outcome that a tab of the channel has."""
    channel = require_channel(incident)
    found = claim.row.progress.get("canvas_id")
    if found is None and claim.is_unknown:
        found = await _find_own_canvas(context, channel, draft.title)
    if found is not None:  # people may have edited it meanwhile
        content = await _read_content(context, str(found))
        if content is not None and _is_own_write(claim, content):
            return await _replace(context, claim, incident, str(found), draft)
        return await _updated(context, incident, str(found), None, draft)
    await context.save_progress(claim, **{WRITTEN: _words_digest(draft.markdown)})
    answer = await context.gateway.call(
        "canvases.create", title=draft.title, channel_id=channel, document_content=_document(draft.markdown)
    )
    canvas_id = str(answer.get("canvas_id") or "")
    if not canvas_id:
        return Done()
    await context.save_progress(claim, canvas_id=canvas_id)
    return await _updated(context, incident, canvas_id, await _read_content(context, canvas_id), draft)


async def _replace(
    context: EffectContext, claim: Claim, incident: Incident, canvas_id: str, draft: CanvasDraft
) -> Outcome:
    change = {"operation": "replace", "document_content": _document(draft.markdown)}
    await context.save_progress(claim, **{WRITTEN: _words_digest(draft.markdown)})
    try:
        await context.gateway.call("canvases.edit", canvas_id=canvas_id, changes=[change])
    except SlackApiError as problem:
        if problem.error not in GONE:
            raise
        return _leave_to_people(context, claim, incident)
    return await _updated(context, incident, canvas_id, await _read_content(context, canvas_id), draft)


async def _updated(
    context: EffectContext, incident: Incident, canvas_id: str, content: str | None, draft: CanvasDraft
) -> Outcome:
    """Store the canvas. `content`: after our write; None if it may not be ours alone."""
    at = context.now()
    copy: CanvasCopy | None = None
    if content is not None:
        async with context.draft_writing:
            copy = await asyncio.to_thread(copy_canvas, content, draft.written, draft.shown)

    def apply(session: Session) -> None:
        on_canvas_updated(session, incident.key, canvas_id, content_digest(content), at)
        save_canvas_copy(session, incident.key, canvas_id, copy, removals=draft.removals)

    return Done(apply)


def _leave_to_people(
    context: EffectContext, claim: Claim, incident: Incident, refusal: Refusal = Refusal.UNKNOWN
) -> Done:
    at, went = context.now(), CanvasPayload.from_json(claim.row.details).went or refusal is Refusal.REDACTED
    settings, is_published = context.settings(), refusal is Refusal.PUBLISHED

    def apply(session: Session) -> None:
        on_canvas_left_to_people(session, settings, incident.key, at, went=went, is_published=is_published)

    return Done(apply)


def _leave_for_good(context: EffectContext, claim: Claim, incident: Incident, canvas_id: str) -> Outcome:
    """Leave a canvas in which our unconfirmed write cannot be told from people's words."""
    left = _leave_to_people(context, claim, incident)

    def apply(session: Session) -> None:
        save_canvas_copy(session, incident.key, canvas_id, None, removals="")
        if left.apply is not None:
            left.apply(session)

    return Done(apply)


async def _read_content(context: EffectContext, canvas_id: str) -> str | None:
    """Content in Slack's spelling; None if it cannot be read."""
    try:
        answer = await context.gateway.call("canvases.getContent", canvas_id=canvas_id)
    except SlackApiError:
        return None
    content = answer.get("content")
    return content if isinstance(content, str) else None


async def _find_own_canvas(context: EffectContext, channel: str, title: str) -> str | None:
    """Find a canvas of the bot with this title among the channel's tabs."""
    try:
        channel_now = (await context.gateway.call("conversations.info", channel=channel)).get("channel", {})
        installation = await context.read_installation()
        for file_id in _find_file_ids(channel_now.get("properties") or {}):
            file = (await context.gateway.call("files.info", file=file_id)).get("file", {})
            if file.get("user") == installation.bot_user_id and file.get("title") == title:
                return file_id
    except SlackApiError as problem:
        log.warning("canvas search after unknown outcome failed", problem=str(problem))
    return None


def _find_file_ids(properties: Mapping[str, Any]) -> Iterator[str]:
    """File ids anywhere in the properties: Slack keeps a channel's canvases in several places."""
    for key, value in properties.items():
        if key == "file_id" and isinstance(value, str):
            yield value
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Mapping):
                yield from _find_file_ids(each)


def _document(markdown: str) -> dict[str, str]:
    return {"type": "markdown", "markdown": markdown}


def _is_unchanged(content: str, digest: str | None) -> bool:
    return digest is not None and hmac.compare_digest(content_digest(content) or "", digest)


def content_digest(content: str | None) -> str | None:
    """None for unreadable content: later edits of people cannot be detected then."""
    return None if content is None else hashlib.sha256(content.encode()).hexdigest()


def _is_own_write(claim: Claim, content: str) -> bool:
    """True if the canvas holds the words of the row's last write, in whatever markup."""
    return hmac.compare_digest(str(claim.row.progress.get(WRITTEN)), _words_digest(content))


def _words_digest(text: str) -> str:
    return hashlib.sha256("".join(re.findall(r"\w+", text)).encode()).hexdigest()
