"""Words are removed on request, from everywhere that Dogwatch keeps or shows them. Who and when stays, and why."""

import re
from dataclasses import dataclass

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.domain.terms import Kind
from bot.services import outbox as tell
from bot.services.channel.clear_text import GONE, cleaner, forget_copies, forget_entry
from bot.services.timeline import milestones
from bot.services.vendors import calls as vendors
from bot.services.workspace.actor import Actor
from bot.store.alerts import alerts
from bot.store.escalation import escalations
from bot.store.incidents import incidents, postmortems, transcript
from bot.store.incidents import timeline as store_timeline
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.incidents import Incident
from bot.store.incidents.postmortems import Postmortem
from bot.store.incidents.roles import IncidentRole
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.transcript import Message
from bot.store.shared import audit
from bot.store.upkeep.text_locations import Change, changed

LINK = re.compile(r"https?://[^/\s]+/archives/(?P<channel>[CDG][A-Z0-9]+)/p(?P<seconds>\d{10})(?P<rest>\d{6})")
ENTRY = re.compile(r"(?:entry-|#)?(?P<number>[1-9]\d{0,8})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Redacted:
    """What was removed, and what a person has to do because the bot cannot."""

    what: str
    still: tuple[str, ...]


def redact(session: Session, incident: Incident, what: str, actor: Actor, why: str) -> Redacted:
    """
    Remove the words of what is named by a message's link or as `entry-12`, which belongs to this incident.

    Raises UserError for what does not exist here, or was redacted already.
    """
    link = LINK.search(what)
    if link is not None:
        return redact_message(session, incident, link["channel"], f"{link['seconds']}.{link['rest']}", actor, why)
    named = ENTRY.fullmatch(what)
    entry = store_timeline.get(session, int(named["number"])) if named else None
    if entry is None or entry.incident_id != incident.key:
        raise UserError(
            f"`{what}` is no entry of {incident.reference}. Give the link of the message (in its menu: Copy link), or "
            "choose Redact in the menu of the entry in `/incident timeline`."
        )
    return redact_entry(session, entry.key, actor, why)


def redact_entry(session: Session, entry_id: int, actor: Actor, why: str, *, seen: str | None = None) -> Redacted:
    """Remove the words of an entry, and of the message it was made from. The entry stands, and says who and why."""
    entry = store_timeline.get(session, entry_id)
    if entry is None:
        raise UserError("That entry does not exist.")
    incident = incidents.lock(session, entry.incident_id)
    session.refresh(entry)
    if entry.redacted_at is not None:
        raise UserError("That entry was redacted already. Nothing was changed.")
    del seen  # whatever somebody changed meanwhile: the words have to go
    if entry.channel_id and entry.message_ts:
        return redact_message(session, incident, entry.channel_id, entry.message_ts, actor, why)
    still = _redact(session, incident, entry, actor, why, [])
    for same in store_timeline.carried(session, entry):
        if same.redacted_at is None:
            still += _redact(session, incidents.lock(session, same.incident_id), same, actor, why, [])
    return Redacted(f"entry-{entry.key}", tuple(still))


def redact_message(session: Session, incident: Incident, channel_id: str, ts: str, actor: Actor, why: str) -> Redacted:
    """Remove the words of a message, on the timeline or not, from the transcript and each entry that quotes it."""
    incidents.lock(session, incident.key)
    entries = store_timeline.of_any_incident(session, channel_id, ts)
    own = store_timeline.told_by(session, incident.key, ts) if channel_id == incident.channel_id else None
    entries += [own] if own is not None and own not in entries else []
    known = transcript.message(session, incident.team_id, channel_id, ts)
    is_of_channel = known is not None and channel_id == incident.channel_id
    if not is_of_channel and not any(entry.incident_id == incident.key for entry in entries):
        raise UserError(f"{incident.reference} knows no such message.")
    texts: list[str] = []
    if known is not None and not known.is_own:
        if known.sealed_at is not None and not known.text and not known.files:
            raise UserError("That message was redacted already. Nothing was changed.")
        texts = [known.text, *known.files]
        _seal(session, known, actor)
    still: list[str] = []
    for entry in entries:
        still += _redact(session, incidents.lock(session, entry.incident_id), entry, actor, why, texts)
    if not entries:
        forget_copies(session, incident, texts, [], actor.at)
        _noted(session, incident, actor, why, message_ts=ts)
    if own is None:
        still.append("The message itself stays in Slack: its author or an admin deletes it there.")
    return Redacted(f"entry-{entries[0].key}" if entries else "the message", tuple(dict.fromkeys(still)))


def _seal(session: Session, known: Message, actor: Actor) -> None:
    """What Slack goes on telling of the message is not taken in again."""
    known.text, known.files, known.sealed_at = "", [], actor.at
    session.add(known)


def _redact(
    session: Session, incident: Incident, entry: TimelineEntry, actor: Actor, why: str, more: list[str]
) -> list[str]:
    """One entry and all that was made of it. Returns what is left for a person to do."""
    stale = _drafts_with(session, incident, entry)
    texts = [*more, *forget_entry(session, entry)]
    if entry.withdrawn_why and not entry.merged_into_id:
        entry.withdrawn_why = GONE if entry.withdrawn_by else entry.withdrawn_why
    entry.redacted_at, entry.redacted_by, entry.redacted_why = actor.at, actor.user_id, " ".join(why.split())
    session.add(entry)
    _redact_alerts(session, entry, actor, cleaner(texts))
    still = _redact_title(session, incident, entry)
    called = [each for each in escalations.of_incident(session, incident.key) if each.entry_id == entry.key]
    forget_copies(session, incident, texts, [entry.posted_ts, *(each.message_ts for each in called)], actor.at)
    _noted(session, incident, actor, why, entry=entry.key)
    vendors.follow(session, incident, entry, actor.at)
    if milestones.touches(entry.kinds):
        milestones.refresh(session, incident)
    _show(session, incident, entry, actor)
    still += _redact_briefing(session, entry)
    for each in called:
        still += _redact_pages(session, incident, each.key, actor)
    for version in stale:
        if version.file_id:
            tell.delete_file(session, incident, actor.at, version.file_id)
        elif version.file_id is None:
            still.append(f"Draft {version.version} was posted by an earlier release: delete its file in the channel.")
    if stale:
        tell.post_draft(session, incident, actor.at, template=None, languages=None, asked_by=actor.user_id, went=True)
    return still


def _drafts_with(session: Session, incident: Incident, entry: TimelineEntry) -> list[Postmortem]:
    """The drafts in which the entry's words stand: those that name it, or what it is the record of, as a source."""
    refs = {f"entry-{entry.key}", *(f"alert-{each}" for each in entry.details.get("alert_ids", []))}
    refs |= {
        f"{noun}-{entry.details[f'{noun}_id']}" for noun in ("escalation", "alert") if f"{noun}_id" in entry.details
    }
    item = session.get(ActionItem, entry.details.get("action_id", 0))
    refs |= {f"action-{item.number}"} if item else set()
    is_title = Kind.DECLARED in entry.kinds
    return [
        version
        for version in postmortems.of_incident(session, incident.key)
        if is_title or any(refs.intersection(block["refs"]) for block in version.blocks)
    ]


def _redact_alerts(session: Session, entry: TimelineEntry, actor: Actor, clean: Change) -> None:
    """What a monitor says of an alert goes, and does not come back with its next firing."""
    told = entry.details.get("alert_ids") or [entry.details.get("alert_id", 0)]
    for alert in filter(None, (alerts.get(session, each) for each in told)):
        alert.annotations, alert.redacted_at = {}, actor.at
        alert.labels, alert.link = changed(alert.labels, clean), changed(alert.link, clean)
        session.add(alert)


def _redact_title(session: Session, incident: Incident, entry: TimelineEntry) -> list[str]:
    """A title is made of the declaration's words. The channel keeps the name that it got from it."""
    if Kind.DECLARED not in entry.kinds:
        return []
    incident.titles = dict.fromkeys(incident.titles, GONE) or {"": GONE}
    session.add(incident)
    name = f" (#{incident.channel_name})" if incident.channel_name else ""
    return [f"The channel's name{name} was made of the title: rename it in Slack if it must go."]


def _redact_briefing(session: Session, entry: TimelineEntry) -> list[str]:
    """What was said when a role was handed over. Whoever got it has read it directly."""
    row = session.get(IncidentRole, entry.details.get("role_id", 0))
    if row is None or not row.note:
        return []
    row.note = None
    session.add(row)
    return [f"The briefing of <@{row.user_id}> keeps the words: nobody but them sees it."]


def _redact_pages(session: Session, incident: Incident, escalation_id: int, actor: Actor) -> list[str]:
    """What was written to people directly is edited where the bot knows the message."""
    pages = escalations.pages_of(session, escalation_id)
    tell.show_pages(session, incident, escalation_id, actor.at)
    lost = sorted({page.user_id for page in pages if page.sent_at is not None and page.message_ts is None})
    return [
        f"Pages to {', '.join(f'<@{each}>' for each in lost)} keep their words: nobody but them sees these."
    ] * bool(lost)


def _noted(session: Session, incident: Incident, actor: Actor, why: str, **details: object) -> None:
    audit.note(
        session,
        at=actor.at,
        team_id=incident.team_id,
        incident_id=incident.key,
        who=actor.user_id,
        what="redacted",
        origin=actor.origin,
        why=" ".join(why.split()),
        **details,
    )


def _show(session: Session, incident: Incident, entry: TimelineEntry, actor: Actor) -> None:
    if entry.posted_ts and incident.channel_id:
        tell.unsay(session, incident, actor.at, incident.channel_id, entry.posted_ts)
    if escalation_id := entry.details.get("escalation_id"):
        tell.show_escalation(session, incident, escalation_id, actor.at)
    if "action_id" in entry.details:
        tell.show_followups(session, incident, actor.at)
    if incident.alerts_ts is not None and {"alert_id", "alert_ids"} & entry.details.keys():
        tell.show_alerts(session, incident, actor.at)
    if Kind.DECLARED in entry.kinds or Kind.DETAILS in entry.kinds:
        tell.show_topic(session, incident, actor.at)
    tell.show_card(session, incident, actor.at)
