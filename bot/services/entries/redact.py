"""Redact text on request, wherever Dogwatch keeps or shows it. Author, time and reason stay."""

import re
from collections.abc import Sequence

from sqlmodel import Session

from bot.domain.errors import StateError, UserError
from bot.domain.languages import get_language
from bot.domain.record.facts import REDACTED
from bot.domain.terms import Kind
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.channel.clear_copies import clear_copies, clear_entry, text_remover
from bot.services.outbox.payloads import DraftPayload
from bot.services.timeline.kept_files import drop_files
from bot.services.timeline.milestones import affects_milestones, refresh_milestones
from bot.services.vendors.entry_sync import sync_with_entry
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.store import status_page
from bot.store.alerts import alerts
from bot.store.escalation import escalations
from bot.store.escalation.pages import find_pages
from bot.store.incidents import incidents, postmortems, roles, timeline, transcript
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.incidents import Incident
from bot.store.incidents.postmortems import Postmortem
from bot.store.incidents.slack_messages import SlackView, find_ts, is_posted
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.transcript import Message
from bot.store.upkeep.text_locations import Change, replace_text

MESSAGE_LINK = re.compile(r"https?://[^/\s]+/archives/(?P<channel>[CDG][A-Z0-9]+)/p(?P<seconds>\d{10})(?P<rest>\d{6})")
ENTRY_REFERENCE = re.compile(r"(?:entry-|#)?(?P<number>[1-9]\d{0,8})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Redaction:
    """Result of a redaction. `still` lists what a person has to do by hand."""

    what: str
    still: tuple[str, ...]


def redact_reference(session: Session, incident: Incident, what: str, actor: Actor, why: str) -> Redaction:
    """
    Redact a message by its link, or an entry such as `entry-12`, of this incident.

    Raises UserError if it names neither, or something of another incident.
    """
    link = MESSAGE_LINK.search(what)
    if link is not None:
        return redact_message(session, incident, link["channel"], f"{link['seconds']}.{link['rest']}", actor, why)
    named = ENTRY_REFERENCE.fullmatch(what)
    entry = timeline.get(session, int(named["number"])) if named else None
    if entry is None or entry.incident_id != incident.key:
        raise UserError(
            f"`{what}` is not an entry of {incident.reference}. Give the link of the message (in its menu: Copy link), "
            "or redact the entry in `/incident timeline`."
        )
    return redact_entry(session, entry.key, actor, why)


def redact_entry(session: Session, entry_id: int, actor: Actor, why: str, *, seen: str | None = None) -> Redaction:
    """Redact an entry and the message it was made from. The entry stays, with actor and reason."""
    entry = timeline.get(session, entry_id)
    if entry is None:
        raise UserError("That entry does not exist.")
    incident = incidents.lock(session, entry.incident_id)
    session.refresh(entry)
    if entry.redacted_at is not None:
        raise StateError("That entry was redacted already. Nothing was changed.")
    del seen  # whatever somebody changed meanwhile: the words have to go
    if entry.channel_id and entry.message_ts:
        return redact_message(session, incident, entry.channel_id, entry.message_ts, actor, why)
    still = _redact_one(session, incident, entry, actor, why, [])
    for same in timeline.find_carried(session, entry):
        if same.redacted_at is None:
            still += _redact_one(session, incidents.lock(session, same.incident_id), same, actor, why, [])
    return Redaction(f"entry-{entry.key}", tuple(still))


def redact_message(session: Session, incident: Incident, channel_id: str, ts: str, actor: Actor, why: str) -> Redaction:
    """Redact a message in the transcript and in each entry that quotes it."""
    incidents.lock(session, incident.key)
    entries = timeline.find_quotes(session, channel_id, ts)
    own = timeline.find_by_posted_message(session, incident.key, ts) if channel_id == incident.channel_id else None
    entries += [own] if own is not None and own not in entries else []
    known = transcript.get_message(session, incident.team_id, channel_id, ts)
    is_of_channel = known is not None and channel_id == incident.channel_id
    if not is_of_channel and not any(entry.incident_id == incident.key for entry in entries):
        raise UserError(f"That message is not on record in {incident.reference}.")
    texts: list[str] = []
    if known is not None and not known.is_own:
        if known.frozen_at is not None and not known.text and not known.files:
            raise StateError("That message was redacted already. Nothing was changed.")
        texts = [known.text, *known.files]
        _seal_message(session, known, actor)
    still: list[str] = []
    for entry in entries:
        still += _redact_one(session, incidents.lock(session, entry.incident_id), entry, actor, why, texts)
    if not entries:
        clear_copies(session, incident, texts, [], actor.at)
        _refresh_title_views(session, incident, actor)
        _replace_drafts(session, incident, actor, postmortems.find_with_transcript(session, incident.key))
        _audit_redaction(session, incident, actor, why, message_ts=ts)
    if own is None:
        still.append("The message stays in Slack. Its author or an admin can delete it there.")
    return Redaction(f"entry-{entries[0].key}" if entries else "the message", tuple(dict.fromkeys(still)))


def _seal_message(session: Session, known: Message, actor: Actor) -> None:
    """Ignore later events about the message."""
    known.text, known.files, known.frozen_at = "", [], actor.at
    session.add(known)


def _redact_one(
    session: Session, incident: Incident, entry: TimelineEntry, actor: Actor, why: str, more: list[str]
) -> list[str]:
    """Redact one entry and all that was made of it. Returns what is left to do by hand."""
    stale, titles = _drafts_with(session, incident, entry), incident.titles
    drop_files(session, incident, entry, actor.at)
    texts = [*more, *clear_entry(session, entry)]
    names_channel = _names_channel(incident, entry, text_remover(texts))
    texts += [f"#{incident.channel_name}"] if names_channel and incident.channel_name else []
    if entry.withdrawal_reason and not entry.merged_into_id:
        entry.withdrawal_reason = REDACTED if entry.withdrawn_by else entry.withdrawal_reason
    entry.redacted_at, entry.redacted_by, entry.redaction_reason = actor.at, actor.user_id, " ".join(why.split())
    session.add(entry)
    _redact_alerts(session, entry, actor, text_remover(texts))
    still = _redact_channel_name(incident) if names_channel else []
    _redact_title(session, incident, entry)
    called = [each for each in escalations.find_by_incident(session, incident.key) if each.entry_id == entry.key]
    clear_copies(session, incident, texts, [entry.posted_ts, *(each.message_ts for each in called)], actor.at)
    _audit_redaction(session, incident, actor, why, entry=entry.key)
    sync_with_entry(session, incident, entry, actor.at)
    if affects_milestones(entry.kinds):
        refresh_milestones(session, incident)
    _refresh_views(session, incident, entry, actor)
    if incident.titles != titles:
        outbox.refresh_all_pages(session, incident, escalations.find_by_incident(session, incident.key), actor.at)
    still += _redact_briefings(session, entry)
    still += _name_approval_requests(session, entry)
    for each in called:
        still += _redact_pages(session, incident, each.key, actor)
    _replace_drafts(session, incident, actor, stale)
    return still


def _replace_drafts(session: Session, incident: Incident, actor: Actor, stale: Sequence[Postmortem]) -> None:
    """
    Delete the files of drafts and previews that quoted redacted text, and post a new draft.

    Pictures go with their drafts.
    """
    for version in stale:
        for file_id in filter(None, (version.file_id, version.picture_id)):
            outbox.delete_file(session, incident, actor.at, file_id)
    drafts = [version for version in stale if version.state == postmortems.DRAFT]
    if drafts:
        payload = DraftPayload(asked_by=actor.user_id, went=True, with_transcript=drafts[-1].has_transcript)
        outbox.post_draft(session, incident, actor.at, payload)


def _drafts_with(session: Session, incident: Incident, entry: TimelineEntry) -> list[Postmortem]:
    """Posted drafts that quote the entry, or the record it stands for."""
    refs = {f"entry-{entry.key}", *(f"alert-{each}" for each in entry.values.alert_ids)}
    refs |= {
        f"{noun}-{entry.details[f'{noun}_id']}" for noun in ("escalation", "alert") if f"{noun}_id" in entry.details
    }
    item = session.get(ActionItem, (entry.values.action_id or 0))
    refs |= {f"action-{item.number}"} if item else set()
    is_title = Kind.DECLARED in entry.kinds
    return [
        version
        for version in postmortems.find_posted(session, incident.key)
        if is_title or version.has_transcript or any(refs.intersection(block["refs"]) for block in version.blocks)
    ]


def _redact_alerts(session: Session, entry: TimelineEntry, actor: Actor, clean: Change) -> None:
    """Clear a monitor's text of an alert; its next firing does not bring it back."""
    alert_ids = entry.values.alert_ids or [(entry.values.alert_id or 0)]
    for alert in alerts.find_some(session, alert_ids):
        alert.annotations, alert.end_summary, alert.redacted_at = {}, None, actor.at
        alert.labels, alert.link = replace_text(alert.labels, clean), replace_text(alert.link, clean)
        session.add(alert)


def _names_channel(incident: Incident, entry: TimelineEntry, clean: Change) -> bool:
    """
    True if the channel's name was made from the entry's words.

    These are the declaration's, or an alert's that are the title. An edited title renames no channel.
    """
    is_of_title = any(clean(title) != title for title in incident.titles.values())
    return Kind.DECLARED in entry.kinds or (is_of_title and Kind.DETAILS not in entry.kinds)


def _redact_title(session: Session, incident: Incident, entry: TimelineEntry) -> None:
    """Clear the titles, which the declaration holds."""
    if Kind.DECLARED in entry.kinds:
        incident.titles = dict.fromkeys(incident.titles, REDACTED) or {"": REDACTED}
        session.add(incident)
        status_page.replace_titles(session, incident.key, lambda code: get_language(code).words["page_incident"])


def _redact_channel_name(incident: Incident) -> list[str]:
    """Forget the channel's name, which stays in Slack, until somebody renames it there."""
    if incident.channel_id is None:
        return []
    incident.channel_name = None
    return ["The channel's name was made from the title. Rename the channel in Slack if needed."]


def _redact_briefings(session: Session, entry: TimelineEntry) -> list[str]:
    """
    Clear a hand-over note, and name its readers.

    Direct messages about a role are not edited.
    """
    given = roles.find_by_incident(session, entry.incident_id)
    noted = next((each for each in given if each.id == entry.values.role_id and each.note), None)
    if noted is not None:
        noted.note = None
        session.add(noted)
    readers = dict.fromkeys(each.user_id for each in given if each is noted or each.since >= entry.recorded_at)
    if not readers:
        return []
    named = ", ".join(f"<@{each}>" for each in readers)
    return [f"Role briefings of {named} may quote the words. Only the recipients can see them."]


def _name_approval_requests(session: Session, entry: TimelineEntry) -> list[str]:
    """Name requests to approve public updates: they show the title, and are not edited."""
    if Kind.DECLARED not in entry.kinds or not status_page.has_requests(session, entry.incident_id):
        return []
    return ["Requests to approve a public update keep the title. Delete these messages in Slack."]


def _redact_pages(session: Session, incident: Incident, escalation_id: int, actor: Actor) -> list[str]:
    """Edit the pages that the bot can edit; name the others."""
    pages = find_pages(session, escalation_id)
    outbox.refresh_pages(session, incident, escalation_id, actor.at)
    lost = sorted({page.user_id for page in pages if page.sent_at is not None and page.message_ts is None})
    return [
        f"Pages to {', '.join(f'<@{each}>' for each in lost)} keep the words. Only the recipients can see them."
    ] * bool(lost)


def _audit_redaction(session: Session, incident: Incident, actor: Actor, why: str, **details: object) -> None:
    audit_action(session, actor, "redacted", incident=incident, why=" ".join(why.split()), **details)


def _refresh_views(session: Session, incident: Incident, entry: TimelineEntry, actor: Actor) -> None:
    is_rendered_again = entry.posted_ts == find_ts(session, incident.key, SlackView.RESOLUTION)
    if entry.posted_ts and incident.channel_id and not is_rendered_again:
        outbox.blank_message(session, incident, actor.at, incident.channel_id, entry.posted_ts)
    if escalation_id := entry.values.escalation_id:
        outbox.refresh_escalation(session, incident, escalation_id, actor.at)
    if entry.values.action_id is not None:
        outbox.refresh_followups(session, incident, actor.at)
    if is_posted(session, incident, SlackView.ALERTS) and {"alert_id", "alert_ids"} & entry.details.keys():
        outbox.refresh_alerts(session, incident, actor.at)
    _refresh_title_views(session, incident, actor)


def _refresh_title_views(session: Session, incident: Incident, actor: Actor) -> None:
    """Show the title as it is now: it can hold the words of any entry or message."""
    outbox.refresh_topic(session, incident, actor.at)
    outbox.refresh_similar(session, incident, actor.at)
    outbox.refresh_card(session, incident, actor.at)
