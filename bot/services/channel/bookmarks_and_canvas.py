"""What a channel keeps beside the conversation: links that people look for, and the draft as a canvas."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.config import Settings
from bot.crypto.signed_links import page_link
from bot.domain.text.links import parts_of
from bot.services import outbox as tell
from bot.store.incidents import incidents, postmortems
from bot.store.incidents.incidents import Incident

PAGE, REFERENCE, POSTMORTEM = "page", "reference", "postmortem"
ADDRESS = re.compile(r"https?://\S+")
LINK_LENGTH = 2_048
"""Slack's limit of a bookmark's link, in characters."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """
    What the bookmarks are made of. `page` and `reference` are addresses; None where there is none to be had.

    `file_id` is what the draft can be read in: the canvas, or else the newest file.
    """

    incident: Incident
    page: str | None
    reference: str | None
    file_id: str | None

    @property
    def is_empty(self) -> bool:
        return not (self.page or self.reference or self.file_id or self.incident.bookmark_ids)


def shelf(session: Session, settings: Settings, incident_id: int) -> Shelf:
    incident = incidents.get(session, incident_id)
    draft = postmortems.latest(session, incident_id)
    return Shelf(
        incident=incident,
        page=_page_of(settings, incident),
        reference=address_in(incident.outside_reference),
        file_id=incident.canvas_id or (draft.file_id if draft else None) or None,
    )


def _page_of(settings: Settings, incident: Incident) -> str | None:
    """Without an address that people reach, a link to the page would lead nowhere."""
    return page_link(settings, incident.reference) if settings.public_url else None


def address_in(reference: str | None) -> str | None:
    """A reference that is, or holds, the address of a page elsewhere."""
    found = ADDRESS.search(reference or "")
    if found is None or len(found[0]) > LINK_LENGTH:
        return None
    parts = parts_of(found[0])
    return found[0] if parts and parts.hostname else None


def opened(session: Session, settings: Settings, incident: Incident, at: datetime) -> None:
    """The incident begins: its channel gets the bookmarks that there are by now."""
    if _page_of(settings, incident) or address_in(incident.outside_reference):
        tell.show_bookmarks(session, incident, at)


def linked(session: Session, incident: Incident, at: datetime) -> None:
    """The reference is another one."""
    if address_in(incident.outside_reference) or REFERENCE in (incident.bookmark_ids or {}):
        tell.show_bookmarks(session, incident, at)


def drafted(session: Session, settings: Settings, incident_id: int, at: datetime, wanted: Mapping[str, Any]) -> None:
    """A draft was written, with the template and languages of `wanted`: the same goes into the canvas."""
    incident = incidents.get(session, incident_id)
    if settings.postmortem.canvas or incident.canvas_id:
        given = {name: wanted.get(name) for name in ("template", "languages", "went")}
        tell.show_canvas(session, incident, at, **given)
    else:
        tell.show_bookmarks(session, incident, at)


def words_went(session: Session, incident: Incident, at: datetime) -> None:
    """Something was deleted that the canvas may quote."""
    if incident.canvas_id:
        tell.show_canvas(session, incident, at, went=True)


def bookmarked(session: Session, incident_id: int, ids: Mapping[str, str]) -> None:
    """The bookmarks that the bot made, those that people took away among them: these are not made again."""
    incident = incidents.lock(session, incident_id)
    incident.bookmark_ids = dict(ids)
    session.add(incident)


def canvas_shown(session: Session, incident_id: int, canvas_id: str, digest: str | None, at: datetime) -> None:
    """The canvas holds the draft. `digest` of what it holds; None where nobody can tell that it is ours alone."""
    incident = incidents.lock(session, incident_id)
    incident.canvas_id, incident.canvas_digest = canvas_id, digest
    session.add(incident)
    tell.show_bookmarks(session, incident, at)


def canvas_left(session: Session, incident_id: int, at: datetime, *, went: bool) -> None:
    """
    People may have written in the canvas: it is theirs from now on, and the channel hears so once.

    Each time again where words went from the record (`went`), which may still stand in it.
    """
    incident = incidents.lock(session, incident_id)
    if incident.canvas_digest != "" or went:
        tell.say(session, incident, "canvas left", at, went=went)
    incident.canvas_digest = ""
    session.add(incident)


def without_canvas(session: Session, incident_id: int, at: datetime) -> None:
    """There is to be no canvas: the file is what the bookmark leads to."""
    tell.show_bookmarks(session, incidents.get(session, incident_id), at)
