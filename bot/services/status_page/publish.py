"""Publish a status update in all its languages, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.config.sections.status_page import StatusPageSection
from bot.domain.errors import StateError, UserError
from bot.domain.languages import get_language
from bot.domain.status_page.components import ComponentState, suggest_states
from bot.domain.status_page.subscribers import NoticeKind
from bot.domain.terms import Severity, Status, UpdateState
from bot.domain.times import ParsedTime
from bot.lazy_dataclass import dataclass
from bot.services.postmortem.public import write_public_postmortem
from bot.services.status_page.notices import notify_of_update
from bot.services.status_page.public_text import (
    check_public_text,
    find_internal_words,
    make_public_id,
    plain_text,
    require_page_language,
)
from bot.services.timeline.status_updates import record_status_update
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.store import status_page
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.status_page import PublicationRequest, PublicIncident, PublicUpdate

ENDING_STATES = frozenset({UpdateState.RESOLVED, UpdateState.POSTMORTEM})
REPEATED_WITHIN = timedelta(minutes=2)
"""So soon after an update the same words are the same act: sent by two people, or again for want of an answer."""


@dataclass(frozen=True, slots=True)
class Publication:
    """
    One update as a person publishes it.

    `texts` by language; `states` of the components that it changes.

    `languages`: those of a postmortem, whose text may be empty. None leaves titles and times of the impact unchanged.
    """

    state: UpdateState
    texts: Mapping[str, str]
    states: Mapping[str, ComponentState] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    titles: Mapping[str, str] | None = None
    impact: tuple[datetime | None, datetime | None] | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """
    The outcome for the person.

    `update` None: it waits as `request`, or was only recorded, for the reason in `why_not`.
    """

    update: PublicUpdate | None = None
    missing: tuple[str, ...] = ()
    """Languages of the page in which the update does not exist."""
    why_not: str = ""
    no_document: str = ""
    """Why the public postmortem is not shown; empty if it is, or was not asked for."""
    suggested: Mapping[str, ComponentState] = field(default_factory=dict)
    """States that the incident suggests, for components of which none is published."""
    untitled: tuple[str, ...] = ()
    """Languages of the update in which the incident has no title."""
    request: PublicationRequest | None = None


def why_unpublished(settings: Settings, incident: Incident) -> str:
    """Why nothing of the incident is published; empty if it may be."""
    if settings.status is None:
        return "no page"
    if incident.is_private:
        return "private"
    return "drill" if incident.is_drill else ""


def find_basis(session: Session, incident: Incident) -> str:
    """Identifies what is published of the incident, to notice that it changed."""
    public = status_page.find_by_incident(session, incident.key)
    rows = status_page.find_updates(session, public.key) if public else []
    return ".".join(f"{row.key}-{'-'.join(row.languages)}" for row in rows)


def publish_update(
    session: Session,
    settings: Settings,
    incident_id: int,
    actor: Actor,
    wanted: Publication,
    when: ParsedTime | None = None,
) -> Published:
    """
    Record an update; publish it if a page is configured and the incident is public.

    The texts of one state in several languages are one update, also when they come one after the other. Raises
    InvalidField (`text`, `lang`, `at`) and UserError; then nothing is recorded or published in any language.
    """
    incident = incidents.lock(session, incident_id)
    reason = why_unpublished(settings, incident)
    page = settings.status
    if page is not None and not reason:
        wanted = _with_languages(page, wanted)
        _check_state(incident, wanted.state)
        _check_words(settings, incident, wanted)
        _check_new(session, incident, wanted, actor.at)
    entries = _record(session, incident_id, actor, wanted, when)
    if page is None or reason:
        return Published(why_not=reason)
    row = _publish(session, settings, page, incident, actor, wanted, entries)
    missing = tuple(code for code in page.languages if code not in row.languages)
    no_document = _attach_documents(session, settings, incident, row) if wanted.state is UpdateState.POSTMORTEM else ""
    return Published(
        row,
        missing,
        no_document=no_document,
        suggested={} if row.components else _suggest(session, settings, incident, row),
        untitled=_find_untitled(session, row),
    )


def _suggest(session: Session, settings: Settings, incident: Incident, row: PublicUpdate) -> dict[str, ComponentState]:
    return suggest_unpublished_states(settings, incident, status_page.find_updates(session, row.public_incident_id))


def _find_untitled(session: Session, row: PublicUpdate) -> tuple[str, ...]:
    """The languages of the update in which the incident has no title."""
    public = session.get(PublicIncident, row.public_incident_id)
    return tuple(code for code in row.languages if public is not None and code not in public.titles)


def suggest_component_states(settings: Settings, incident: Incident) -> dict[str, ComponentState]:
    """States of the components that depend on the incident's services."""
    components = settings.status.as_components() if settings.status else ()
    return suggest_states(components, incident.services, Severity(incident.severity), is_over=not incident.is_open)


