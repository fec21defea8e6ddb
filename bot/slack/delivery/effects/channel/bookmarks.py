"""Effect on an incident channel's bookmarks: its page, call, ticket and postmortem."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlmodel import Session

from bot.domain.slack_app.missing_permissions import is_missing_permission
from bot.lazy_dataclass import dataclass
from bot.services.channel import bookmarks_and_canvas
from bot.services.channel.bookmarks_and_canvas import BookmarkTargets
from bot.slack.api.errors import SlackApiError
from bot.slack.delivery.effects.channel.files import find_permalink
from bot.slack.delivery.effects.context import EffectContext, require_channel
from bot.store import outbox
from bot.store.outbox import Claim, Done, Outcome

TITLE_LENGTH = 60
GONE = "not_found"


@dataclass(frozen=True, slots=True)
class Bookmark:
    purpose: str
    title: str
    link: str
    emoji: str

    def arguments(self) -> dict[str, str]:
        return {"title": self.title, "link": self.link, "emoji": self.emoji}


async def update_bookmarks(context: EffectContext, claim: Claim) -> Outcome:
    """
    Add each bookmark once, and edit it when its link changes.

    One that people removed stays removed. The channel's bookmarks are listed first, so that none is added twice after
    a lost answer.
    """
    settings = context.settings()
    targets = await context.database.read(
        bookmarks_and_canvas.load_bookmark_targets, settings, claim.row.incident_id or 0
    )
    if targets.is_empty:
        return Done()
    channel = require_channel(targets.incident)
    ids = dict(targets.bookmark_ids)
    try:
        wanted = [*_incident_bookmarks(targets), *await _postmortem_bookmark(context, targets)]
        listed = (await context.gateway.call("bookmarks.list", channel_id=channel)).get("bookmarks", [])
        for bookmark in wanted:
            ids[bookmark.purpose] = await _set_bookmark(context, channel, bookmark, ids.get(bookmark.purpose), listed)
    except SlackApiError as problem:
        if not is_missing_permission(problem.error):
            return outbox.Rejected(str(problem), apply=lambda session: _save_ids(session, targets, ids))
    return Done(lambda session: _save_ids(session, targets, ids))


def _save_ids(session: Session, targets: BookmarkTargets, ids: dict[str, str]) -> None:
    bookmarks_and_canvas.save_bookmark_ids(session, targets.incident.key, ids)


def _incident_bookmarks(targets: BookmarkTargets) -> Iterator[Bookmark]:
    if targets.page:
        yield Bookmark(bookmarks_and_canvas.PAGE, f"{targets.incident.reference}: the record", targets.page, ":dog:")
    if targets.bridge:
        yield Bookmark(bookmarks_and_canvas.BRIDGE, "Join the call", targets.bridge, ":telephone_receiver:")
    if targets.reference:
        yield Bookmark(bookmarks_and_canvas.REFERENCE, _link_title(targets.reference), targets.reference, ":ticket:")


def _link_title(address: str) -> str:
    """Last part of the address's path, such as a ticket number; else its host."""
    parts = urlsplit(address)
    last = unquote(parts.path.rstrip("/").rpartition("/")[2])
    return (last or parts.hostname or address)[:TITLE_LENGTH]


async def _postmortem_bookmark(context: EffectContext, targets: BookmarkTargets) -> list[Bookmark]:
    """Bookmark of the draft's file; empty if Slack gives no permalink."""
    if targets.file_id is None:
        return []
    link = await find_permalink(context, targets.file_id)
    return [Bookmark(bookmarks_and_canvas.POSTMORTEM, "Postmortem", link, ":memo:")] if link else []


async def _set_bookmark(
    context: EffectContext, channel: str, bookmark: Bookmark, known: str | None, listed: list[dict[str, Any]]
) -> str:
    """Add the bookmark or edit its link. Returns its id, empty or unchanged for a removed one."""
    found = (
        next((each for each in listed if each.get("id") == known), None) if known else _find_same_link(bookmark, listed)
    )
    if found is None and known is not None:
        return known
    if found is None:
        answer = await context.gateway.call("bookmarks.add", channel_id=channel, type="link", **bookmark.arguments())
        return str((answer.get("bookmark") or {}).get("id") or "")
    if found.get("link") != bookmark.link:
        try:
            await context.gateway.call(
                "bookmarks.edit", channel_id=channel, bookmark_id=found["id"], **bookmark.arguments()
            )
        except SlackApiError as problem:
            if problem.error != GONE:
                raise
    return str(found["id"])


def _find_same_link(bookmark: Bookmark, listed: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Bookmark that an attempt of unknown outcome added."""
    return next((each for each in listed if each.get("link") == bookmark.link), None)
