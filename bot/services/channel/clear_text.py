"""Words go: from their entry, and from everything that was made of it. Who said something and when stays."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.domain.record.generated_sentences import REDACTED
from bot.domain.terms import Kind
from bot.services.timeline import entries as timeline
from bot.services.timeline.entries import PARTS
from bot.store.alerts import alerts
from bot.store.escalation import escalations
from bot.store.incidents import action_items as actions
from bot.store.incidents import incidents, postmortems
from bot.store.incidents import timeline as store_timeline
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.upkeep import text_locations as copies

GONE = REDACTED
LEAST = 8
"""Characters that a text needs to be looked for within longer ones: of a shorter one only whole copies are removed."""


def forget_entry(session: Session, entry: TimelineEntry) -> list[str]:
    """
    Remove an entry's text, files and earlier texts, and what was made of them: a call's reason, an action item, the
    text of the entry that took it in, kept drafts, and what the audit tells of amendments.

    Returns the texts that went, for whoever looks for further copies of them.
    """
    incident = incidents.get(session, entry.incident_id)
    texts = _texts_of(entry)
    parts = [part for part in entry.details.get(PARTS, []) if part[0] != entry.key]
    timeline.forget_text(session, entry)
    entry.details = {key: value for key, value in entry.details.items() if key not in {PARTS, "changes"}}
    if parts:  # others' words, which it took in, stay
        entry.text, entry.details = "\n".join(text for _, text in parts), {**entry.details, PARTS: parts}
    session.add(entry)
    refs = {f"entry-{entry.key}", *_forget_made_of_it(session, entry, texts)}
    for kept in _keepers(session, entry):
        _forget_within(session, kept, entry.key)
        refs.add(f"entry-{kept.key}")
        _forget_in_audit(session, incident, kept)
    _forget_in_audit(session, incident, entry)
    for ref in sorted(refs):
        postmortems.forget_source(session, incident.key, ref)
    session.flush()
    return [text for text in dict.fromkeys(texts) if text.strip()]


def _texts_of(entry: TimelineEntry) -> list[str]:
    """All that the entry ever said by itself, and the names of its files."""
    own = [text for key, text in entry.details.get(PARTS, []) if key == entry.key]
    texts = own if PARTS in entry.details else [entry.text]
    texts += [str(item.get("text") or "") for item in entry.earlier]
    texts += [name for item in entry.earlier for name in item.get("files") or []] + list(entry.files)
    return [*texts, *map(str, entry.details.get("changes", {}).values())]


def _forget_made_of_it(session: Session, entry: TimelineEntry, texts: list[str]) -> Iterable[str]:
    """The refs of what the entry is the record of, without its words."""
    escalation = escalations.lock(session, entry.details.get("escalation_id", 0))
    if escalation is not None and Kind.ESCALATION in entry.kinds:
        texts.append(escalation.reason)
        escalation.reason = ""
        session.add(escalation)
        yield f"escalation-{escalation.key}"
    item = session.get(ActionItem, entry.details.get("action_id", 0))
    if item is not None:
        texts += [item.text, item.symptom or ""]
        item.text, item.symptom = GONE, None
        session.add(item)
        yield f"action-{item.number}"
    told = entry.details.get("alert_ids") or [entry.details.get("alert_id", 0)]
    for alert in filter(None, (alerts.get(session, each) for each in told)):
        texts += list(alert.annotations.values())
        yield f"alert-{alert.key}"


def _keepers(session: Session, entry: TimelineEntry) -> list[TimelineEntry]:
    """The entry that took this one in, the one that took that in, and so on."""
    found: list[TimelineEntry] = []
    inner = entry
    while inner.merged_into_id is not None:
        outer = store_timeline.get(session, inner.merged_into_id)
        if outer is None or outer in found:
            break
        found.append(outer)
        inner = outer
    return found


def _forget_within(session: Session, kept: TimelineEntry, gone_id: int) -> None:
    """
    Of a merged text the part that came from the entry that is gone.

    Once somebody amended the merged text nobody can tell whose words are in it: then all of it goes.
    """
    state = {"text": kept.text, "details": kept.details}
    took_in = next((n for n, item in enumerate(kept.earlier) if item.get("act") == "merged"), len(kept.earlier))
    kept.earlier = [item if n <= took_in else _without(item, gone_id) for n, item in enumerate(kept.earlier)]
    after = _without(state, gone_id)
    kept.text, kept.details = after["text"], after["details"]
    session.add(kept)


def _without(state: dict[str, Any], gone_id: int) -> dict[str, Any]:
    if "details" not in state or PARTS not in state["details"]:
        return {**state, "text": ""}
    parts = [part for part in state["details"][PARTS] if part[0] != gone_id]
    text = "\n".join(said for _, said in parts if said)
    return {**state, "text": text, "details": {**state["details"], PARTS: parts}}


def _forget_in_audit(session: Session, incident: Incident, entry: TimelineEntry) -> None:
    """What was amended stays in the audit: by whom, when, which fields. The words that stood there do not."""
    for row in copies.audit_of_entry(session, incident.key, entry.key):
        for name in ("before", "after"):
            if {"text", "files"} & row.details.get(name, {}).keys():
                kept = {key: value for key, value in row.details[name].items() if key not in {"text", "files"}}
                row.details = {**row.details, name: kept}
                session.add(row)


def cleaner(texts: Iterable[str]) -> copies.Change:
    """What takes these texts out of a longer one, the longest first; of short ones only whole copies."""
    wanted = sorted({text for text in texts if text.strip()}, key=len, reverse=True)

    def clean(value: str) -> str:
        for text in wanted:
            if value == text:
                return GONE
            if len(text) >= LEAST:
                value = value.replace(text, GONE)
        return value

    return clean


def forget_copies(
    session: Session, incident: Incident, texts: Iterable[str], posts: Iterable[str | None], at: datetime
) -> None:
    """
    Remove these texts from what waits to be sent, from kept answers, the audit, drafts and the incident's own fields,
    and from the transcript of what the bot itself posted: there the `posts` (their ts) whole.
    """
    clean, whole = cleaner(texts), {ts for ts in posts if ts}
    copies.change_incident(session, incident, clean)
    copies.change_answers(session, clean)
    if incident.channel_id is not None:
        for ts in whole:  # what the bot posts it only hears of when it looks at the channel
            copies.seal_own(session, incident.team_id, incident.channel_id, ts, at)
        for message in copies.own_messages(session, incident.team_id, incident.channel_id):
            message.text = clean(message.text)
            session.add(message)
    for item in actions.of_incident(session, incident.key):
        item.symptom = clean(item.symptom) if item.symptom else item.symptom
        session.add(item)
