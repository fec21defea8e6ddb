"""
The postmortem's draft as a canvas of the incident's channel, beside the file.

It is written anew as long as nobody else wrote in it: what Slack gives back right after our writing is kept as a
digest, and compared before the next. Where that cannot be known it is left: what people wrote must not be lost.
"""

import asyncio
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlmodel import Session
from structlog import get_logger

from bot.crypto.signed_links import page_link
from bot.domain.slack_app.scopes import is_lack
from bot.export.canvas import canvas_markdown
from bot.services.channel import bookmarks_and_canvas as documents
from bot.services.postmortem import drafts as postmortem
from bot.services.postmortem.drafts import Made
from bot.slack.api.client import Refused
from bot.slack.delivery.effects.context import Tools, channel_of
from bot.store import outbox
from bot.store.incidents.incidents import Incident
from bot.store.outbox import Claim, Done, Outcome

log = get_logger(__name__)

OF_THIS_CHANNEL = {"free_team_canvas_tab_already_exists", "restricted_action", "too_many_tabs"}
"""There is to be no canvas here, and nothing is wrong: the file has the draft."""
GONE = {"canvas_not_found", "canvas_deleted"}


async def show(tools: Tools, claim: Claim) -> Outcome:
    incident = await tools.incident(claim.row.incident_id)
    settings = tools.settings()
    if incident.canvas_id is None and not settings.postmortem.canvas:
        return Done()
    if incident.canvas_digest == "":
        return _left(tools, claim, incident)
    made = await _draft(tools, claim)
    markdown = await asyncio.to_thread(canvas_markdown, made.markdown, page_link(settings, incident.reference))
    try:
        if incident.canvas_id is None:
            return await _create(tools, claim, incident, made.title, markdown)
        return await _replace(tools, claim, incident, markdown)
    except Refused as problem:
        if is_lack(problem.error) or problem.error in OF_THIS_CHANNEL:
            log.info("no canvas for the draft", reference=incident.reference, problem=str(problem))
            if incident.canvas_id is not None:
                return _left(tools, claim, incident)
            return Done(lambda session: documents.without_canvas(session, incident.key, tools.now()))
        return outbox.Refused(
            str(problem), apply=lambda session: documents.without_canvas(session, incident.key, tools.now())
        )


async def _draft(tools: Tools, claim: Claim) -> Made:
    settings, details = tools.settings(), claim.row.details
    assembled = await tools.database.read(
        postmortem.assembled,
        settings,
        claim.row.incident_id or 0,
        template=details.get("template"),
        languages=details.get("languages"),
    )
    return await asyncio.to_thread(assembled.write, settings)


async def _create(tools: Tools, claim: Claim, incident: Incident, title: str, markdown: str) -> Outcome:
    """A canvas whose making got no answer is looked for among the channel's tabs; what stands in it may be people's."""
    channel = channel_of(incident)
    found = claim.row.progress.get("canvas_id")
    if found is None and claim.is_unknown:
        found = await _ours_among_tabs(tools, channel, title)
    if found is not None:
        text = await _content(tools, str(found))
        return _shown(tools, incident, str(found), digest(text) if _says_the_same(text, markdown) else None)
    answer = await tools.gateway.call(
        "canvases.create", title=title, channel_id=channel, document_content=_document(markdown)
    )
    canvas_id = str(answer.get("canvas_id") or "")
    if not canvas_id:
        return Done()
    await tools.save_progress(claim, canvas_id=canvas_id)
    return _shown(tools, incident, canvas_id, digest(await _content(tools, canvas_id)))


async def _replace(tools: Tools, claim: Claim, incident: Incident, markdown: str) -> Outcome:
    canvas_id = str(incident.canvas_id)
    stands = await _content(tools, canvas_id)
    if stands is None or digest(stands) != incident.canvas_digest:  # None too where it could not be read then
        if claim.is_unknown and _says_the_same(stands, markdown):  # our own writing, whose answer was lost
            return _shown(tools, incident, canvas_id, digest(stands))
        return _left(tools, claim, incident)
    change = {"operation": "replace", "document_content": _document(markdown)}
    try:
        await tools.gateway.call("canvases.edit", canvas_id=canvas_id, changes=[change])
    except Refused as problem:
        if problem.error not in GONE:
            raise
        return _left(tools, claim, incident)
    return _shown(tools, incident, canvas_id, digest(await _content(tools, canvas_id)))


def _shown(tools: Tools, incident: Incident, canvas_id: str, found: str | None) -> Outcome:
    at = tools.now()

    def apply(session: Session) -> None:
        documents.canvas_shown(session, incident.key, canvas_id, found, at)

    return Done(apply)


def _left(tools: Tools, claim: Claim, incident: Incident) -> Outcome:
    at, went = tools.now(), bool(claim.row.details.get("went"))

    def apply(session: Session) -> None:
        documents.canvas_left(session, incident.key, at, went=went)

    return Done(apply)


async def _content(tools: Tools, canvas_id: str) -> str | None:
    """What stands in the canvas, in Slack's spelling; None where it cannot be read."""
    try:
        answer = await tools.gateway.call("canvases.getContent", canvas_id=canvas_id)
    except Refused:
        return None
    content = answer.get("content")
    return content if isinstance(content, str) else None


async def _ours_among_tabs(tools: Tools, channel: str, title: str) -> str | None:
    """A canvas of ours that the channel shows under this title."""
    try:
        channel_now = (await tools.gateway.call("conversations.info", channel=channel)).get("channel", {})
        installation = await tools.installation()
        for file_id in _files_in(channel_now.get("properties") or {}):
            file = (await tools.gateway.call("files.info", file=file_id)).get("file", {})
            if file.get("user") == installation.bot_user_id and file.get("title") == title:
                return file_id
    except Refused as problem:
        log.warning("a half-made canvas cannot be looked for", problem=str(problem))
    return None


def _files_in(properties: Mapping[str, Any]) -> Iterator[str]:
    """Whatever names a file: Slack has put a channel's canvases in several places."""
    for key, value in properties.items():
        if key == "file_id" and isinstance(value, str):
            yield value
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Mapping):
                yield from _files_in(each)


def _document(markdown: str) -> dict[str, str]:
    return {"type": "markdown", "markdown": markdown}


def digest(content: str | None) -> str | None:
    """None for what cannot be read: then nobody can tell later whether people wrote in it."""
    return None if content is None else hashlib.sha256(content.encode()).hexdigest()


def _says_the_same(content: str | None, markdown: str) -> bool:
    """Whether a canvas holds these words and no others, however Slack spells their marks."""
    return content is not None and _words(content) == _words(markdown)


def _words(text: str) -> str:
    return "".join(re.findall(r"\w+", text))
