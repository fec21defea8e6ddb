"""Clear an entry's text and every copy of it; keep author and timestamps."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.domain.record.facts import REDACTED
from bot.domain.record.translations import read_translations
from bot.domain.terms import Kind
from bot.services import outbox
from bot.services.timeline.entries import MERGED_PARTS, clear_entry_text
from bot.store import status_page
from bot.store.alerts import alerts
from bot.store.escalation import escalations
from bot.store.incidents import action_items, incidents, postmortems, timeline
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.document import blocks, canvas, comments, versions
from bot.store.incidents.incidents import Incident
from bot.store.incidents.search.text_index import purge_removed_words
from bot.store.incidents.timeline import TimelineEntry
from bot.store.upkeep import text_locations

_TEXT_FIELDS = frozenset({"text", "files", "symptom", "translations"})
"""Fields of the audit with an entry's words."""
MIN_SEARCH_LENGTH = 8
"""Shortest text, in characters, to look for within longer ones."""


def clear_entry(session: Session, entry: TimelineEntry) -> list[str]:
    """
    Clear an entry's text, files and earlier texts, and all that was made of them.

    These are an escalation's reason, an action item, the text of the entry that it was merged into, stored drafts, and
    the audit's copies of amendments. Returns the texts that were cleared, to find further copies.
    """
    incident = incidents.get(session, entry.incident_id)
    texts, names = _entry_texts(entry), frozenset(entry.files)
    parts = [part for part in entry.values.parts if part[0] != entry.key]
    clear_entry_text(session, entry)
    status_page.clear_entry(session, incident.key, entry.key)
    entry.details = {key: value for key, value in entry.details.items() if key not in {MERGED_PARTS, "changes"}}
    if parts:  # keep what was merged into it
        entry.text, entry.details = "\n".join(text for _, text in parts), {**entry.details, MERGED_PARTS: parts}
    session.add(entry)
    refs = {f"entry-{entry.key}", *_clear_linked_records(session, entry, texts)}
    for kept in _containing_entries(session, entry):
        _clear_merged_part(session, kept, entry.key, names)
        refs.add(f"entry-{kept.key}")
        _clear_audit(session, incident, kept)
    _clear_audit(session, incident, entry)
    for ref in sorted(refs):
        postmortems.clear_source(session, incident.key, ref)
        blocks.clear_source(session, incident.key, ref)
        versions.clear_source(session, incident.key, ref)
        comments.clear_source(session, incident.key, ref)
        canvas.clear_source(session, incident.key, ref)
    session.flush()
    return [text for text in dict.fromkeys(texts) if text.strip()]


def _entry_texts(entry: TimelineEntry) -> list[str]:
    """Every text that was the entry's own, and its file names."""
    own = [text for key, text in entry.values.parts if key == entry.key]
    texts = own if MERGED_PARTS in entry.details else [entry.text]
    texts += [str(item.get("text") or "") for item in entry.earlier]
    texts += [name for item in entry.earlier for name in item.get("files") or []] + list(entry.files)
    translated = read_translations(entry.translations)
    texts += [text for each in translated for text in (each.text, each.symptom or "")]
    return [*texts, *map(str, entry.values.changes.values())]


def _clear_linked_records(session: Session, entry: TimelineEntry, texts: list[str]) -> Iterable[str]:
    """Clear the records that the entry stands for. Yields their refs."""
    escalation = escalations.lock(session, (entry.values.escalation_id or 0))
    if escalation is not None and Kind.ESCALATION in entry.kinds:
        texts.append(escalation.reason)
        escalation.reason = ""
        session.add(escalation)
        yield f"escalation-{escalation.key}"
    item = session.get(ActionItem, (entry.values.action_id or 0))
    if item is not None:
        texts += [item.text, item.symptom or ""]
        item.text, item.symptom = REDACTED, None
        session.add(item)
        yield f"action-{item.number}"
    alert_ids = entry.values.alert_ids or [(entry.values.alert_id or 0)]
    for alert in alerts.find_some(session, alert_ids):
        texts += [*alert.annotations.values(), alert.end_summary or ""]
        yield f"alert-{alert.key}"