def suggest_unpublished_states(
    settings: Settings, incident: Incident, rows: Sequence[PublicUpdate]
) -> dict[str, ComponentState]:
    """A state that was published stays until the incident is over."""
    published = {key for row in rows for key in row.components} if incident.is_open else set()
    suggested = suggest_component_states(settings, incident)
    return {key: state for key, state in suggested.items() if key not in published}


def describe_suggestion(settings: Settings, incident: Incident) -> str:
    """A sentence on what to publish about an incident that began or ended; empty if nothing is."""
    states = {} if why_unpublished(settings, incident) else suggest_component_states(settings, incident)
    if not states or settings.status is None:
        return ""
    names = {each.key: next(iter(each.names.values())) for each in settings.status.as_components()}
    words = get_language("en").words
    listed = ", ".join(f"{names[key]}: {words[f'page_component_{state}'].lower()}" for key, state in states.items())
    form = f"{settings.base_url}/incidents/{incident.reference}/publish"
    return f" Suggested for the status page: {listed}. Confirm and publish: {form}"


def _with_languages(page: StatusPageSection, wanted: Publication) -> Publication:
    """The publication, with words in no stated language in the page's first one."""
    texts = {code or page.default_language: text for code, text in wanted.texts.items()}
    languages = wanted.languages or tuple(texts) or page.languages
    for code in languages:
        require_page_language(page, code)
    plain = {code: plain_text(text) for code, text in texts.items()}
    return Publication(wanted.state, plain, wanted.states, languages, wanted.titles, wanted.impact)


def _check_state(incident: Incident, state: UpdateState) -> None:
    """
    Refuse to open the report of a cancelled or merged incident again.

    Nothing would end it.
    """
    if incident.status in {Status.CANCELLED, Status.MERGED} and state not in ENDING_STATES:
        outcome = "merged" if incident.status == Status.MERGED else "cancelled"
        raise UserError(
            f"{incident.reference} was {outcome}: nothing would end its report on the status page. Correct the report "
            "with the state `resolved` and your text, or publish in the incident that goes on."
        )


def _check_words(settings: Settings, incident: Incident, wanted: Publication) -> None:
    """Refuse what must not leave, and what no reader reads to its end."""
    names = _internal_names(incident)
    for code, text in wanted.texts.items():
        check_public_text(settings, "text", code, text, names)
    for title in (wanted.titles or {}).values():
        for problem in find_internal_words(settings, title, names):
            raise UserError(problem)


def _check_new(session: Session, incident: Incident, wanted: Publication, at: datetime) -> None:
    """
    Refuse to repeat the update of a moment ago: readers would be told twice.

    The form of the page is left out: it checks its own basis.
    """
    public = status_page.find_by_incident(session, incident.key)
    rows = status_page.find_updates(session, public.key) if public else []
    last = next((each for each in reversed(rows) if each.withdrawn_at is None), None)
    if last is None or wanted.titles is not None or last.state != wanted.state:
        return
    is_same_text = bool(wanted.texts) and {*wanted.texts.items()} <= {*last.texts.items()}
    shown = {key: each["state"] for key, each in last.components.items()}
    is_same = is_same_text and all(shown.get(key) == state for key, state in wanted.states.items())
    if is_same and at - last.recorded_at < REPEATED_WITHIN:
        raise StateError("The status page already says exactly this. Nothing was published again.")


def _internal_names(incident: Incident) -> list[str]:
    return [incident.reference, *([f"#{incident.channel_name}"] if incident.channel_name else [])]


def _record(
    session: Session, incident_id: int, actor: Actor, wanted: Publication, when: ParsedTime | None
) -> dict[str, TimelineEntry]:
    """One entry for each language; one without words for a postmortem. By language."""
    if not wanted.texts:
        languages = wanted.languages
        return {"": record_status_update(session, incident_id, actor, wanted.state, "", languages=languages, when=when)}
    return {
        code: record_status_update(
            session, incident_id, actor, wanted.state, text, languages=_entry_languages(wanted, code), when=when
        )
        for code, text in wanted.texts.items()
    }


