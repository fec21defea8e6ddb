"""A request for approval as its message and its page show it."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import StateError
from bot.domain.languages import get_language
from bot.domain.status_page.page import choose_text
from bot.domain.terms import UpdateState
from bot.lazy_dataclass import dataclass
from bot.services.status_page.approval import (
    GONE,
    PREPARE_AGAIN,
    decode_request,
    describe_outcome,
    find_objection,
    publish_url,
)
from bot.services.status_page.form_view import PreviewFinished
from bot.services.status_page.publish import publish_update
from bot.services.workspace.actor import Actor
from bot.store import status_page
from bot.store.incidents import incidents
from bot.store.incidents.visibility import Visibility
from bot.store.shared import people


@dataclass(frozen=True, slots=True)
class PublicWords:
    """Title and text in one language, by the language's English name."""

    language: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class ApprovalRequestView:
    """
    A public update that waits.

    `words` in every language in which it will exist, `missing` names the others. `components`: name and state, in
    English words. `stated_at`: the time that readers see, None for that of the approval. `impact`: its published start
    and end. `standing`: why it waits no longer; empty while it does.
    """

    request_id: int
    reference: str
    title: str
    is_private: bool
    author: str
    requested_at: datetime
    page_url: str
    state: UpdateState
    words: tuple[PublicWords, ...]
    missing: tuple[str, ...] = ()
    components: tuple[tuple[str, str], ...] = ()
    stated_at: datetime | None = None
    impact: tuple[datetime | None, datetime | None] = (None, None)
    standing: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


def request_exists(session: Session, request_id: int) -> bool:
    return status_page.get_request(session, request_id) is not None


def load_approval_request(session: Session, settings: Settings, request_id: int) -> ApprovalRequestView:
    """Raises StateError for a request that does not exist."""
    row = status_page.get_request(session, request_id)
    if row is None:
        raise StateError(GONE)
    incident = incidents.get(session, row.incident_id)
    wanted, when = decode_request(row)
    page = settings.status
    languages, english = page.languages if page else (), get_language("en")
    texts, titles = row.shown["texts"], row.shown["titles"]
    exists = [code for code in languages if texts.get(code) or code in wanted.languages]
    standing = describe_outcome(incident, row) if row.outcome else ""
    objection = "" if standing else find_objection(session, settings, incident, row)
    started, ended = (datetime.fromisoformat(each) if each else None for each in row.shown["impact"])
    return ApprovalRequestView(
        row.key,
        incident.reference,
        incident.title,
        incident.is_private,
        row.requested_by,
        row.requested_at,
        publish_url(settings, incident),
        wanted.state,
        tuple(
            PublicWords(english.language_name(code), choose_text(titles, code, languages)[0], texts.get(code, ""))
            for code in exists
        ),
        tuple(english.language_name(code) for code in languages if code not in exists),
        tuple(
            (choose_text(each["names"], "en", languages)[0], english.words[f"page_component_{each['state']}"])
            for each in row.shown["components"].values()
        ),
        when.at if when else None,
        (started, ended),
        standing or (f"{objection} {PREPARE_AGAIN}" if objection else ""),
        people.find_names(session, incident.team_id, {row.requested_by, *([row.decided_by] if row.decided_by else [])}),
    )


def find_waiting_view(
    session: Session, settings: Settings, visibility: Visibility, reference: str
) -> ApprovalRequestView | None:
    """The request of an incident that waits; None if none does."""
    incident = visibility.find(session, reference)
    row = status_page.find_waiting(session, [incident.key]).get(incident.key)
    return load_approval_request(session, settings, row.key) if row else None


def preview_request(session: Session, settings: Settings, request_id: int, actor: Actor) -> None:
    """
    Publish a request, look, and undo it.

    Raises PreviewFinished, or UserError for what can no longer be published.
    """
    row = status_page.get_request(session, request_id)
    if row is None:
        raise StateError(GONE)
    wanted, when = decode_request(row)
    publish_update(session, settings, row.incident_id, actor, wanted, when)
    public = status_page.find_by_incident(session, row.incident_id)
    if public is None:
        raise StateError(GONE)
    raise PreviewFinished(status_page.as_published(public, status_page.find_updates(session, public.key)))
