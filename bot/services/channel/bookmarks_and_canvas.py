"""The channel's bookmarks, and the draft as a canvas."""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.config.crypto import incident_page_link
from bot.domain.incidents.bridge import build_bridge_url
from bot.domain.text.links import split_url
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.outbox.payloads import CanvasPayload, DraftPayload
from bot.store.incidents import incidents, postmortems, slack_messages
from bot.store.incidents.incidents import Incident
from bot.store.incidents.slack_messages import SlackView, find_ts, is_posted

PAGE, BRIDGE, REFERENCE, POSTMORTEM = "page", "bridge", "reference", "postmortem"
URL = re.compile(r"https?://\S+")
MAX_URL_LENGTH = 2_048
"""Slack's limit of a bookmark's link, in characters."""


@dataclass(frozen=True, slots=True)
class BookmarkTargets:
    """
    Targets of the bookmarks. `page`, `bridge` and `reference` are URLs or None.

    `file_id` is the draft: the canvas, or else the newest file.
    """

    incident: Incident
    page: str | None
    bridge: str | None
    reference: str | None
    file_id: str | None
    bookmark_ids: Mapping[str, str]

    @property
    def is_empty(self) -> bool:
        return not (self.page or self.bridge or self.reference or self.file_id or self.bookmark_ids)


def load_bookmark_targets(session: Session, settings: Settings, incident_id: int) -> BookmarkTargets:
    incident = incidents.get(session, incident_id)
    draft = postmortems.find_latest(session, incident_id)
    return BookmarkTargets(
        incident=incident,
        page=_public_page_url(settings, incident),
        bridge=incident.bridge_url,
        reference=find_url(incident.outside_reference),
        file_id=find_ts(session, incident_id, SlackView.CANVAS) or (draft.file_id if draft else None) or None,
        bookmark_ids=slack_messages.bookmark_ids(session, incident),
    )


def _public_page_url(settings: Settings, incident: Incident) -> str | None:
    """None without a public address: the link would lead nowhere."""
    if not settings.public_url:
        return None
    return incident_page_link(settings, incident.reference, incident.active_link)


def find_url(reference: str | None) -> str | None:
    """The URL that a reference is, or contains."""
    found = URL.search(reference or "")
    if found is None or len(found[0]) > MAX_URL_LENGTH:
        return None
    parts = split_url(found[0])
    return found[0] if parts and parts.hostname else None


def assign_bridge(settings: Settings, incident: Incident) -> None:
    """Give the incident a separate call, if the configuration has a template."""
    incident.bridge_url = build_bridge_url(
        settings.incidents.bridge, incident.reference, secrets.token_hex(10), is_private=incident.is_private
    )


def set_up_bookmarks(session: Session, settings: Settings, incident: Incident, at: datetime) -> None:
    """Queue the bookmarks of a new incident, if there are any."""
    if _public_page_url(settings, incident) or incident.bridge_url or find_url(incident.outside_reference):
        outbox.refresh_bookmarks(session, incident, at)


def on_reference_changed(session: Session, incident: Incident, at: datetime) -> None:
    if find_url(incident.outside_reference) or REFERENCE in slack_messages.bookmark_ids(session, incident):
        outbox.refresh_bookmarks(session, incident, at)


def on_draft_posted(session: Session, settings: Settings, incident_id: int, at: datetime, draft: DraftPayload) -> None:
    """Queue the canvas as the `draft` was requested, or else the bookmarks."""
    incident = incidents.get(session, incident_id)
    outbox.refresh_resolution(session, incident, at)
    if settings.postmortem.canvas or is_posted(session, incident, SlackView.CANVAS):
        outbox.refresh_canvas(session, incident, at, CanvasPayload(draft.template, draft.languages, draft.went))
    else:
        outbox.refresh_bookmarks(session, incident, at)


def on_text_removed(session: Session, incident: Incident, at: datetime) -> None:
    """Refresh a canvas that may quote the removed text."""
    if is_posted(session, incident, SlackView.CANVAS):
        outbox.refresh_canvas(session, incident, at, CanvasPayload(went=True))


def save_bookmark_ids(session: Session, incident_id: int, ids: Mapping[str, str]) -> None:
    """Store the bot's bookmarks, with those that people removed: they are not added again."""
    incident = incidents.lock(session, incident_id)
    for purpose, bookmark_id in ids.items():
        slack_messages.save(session, incident, f"{slack_messages.BOOKMARK}{purpose}", bookmark_id)


def on_canvas_updated(session: Session, incident_id: int, canvas_id: str, digest: str | None, at: datetime) -> None:
    """Store the canvas. `digest` of its content; None if it may not be ours alone."""
    incident = incidents.lock(session, incident_id)
    slack_messages.save(session, incident, SlackView.CANVAS, canvas_id, digest=digest)
    outbox.refresh_bookmarks(session, incident, at)


def on_canvas_left_to_people(
    session: Session, settings: Settings, incident_id: int, at: datetime, *, went: bool, is_published: bool = False
) -> None:
    """
    Leave a canvas in which people may have written what cannot be taken in, and say so once.

    It is said again each time that text was removed from the record (`went`), which may still be in it.
    `is_published`: the text is taken in when the postmortem is reopened.
    """
    incident = incidents.lock(session, incident_id)
    canvas = slack_messages.find_all(session, incident_id).get(SlackView.CANVAS)
    if canvas is None or canvas.digest != "" or went:
        page = f"{settings.base_url}/incidents/{incident.reference}/postmortem"
        outbox.post_event(session, incident, "canvas left", at, went=went, is_published=is_published, page=page)
    if canvas is not None:
        slack_messages.save(session, incident, SlackView.CANVAS, canvas.ts, digest="")


def on_canvas_unavailable(session: Session, incident_id: int, at: datetime) -> None:
    """Let the bookmark lead to the file."""
    outbox.refresh_bookmarks(session, incidents.get(session, incident_id), at)
