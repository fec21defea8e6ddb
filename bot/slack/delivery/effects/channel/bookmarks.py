"""The bookmarks of an incident's channel: its page, its ticket elsewhere, its postmortem, in the order people look."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlmodel import Session

from bot.domain.slack_app.scopes import is_lack
from bot.services.channel import bookmarks_and_canvas as documents
from bot.services.channel.bookmarks_and_canvas import Shelf
from bot.slack.api.client import Refused
from bot.slack.delivery.effects.context import Tools, channel_of
from bot.store import outbox
from bot.store.outbox import Claim, Done, Outcome

CHANNEL = "channel"
"""Kept among the ids: in another channel the incident has no bookmarks yet."""
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


async def show(tools: Tools, claim: Claim) -> Outcome:
    """
    Each is added once, and follows its link when that changes; one that people took away stays away.

    The list is read first, so that after a lost answer nothing is added twice.
    """
    settings = tools.settings()
    shelf = await tools.database.read(documents.shelf, settings, claim.row.incident_id or 0)
    if shelf.is_empty:
        return Done()
    channel = channel_of(shelf.incident)
    kept = dict(shelf.incident.bookmark_ids or {})
    if kept.get(CHANNEL) != channel:
        kept = {CHANNEL: channel}
    try:
        wanted = [*_wanted(shelf), *await _postmortem(tools, shelf)]
        listed = (await tools.gateway.call("bookmarks.list", channel_id=channel)).get("bookmarks", [])
        for bookmark in wanted:
            kept[bookmark.purpose] = await _set(tools, channel, bookmark, kept.get(bookmark.purpose), listed)
    except Refused as problem:
        if not is_lack(problem.error):
            return outbox.Refused(str(problem), apply=lambda session: _keep(session, shelf, kept))
    return Done(lambda session: _keep(session, shelf, kept))


def _keep(session: Session, shelf: Shelf, kept: dict[str, str]) -> None:
    documents.bookmarked(session, shelf.incident.key, kept)


def _wanted(shelf: Shelf) -> Iterator[Bookmark]:
    if shelf.page:
        yield Bookmark(documents.PAGE, f"{shelf.incident.reference}: the record", shelf.page, ":dog:")
    if shelf.reference:
        yield Bookmark(documents.REFERENCE, _name_of(shelf.reference), shelf.reference, ":ticket:")


def _name_of(address: str) -> str:
    """What people call it: the last part of its path, such as the number of a ticket; else where it leads."""
    parts = urlsplit(address)
    last = unquote(parts.path.rstrip("/").rpartition("/")[2])
    return (last or parts.hostname or address)[:TITLE_LENGTH]


async def _postmortem(tools: Tools, shelf: Shelf) -> list[Bookmark]:
    """By its address in Slack, which Slack alone knows. None where it does not say."""
    if shelf.file_id is None:
        return []
    try:
        file = (await tools.gateway.call("files.info", file=shelf.file_id)).get("file", {})
    except Refused:
        return []
    link = str(file.get("permalink") or "")
    return [Bookmark(documents.POSTMORTEM, "Postmortem", link, ":memo:")] if link.startswith("http") else []


async def _set(tools: Tools, channel: str, bookmark: Bookmark, known: str | None, listed: list[dict[str, Any]]) -> str:
    """Returns its id."""
    found = next((each for each in listed if each.get("id") == known), None) if known else _same(bookmark, listed)
    if found is None and known is not None:
        return known
    if found is None:
        answer = await tools.gateway.call("bookmarks.add", channel_id=channel, type="link", **bookmark.arguments())
        return str((answer.get("bookmark") or {}).get("id") or "")
    if found.get("link") != bookmark.link:
        try:
            await tools.gateway.call(
                "bookmarks.edit", channel_id=channel, bookmark_id=found["id"], **bookmark.arguments()
            )
        except Refused as problem:
            if problem.error != GONE:
                raise
    return str(found["id"])


def _same(bookmark: Bookmark, listed: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The one that an attempt added whose answer was lost."""
    return next((each for each in listed if each.get("link") == bookmark.link), None)
