"""Record public status updates. `services.status_page` publishes them."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.domain.errors import ErrorCollector, InvalidField, errors_at
from bot.domain.terms import Kind, UpdateState
from bot.domain.times import ParsedTime, refuse_future
from bot.services import outbox
from bot.services.timeline.entries import record_entry
from bot.services.workspace.actor import Actor
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry


def record_status_update(
    session: Session,
    incident_id: int,
    actor: Actor,
    state: UpdateState,
    text: str,
    *,
    languages: Sequence[str] = (),
    when: ParsedTime | None = None,
) -> TimelineEntry:
    """
    Record a public status update of `when` (now, if None).

    Of a published postmortem `languages` are the ones it is published in, and the text may be empty. The same state in
    another language, with no other state between, belongs to the same update. Raises InvalidField or InvalidFields
    (`text`, `lang`, `at`) for an update without a text, a text in several languages, and a time in the future.
    """
    incident = incidents.lock(session, incident_id)
    _check_update(incident, actor, state, text, languages, when)
    entry = record_entry(
        session,
        incident,
        [Kind.COMMUNICATION],
        text,
        actor,
        when=when,
        language=languages[0] if len(languages) == 1 else None,
        public=state.value,
        public_languages=(list(languages) or None) if state is UpdateState.POSTMORTEM else None,
    )
    outbox.post_event(session, incident, "update", actor.at, entry_id=entry.key)
    outbox.refresh_card(session, incident, actor.at)
    return entry


def _check_update(
    incident: Incident, actor: Actor, state: UpdateState, text: str, languages: Sequence[str], when: ParsedTime | None
) -> None:
    errors = ErrorCollector()
    with errors.collect(), errors_at("at"):
        if when is not None:
            refuse_future(when, now=actor.at, zone=ZoneInfo(incident.zone))
    with errors.collect():
        if state is not UpdateState.POSTMORTEM and not text:
            raise InvalidField("text", f"Add the published text: `/incident update {state} TEXT`.")
    with errors.collect():
        if state is not UpdateState.POSTMORTEM and len(languages) > 1:
            raise InvalidField(
                "lang", "A text has one language. Name one after `lang:`, and record each other text separately."
            )
    errors.check()
