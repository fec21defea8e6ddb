"""Effects that show an incident's present state: messages posted once and edited in place."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from sqlmodel import Session

from bot.services.channel.creation import on_card_posted, on_view_posted
from bot.services.outbox.payloads import ViewPayload
from bot.services.views.card import CardView, load_card_view
from bot.services.views.lists import load_alerts_view, load_followups_view
from bot.services.views.resolution import ResolutionView, load_resolution_view, on_resolution_posted
from bot.slack.blocks.incidents.alerts import alerts_message
from bot.slack.blocks.incidents.card import announcement_message, card_message
from bot.slack.blocks.incidents.followups import followups_message
from bot.slack.blocks.incidents.resolution import resolution_message
from bot.slack.blocks.message import Message
from bot.slack.delivery.effects.channel.files import find_permalink
from bot.slack.delivery.effects.channel.lookup import incidents_channel
from bot.slack.delivery.effects.context import EffectContext, require_installation
from bot.slack.delivery.effects.posting import edit_message, edit_or_post, forget_channel_on_error
from bot.store.incidents import installations
from bot.store.incidents.installations import Installation
from bot.store.incidents.slack_messages import SlackView, find_ts
from bot.store.outbox import Claim, Done, Outcome

T = TypeVar("T")


async def show_card(context: EffectContext, claim: Claim) -> Outcome:
    load = partial(_load_card, context)
    incident, (view, ts) = await context.read_with_incident(claim.row.incident_id, _with_ts(SlackView.CARD, load))
    saving = partial(_save_card, incident_id=incident.key, context=context)
    return await edit_or_post(context, claim, incident.channel_id or "", ts, card_message(view), saving)


async def show_announcement(context: EffectContext, claim: Claim) -> Outcome:
    def load(session: Session, incident_id: int) -> tuple[CardView, Installation | None]:
        return _load_card(context, session, incident_id), installations.find_installation(session)

    incident, ((view, installation), ts) = await context.read_with_incident(
        claim.row.incident_id, _with_ts(SlackView.ANNOUNCEMENT, load)
    )
    channel = await incidents_channel(context, require_installation(installation))
    saving = partial(_save_view, incident_id=incident.key, view=SlackView.ANNOUNCEMENT)
    async with forget_channel_on_error(context):
        return await edit_or_post(context, claim, channel, ts, announcement_message(view), saving)


async def show_followups(context: EffectContext, claim: Claim) -> Outcome:
    return await _show_in_channel(context, claim, SlackView.FOLLOWUPS, load_followups_view, followups_message)


async def show_alerts(context: EffectContext, claim: Claim) -> Outcome:
    return await _show_in_channel(context, claim, SlackView.ALERTS, load_alerts_view, alerts_message)


async def show_resolution(context: EffectContext, claim: Claim) -> Outcome:
    """Post the message of a resolve, or edit the one of the last resolve."""

    def load(session: Session, incident_id: int) -> ResolutionView:
        return load_resolution_view(session, context.settings(), incident_id)

    incident, (view, ts) = await context.read_with_incident(claim.row.incident_id, _with_ts(SlackView.RESOLUTION, load))
    draft_link = await find_permalink(context, view.draft_file) if view.draft_file else None
    channel, message = incident.channel_id or "", resolution_message(view, draft_link)
    if not ViewPayload.from_json(claim.row.details).posts:
        if ts is not None:
            await edit_message(context, channel, ts, message)
        return Done()
    posted = await context.post(claim, channel, message)
    return Done(lambda session: on_resolution_posted(session, incident.key, posted, context.now()))


async def _show_in_channel(
    context: EffectContext,
    claim: Claim,
    kind: SlackView,
    load: Callable[[Session, int], T],
    render: Callable[[T], Message],
) -> Outcome:
    """Edit the view in the incident's channel, or post it."""
    incident, (view, ts) = await context.read_with_incident(claim.row.incident_id, _with_ts(kind, load))
    saving = partial(_save_view, incident_id=incident.key, view=kind)
    return await edit_or_post(context, claim, incident.channel_id or "", ts, render(view), saving)


def _with_ts(kind: SlackView, load: Callable[[Session, int], T]) -> Callable[[Session, int], tuple[T, str | None]]:
    """The view as loaded, with the ts of its message; None if it was not posted."""
    return lambda session, incident_id: (load(session, incident_id), find_ts(session, incident_id, kind))


def _load_card(context: EffectContext, session: Session, incident_id: int) -> CardView:
    return load_card_view(session, context.settings(), incident_id)


def _save_card(session: Session, ts: str, *, incident_id: int, context: EffectContext) -> None:
    on_card_posted(session, incident_id, ts, context.now())


def _save_view(session: Session, ts: str, *, incident_id: int, view: SlackView) -> None:
    on_view_posted(session, incident_id, view, ts)
