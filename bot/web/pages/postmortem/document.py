"""`GET /incidents/{reference}/postmortem`: the draft, in which each block can be edited."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.config import Settings
from bot.domain.drafting.document.anchors import replace_anchors
from bot.domain.drafting.document.blocks import BlockId, BlockState, DocumentBlock
from bot.domain.drafting.document.publication import PostmortemState, Step
from bot.domain.errors import UserError
from bot.domain.languages import get_language
from bot.domain.times import format_time
from bot.lazy_dataclass import dataclass
from bot.lazy_loader import LazyModule
from bot.runtime.clock import Clock
from bot.services.postmortem.document.publication import PublishedVersion
from bot.services.postmortem.document.review import Review
from bot.services.postmortem.templates import check_template, render_draft
from bot.services.web_pages.postmortem import PostmortemPage, load_postmortem_page
from bot.services.web_pages.sessions import Viewer
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.user_groups import UserGroup
from bot.store.database.session import Database
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import PageSessions
from bot.web.auth.private_access import PrivateAccess
from bot.web.pages.layout import render_page
from bot.web.pages.postmortem.action_item_view import action_item_values, new_action_item_values
from bot.web.pages.postmortem.block_view import block_anchor, block_query, editing_words, section_name
from bot.web.pages.postmortem.user_groups import UserGroupList

if TYPE_CHECKING:
    from jinja2 import filters

    from bot.export import html
else:
    html, filters = LazyModule("bot.export.html"), LazyModule("jinja2.filters")

TEMPLATE = "template"


@dataclass(frozen=True, slots=True)
class Article:
    """The document in one language as HTML. `hidden`: touched blocks that it does not show."""

    language: str
    html: str
    hidden: Sequence[DocumentBlock]


class PostmortemRoutes:
    def __init__(
        self,
        sessions: PageSessions,
        access: PrivateAccess,
        database: Database,
        clock: Clock,
        user_groups: UserGroupList,
    ) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database
        self._clock = clock
        self._user_groups = user_groups

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/incidents/{reference}/postmortem", signed_in(self._sessions, self.show_page))]

    async def show_page(self, request: web.Request, viewer: Viewer) -> web.Response:
        settings, reference = self._sessions.settings, request.match_info["reference"]
        visibility = await self._access.find_visibility(viewer)
        template, problem = _read_template(settings, request.query.get(TEMPLATE, ""))
        reader = Actor(viewer.team_id, viewer.user_id, self._clock.now(), Origin.WEB)
        page = await self._database.read_large(load_postmortem_page, settings, visibility, reference, template, reader)
        groups = await self._user_groups.find_groups()
        values = await asyncio.to_thread(page_values, settings, page, groups, problem)
        return render_page(self._sessions, "postmortem/document", values, viewer=viewer)


def _read_template(settings: Settings, asked: str) -> tuple[str | None, str]:
    """The template to show and what is wrong with the one that was asked for."""
    try:
        return (check_template(settings, asked) if asked else None), ""
    except UserError as problem:
        return None, problem.message


async def render_refusal(
    sessions: PageSessions,
    viewer: Viewer,
    page: PostmortemPage,
    groups: Sequence[UserGroup],
    problem: str,
    entered: Mapping[str, str],
) -> web.Response:
    """The page after a form was refused, with what was `entered`."""
    values = await asyncio.to_thread(page_values, sessions.settings, page, groups, problem, entered)
    return render_page(sessions, "postmortem/document", values, viewer=viewer, status=422)


def page_values(
    settings: Settings,
    page: PostmortemPage,
    groups: Sequence[UserGroup],
    problem: str,
    entered: Mapping[str, str] = MappingProxyType({}),
) -> Mapping[str, Any]:
    """Values of `web/postmortem/document.html.j2`. Slow: it renders the draft."""
    path = f"{site_root(settings)}/incidents/{page.incident.reference}"
    own = {
        "incident": page.incident,
        "path": path,
        "problem": problem,
        "published": [published_values(each, page.incident.zone) for each in page.published],
        "reviews": [_review_values(page, each) for each in page.reviews],
        "owners": [*page.reviewers, *((f"@{each.handle}", f"User group {each.name}") for each in groups)],
        "review": review_form_values(entered),
        "public_form": page.public_form,
        "approvals": settings.postmortem.approvals,
        "action_items": [action_item_values(each, page.people, entered) for each in page.action_items],
        "new_action_item": new_action_item_values(entered),
        "submission": secrets.token_urlsafe(12),
    }
    if page.incident.state is PostmortemState.PUBLISHED:
        return {**own, "articles": render_published(page.published[-1]), "collisions": ()}
    rendered = render_draft(settings, page.draft, page.template)
    articles = [_render_article(path, page, code, markdown) for code, markdown in rendered.documents.items()]
    collisions = [block for block in page.touched.values() if block.is_changed]
    return {
        **own,
        "problem": problem or rendered.problem or "",
        "template": rendered.template,
        "templates": settings.template_names,
        "articles": articles,
        "languages": [article.language for article in articles],
        "sections": sorted({(section_name(each), each) for doc in page.draft.documents for each in doc.sections}),
        "collisions": [_touched_values(page, block) for block in collisions],
        "removed": [_touched_values(page, block) for block in page.touched.values() if not block.is_shown],
        "hidden": [_touched_values(page, block) for article in articles for block in article.hidden],
    }


def published_values(version: PublishedVersion, zone: ZoneInfo) -> Mapping[str, Any]:
    return {
        "number": version.number,
        "by": version.by,
        "at": format_time(version.at, zone),
        "digest": version.digest,
        "is_redacted": version.is_redacted,
    }


def review_form_values(entered: Mapping[str, str]) -> Mapping[str, object]:
    """Values of the form that asks for a review; `is_open` after it was refused."""
    is_own = entered.get("step") == Step.REVIEW
    fields = {name: entered.get(name, "") if is_own else "" for name in ("reviewer", "due")}
    return {**fields, "is_open": is_own}


def _review_values(page: PostmortemPage, review: Review) -> Mapping[str, Any]:
    """A reviewer. `number`: of the published version that ended the review; 0 while it goes on."""
    numbers = {each.version: each.number for each in page.published}
    approved = format_time(review.approved_at, page.incident.zone) if review.approved_at else ""
    return {"name": review.name, "due": review.due, "approved": approved, "number": numbers.get(review.version or 0, 0)}


def render_published(version: PublishedVersion) -> list[Article]:
    """The frozen text, without links that edit it."""
    return [
        Article(
            code, filters.do_mark_safe(html.render_html_body(markdown, source=get_language(code).words["source"])), ()
        )
        for code, markdown in version.documents.items()
    ]


def _render_article(path: str, page: PostmortemPage, language: str, markdown: str) -> Article:
    shown: set[BlockId] = set()

    def controls(block_id: BlockId) -> str:
        is_first = block_id not in shown
        shown.add(block_id)
        return _controls(path, page, block_id, with_id=is_first)

    document = next(each for each in page.draft.documents if each.language == language)
    body = replace_anchors(html.render_html_body(markdown, source=document.words["source"]), controls)
    touched = [block for block in page.touched.values() if block.id.language == language]
    return Article(
        language, filters.do_mark_safe(body), [block for block in touched if block.is_shown and block.id not in shown]
    )


def _controls(path: str, page: PostmortemPage, block_id: BlockId, *, with_id: bool) -> str:
    """The link that edits a block, and what happened to the block."""
    block = page.touched.get(block_id)
    link = escape(f"{path}/postmortem/block?{block_query(block_id)}")
    anchor = f' id="{escape(block_anchor(block_id))}"' if with_id else ""
    name = escape(f"Edit {section_name(block_id.section)}, {block_id.key}")
    remarks = _editing(page, block_id) or (_remarks(page, block) if block is not None else "")
    edit = f'<a class="mark" href="{link}" aria-label="{name}">Edit</a>'
    return (
        f'<span class="block"{anchor}>{remarks}{edit}{_comment_link(link, len(page.comments.get(block_id, ())))}</span>'
    )


def _comment_link(link: str, count: int) -> str:
    words = "1 comment" if count == 1 else f"{count} comments"
    return f' <a class="mark" href="{link}#comments">{words}</a>' if count else ""


def _editing(page: PostmortemPage, block_id: BlockId) -> str:
    names = page.editors.get(block_id)
    return f'<span class="mark">{escape(editing_words(names))}</span> ' if names else ""


def _remarks(page: PostmortemPage, block: DocumentBlock) -> str:
    if block.is_contested:
        return '<strong class="mark bad-ink">Two texts</strong> '
    if block.is_collision:
        return '<strong class="mark bad-ink">The record changed</strong> '
    if block.state in {BlockState.EDITED, BlockState.ADDED} and block.by:
        return f'<span class="mark">{escape(page.people.get(block.by, block.by))}</span> '
    return ""


def _touched_values(page: PostmortemPage, block: DocumentBlock) -> Mapping[str, Any]:
    return {
        "query": block_query(block.id),
        "section": section_name(block.id.section),
        "key": block.id.key,
        "language": block.id.language,
        "text": block.text or block.edited or block.base or block.generated or "",
        "is_removed": block.state is BlockState.REMOVED,
        "is_changed": block.is_changed,
        "is_gone": block.generated is None,
        "by": page.people.get(block.by or "", block.by or ""),
    }


def back_to(path: str, block_id: BlockId) -> str:
    """The address of a block on the page."""
    return f"{path}/postmortem#{quote(block_anchor(block_id))}"