def _entry_languages(wanted: Publication, code: str) -> Sequence[str]:
    return wanted.languages if len(wanted.texts) == 1 else (code,)


def _publish(
    session: Session,
    settings: Settings,
    page: StatusPageSection,
    incident: Incident,
    actor: Actor,
    wanted: Publication,
    entries: Mapping[str, TimelineEntry],
) -> PublicUpdate:
    public = _ensure_public(session, settings, page, incident, wanted)
    first = next(iter(entries.values()))
    updates = status_page.find_updates(session, public.key)
    same = _find_same_update(updates, wanted, first)
    row = same or PublicUpdate(
        public_incident_id=public.key,
        state=wanted.state.value,
        texts={},
        languages=[],
        published_at=first.happened_at or actor.at,
        recorded_at=actor.at,
    )
    row.texts = {**row.texts, **wanted.texts}
    row.languages = [code for code in page.languages if code in {*row.languages, *wanted.languages}]
    row.components = {**row.components, **_component_rows(page, updates, wanted)}
    row.entries = {**row.entries, **{code: each.key for code, each in entries.items()}}
    session.add(row)
    session.flush()
    status_page.raise_revision(session)
    kind = NoticeKind.TRANSLATION if same else NoticeKind.UPDATE
    if page.subscribers.are_possible:
        notify_of_update(session, incident, row, wanted.languages, kind, actor.at)
    audit_action(session, actor, f"published {wanted.state}", incident=incident, languages=list(wanted.languages))
    return row


def _find_same_update(
    updates: Sequence[PublicUpdate], wanted: Publication, entry: TimelineEntry
) -> PublicUpdate | None:
    """The last update, if these are its words in further languages."""
    last = next((each for each in reversed(updates) if each.withdrawn_at is None), None)
    is_same = last is not None and last.state == wanted.state and not last.is_closing
    if not is_same or last is None or not wanted.texts or {*last.languages} & {*wanted.texts}:
        return None
    return last if entry.happened_at is None or entry.happened_at >= last.published_at else None


def _ensure_public(
    session: Session, settings: Settings, page: StatusPageSection, incident: Incident, wanted: Publication
) -> PublicIncident:
    public = status_page.find_by_incident(session, incident.key)
    if public is None:
        titles = default_titles(settings, page, incident)
        public_id = make_public_id(settings, f"public incident {incident.team_id} {incident.reference}")
        public = PublicIncident(incident_id=incident.key, public_id=public_id, titles=titles)
    if wanted.titles is not None:
        public.titles = {code: title for code, title in wanted.titles.items() if title}
    if wanted.impact is not None:
        public.impact_started_at, public.impact_ended_at = wanted.impact
    session.add(public)
    session.flush()
    return public


def default_titles(settings: Settings, page: StatusPageSection, incident: Incident) -> dict[str, str]:
    """
    The incident's titles by language; neutral where a monitor chose it or it is internal.

    A title in no stated language is in the page's first one.
    """
    neutral = {code: get_language(code).words["page_incident"] for code in page.languages}
    if incident.declared_by is None or incident.title_fact:
        return neutral
    stated = {code or page.default_language: plain_text(title) for code, title in incident.titles.items()}
    kept = {
        code: title
        for code, title in stated.items()
        if code in page.languages and title and not any(find_internal_words(settings, title, _internal_names(incident)))
    }
    return kept or neutral


def _component_rows(
    page: StatusPageSection, updates: Sequence[PublicUpdate], wanted: Publication
) -> dict[str, dict[str, object]]:
    """
    The states with the names that the components have now.

    A resolution ends the impact of all of them.
    """
    names = {each.key: dict(each.names) for each in page.as_components()}
    affected = {key: each for row in updates for key, each in row.components.items()}
    states = dict(wanted.states)
    if wanted.state is UpdateState.RESOLVED:
        states = {**dict.fromkeys(affected, ComponentState.OPERATIONAL), **states}
    return {
        key: {"state": state.value, "names": names.get(key) or affected.get(key, {}).get("names") or {"": key}}
        for key, state in states.items()
    }


def _attach_documents(session: Session, settings: Settings, incident: Incident, row: PublicUpdate) -> str:
    """Add the public postmortem in the update's languages. Returns why it is blocked."""
    try:
        written = write_public_postmortem(session, settings, incident.key, languages=row.languages)
    except UserError as problem:
        return problem.message
    row.documents = dict(written.documents)
    session.add(row)
    return ""
