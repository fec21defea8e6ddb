"""Effects of an escalation: its message, its pages, and the questions that it asks."""

from functools import partial

from sqlmodel import Session

from bot.services import vendors
from bot.services.escalation.ack_timeout import load_ack_timeout_view
from bot.services.escalation.start import record_escalation_message
from bot.services.escalation.vendor_view import load_vendor_view
from bot.services.escalation.view import EscalationView
from bot.services.escalation.view_loader import load_escalation_view
from bot.services.outbox import refresh_escalation, refresh_pages
from bot.services.outbox.payloads import ConfirmActivePayload, EscalationViewPayload, PagePayload
from bot.services.paging.page_outcomes import is_page_wanted, record_page_outcome
from bot.services.paging.pages import NO_ANSWER
from bot.services.workspace.actor import Actor, Origin
from bot.slack.api.errors import SlackApiError, TokenRejected, Unreachable
from bot.slack.blocks.escalation.ack_timeout import silence_check_message
from bot.slack.blocks.escalation.message import escalation_message, moved_escalation_message
from bot.slack.blocks.escalation.page import page_message
from bot.slack.blocks.escalation.vendors import case_question_message, vendor_message
from bot.slack.blocks.message import Message
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.effects.posting import edit_or_post, post_directly
from bot.store import outbox
from bot.store.escalation.pages import NOT_NEEDED, SENT
from bot.store.incidents import incidents
from bot.store.outbox import Claim, Done, Outcome


async def show_escalation(context: EffectContext, claim: Claim) -> Outcome:
    escalation_id = EscalationViewPayload.from_json(claim.row.details).escalation_id
    view = await context.database.read(load_escalation_view, context.settings(), escalation_id)
    if view is None:
        return Done()
    if view.incident.channel_id is None:
        raise ValueError(f"{view.incident.reference} has no channel")

    def save_ts(session: Session, ts: str) -> None:
        record_escalation_message(session, escalation_id, ts)

    message = await _vendor_message(context, view) or escalation_message(view)
    return await edit_or_post(context, claim, view.incident.channel_id, view.message_ts, message, save_ts)


async def _vendor_message(context: EffectContext, view: EscalationView) -> Message | None:
    """None if the escalation is not to a vendor."""
    if not view.target.is_external:
        return None
    vendor = await context.database.read(load_vendor_view, context.settings(), view.escalation_id, context.now())
    return vendor_message(view, vendor) if vendor else None


async def moved_message(context: EffectContext, view: EscalationView) -> Message:
    """Message of an escalation in the channel of a merged incident."""
    return moved_escalation_message(view, await _vendor_message(context, view))


async def show_case_question(context: EffectContext, claim: Claim) -> Outcome:
    """Ask for a vendor's case reference, unless it is known already or there is no channel."""
    escalation_id = EscalationViewPayload.from_json(claim.row.details).escalation_id
    view = await context.database.read(load_vendor_view, context.settings(), escalation_id, context.now())
    if view is None or (view.case_message_ts is None and not view.is_asked_for):
        return Done()
    incident = await context.database.read(incidents.get, view.incident_id)
    if incident.channel_id is None:
        return Done()

    def save_ts(session: Session, ts: str) -> None:
        vendors.record_case_message(session, escalation_id, ts)

    message = case_question_message(view)
    return await edit_or_post(context, claim, incident.channel_id, view.case_message_ts, message, save_ts)


async def ask_if_active(context: EffectContext, claim: Claim) -> Outcome:
    """Ask an acknowledger, unless they have been active meanwhile."""
    payload = ConfirmActivePayload.from_json(claim.row.details)
    view = await context.database.read(load_ack_timeout_view, context.settings(), payload.escalation_id)
    if view is not None:
        await post_directly(context, claim, payload.user_id, silence_check_message(view))
    return Done()


async def send_page(context: EffectContext, claim: Claim) -> Outcome:
    """Page one person, and record the outcome."""
    payload = PagePayload.from_json(claim.row.details)
    view = await context.database.read(load_escalation_view, context.settings(), payload.escalation_id)
    is_wanted = await context.database.read(is_page_wanted, payload.page_id, context.now())
    record = partial(_record_page, context=context, incident_id=claim.row.incident_id or 0, payload=payload)
    if view is None or not is_wanted:
        return Done(partial(record, outcome=NOT_NEEDED))
    try:
        posted = await post_directly(context, claim, payload.user_id, page_message(view, payload.user_id))
    except (Unreachable, TokenRejected):  # retried; the person's next contact method does not wait for it
        await context.database.run(partial(record, outcome=NO_ANSWER))
        raise
    except SlackApiError as problem:
        return outbox.Rejected(problem.error, apply=partial(record, outcome=problem.error))
    return Done(partial(record, outcome=SENT, message=posted, channel_shown=view.incident.channel_id))


def _record_page(
    session: Session,
    *,
    context: EffectContext,
    incident_id: int,
    payload: PagePayload,
    outcome: str,
    message: tuple[str, str] | None = None,
    channel_shown: str | None = None,
) -> None:
    """`channel_shown`: incident channel on the page; it may have been created meanwhile."""
    at = context.now()
    actor = Actor("", None, at, Origin.TIMER)
    record_page_outcome(session, payload.page_id, sent=outcome == SENT, outcome=outcome, actor=actor, message=message)
    incident = incidents.get(session, incident_id)
    if outcome != NOT_NEEDED:
        refresh_escalation(session, incident, payload.escalation_id, at)
    view = load_escalation_view(session, context.settings(), payload.escalation_id)
    has_changed = view is not None and (not view.is_waiting or view.incident.channel_id != channel_shown)
    if message is not None and has_changed:
        refresh_pages(session, incident, payload.escalation_id, at)
