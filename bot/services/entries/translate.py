"""Words of an entry or a task in a further language."""

import re

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.domain.languages import base_language, get_language
from bot.domain.record.translations import Translation, store_translation
from bot.domain.terms import Kind
from bot.services import outbox
from bot.services.entries.versions import lock_active_entry
from bot.services.timeline.entries import SOURCE_BY_ORIGIN
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.services.workspace.people import ensure_known
from bot.store.incidents import action_items, timeline
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

ENTRY_PREFIX = re.compile(r"(?:entry-|#)(?P<number>[1-9]\d{0,8})[:,]?\s+(?P<text>.+)", re.IGNORECASE | re.DOTALL)
"""`entry-12 TEXT`: words for an existing entry."""


def translate_entry(
    session: Session, entry_id: int, actor: Actor, language: str, text: str, *, symptom: str | None = None
) -> TimelineEntry:
    """
    Give an entry words in a further language.

    They replace earlier ones in it, and an empty text removes them. The entry still follows its message. Raises
    UserError for an entry without words, and for its own language.
    """
    incident, entry = lock_active_entry(session, entry_id, None)
    _check_translatable(entry, language)
    known = dict(entry.translations or {})
    before = known.pop(language, None)
    after = None
    if text:
        source = SOURCE_BY_ORIGIN[actor.origin]
        kept = symptom or (before or {}).get("symptom")
        after = store_translation(Translation(language, text, actor.at, actor.user_id, source, kept))
        known[language] = after
    entry.translations = known or None
    session.add(entry)
    ensure_known(session, incident.team_id, [], actor.at, text=f"{text} {symptom or ''}")
    what = f"{'recorded' if text else 'removed'} words in {language}"
    audit_action(session, actor, what, incident=incident, entry=entry.key, before=before or {}, after=after or {})
    if entry.values.action_id is not None:
        outbox.refresh_followups(session, incident, actor.at)
    outbox.refresh_card(session, incident, actor.at)
    return entry


def _check_translatable(entry: TimelineEntry, language: str) -> None:
    if not entry.text:
        raise UserError(f"entry-{entry.key} has no words to translate. Add new words with `/incident note`.")
    if entry.language and base_language(entry.language) == base_language(language):
        name = get_language("en").language_name(entry.language)
        raise UserError(f"entry-{entry.key} is in {name}. To change its words, amend it in `/incident timeline`.")


def translate_numbered_entry(
    session: Session, incident: Incident, number: int, actor: Actor, language: str, text: str
) -> TimelineEntry:
    """Translate `entry-12` of the incident. Raises UserError for an unknown number."""
    entry = timeline.get(session, number)
    if entry is None or entry.incident_id != incident.key:
        raise UserError(
            f"{incident.reference} has no entry-{number}. Choose the entry in `/incident timeline`: *Amend* takes its "
            "words in each language."
        )
    return translate_entry(session, entry.key, actor, language, text)


def translate_action_item(
    session: Session, incident: Incident, number: int, actor: Actor, language: str, text: str, symptom: str | None
) -> ActionItem:
    """Translate an improvement or a task. Raises UserError for an unknown number."""
    item = action_items.find_by_number(session, incident.key, number)
    if item is None or item.entry_id is None:
        raise UserError(f"{incident.reference} has no improvement or task {number}.")
    if item.language and base_language(item.language) == base_language(language):
        name = get_language("en").language_name(item.language)
        raise UserError(f"{item.kind.capitalize()} {number} is in {name}. To change it, amend its entry.")
    translate_entry(session, item.entry_id, actor, language, text, symptom=symptom)
    return item


def translate_resolution(session: Session, incident: Incident, actor: Actor, language: str, text: str) -> TimelineEntry:
    """Give the resolution words in a further language. Raises UserError if it has none yet."""
    resolutions = timeline.find_of_kind(session, incident.key, Kind.RESOLVED)
    if not resolutions:
        raise UserError(f"{incident.reference} has no resolution on its timeline.")
    return translate_entry(session, resolutions[-1].key, actor, language, text)