def _containing_entries(session: Session, entry: TimelineEntry) -> list[TimelineEntry]:
    """The entry that this one was merged into, the one that that was merged into, and so on."""
    found: list[TimelineEntry] = []
    inner = entry
    while inner.merged_into_id is not None:
        outer = timeline.get(session, inner.merged_into_id)
        if outer is None or outer in found:
            break
        found.append(outer)
        inner = outer
    return found


def _clear_merged_part(session: Session, kept: TimelineEntry, gone_id: int, names: Collection[str]) -> None:
    """
    Clear the part of a merged text that came from the cleared entry, and its files' names.

    Of a merged text that was amended nobody knows the parts: all of it is cleared.
    """
    state = {"text": kept.text, "details": kept.details}
    took_in = next((n for n, item in enumerate(kept.earlier) if item.get("act") == "merged"), len(kept.earlier))
    kept.earlier = [
        item if n <= took_in else _without_names(_without_part(item, gone_id), names)
        for n, item in enumerate(kept.earlier)
    ]
    kept.files = [name for name in kept.files if name not in names]
    after = _without_part(state, gone_id)
    kept.text, kept.details = after["text"], after["details"]
    session.add(kept)


def _without_names(state: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    if "files" not in state:
        return state
    return {**state, "files": [name for name in state["files"] if name not in names]}


def _without_part(state: dict[str, Any], gone_id: int) -> dict[str, Any]:
    if "details" not in state or MERGED_PARTS not in state["details"]:
        return {**state, "text": ""}
    parts = [part for part in state["details"][MERGED_PARTS] if part[0] != gone_id]
    text = "\n".join(part for _, part in parts if part)
    return {**state, "text": text, "details": {**state["details"], MERGED_PARTS: parts}}


def _clear_audit(session: Session, incident: Incident, entry: TimelineEntry) -> None:
    """Clear the texts of amendments in the audit; actor, time and field names stay."""
    for row in text_locations.find_audit_by_entry(session, incident.key, entry.key):
        for name in ("before", "after"):
            if _TEXT_FIELDS & row.details.get(name, {}).keys():
                kept = {key: value for key, value in row.details[name].items() if key not in _TEXT_FIELDS}
                row.details = {**row.details, name: kept}
                session.add(row)


def text_remover(texts: Iterable[str]) -> text_locations.Change:
    """A function that replaces these texts, longest first; short ones only as a whole."""
    wanted = sorted({text for text in texts if text.strip()}, key=len, reverse=True)

    def clean(value: str) -> str:
        for text in wanted:
            if value == text:
                return REDACTED
            if len(text) >= MIN_SEARCH_LENGTH:
                value = value.replace(text, REDACTED)
        return value

    return clean


def clear_copies(
    session: Session, incident: Incident, texts: Iterable[str], posts: Iterable[str | None], at: datetime
) -> None:
    """
    Clear these texts in the outbox, stored replies, audit, drafts, fields and transcript.

    In the transcript the bot's own messages are meant; those in `posts` (their ts) are cleared as a whole.
    """
    clean, whole = text_remover(texts), {ts for ts in posts if ts}
    text_locations.replace_in_incident(session, incident, clean)
    text_locations.replace_in_answers(session, clean)
    if incident.channel_id is not None:
        for ts in whole:  # the bot's own posts arrive by reconciling only
            text_locations.clear_own_message(session, incident.team_id, incident.channel_id, ts, at)
        for message in text_locations.find_own_messages(session, incident.team_id, incident.channel_id):
            message.text = clean(message.text)
            session.add(message)
    for item in action_items.find_by_incident(session, incident.key):
        item.symptom = clean(item.symptom) if item.symptom else item.symptom
        session.add(item)
    refresh_comments(session, incident, at)
    purge_removed_words(session)


def refresh_comments(session: Session, incident: Incident, at: datetime) -> None:
    """Show the present text of comments on the postmortem that the bot posted with another one."""
    session.flush()
    for comment in comments.find_outdated(session, incident.key):
        outbox.refresh_comment(session, incident, at, comment.id or 0)
        if not comment.text and comment.channel_id and comment.message_ts:
            text_locations.clear_own_message(session, incident.team_id, comment.channel_id, comment.message_ts, at)
