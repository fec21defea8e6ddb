"""
Effect of the postmortem draft as a canvas of the incident's channel.

The canvas is replaced only while nobody has edited it: a digest of its content after our last write is compared before
the next. If that cannot be known, the canvas stays unchanged.
"""

import asyncio
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlmodel import Session
from structlog import get_logger

from bot.config.crypto import incident_page_link
from bot.domain.slack_app.missing_permissions import is_missing_permission
from bot.export.canvas_markdown import canvas_markdown
from bot.services.channel.bookmarks_and_canvas import (
    on_canvas_edited_by_people,
    on_canvas_unavailable,
    on_canvas_updated,
)
from bot.services.outbox.payloads import CanvasPayload
from bot.slack.api.errors import SlackApiError
from bot.slack.delivery.effects.channel.files import write_draft
from bot.slack.delivery.effects.context import EffectContext, require_channel
from bot.store import outbox
from bot.store.incidents import slack_messages
from bot.store.incidents.incidents import Incident
from bot.store.incidents.slack_messages import SlackView
from bot.store.outbox import Claim, Done, Outcome

log = get_logger(__name__)

NO_CANVAS_ERRORS = {"free_team_canvas_tab_already_exists", "restricted_action", "too_many_tabs"}
"""The channel cannot have a canvas, which is no failure: the file has the draft."""
GONE = {"canvas_not_found", "canvas_deleted"}


async def update_canvas(context: EffectContext, claim: Claim) -> Outcome:
    incident, known = await context.read_with_incident(claim.row.incident_id, slack_messages.find_all)
    canvas, settings = known.get(SlackView.CANVAS), context.settings()
    if canvas is None and not settings.postmortem.canvas:
        return Done()
    if canvas is not None and canvas.digest == "":
        return _leave_to_people(context, claim, incident)
    payload = CanvasPayload.from_json(claim.row.details)
    draft = await write_draft(context, claim, payload.template, payload.languages)
    markdown = await asyncio.to_thread(
        canvas_markdown, draft.markdown, incident_page_link(settings, incident.reference, incident.active_link)
    )
    try:
        if canvas is None:
            return await _create(context, claim, incident, draft.title, markdown)
        return await _replace(context, claim, incident, canvas, markdown)
    except SlackApiError as problem:
        if is_missing_permission(problem.error) or problem.error in NO_CANVAS_ERRORS:
            log.info("canvas for the draft unavailable", reference=incident.reference, problem=str(problem))
            if canvas is not None:
                return _leave_to_people(context, claim, incident)
            return Done(lambda session: on_canvas_unavailable(session, incident.key, context.now()))
        return outbox.Rejected(
            str(problem), apply=lambda session: on_canvas_unavailable(session, incident.key, context.now())
        )


async def _create(context: EffectContext, claim: Claim, incident: Incident, title: str, markdown: str) -> Outcome:
    """Create the canvas, or find one of unknown outcome among the channel's tabs."""
    channel = require_channel(incident)
    found = claim.row.progress.get("canvas_id")
    if found is None and claim.is_unknown:
        found = await _find_own_canvas(context, channel, title)
    if found is not None:  # people may have edited it meanwhile
        text = await _read_content(context, str(found))
        digest = content_digest(text) if _has_same_words(text, markdown) else None
        return _updated(context, incident, str(found), digest)
    answer = await context.gateway.call(
        "canvases.create", title=title, channel_id=channel, document_content=_document(markdown)
    )
    canvas_id = str(answer.get("canvas_id") or "")
    if not canvas_id:
        return Done()
    await context.save_progress(claim, canvas_id=canvas_id)
    return _updated(context, incident, canvas_id, content_digest(await _read_content(context, canvas_id)))


async def _replace(
    context: EffectContext, claim: Claim, incident: Incident, canvas: slack_messages.SlackMessage, markdown: str
) -> Outcome:
    canvas_id = canvas.ts
    content = await _read_content(context, canvas_id)
    if content is None or content_digest(content) != canvas.digest:  # None, too, if it was unreadable after our write
        if claim.is_unknown and _has_same_words(content, markdown):  # our own write of unknown outcome
            return _updated(context, incident, canvas_id, content_digest(content))
        return _leave_to_people(context, claim, incident)
    change = {"operation": "replace", "document_content": _document(markdown)}
    try:
        await context.gateway.call("canvases.edit", canvas_id=canvas_id, changes=[change])
    except SlackApiError as problem:
        if problem.error not in GONE:
            raise
        return _leave_to_people(context, claim, incident)
    return _updated(context, incident, canvas_id, content_digest(await _read_content(context, canvas_id)))


def _updated(context: EffectContext, incident: Incident, canvas_id: str, digest: str | None) -> Outcome:
    at = context.now()

    def apply(session: Session) -> None:
        on_canvas_updated(session, incident.key, canvas_id, digest, at)

    return Done(apply)


def _leave_to_people(context: EffectContext, claim: Claim, incident: Incident) -> Outcome:
    at, went = context.now(), CanvasPayload.from_json(claim.row.details).went

    def apply(session: Session) -> None:
        on_canvas_edited_by_people(session, incident.key, at, went=went)

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


def content_digest(content: str | None) -> str | None:
    """None for unreadable content: later edits of people cannot be detected then."""
    return None if content is None else hashlib.sha256(content.encode()).hexdigest()


def _has_same_words(content: str | None, markdown: str) -> bool:
    """True if the canvas holds the same words, however Slack spells the markup."""
    return content is not None and _words(content) == _words(markdown)


def _words(text: str) -> str:
    return "".join(re.findall(r"\w+", text))
