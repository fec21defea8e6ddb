"""Effects of an escalation: its message, its pages, and the questions that it asks."""

from datetime import timedelta
from functools import partial

from sqlmodel import Session

from bot.lazy_dataclass import dataclass
from bot.services.escalation.ack_timeout import load_ack_timeout_view
from bot.services.escalation.start import record_escalation_message
from bot.services.escalation.vendor_view import VendorView, load_vendor_view
from bot.services.escalation.view import EscalationView
from bot.services.escalation.view_loader import load_escalation_view
from bot.services.outbox import refresh_escalation, refresh_pages
from bot.services.outbox.payloads import ConfirmActivePayload, EscalationViewPayload, PagePayload
from bot.services.paging.page_outcomes import is_page_wanted, record_page_outcome
from bot.services.paging.pages import NO_ANSWER
from bot.services.vendors import case_questions
from bot.services.workspace.actor import Actor, Origin
from bot.slack.api.errors import SlackApiError, TokenRejected, Unreachable
from bot.slack.blocks.escalation.ack_timeout import silence_check_message
from bot.slack.blocks.escalation.message import escalation_message, moved_escalation_message
from bot.slack.blocks.escalation.page import page_message
from bot.slack.blocks.escalation.vendors import case_question_message, vendor_message
from bot.slack.blocks.message import Message
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.effects.posting import edit_or_post, open_direct_channel, post_words_directly
from bot.store import outbox
from bot.store.escalation.pages import NOT_NEEDED, SENT
from bot.store.incidents import incidents
from bot.store.outbox import Claim, Done, OutboxRow, Outcome, Retry
from bot.store.shared import people

POSTING = timedelta(seconds=1)
"""Pause until the first message, which another lane posts, is looked for again."""


@dataclass(frozen=True, slots=True)
class LoadedEscalation:
    """`is_shown_elsewhere`: another lane posts its first message."""

    view: EscalationView
    vendor: VendorView | None
    is_shown_elsewhere: bool


def load_escalation(context: EffectContext, session: Session, row: OutboxRow) -> LoadedEscalation | None:
    """None if there is no such escalation."""
    escalation_id = EscalationViewPayload.from_json(row.details).escalation_id
    view = load_escalation_view(session, context.settings(), escalation_id)
    if view is None:
        return None
    vendor = _load_vendor(session, context, view)
    return LoadedEscalation(view, vendor, view.message_ts is None and outbox.is_shown_elsewhere(session, row))


def _load_vendor(session: Session, context: EffectContext, view: EscalationView) -> VendorView | None:
    """None if the escalation is not to a vendor."""
    if not view.target.is_external:
        return None
    return load_vendor_view(session, context.settings(), view.escalation_id, context.now())


async def show_escalation(context: EffectContext, claim: Claim, loaded: LoadedEscalation | None) -> Outcome:
    if loaded is None:
        return Done()
    view = loaded.view
    if loaded.is_shown_elsewhere:
        return Retry(context.now() + POSTING, "its first message is being posted")
    if view.incident.channel_id is None:
        raise ValueError(f"{view.incident.reference} has no channel")

    def save_ts(session: Session, ts: str) -> None:
        record_escalation_message(session, view.escalation_id, ts)

    message = vendor_message(view, loaded.vendor) if loaded.vendor else escalation_message(view)
    return await edit_or_post(context, claim, view.incident.channel_id, view.message_ts, message, save_ts)


async def moved_message(context: EffectContext, view: EscalationView) -> Message:
    """Message of an escalation in the channel of a merged incident."""
    vendor = await context.database.read(_load_vendor, context, view)
    return moved_escalation_message(view, vendor_message(view, vendor) if vendor else None)


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
        case_questions.record_case_message(session, escalation_id, ts)

    message = case_question_message(view)
    return await edit_or_post(context, claim, incident.channel_id, view.case_message_ts, message, save_ts)


async def ask_if_active(context: EffectContext, claim: Claim) -> Outcome:
    """Ask an acknowledger, unless they have been active meanwhile."""
    payload = ConfirmActivePayload.from_json(claim.row.details)
    view = await context.database.read(load_ack_timeout_view, context.settings(), payload.escalation_id)
    if view is None:
        return Done()
    message = silence_check_message(view)
    return await post_words_directly(context, claim, payload.user_id, message, is_private=view.is_private)


@dataclass(frozen=True, slots=True)
class LoadedPage:
    """`channel`: of the direct messages to the person; None if it is not open."""

    view: EscalationView
    channel: str | None


def load_page(context: EffectContext, session: Session, row: OutboxRow) -> LoadedPage | None:
    """None if the page is not needed."""
    payload = PagePayload.from_json(row.details)
    view = load_escalation_view(session, context.settings(), payload.escalation_id)
    if view is None or not is_page_wanted(session, payload.page_id, context.now()):
        return None
    return LoadedPage(view, people.find_direct_channel(session, row.team_id, payload.user_id))


async def send_page(context: EffectContext, claim: Claim, page: LoadedPage | None) -> Outcome:
    """Page one person, and record the outcome."""
    payload = PagePayload.from_json(claim.row.details)
    record = partial(_record_page, context=context, incident_id=claim.row.incident_id or 0, payload=payload)
    if page is None:
        return Done(partial(record, outcome=NOT_NEEDED))
    try:
        channel = page.channel or await open_direct_channel(context, claim, payload.user_id)
        posted = channel, await context.post(claim, channel, page_message(page.view, payload.user_id))
    except (Unreachable, TokenRejected):  # retried; the person's next contact method does not wait for it
        await context.database.run(partial(record, outcome=NO_ANSWER))
        raise
    except SlackApiError as problem:
        return outbox.Rejected(problem.error, apply=partial(record, outcome=problem.error))
    return Done(partial(record, outcome=SENT, message=posted, channel_shown=page.view.incident.channel_id))


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
