"""Keep the public page in step with the record: corrections, withdrawals, closings."""

from sqlmodel import Session

from bot.config import Settings
from bot.domain.languages import get_language
from bot.domain.status_page.components import ComponentState
from bot.domain.status_page.subscribers import NoticeKind
from bot.domain.terms import UpdateState
from bot.services.status_page.notices import notify_of_update
from bot.services.status_page.public_text import plain_text
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.store import status_page
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.status_page import PublicUpdate


def correct_published(session: Session, incident: Incident, entry: TimelineEntry, actor: Actor) -> None:
    """
    Publish the words that an entry has now.

    Readers see when they were corrected; the audit has the old ones.

    An entry that was taken off the timeline is shown as withdrawn, without words.
    """
    if entry.values.public is None:
        return
    for row, code in status_page.find_by_entry(session, incident.key, entry.key):
        text = "" if entry.withdrawn_at is not None else plain_text(entry.text)
        if row.texts.get(code, "") == text:
            continue
        before = row.texts.get(code, "")
        row.texts = {**row.texts, code: text}
        row.corrected_at = actor.at
        is_gone = entry.withdrawn_at is not None and not any(row.texts.values())
        row.withdrawn_at = actor.at if is_gone else None
        session.add(row)
        status_page.raise_revision(session)
        notify_of_update(session, incident, row, [code], NoticeKind.CORRECTION, actor.at)
        what = "withdrew a published update" if is_gone else "corrected a published update"
        audit_action(session, actor, what, incident=incident, entry=entry.key, before={"text": before})


def close_published(session: Session, settings: Settings, incident: Incident, actor: Actor) -> None:
    """
    Say on the page that no further updates follow: it was cancelled or merged.

    Its components count as operational: the incident that goes on has its own.
    """
    public = status_page.find_by_incident(session, incident.key) if settings.status else None
    if public is None or settings.status is None:
        return
    updates = [each for each in status_page.find_updates(session, public.key) if each.withdrawn_at is None]
    if not updates or UpdateState(updates[-1].state) in {UpdateState.RESOLVED, UpdateState.POSTMORTEM}:
        return
    affected = {key: each for row in updates for key, each in row.components.items()}
    ended = {key: {**each, "state": ComponentState.OPERATIONAL.value} for key, each in affected.items()}
    languages = settings.status.languages
    row = PublicUpdate(
        public_incident_id=public.key,
        state=UpdateState.RESOLVED.value,
        texts={code: get_language(code).words["page_closing"] for code in languages},
        languages=list(languages),
        components=ended,
        is_closing=True,
        published_at=actor.at,
        recorded_at=actor.at,
    )
    session.add(row)
    session.flush()
    status_page.raise_revision(session)
    if settings.status.subscribers.are_possible:
        notify_of_update(session, incident, row, languages, NoticeKind.UPDATE, actor.at)
    audit_action(session, actor, "ended the published incident", incident=incident)
