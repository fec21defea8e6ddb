"""The form that publishes an update in all languages, and its preview."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.languages import get_language
from bot.domain.status_page.components import Component, ComponentState
from bot.domain.status_page.publication import PublishedIncident
from bot.domain.terms import Status, UpdateState
from bot.lazy_dataclass import dataclass
from bot.services.status_page.approval import submit_update
from bot.services.status_page.publish import (
    Publication,
    Published,
    default_titles,
    find_basis,
    publish_update,
    suggest_unpublished_states,
    why_unpublished,
)
from bot.services.workspace.actor import Actor
from bot.store import status_page
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Visibility
from bot.store.status_page import PublicUpdate

STATES: Mapping[Status, UpdateState] = {
    Status.IDENTIFIED: UpdateState.IDENTIFIED,
    Status.MONITORING: UpdateState.MONITORING,
    Status.RESOLVED: UpdateState.RESOLVED,
    Status.CLOSED: UpdateState.RESOLVED,
}
"""The state that an incident suggests; any other: investigating."""
PROGRESS = (UpdateState.INVESTIGATING, UpdateState.IDENTIFIED, UpdateState.MONITORING)
"""Public states of an open incident, in the order in which it comes to them."""


@dataclass(frozen=True, slots=True)
class PublishForm:
    """
    Initial values of the form.

    `why_not`: why nothing of the incident can be published, empty if it can.

    `suggested` are states for a person to confirm. `drafts`: texts by state and language. `seen` identifies what was
    published when the form was loaded. `published` is None before the first update.
    """

    reference: str
    title: str
    why_not: str
    state: UpdateState
    titles: Mapping[str, str]
    components: tuple[Component, ...]
    suggested: Mapping[str, ComponentState]
    drafts: Mapping[UpdateState, Mapping[str, str]]
    impact: tuple[datetime | None, datetime | None]
    zone: tzinfo
    seen: str
    published: PublishedIncident | None


class PreviewFinished(Exception):
    """
    Ends the transaction of a preview, so that nothing of it stays.

    `incident` as readers would see it. `no_document`: why the postmortem's text is missing, or empty.
    """

    def __init__(self, incident: PublishedIncident, no_document: str = "") -> None:
        self.incident, self.no_document = incident, no_document
        super().__init__()


def load_publish_form(session: Session, settings: Settings, visibility: Visibility, reference: str) -> PublishForm:
    """Raises IncidentNotFound, alike for missing and for invisible incidents."""
    incident = visibility.find(session, reference)
    page, public = settings.status, status_page.find_by_incident(session, incident.key)
    rows = status_page.find_updates(session, public.key) if public else []
    titles = public.titles if public else default_titles(settings, page, incident) if page else {}
    stated = (public.impact_started_at, public.impact_ended_at) if public else None
    return PublishForm(
        incident.reference,
        incident.title,
        why_unpublished(settings, incident),
        _initial_state(incident, rows),
        titles,
        page.as_components() if page else (),
        suggest_unpublished_states(settings, incident, rows),
        _write_drafts(page.languages if page else ()),
        stated or _recorded_impact(incident),
        ZoneInfo(incident.zone),
        find_basis(session, incident),
        status_page.as_published(public, rows) if public and rows else None,
    )


def _initial_state(incident: Incident, rows: Sequence[PublicUpdate]) -> UpdateState:
    """The state that the incident suggests, or the last published one if that is further on."""
    suggested = STATES.get(Status(incident.status), UpdateState.INVESTIGATING)
    last = next((UpdateState(row.state) for row in reversed(rows) if row.withdrawn_at is None), suggested)
    is_further = last in PROGRESS and suggested in PROGRESS and PROGRESS.index(last) > PROGRESS.index(suggested)
    return last if is_further else suggested


def _recorded_impact(incident: Incident) -> tuple[datetime | None, datetime | None]:
    """Start and end of the impact; no start where only the declaration stands for it."""
    started = incident.started_at if incident.started_at != incident.declared_at else None
    return started, incident.ended_at


def _write_drafts(languages: tuple[str, ...]) -> dict[UpdateState, dict[str, str]]:
    states = (UpdateState.INVESTIGATING, UpdateState.IDENTIFIED, UpdateState.MONITORING, UpdateState.RESOLVED)
    return {state: {code: get_language(code).words[f"page_draft_{state}"] for code in languages} for state in states}


def publish_form(
    session: Session,
    settings: Settings,
    visibility: Visibility,
    reference: str,
    actor: Actor,
    wanted: Publication,
    *,
    seen: str,
    is_urgent: bool = False,
) -> Published:
    """
    Publish what a person confirmed in the form, or ask for its approval.

    Raises UserError if the incident cannot be published, or somebody published since the form was loaded.
    """
    incident = _check_form(session, settings, visibility, reference, actor, wanted, seen)
    return submit_update(session, settings, incident.key, actor, wanted, is_urgent=is_urgent)


def _check_form(
    session: Session,
    settings: Settings,
    visibility: Visibility,
    reference: str,
    actor: Actor,
    wanted: Publication,
    seen: str,
) -> Incident:
    found = visibility.find(session, reference)
    incident = incidents.lock(session, found.key)  # of two forms, the second sees the first
    if why_unpublished(settings, incident):
        raise UserError("Nothing of this incident can be published. Open the page again.")
    if not any(wanted.texts.values()) and wanted.state is not UpdateState.POSTMORTEM:
        raise UserError("Enter a text in at least one language.")
    public = status_page.find_by_incident(session, incident.key)
    if find_basis(session, incident) != seen:
        when = status_page.find_updates(session, public.key)[-1].published_at if public else actor.at
        clock = when.astimezone(ZoneInfo(incident.zone))
        raise UserError(f"Another update was published at {clock:%H:%M}. Read it below, then publish yours again.")
    return incident


def preview_form(
    session: Session,
    settings: Settings,
    visibility: Visibility,
    reference: str,
    actor: Actor,
    wanted: Publication,
    *,
    seen: str,
) -> None:
    """Publish, look, and undo it. Raises PreviewFinished, or UserError as `publish_form` does."""
    incident = _check_form(session, settings, visibility, reference, actor, wanted, seen)
    published = publish_update(session, settings, incident.key, actor, wanted)
    public = status_page.find_by_incident(session, incident.key)
    if public is None:
        raise UserError("Nothing of this incident can be published. Open the page again.")
    shown = status_page.as_published(public, status_page.find_updates(session, public.key))
    raise PreviewFinished(shown, published.no_document)
