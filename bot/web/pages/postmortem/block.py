"""`/incidents/{reference}/postmortem/block`: write, move, remove and put back one block."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from aiohttp import web
from sqlmodel import Session

from bot.config import Settings
from bot.domain.drafting.document.blocks import BlockId, DocumentBlock
from bot.domain.drafting.document.edits import NO_BLOCK, check_length
from bot.domain.drafting.document.markdown import clean_markdown
from bot.domain.drafting.document.text_changes import TextChange
from bot.domain.errors import UserError
from bot.domain.times import format_time
from bot.lazy_dataclass import dataclass
from bot.lazy_loader import LazyModule
from bot.runtime.clock import Clock
from bot.services.postmortem.document.editors import note_editor
from bot.services.postmortem.document.edits import (
    Act,
    BlockChange,
    ChangedMeanwhile,
    UneditedDraft,
    build_unedited,
    change_block,
)
from bot.services.web_pages.postmortem import BlockPage, load_block_page
from bot.services.web_pages.sessions import Viewer
from bot.services.workspace.access import NotPermitted
from bot.services.workspace.actor import Actor, Origin
from bot.store.database.session import Database
from bot.store.incidents.incidents import IncidentNotFound
from bot.store.incidents.visibility import Visibility
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import SUBMISSION, PageSessions, form_digest
from bot.web.auth.private_access import PrivateAccess
from bot.web.body_limits import MAX_SIGNED_IN_FORM_BYTES
from bot.web.pages.layout import render_page, render_problem
from bot.web.pages.postmortem.block_view import (
    BLOCK,
    block_query,
    editing_words,
    section_name,
    text_differences,
    version_values,
)
from bot.web.pages.postmortem.document import back_to

if TYPE_CHECKING:
    from jinja2 import filters

    from bot.export import html
else:
    html, filters = LazyModule("bot.export.html"), LazyModule("jinja2.filters")

PATH = "/incidents/{reference}/postmortem/block"
PREVIEW, AUTOSAVE = "preview", "autosave"
"""Further acts of the form: nothing is saved; or it is saved and the page is shown again."""
NO_ACT = "Choose an action."


@dataclass(frozen=True, slots=True)
class Attempt:
    """A form that was sent and is shown again, with what was entered and why."""

    act: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    is_conflict: bool = False


NO_ATTEMPT = Attempt()


class BlockRoutes:
    def __init__(self, sessions: PageSessions, access: PrivateAccess, database: Database, clock: Clock) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(PATH, signed_in(self._sessions, self.show_page)),
            web.post(PATH, signed_in(self._sessions, self.submit_change)),
        ]

    async def show_page(self, request: web.Request, viewer: Viewer) -> web.Response:
        return await self._render(request, viewer, NO_ATTEMPT)

    async def submit_change(self, request: web.Request, viewer: Viewer) -> web.Response:
        """A change leads back to the block; everything else shows the form again."""
        fields = await self._sessions.read_form(request, viewer, max_bytes=MAX_SIGNED_IN_FORM_BYTES)
        act = fields.get("act", "")
        if act == PREVIEW:
            return await self._render(request, viewer, Attempt(act, fields, _preview_problem(fields)))
        visibility, settings = await self._access.find_visibility(viewer), self._sessions.settings
        actor = Actor(viewer.team_id, viewer.user_id, self._clock.now(), Origin.WEB)
        reference = request.match_info["reference"]
        try:
            change = _read_change(request, fields)
            changed = await save_change(self._database, settings, visibility, reference, actor, change)
        except (IncidentNotFound, NotPermitted):
            raise
        except UserError as problem:
            attempt = Attempt(act, fields, problem.message, isinstance(problem, ChangedMeanwhile))
            return await self._render(request, viewer, attempt)
        if act == AUTOSAVE:
            return await self._render(request, viewer, NO_ATTEMPT)
        path = f"{site_root(settings)}/incidents/{reference.upper()}"
        return web.Response(status=303, headers={"Location": back_to(path, changed.id)})

    async def _render(self, request: web.Request, viewer: Viewer, attempt: Attempt) -> web.Response:
        settings, reference = self._sessions.settings, request.match_info["reference"]
        visibility = await self._access.find_visibility(viewer)
        reader = Actor(viewer.team_id, viewer.user_id, self._clock.now(), Origin.WEB)
        block_id = BlockId.parse(request.query.get(BLOCK, ""))
        if block_id is None:
            return render_problem(self._sessions, 404, NO_BLOCK, viewer=viewer)
        try:
            page = await self._database.read_large(load_block_page, settings, visibility, reference, block_id, reader)
            await self._database.run(note_editor, visibility, reference, block_id, reader)
        except IncidentNotFound:
            raise
        except UserError as problem:
            return render_problem(self._sessions, 404, problem.message, viewer=viewer)
        values = {
            **await asyncio.to_thread(page_values, page, attempt),
            "path": f"{site_root(settings)}/incidents/{page.incident.reference}",
        }
        status = 409 if attempt.is_conflict else 422 if attempt.problem else 200
        return render_page(self._sessions, "postmortem/block", values, viewer=viewer, status=status)


def _preview_problem(fields: Mapping[str, str]) -> str:
    """Why the text has no preview: it could not be saved. Empty if it could."""
    try:
        check_length(clean_markdown(fields.get("text", "")))
    except UserError as problem:
        return problem.message
    return ""


def _read_change(request: web.Request, fields: Mapping[str, str]) -> BlockChange:
    """Raises UserError for an act or a block that does not exist."""
    named, block_id = fields.get("act", ""), BlockId.parse(request.query.get(BLOCK, ""))
    if block_id is None:
        raise UserError(NO_BLOCK)
    name = Act.EDIT.value if named == AUTOSAVE else named
    if name not in {each.value for each in Act}:
        raise UserError(NO_ACT)
    form = form_digest(fields, request.path, str(block_id)) if SUBMISSION in fields else ""
    return BlockChange(Act(name), block_id, fields.get("text", ""), fields.get("seen", ""), form)


async def save_change(
    database: Database, settings: Settings, visibility: Visibility, reference: str, actor: Actor, change: BlockChange
) -> DocumentBlock:
    """
    Read the record, then write the change.

    Raises IncidentNotFound, NotPermitted and UserError.
    """

    def build(session: Session) -> UneditedDraft:
        return build_unedited(session, settings, visibility.find(session, reference).key, change.block_id.language)

    def write_change(session: Session, built: UneditedDraft) -> DocumentBlock:
        return change_block(session, settings, visibility.find(session, reference).key, actor, change, built)

    return await database.run(write_change, await database.read_large(build))


def _record_changes(block: DocumentBlock) -> Sequence[TextChange]:
    """The change of the record, or the way from the other text to a contested one."""
    if not block.is_changed:
        return []
    return text_differences(block.base, block.edited if block.is_contested else block.generated)


def page_values(page: BlockPage, attempt: Attempt) -> Mapping[str, Any]:
    """Values of `web/postmortem/block.html.j2`, with what was entered."""
    block = page.block
    text = attempt.fields.get("text") if attempt.act in {Act.EDIT, PREVIEW, AUTOSAVE} else None
    entered = block.text or "" if text is None else text.replace("\r\n", "\n")
    added = attempt.fields.get("text", "") if attempt.act == Act.ADD else ""
    return {
        "incident": page.incident,
        "block": block,
        "other": block_query(block.contested_id) if block.contested_id else "",
        "section": section_name(block.id.section),
        "by": page.by,
        "editing": editing_words(page.editors),
        "seen": page.version,
        SUBMISSION: secrets.token_urlsafe(12),
        "text": entered,
        "is_unsaved": text is not None and entered != (block.text or ""),
        "added": added,
        "problem": attempt.problem,
        "is_conflict": attempt.is_conflict,
        "preview": filters.do_mark_safe(html.render_html_body(clean_markdown(entered)))
        if attempt.act == PREVIEW and not attempt.problem
        else "",
        "record_changes": _record_changes(block),
        "own_changes": text_differences(block.text, entered) if attempt.is_conflict else [],
        "comments": [
            {"by": each.by, "at": format_time(each.at, page.incident.zone), "text": each.text} for each in page.comments
        ],
        "channel": page.channel,
        "is_archived": page.is_archived,
        "comment": attempt.fields.get("text", "") if attempt.act == Act.COMMENT else "",
        "history": version_values(page.history, page.incident.zone),
    }
