"""Effects that post or edit messages of an incident: events, briefings, ephemeral answers."""

from collections.abc import Sequence

from sqlmodel import Session

from bot.lazy_dataclass import dataclass
from bot.runtime.metrics import SENT_AGAIN
from bot.services.escalation.view import EscalationView
from bot.services.escalation.view_loader import load_escalation_view
from bot.services.incidents.role_briefing import load_role_briefing
from bot.services.outbox import blank_message
from bot.services.outbox.payloads import (
    BlankMessagePayload,
    EventPayload,
    MissingPermissionsPayload,
    RoleBriefingPayload,
)
from bot.services.views.event import EventView
from bot.services.views.shared_line import load_line
from bot.services.workspace.missing_permissions import list_unreported, mark_reported
from bot.slack.api.errors import SlackApiError
from bot.slack.api.lookups import is_channel_member
from bot.slack.blocks.escalation.page import page_message
from bot.slack.blocks.incidents.channel_lines import channel_line, ephemeral_text, hidden_message, redacted_message
from bot.slack.blocks.incidents.role_briefing import role_briefing_message
from bot.slack.blocks.message import Message, join_messages
from bot.slack.blocks.missing_permissions import missing_permissions_message
from bot.slack.delivery.effects.channel.lookup import incidents_channel
from bot.slack.delivery.effects.context import EffectContext, load_incident, require_channel
from bot.slack.delivery.effects.escalations import moved_message
from bot.slack.delivery.effects.posting import edit_message, forget_channel_on_error, post_directly, post_words_directly
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.outbox import Claim, Done, OutboxRow, Outcome

IN_THREAD = {"reminder", "level", "level empty", "answered"}
"""Events posted in the thread of the escalation's message."""


@dataclass(frozen=True, slots=True)
class Line:
    """The parts of an event's line. `ts`: of the message that shows all but the last."""

    incident: Incident
    views: Sequence[EventView]
    ts: str | None


def load_event(context: EffectContext, session: Session, row: OutboxRow) -> Line:
    payload, incident = EventPayload.from_json(row.details), load_incident(context, session, row)
    return Line(incident, *load_line(session, context.settings(), incident.key, payload))


async def post_event(context: EffectContext, claim: Claim, line: Line) -> Outcome:
    """Post a line to the incident channel, the incidents channel or one person."""
    payload, incident, views, line_ts = EventPayload.from_json(claim.row.details), line.incident, line.views, line.ts
    view, message = views[-1], join_messages([channel_line(each) for each in views])
    if payload.user_id:
        await post_directly(context, claim, payload.user_id, message)
        return Done()
    if payload.is_for_all:
        if not incident.is_private:  # it may have become private meanwhile
            await _post_to_incidents_channel(context, claim, message)
        return Done()
    thread = view.escalation.message_ts if view.escalation and view.event in IN_THREAD else None
    channel = incident.channel_id or ""
    if line_ts is not None and await edit_message(context, channel, line_ts, message):
        ts = line_ts
    else:
        ts = await context.post(claim, channel, message, thread_ts=thread)

    def apply(session: Session) -> None:
        entry = session.get(TimelineEntry, payload.entry_id) if payload.entry_id else None
        if entry is not None:
            entry.posted_ts = ts
            session.add(entry)
            if entry.redacted_at is not None:  # while the line was being posted
                blank_message(session, incident, context.now(), channel, ts)

    return Done(apply)


async def _post_to_incidents_channel(context: EffectContext, claim: Claim, message: Message) -> None:
    channel = await incidents_channel(context, await context.read_installation())
    async with forget_channel_on_error(context):
        await context.post(claim, channel, message)


async def post_missing_permissions(context: EffectContext, claim: Claim) -> Outcome:
    """Report missing scopes and plan features that are still missing."""
    keys, team_id = MissingPermissionsPayload.from_json(claim.row.details).keys, claim.row.team_id
    missing = await context.database.read(list_unreported, team_id, keys)
    if not missing:
        return Done()
    await _post_to_incidents_channel(context, claim, missing_permissions_message(missing))

    def apply(session: Session) -> None:
        mark_reported(session, team_id, keys, context.now())

    return Done(apply)


async def blank_redacted_message(context: EffectContext, claim: Claim) -> Outcome:
    """
    Replace a message of the bot whose text was redacted, or that is hidden from its reader.

    A page is shown as it is now.
    """
    payload, message = BlankMessagePayload.from_json(claim.row.details), redacted_message()
    if payload.page_of:
        view = await context.database.read(load_escalation_view, context.settings(), payload.page_of)
        if view and payload.is_left_behind:
            message = await moved_message(context, view)
        elif view:
            reader = payload.reader or ""
            message = page_message(await _view_for(context, view, reader), reader)
    elif payload.reader is not None:
        incident = await context.read_incident(claim.row.incident_id)
        if await is_channel_member(context.gateway, incident.channel_id or "", payload.reader):
            return Done()
        message = hidden_message(incident.reference)
    try:
        await context.gateway.call(
            "chat.update", channel=payload.channel_id, ts=payload.message_ts, **message.content()
        )
    except SlackApiError as problem:
        if problem.error != "message_not_found":
            raise
    return Done()


async def _view_for(context: EffectContext, view: EscalationView, reader: str) -> EscalationView:
    """The view of a sent page; without words if the reader may not see its incident."""
    incident = view.incident
    if not incident.is_private or await is_channel_member(context.gateway, incident.channel_id or "", reader):
        return view
    return view.without_words()


async def send_role_briefing(context: EffectContext, claim: Claim) -> Outcome:
    """Send a new role holder the briefing as it is now."""
    payload, settings, now = RoleBriefingPayload.from_json(claim.row.details), context.settings(), context.now()
    view = await context.database.read_large(load_role_briefing, settings, payload.role_id, now)
    return await post_words_directly(
        context, claim, payload.user_id, role_briefing_message(view), is_private=view.is_private
    )


async def post_ephemeral(context: EffectContext, claim: Claim, incident: Incident) -> Outcome:
    """Post to one person in the channel. An unknown outcome is repeated: it cannot be looked up."""
    channel = require_channel(incident)
    if claim.is_unknown:
        SENT_AGAIN.labels(claim.row.kind).inc()
    payload = EventPayload.from_json(claim.row.details)
    text = ephemeral_text(payload.event, payload.values)
    try:
        await context.gateway.call("chat.postEphemeral", channel=channel, user=payload.user_id, text=text)
    except SlackApiError as problem:
        if problem.error != "user_not_in_channel":  # they have left: a hint is not worth a failure on the card
            raise
    return Done()
